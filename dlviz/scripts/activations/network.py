"""dlviz, Activations, In a network: train the multilayer perceptron of these SETTINGS and measure it.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows at the end of the run.
"""

import base64
import json
import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from dlviz.compute.training import Batches, optimiser
from dlviz.data.points import draw, mixed, standard
from dlviz.nets.activations import activation
from dlviz.nets.mlp import MLP, build

SETTINGS: dict[str, Any] = {
    "data": "circle",
    "activation": "tanh",
    "leaky_slope": 0.1,
    "learning_rate": 0.46,
    "optimiser": "sgd",
    "momentum": 0.9,
    "initialisation": "xavier",
    "loss": "cross_entropy",
    "batch_size": 10.0,
    "epochs": 60.0,
    "l1": 0.0,
    "l2": 0.0,
    "noise": 0.0,
    "inputs": "raw",
    "shift": 0.0,
    "points": 200.0,
    "train_share": 0.5,
    "seed": 1.0,
    "widths": (8.0, 8.0),
    "own": "",
    "history": "",
}
START = "h4eHubmHubk.IyMjVSOHI7lVI1VVVYdVuYcjh1W5I7lV"  # one's own points, as long as there are none
# What a leg of the history that does not say otherwise was trained with.
USUAL = {
    "activation": "tanh", "leaky_slope": 0.1, "learning_rate": 0.46, "optimiser": "sgd", "momentum": 0.9,
    "batch_size": 10.0, "l1": 0.0, "l2": 0.0,
}  # fmt: skip


def loss_of(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits, or mean squared error of their sigmoids."""
    if SETTINGS["loss"] == "squared":
        return F.mse_loss(torch.sigmoid(out), y, reduction="none").mean()
    return F.binary_cross_entropy_with_logits(out, y, reduction="none").mean()


def own_points(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and classes (n,): two groups in base64 joined by a dot, two bytes a point, k standing for (k - 110) / 100."""
    groups = [np.frombuffer(base64.urlsafe_b64decode(group + "=" * (-len(group) % 4)), dtype=np.uint8) for group in text.split(".")]
    classes = np.repeat(np.arange(2), [len(group) // 2 for group in groups])
    return (np.concatenate(groups).reshape(-1, 2).astype(np.float64) - 110) / 100, classes


def function_of(settings: dict[str, Any]) -> Any:
    """The activation of these settings."""
    shapes = {"leaky_slope": settings["leaky_slope"], "prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}
    return activation(settings["activation"], shapes)


def fit(net: MLP, x: torch.Tensor, y: torch.Tensor, settings: dict[str, Any], steps: int) -> None:
    """So many steps with these settings and a fresh optimiser."""
    net.activation = function_of(settings)
    if settings["activation"] != "prelu":
        net.slopes = []
    elif not net.slopes:  # of the step before, a leg with another activation
        net.slopes = [torch.full((1,), 0.25, requires_grad=True) for _ in net.biases[1:]]
    how = optimiser(settings["optimiser"], net.parameters, settings["learning_rate"], settings["momentum"], settings["l2"])
    for _, rows in zip(range(steps), Batches(len(y), int(settings["batch_size"]), int(settings["seed"])), strict=False):
        loss = loss_of(net.forward(x[rows])[0][:, 0], y[rows])
        if settings["l1"]:
            loss = loss + settings["l1"] * sum((weight.abs().sum() for weight in net.weights), torch.zeros(()))
        for parameter in net.parameters:
            parameter.grad = None
        loss.backward()
        how.step()


def main() -> dict[str, float]:
    """Losses and accuracies at the end, and what became of each layer's units on the training set."""
    noise, seed = SETTINGS["noise"], int(SETTINGS["seed"])
    if SETTINGS["data"] == "own":
        points = mixed(*own_points(SETTINGS["own"] or START), noise, seed)
    else:
        points = draw(SETTINGS["data"], int(SETTINGS["points"]), noise, seed)
    n = min(len(points.y) - 1, max(1, round(SETTINGS["train_share"] * len(points.y))))  # points for training; the rest is for testing
    as_drawn = np.full(2, -SETTINGS["shift"]), np.ones(2)
    centre, scale = standard(points.x[:n]) if SETTINGS["inputs"] == "standard" else as_drawn
    x, y = torch.from_numpy((points.x - centre) / scale).float(), torch.from_numpy(points.y).float()
    generator = torch.Generator().manual_seed(seed)
    slope = 0.25 if SETTINGS["activation"] == "prelu" else None
    widths = [2, *(int(width) for width in SETTINGS["widths"]), 1]
    net = build(widths, function_of(SETTINGS), SETTINGS["initialisation"], generator, slope)

    for steps, settings, edits in json.loads(SETTINGS["history"] or "[]"):
        fit(net, x[:n], y[:n], SETTINGS | USUAL | settings, steps)
        with torch.no_grad():
            for layer, to, source, value in edits:
                (net.biases[layer] if source < 0 else net.weights[layer][:, source])[to] = value
    fit(net, x[:n], y[:n], SETTINGS, int(SETTINGS["epochs"]) * math.ceil(n / SETTINGS["batch_size"]))

    # measured in float64, so that it does not depend on the order of sums; slopes in float32, as training has them
    weights, biases, slopes = ([tensor.detach().double() for tensor in part] for part in (net.weights, net.biases, net.slopes))
    exact = MLP(weights, biases, net.activation, slopes)
    out, hidden = exact.forward(x.double())
    right = ((out[:, 0] > 0) == (y > 0.5)).double()
    numbers = {
        "train_loss": loss_of(out[:n, 0], y[:n].double()).item(),
        "test_loss": loss_of(out[n:, 0], y[n:].double()).item(),
        "train_accuracy": right[:n].mean().item(),
        "test_accuracy": right[n:].mean().item(),
    }
    dead, saturated = [], []
    for layer, each in enumerate(hidden):
        z = each[:n].float().requires_grad_()
        value = net.function(layer)(z)
        slope_at = torch.autograd.grad(value.sum(), z)[0] if value.requires_grad else torch.zeros_like(z)
        dead.append((slope_at == 0).all(0).double().mean().item())  # units that no training point can move
        saturated.append((slope_at.abs() < 0.05).double().mean().item())
        numbers |= {f"dead[{layer + 1}]": dead[-1], f"saturated[{layer + 1}]": saturated[-1]}
        value = exact.function(layer)(each[:n])
        numbers |= {f"mean[{layer + 1}]": value.mean().item(), f"spread[{layer + 1}]": value.std(correction=0).item()}
    for layer, learned in enumerate(net.slopes):
        numbers[f"learned_slope[{layer + 1}]"] = learned.item()
    share = np.array(SETTINGS["widths"]) / sum(SETTINGS["widths"])
    numbers["parameters"] = float(sum(parameter.numel() for parameter in net.parameters))
    return numbers | {"dead_share": float(np.dot(dead, share)), "saturated_share": float(np.dot(saturated, share))}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: value if math.isfinite(value) else None for name, value in main().items()}, indent=1))
