"""dlviz, Gradient flow, In training: train the deep network of these SETTINGS and measure its gradients and updates.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows at the end of the run.
"""

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from dlviz.compute.gradients.steps import clip_gradients, gradient_norms, warmed
from dlviz.compute.training import Batches, optimiser
from dlviz.data.points import draw
from dlviz.nets.activations import ACTIVATIONS, activation
from dlviz.nets.deep import Deep, build_deep, lsuv

SETTINGS: dict[str, Any] = {
    "depth": 20.0,
    "activation": "tanh",
    "initialisation": "normal",
    "weight_spread": 1.0,
    "bias_spread": 0.0,
    "gain": "one",
    "width": 32.0,
    "skip": "none",
    "skip_scale": 0.5,
    "norm": "none",
    "place": "z",
    "data": "circle",
    "samples": 256.0,
    "seed": 1.0,
    "learning_rate": 0.1,
    "clip": 0.0,
    "warm_up": 0.0,
    "optimiser": "sgd",
    "momentum": 0.9,
    "batch_size": 64.0,
    "steps": 300.0,
}
MATERIAL: dict[str, Any] = {}  # filled by the page's export where it has digits
SHAPES = {"leaky_slope": 0.1, "prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}
LOOKS = 60  # at the update ratio, at even distances


def unpack(name: str) -> np.ndarray:
    """The bytes of one part of MATERIAL."""
    return np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL[name])), np.uint8)


def load() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (n, in) in float64 and classes (n,): normal noise with random classes, standardised digits, or points in the plane."""
    n, seed = int(SETTINGS["samples"]), int(SETTINGS["seed"])
    if SETTINGS["data"] == "normal":
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(n, int(SETTINGS["width"]), generator=generator, dtype=torch.float64), torch.randint(2, (n,), generator=generator)
    if SETTINGS["data"] == "digits":
        ink, labels = unpack("images").reshape(n, 784) / 255, unpack("labels")
        return torch.from_numpy((ink - ink.mean()) / ink.std()), torch.from_numpy(labels.astype(np.int64))
    points = draw(SETTINGS["data"], n, 0.0, seed)
    return torch.from_numpy((points.x - points.x.mean(0)) / points.x.std(0)), torch.from_numpy(points.y.astype(np.int64))


def network(x: torch.Tensor) -> Deep:
    """The network before training."""
    known = ACTIVATIONS[SETTINGS["activation"]].gain
    slope = SHAPES["leaky_slope"] if known == "leaky_relu" else None
    net = build_deep(
        [x.shape[1], *[int(SETTINGS["width"])] * int(SETTINGS["depth"]), 10 if SETTINGS["data"] == "digits" else 2],
        activation(SETTINGS["activation"], SHAPES),
        SETTINGS["initialisation"],
        torch.Generator().manual_seed(int(SETTINGS["seed"]) + 1000),
        weight_spread=SETTINGS["weight_spread"],
        bias_spread=SETTINGS["bias_spread"],
        gain=torch.nn.init.calculate_gain(known, slope) if SETTINGS["gain"] == "torch" else 1.0,
        norm=SETTINGS["norm"],
        place=SETTINGS["place"],
        skip=SETTINGS["skip"] != "none",
        scale={"none": 1.0, "plain": 1.0, "scaled": SETTINGS["depth"] ** -0.5, "own": SETTINGS["skip_scale"]}[SETTINGS["skip"]],
    )
    if SETTINGS["initialisation"] == "lsuv":
        lsuv(net, x.float())
    return net


def variance_of(values: torch.Tensor) -> float:
    """The variance over all entries, in float64."""
    return float(values.detach().double().var(correction=0))


def main() -> dict[str, float]:
    """How the run ended, and what its gradients and updates were."""
    x, y = load()
    net = network(x)
    x = x.float()
    start = [parameter.detach().clone() for parameter in net.parameters]
    out, blocks = net.forward(x)
    signal = [variance_of(blocks[0].h), variance_of(blocks[-1].h)]
    numbers = {"start_loss": F.cross_entropy(out.detach().double(), y).item(), "variance_first": signal[0], "variance_last": signal[1]}
    how = optimiser(SETTINGS["optimiser"], net.parameters, SETTINGS["learning_rate"], SETTINGS["momentum"], 0.0)
    steps, totals, clipped, ratios = int(SETTINGS["steps"]), [], [], []
    diverged = None
    for step, rows in zip(range(1, steps + 1), Batches(len(y), int(SETTINGS["batch_size"]), int(SETTINGS["seed"])), strict=False):
        for parameter in net.parameters:
            parameter.grad = None
        loss = F.cross_entropy(net.forward(x[rows])[0], y[rows])
        loss.backward()
        norms = gradient_norms(net.parameters)
        totals.append(math.hypot(*norms))
        if step == 1:
            numbers |= {"gradient_first": norms[0], "gradient_last": norms[net.depth - 1]}
        clipped.append(SETTINGS["clip"] > 0 and clip_gradients(net.parameters, norms, SETTINGS["clip"]))
        for group in how.param_groups:
            group["lr"] = warmed(SETTINGS["learning_rate"], step, int(SETTINGS["warm_up"]))
        before = [weight.detach().clone() for weight in net.weights[:-1]]
        how.step()
        if diverged is None and not (math.isfinite(loss.item()) and math.isfinite(totals[-1])):
            diverged = step
        if step % math.ceil(steps / LOOKS) == 0 or step == steps:  # the page looks at these steps
            moves = [(now.detach().double() - was).norm() / was.double().norm() for now, was in zip(net.weights, before, strict=False)]
            ratios += [move.item() for move in moves if move.isfinite()]
            if diverged is not None:
                break
    with torch.no_grad():
        out = net.forward(x)[0]
    moved = sum(int((now != was).sum()) for now, was in zip(net.parameters, start, strict=True))
    sound = [total for total in totals if math.isfinite(total)]
    numbers |= {
        "train_loss": F.cross_entropy(out.double(), y).item(),
        "train_accuracy": (out.argmax(1) == y).double().mean().item(),
        "largest_norm": max(sound, default=math.nan),
        "clipped_share": sum(clipped) / len(clipped),
        "update_median": float(np.median(ratios)) if ratios else math.nan,
        "moved": float(moved),
        "parameters": float(sum(was.numel() for was in start)),
        "steps_taken": float(len(totals)),
        "diverged_at_step": math.nan if diverged is None else float(diverged),
    }
    ratio = numbers["gradient_first"] / numbers["gradient_last"] if numbers["gradient_last"] > 0 else math.nan
    return numbers | {"gradient_ratio": ratio}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
