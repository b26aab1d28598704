"""dlviz, Activations, Many seeds: train one network from 64 seeds at once, for each of several widths.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows at the end of the runs.
"""

import json
import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from dlviz.compute.training import Batches, optimiser
from dlviz.data.points import draw
from dlviz.nets.activations import activation
from dlviz.nets.ensemble import stack
from dlviz.nets.mlp import build

SETTINGS: dict[str, Any] = {
    "data": "circle",
    "activation": "relu",
    "leaky_slope": 0.1,
    "layers": 1.0,
    "widths": ("1", "2", "3", "8"),
    "learning_rate": 0.46,
    "optimiser": "sgd",
    "momentum": 0.9,
    "initialisation": "he",
    "batch_size": 10.0,
    "epochs": 100.0,
}
SEEDS = 64
POINTS, TRAIN = 200, 100  # points of each seed, and how many of them are for training


def at_the_end(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Training loss and accuracy of every seed at the end, (SEEDS,) each."""
    shapes = {"leaky_slope": SETTINGS["leaky_slope"], "prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}
    function, slope = activation(SETTINGS["activation"], shapes), 0.25 if SETTINGS["activation"] == "prelu" else None
    widths = [2, *[width] * int(SETTINGS["layers"]), 1]
    generators = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    net = stack([build(widths, function, SETTINGS["initialisation"], generator, slope) for generator in generators])
    points = [draw(SETTINGS["data"], POINTS, 0.0, seed) for seed in range(SEEDS)]
    x = torch.stack([torch.from_numpy(each.x).float()[:TRAIN] for each in points])  # (SEEDS, TRAIN, 2)
    y = torch.stack([torch.from_numpy(each.y).float()[:TRAIN] for each in points])
    how = optimiser(SETTINGS["optimiser"], net.parameters, SETTINGS["learning_rate"], SETTINGS["momentum"], 0.0)
    size, members = int(SETTINGS["batch_size"]), torch.arange(SEEDS)[:, None]
    batches = zip(*(iter(Batches(TRAIN, size, seed)) for seed in range(SEEDS)), strict=True)
    for _ in range(int(SETTINGS["epochs"]) * math.ceil(TRAIN / size)):
        rows = torch.stack(next(batches))
        for parameter in net.parameters:
            parameter.grad = None
        # the sum over seeds: none of them has a part in another's loss, so each gets its own gradient
        F.binary_cross_entropy_with_logits(net.forward(x[members, rows])[0], y[members, rows], reduction="none").mean(1).sum().backward()
        how.step()
    with torch.no_grad():
        out, _ = net.forward(x)
        loss = F.binary_cross_entropy_with_logits(out, y, reduction="none").mean(1)
        return loss.numpy(), ((out > 0) == (y > 0.5)).float().mean(1).numpy()


def main() -> dict[str, float]:
    """For each width the share of seeds with every training point right, and the spread of their losses."""
    numbers: dict[str, float] = {"seeds": float(SEEDS)}
    shares = []
    for width in SETTINGS["widths"]:
        losses, accuracies = at_the_end(int(width))
        losses = losses[np.isfinite(losses)].astype(np.float64)
        shares.append(float((accuracies == 1).mean()))
        numbers[f"solved_share[{width}]"] = shares[-1]
        for name, share in (("low", 0.1), ("median", 0.5), ("high", 0.9)):
            numbers[f"{name}_loss[{width}]"] = float(np.quantile(losses, share)) if len(losses) else math.nan
    return numbers | {"best_share": max(shares), "worst_share": min(shares)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
