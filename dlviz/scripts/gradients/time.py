"""dlviz, Gradient flow, Through time: train the recurrent cell of these SETTINGS on its task, and follow its gradient back.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows at the end of the run.
"""

import json
import math
from typing import Any

import numpy as np
import torch

from dlviz.compute.gradients.memory import MEASURED, cells_of, fresh, gradients, held_out, lengths_of, score, spectral_radius, training
from dlviz.compute.training import Clipping
from dlviz.data.sequences import chance

SETTINGS: dict[str, Any] = {
    "cell": "rnn",
    "task": "first",
    "length": 100.0,
    "radius": 0.9,
    "hidden": 16.0,
    "activation": "tanh",
    "gate_start": "constant",
    "forget_bias": 1.0,
    "learning_rate": 0.0046,
    "optimiser": "adam",
    "momentum": 0.9,
    "clip": 0.0,
    "truncation": 0.0,
    "steps": 300.0,
    "batch_size": 32.0,
    "seed": 1.0,
}


def reach(norms: np.ndarray) -> float:
    """The norm at the first step relative to that at the last."""
    return float(norms[0] / norms[-1]) if norms[-1] > 0 else math.nan


def one_cell(kind: str) -> dict[str, float]:
    """A cell before and after its training: what reaches its first step, what is right, and how it was trained."""
    net = fresh(kind, SETTINGS)
    clipping = Clipping(net.parameters, SETTINGS["clip"])
    tests, length = held_out(SETTINGS), int(SETTINGS["length"])
    longest, answers = tests[-1][0][:, :MEASURED], tests[-1][1][:, :MEASURED]
    before, radius_start = gradients(net, longest, answers), spectral_radius(net)
    for _ in zip(range(int(SETTINGS["steps"])), training(net, SETTINGS, clipping), strict=False):
        pass
    after = gradients(net, longest, answers)
    scores = [score(net, x, y) for x, y in tests]
    right = [steps for steps, (_, share) in zip(lengths_of(SETTINGS), scores, strict=True) if share >= 0.9]
    return {
        "reach_start": reach(before["memory"]),
        "factor_start": reach(before["memory"]) ** (1 / (length - 1)),
        "reach_direct_start": reach(before["direct"]),
        "reach": reach(after["memory"]),
        "factor": reach(after["memory"]) ** (1 / (length - 1)),
        "reach_direct": reach(after["direct"]),
        "loss": scores[-1][0],
        "accuracy": scores[-1][1],
        "accuracy_shortest": scores[0][1],
        "farthest": max(right, default=0),
        "clipped_share": clipping.share,
        "largest_gradient": max(clipping.norms),
        "radius_start": radius_start,
        "radius": spectral_radius(net),
        "parameters": sum(parameter.numel() for parameter in net.parameters),
    }


def main() -> dict[str, float]:
    """The numbers of the cell, or of each of the three with its name in brackets."""
    cells = cells_of(SETTINGS)
    numbers = {f"{name}[{kind}]": value for kind in cells for name, value in one_cell(kind).items()}
    if len(cells) == 1:
        numbers |= {name.partition("[")[0]: value for name, value in numbers.items()}
    numbers["chance"] = chance(SETTINGS["task"], held_out(SETTINGS)[-1][1].numpy())
    return numbers | {"length": SETTINGS["length"]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
