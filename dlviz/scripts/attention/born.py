"""dlviz, Attention heatmaps, A head is born: train the attention-only transformer of these SETTINGS, and say what its heads do.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows at the end of the run.
"""

import json
import math
from typing import Any

import numpy as np
import torch

from dlviz.compute.attention.forming import fresh, heads_off, held_out, look, task_of, training, without

SETTINGS: dict[str, Any] = {
    "task": "repeat",
    "periods": "varied",
    "layers": 2.0,
    "heads": "1",
    "learning_rate": 0.01,
    "other": "copy",
    "off": (),
    "positions": "rotary",
    "width": 32.0,
    "steps": 400.0,
    "batch_size": 32.0,
    "seed": 0.0,
}


def main() -> dict[str, float]:
    """What is right at trained and at other lengths, and every head's scores, after training."""
    settings = SETTINGS | {"heads": int(SETTINGS["heads"])}
    net, tests, task, off = fresh(settings), held_out(settings), task_of(settings), heads_off(settings)
    before = look(net, settings, tests, off)
    for _ in zip(range(int(settings["steps"])), training(net, settings), strict=False):
        pass
    after = look(net, settings, tests, off)
    shares = without(net, settings, tests, off)
    trained = np.isin(task.tested, task.trained)
    numbers = {
        "accuracy": after.accuracies[trained].mean(),
        "accuracy_unseen": after.accuracies[~trained].mean(),
        "loss": after.losses[trained].mean(),
        "prefix": after.prefix.max(),
        "previous": after.previous.max(),
        "prefix_start": before.prefix.max(),
        "least_without": shares.min(),
        "chance": 1 / len(task.symbols),
        "parameters": sum(parameter.numel() for parameter in net.parameters),
    }
    numbers |= {f"accuracy[{length}]": share for length, share in zip(task.tested, after.accuracies, strict=True)}
    for layer, head in np.ndindex(shares.shape):
        name = f"{layer + 1}_{head + 1}"
        numbers |= {f"prefix[{name}]": after.prefix[layer, head], f"previous[{name}]": after.previous[layer, head]}
        numbers[f"without[{name}]"] = shares[layer, head]
    return {name: float(value) for name, value in numbers.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
