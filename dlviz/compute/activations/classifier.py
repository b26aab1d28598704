"""A small network that tells two classes of points apart: the data, the fresh network, its loss, and what is seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.activations.properties import derivatives
from dlviz.data import points
from dlviz.nets.activations import activation
from dlviz.nets.mlp import MLP, Function, build

BINS, REACH = 48, 6.0  # of the histogram of pre-activations, from -REACH to REACH; what lies outside counts at the ends
FLAT = 0.05  # a unit is saturated at a point where its slope is smaller than this
SHAPES = {"prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}


@dataclass(frozen=True, eq=False)
class Data:
    """`x` (n, 2) and `y` (n,) of 0 and 1 as float32, and which of them are for training."""

    x: Tensor
    y: Tensor
    is_train: np.ndarray


def load(settings: Mapping[str, Any]) -> Data:
    """The points of these settings; every draw from their seed."""
    drawn = points.draw(settings["data"], int(settings["points"]), settings["noise"], int(settings["seed"]))
    is_train = np.arange(len(drawn.y)) < min(len(drawn.y) - 1, max(1, round(settings["train_share"] * len(drawn.y))))
    return Data(torch.from_numpy(drawn.x + settings["shift"]).float(), torch.from_numpy(drawn.y).float(), is_train)


def function_of(settings: Mapping[str, Any]) -> Function:
    """The activation of these settings."""
    return activation(settings["activation"], SHAPES | {"leaky_slope": settings["leaky_slope"]})


def values_of(function: Function, low: float, high: float, count: int) -> np.ndarray:
    """f at `count` evenly spaced places from low to high, ends included, (count,) float64."""
    with torch.no_grad():
        return function(torch.linspace(low, high, count, dtype=torch.float64)).numpy()


def fresh(settings: Mapping[str, Any], dtype: torch.dtype = torch.float32) -> MLP:
    """The network before training."""
    slope = SHAPES["prelu_slope"] if settings["activation"] == "prelu" else None
    generator = torch.Generator().manual_seed(int(settings["seed"]))
    return build(
        [2, *(int(width) for width in settings["widths"]), 1], function_of(settings), settings["initialisation"], generator, slope, dtype
    )


def mean_loss(out: Tensor, y: Tensor, squared: bool) -> Tensor:
    """Mean cross-entropy of logits against classes, in nats; or mean squared error of their sigmoids."""
    return F.mse_loss(torch.sigmoid(out), y) if squared else F.binary_cross_entropy_with_logits(out, y)


def portrait(net: MLP, data: Data, squared: bool) -> dict[str, np.ndarray]:
    """What is seen of the network at one moment: `weights` (p,), `losses` and `accuracies` (2,) of train and test, and of each hidden
    layer over the whole training set: `histogram` (layers, BINS) of z, `dead`, `saturated`, and `mean` and `spread` of f(z).

    Dead: the share of units whose slope f'(z) is 0 for every training point. Saturated: the share of (unit, training point)
    pairs with |f'(z)| < FLAT. Spread: the standard deviation over units and points.
    """
    train = torch.from_numpy(data.is_train)
    with torch.no_grad():
        out, hidden = net.forward(data.x)
        out = out[:, 0]
        losses = [float(mean_loss(out[rows], data.y[rows], squared)) for rows in (train, ~train)]
        accuracies = [float(((out[rows] > 0) == (data.y[rows] > 0.5)).float().mean()) for rows in (train, ~train)]
        weights = torch.cat([parameter.flatten() for parameter in net.parameters])
    seen: dict[str, list[np.ndarray | float]] = {"histogram": [], "dead": [], "saturated": [], "mean": [], "spread": []}
    edges = torch.linspace(-REACH, REACH, BINS + 1)[1:-1]
    for layer, z in enumerate(each[train] for each in hidden):
        value, slope = derivatives(net.function(layer), z, order=1)
        seen["histogram"].append((torch.bucketize(z.flatten(), edges).bincount(minlength=BINS) / z.numel()).numpy())
        seen["dead"].append(float((slope == 0).all(0).float().mean()))
        seen["saturated"].append(float((slope.abs() < FLAT).float().mean()))
        seen["mean"].append(float(value.mean()))
        seen["spread"].append(float(value.std(correction=0)))
    named = {"weights": weights.numpy(), "losses": losses, "accuracies": accuracies, **seen}
    return {name: np.asarray(values, dtype=np.float32) for name, values in named.items()}
