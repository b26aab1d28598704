"""A small network that tells two classes of points apart: the data, the fresh network, its loss, and what is seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.derivatives import derivatives
from dlviz.data import points
from dlviz.data.own import decode
from dlviz.nets.activations import activation
from dlviz.nets.ensemble import unflatten
from dlviz.nets.mlp import MLP, Function, build

BINS, REACH = 48, 6.0  # of the histogram of pre-activations, from -REACH to REACH; what lies outside counts at the ends
FLAT = 0.05  # a unit is saturated at a point where its slope is smaller than this
OWN = "own"  # the data that people bring
# and what it is before one has brought any: an L of class 1 on the corner of a square of class 0
START = "h4eHubmHubk.IyMjVSOHI7lVI1VVVYdVuYcjh1W5I7lV"
AT_ONCE = 2_000_000  # (moment, point, unit) triples looked at together: more would cost memory, fewer time
SHAPES = {"prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}


@dataclass(frozen=True, eq=False)
class Data:
    """`x` (n, 2) and `y` (n,) of 0 and 1 as float32; the first `trained` of them are for training.

    What the network is given is x = (place in the plane - `centre`) / `scale`, (2,) each.
    """

    x: Tensor
    y: Tensor
    trained: int
    centre: np.ndarray
    scale: np.ndarray

    @property
    def is_train(self) -> np.ndarray:
        """Which points are for training, (n,)."""
        return np.arange(len(self.y)) < self.trained


def load(settings: Mapping[str, Any]) -> Data:
    """The points of these settings; every draw from their seed."""
    noise, seed = settings["noise"], int(settings["seed"])
    if settings["data"] == OWN:
        drawn = points.mixed(*decode(settings["own"] or START), noise, seed)
    else:
        drawn = points.draw(settings["data"], int(settings["points"]), noise, seed)
    trained = min(len(drawn.y) - 1, max(1, round(settings["train_share"] * len(drawn.y))))
    as_drawn = np.full(2, -settings["shift"]), np.ones(2)
    centre, scale = points.standard(drawn.x[:trained]) if settings["inputs"] == "standard" else as_drawn
    x = torch.from_numpy((drawn.x - centre) / scale).float()
    return Data(x, torch.from_numpy(drawn.y).float(), trained, centre, scale)


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
    """Mean over the last axis of the cross-entropy of logits against classes, in nats; or of the squared error of their sigmoids."""
    if squared:
        return F.mse_loss(torch.sigmoid(out), y, reduction="none").mean(-1)
    return F.binary_cross_entropy_with_logits(out, y, reduction="none").mean(-1)


def slopes_for(net: MLP, settings: Mapping[str, Any]) -> list[Tensor]:
    """The slopes that a network goes on with: under PReLU its own or, if it has none yet, at their initial value; else none."""
    if settings["activation"] != "prelu":
        return []
    return net.slopes or [torch.full((1,), SHAPES["prelu_slope"], dtype=net.biases[0].dtype, requires_grad=True) for _ in net.biases[1:]]


def flat(net: MLP, with_slopes: bool) -> np.ndarray:
    """All parameters as one row, (p,) float32: what is kept of a moment.

    `with_slopes`: there are places for PReLU's slopes; in a moment without any these hold the initial value.
    """
    complete = replace(net, slopes=slopes_for(net, {"activation": "prelu"})) if with_slopes else net
    return np.concatenate([parameter.detach().numpy().ravel() for parameter in complete.parameters]).astype(np.float32)


def portraits(weights: np.ndarray, settings: Mapping[str, Any], data: Data, with_slopes: bool) -> dict[str, np.ndarray]:
    """What is seen of the network at t moments, from the rows (t, p) of `flat` then, in float64 and all moments at once.

    `losses` and `accuracies` (t, 2) of train and test; of each hidden layer over the whole training set (t, layers):
    `histogram` (t, layers, BINS) of z, `dead`, `saturated`, and `mean` and `spread` of f(z).

    Dead: the share of units whose slope f'(z) is 0 for every training point, in float32 as in training. Saturated: the share
    of (unit, training point) pairs with |f'(z)| < FLAT. Spread: the standard deviation over units and points.
    """
    moments = max(1, AT_ONCE // int(len(data.y) * sum(settings["widths"])))
    parts = [_portraits(weights[start : start + moments], settings, data, with_slopes) for start in range(0, len(weights), moments)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _portraits(weights: np.ndarray, settings: Mapping[str, Any], data: Data, with_slopes: bool) -> dict[str, np.ndarray]:
    widths = [2, *(int(width) for width in settings["widths"]), 1]
    net = unflatten(torch.from_numpy(weights).double(), widths, function_of(settings), with_slopes)
    if settings["activation"] != "prelu":
        net = replace(net, slopes=[])
    t, y = len(weights), data.y.double().expand(len(weights), -1)
    out, hidden = net.forward(data.x.double().expand(t, -1, -1))
    right = (out > 0) == (y > 0.5)
    parts = (slice(None, data.trained), slice(data.trained, None))
    losses = [mean_loss(out[:, part], y[:, part], settings["loss"] == "squared") for part in parts]
    seen: dict[str, list[np.ndarray]] = {"histogram": [], "dead": [], "saturated": [], "mean": [], "spread": []}
    for layer, z in enumerate(each[:, : data.trained] for each in hidden):
        value, slope = net.function(layer)(z).numpy(), derivatives(net.function(layer), z.float(), order=1)[1].numpy()
        seen["histogram"].append(_histograms(z.numpy().reshape(t, -1)))
        seen["dead"].append((slope == 0).all(1).mean(1))
        seen["saturated"].append((np.abs(slope) < FLAT).mean((1, 2)))
        seen["mean"].append(value.mean((1, 2)))
        seen["spread"].append(value.std((1, 2)))
    accuracies = np.stack([right[:, part].double().mean(1).numpy() for part in parts], 1)
    of_layers = {name: np.stack(values, 1) for name, values in seen.items()}
    return {"losses": torch.stack(losses, 1).numpy(), "accuracies": accuracies, **of_layers}


def _histograms(z: np.ndarray) -> np.ndarray:
    """The share of each row's values in each of BINS bins from -REACH to REACH, (rows, BINS)."""
    inside = np.nan_to_num(z, nan=REACH).clip(-REACH, REACH)
    bins = ((inside + REACH) * (BINS / (2 * REACH))).astype(np.intp).clip(0, BINS - 1) + BINS * np.arange(len(z))[:, None]
    return np.bincount(bins.ravel(), minlength=BINS * len(z)).reshape(len(z), BINS) / z.shape[1]
