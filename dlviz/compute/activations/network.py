"""View In a network: the same multilayer perceptron trained with the activation of your choice, watched from inside."""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.activations.classifier import (
    BINS,
    OWN,
    REACH,
    START,
    Data,
    flat,
    fresh,
    function_of,
    load,
    mean_loss,
    portraits,
    slopes_for,
    values_of,
)
from dlviz.compute.activations.curve import LABELS
from dlviz.compute.activations.curve import OWN as EXPRESSION
from dlviz.compute.activations.legs import Leg, read_legs
from dlviz.compute.training import OPTIMISERS, Batches, optimiser, train
from dlviz.data import points
from dlviz.data.own import check_classes, decode
from dlviz.fields import ParameterError
from dlviz.nets.ensemble import Ensemble, unflatten
from dlviz.nets.mlp import INITIALISATIONS, MLP
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

FRAMES = 60  # pictures of one run
MOST_STEPS = 20_000  # of one run, its earlier legs included
SOLVED = 0.01  # training loss below which a run counts as solved, as in the benchmark against other playgrounds
LOSSES = {"cross_entropy": "cross-entropy", "squared": "squared error"}
INPUTS = {"raw": "inputs as drawn", "standard": "inputs of mean 0, variance 1"}
DATA = {name: name for name in points.DRAWS} | {OWN: "your own"}
ACTIVATIONS = {name: label for name, label in LABELS.items() if name != EXPRESSION}
# What may change from one leg of a run to the next; everything else makes another run.
CHANGEABLE = ("activation", "leaky_slope", "learning_rate", "optimiser", "momentum", "batch_size", "l1", "l2")


@dataclass(frozen=True)
class Params(p.Params):
    """The data, the network, and how it is trained."""

    data: str = p.choice(
        "circle", DATA, label="Data", help="Your own: click points or bring a CSV file, in the tab Your points below the picture."
    )
    activation: str = p.choice("tanh", ACTIVATIONS, label="Activation")
    leaky_slope: float = p.number(0.1, -1, 1, 0.01, label="Leaky slope", when=("activation", "leaky_relu"))
    learning_rate: float = p.number(0.46, 0.001, 10, 3, scale="log", label="Learning rate")
    optimiser: str = p.choice("sgd", OPTIMISERS, label="Optimiser")
    momentum: float = p.number(0.9, 0, 0.99, 0.01, label="Momentum", when=("optimiser", "momentum"))
    initialisation: str = p.choice("xavier", INITIALISATIONS, label="Initialisation", more=True)
    loss: str = p.choice("cross_entropy", LOSSES, label="Loss", more=True)
    batch_size: float = p.number(10, 1, 200, 1, label="Batch size", more=True)
    epochs: float = p.number(60, 1, 300, 1, label="Epochs", more=True)
    l1: float = p.number(0, 0, 0.1, 0.001, label="L1 penalty on weights", more=True)
    l2: float = p.number(0, 0, 0.1, 0.001, label="L2 penalty", more=True)
    noise: float = p.number(0, 0, 0.4, 0.01, label="Noise", more=True)
    inputs: str = p.choice(
        "raw", INPUTS, label="Inputs", more=True, help="Mean 0, variance 1: over the points for training, each input by itself."
    )
    shift: float = p.number(0, -3, 3, 0.1, label="Shift of both inputs", when=("inputs", "raw"), more=True)
    points: float = p.number(200, 20, 1000, 20, label="Points", more=True)
    train_share: float = p.number(0.5, 0.1, 0.9, 0.05, label="Share for training", more=True)
    seed: float = p.number(1, 0, 999, 1, label="Seed", more=True)
    widths: tuple[float, ...] = p.numbers((8, 8), 1, 32, 1, at_least=1, at_most=6, label="Units of the hidden layers", stage=True)
    own: str = p.text("", 803, label="Your points", when=("data", OWN), stage=True, private=True)
    history: str = p.text("", 1500, label="What happened before", stage=True, private=True)

    def check(self) -> None:
        """One's own points can be learned, the legs before fit this network, and the run is not longer than MOST_STEPS."""
        check_classes(decode(self.own or START, "own")[1], "own")
        legs = self.legs()
        for leg in legs:
            try:
                type(self)(**leg.settings)
            except (ParameterError, TypeError) as error:
                raise ParameterError("history", self.history, f"settings that can be used; {error}") from None
        before = sum(leg.steps for leg in legs)
        if before > MOST_STEPS - self.steps_an_epoch():
            raise ParameterError("history", self.history, f"at most {MOST_STEPS - self.steps_an_epoch()} steps before this run")
        most = (MOST_STEPS - before) // self.steps_an_epoch()
        if self.epochs > most:
            raise ParameterError("epochs", self.epochs, f"at most {most} epochs of {self.steps_an_epoch()} steps")

    def legs(self) -> tuple[Leg, ...]:
        """What happened before this run's own settings took over."""
        return read_legs("history", self.history, CHANGEABLE, [2, *(int(width) for width in self.widths), 1])

    def parts(self) -> tuple[Leg, ...]:
        """All legs with their settings in full; the last is this run's own."""
        settings, defaults = self.as_dict(), {name: Params.default(name) for name in CHANGEABLE}
        before = (Leg(leg.steps, settings | defaults | dict(leg.settings), leg.edits) for leg in self.legs())
        return (*before, Leg(int(self.epochs) * self.steps_an_epoch(), settings, ()))

    def begins(self) -> list[int]:
        """The step from which on each part's settings hold."""
        return [0, *np.cumsum([part.steps for part in self.parts()])[:-1].tolist()]

    def has_slopes(self) -> bool:
        """Whether some part trains PReLU's slopes, so that a row of weights has places for them."""
        return any(part.settings["activation"] == "prelu" for part in self.parts())

    def steps_an_epoch(self) -> int:
        """Mini-batches of the training set."""
        count = len(decode(self.own or START)[1]) if self.data == OWN else int(self.points)
        return math.ceil(min(count - 1, max(1, round(self.train_share * count))) / self.batch_size)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """A run as it went, one entry a picture: `steps` (t,), `weights` (t, p), and what `classifier.portraits` sees in them.

    Beside them the points: `x` (n, 2), `y` (n,), `is_train` (n,); x is (place in the plane - `centre`) / `scale`.
    """

    VERSION: ClassVar[int] = 2
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    weights: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    histogram: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    x: np.ndarray
    y: np.ndarray
    is_train: np.ndarray
    centre: np.ndarray
    scale: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """How the run ended, and where it diverged if it did."""
        broken = np.flatnonzero(~np.isfinite(self.losses[:, 0]))
        solved = np.flatnonzero(self.losses[:, 0] < SOLVED)
        way = np.linalg.norm(np.diff(self.weights.astype(np.float64), axis=0), axis=1).sum()
        gone = np.linalg.norm(self.weights[-1].astype(np.float64) - self.weights[0])
        idle = len(self.params.widths) if self.params.has_slopes() and self.params.activation != "prelu" else 0  # of a leg before
        facts = {
            "train_loss": _fact(self.losses[-1, 0], "training loss"),
            "test_loss": _fact(self.losses[-1, 1], "test loss"),
            "train_accuracy": _fact(self.accuracies[-1, 0], "right on training points", "%"),
            "test_accuracy": _fact(self.accuracies[-1, 1], "right on test points", "%"),
            "solved_at_step": _fact(self.steps[solved[0]] if len(solved) else None, f"training loss below {SOLVED} at step"),
            "diverged_at_step": _fact(self.steps[broken[0]] if len(broken) else None, "diverged at step"),
            "dead_share": _fact(self.dead[-1] @ self._shares(), "dead units", "%"),
            "saturated_share": _fact(self.saturated[-1] @ self._shares(), "saturated (unit, point) pairs", "%"),
            "parameters": Fact(float(self.weights.shape[1] - idle), "parameters"),
            "largest_mean_before": _fact(np.abs(self.mean[0]).max(), "largest mean of a layer's outputs before training, either way"),
            "least_spread_before": _fact(self.spread[0].min(), "least spread of a layer's outputs before training"),
            "largest_spread_before": _fact(self.spread[0].max(), "largest spread of a layer's outputs before training"),
            "detour": _fact(way / gone if gone > 0 else None, "way of the weights / straight line"),
        }
        for layer in range(self.dead.shape[1]):
            for name, label, unit in _OF_A_LAYER:
                facts[f"{name}[{layer + 1}]"] = _fact(getattr(self, name)[-1, layer], f"{label} in layer {layer + 1}", unit)
            facts[f"spread_before[{layer + 1}]"] = _fact(self.spread[0, layer], f"spread of outputs in layer {layer + 1} before training")
            facts[f"mean_before[{layer + 1}]"] = _fact(self.mean[0, layer], f"mean output of layer {layer + 1} before training")
            facts[f"alike[{layer + 1}]"] = _fact(self._difference(layer), f"largest difference between units of layer {layer + 1}")
        for layer, slope in enumerate(self.learned_slopes()[-1]):
            facts[f"learned_slope[{layer + 1}]"] = _fact(slope, f"learned slope of layer {layer + 1}")
        return facts

    def _shares(self) -> np.ndarray:
        """Each hidden layer's share of all hidden units."""
        return np.array(self.params.widths) / sum(self.params.widths)

    def networks(self) -> Ensemble:
        """The network at every picture, as one Ensemble."""
        widths = [2, *(int(width) for width in self.params.widths), 1]
        return unflatten(torch.from_numpy(self.weights), widths, function_of(self.params.as_dict()), self.params.has_slopes())

    def learned_slopes(self) -> np.ndarray:
        """PReLU's slopes (t, layers); (t, 0) if the run does not end with PReLU. Before a leg with PReLU they are at their start."""
        slopes = self.networks().slopes if self.params.activation == "prelu" else []
        return np.concatenate([self.weights[:, :0], *(each.numpy() for each in slopes)], axis=1)

    def part_of(self) -> np.ndarray:
        """Of each picture the number of the part whose settings hold, (t,)."""
        return np.searchsorted(self.params.begins(), self.steps, side="right") - 1

    def curves(self, layer: int) -> np.ndarray:
        """A hidden layer's activation in each part, in the middle of each of the histogram's bins, (parts, BINS).

        PReLU is drawn as it is at the end of the part.
        """
        half, slopes = REACH / BINS, self.networks().slopes
        drawn = []
        for number, part in enumerate(self.params.parts()):
            how: Mapping[str, Any] = part.settings
            if how["activation"] == "prelu":
                last = max(0, np.searchsorted(self.part_of(), number, side="right") - 1)
                how = {"activation": "leaky_relu", "leaky_slope": float(slopes[layer][last, 0])}
            drawn.append(values_of(function_of(how), -REACH + half, REACH - half, BINS))
        return np.stack(drawn)

    def tables(self, reach: float, step: float) -> tuple[np.ndarray, list[int]]:
        """The activations at every step from -reach to reach, as a browser needs them to draw the units, (functions, places);
        and for each part which of them is its own."""
        parts = [(part.settings["activation"], part.settings["leaky_slope"]) for part in self.params.parts()]
        different = list(dict.fromkeys(parts))
        places = round(2 * reach / step) + 1
        rows = [values_of(function_of({"activation": name, "leaky_slope": slope}), -reach, reach, places) for name, slope in different]
        return np.stack(rows), [different.index(part) for part in parts]

    def _difference(self, layer: int) -> float:
        """The largest difference between incoming weights or biases of two units of a layer at the end."""
        net = self.networks()
        rows = np.column_stack([net.weights[layer][-1].numpy(), net.biases[layer][-1].numpy()])
        return float(np.ptp(rows, axis=0).max())


_OF_A_LAYER = (
    ("dead", "dead units", "%"),
    ("saturated", "saturated pairs", "%"),
    ("mean", "mean output", ""),
    ("spread", "spread of outputs", ""),
)


def _fact(value: Any, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move in its first digits, for training amplifies it; None if it is not finite."""
    return Fact(float(value) if value is not None and math.isfinite(value) else None, label, unit, rtol=0.1)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train, yielding about FRAMES pictures at even distances; returns the Result. Weights that are not finite end the run."""
    data, net = load(params.as_dict()), fresh(params.as_dict())
    parts, with_slopes = params.parts(), params.has_slopes()
    last = sum(part.steps for part in parts)
    wanted = {round(i * last / FRAMES) for i in range(FRAMES + 1)}
    pictures: list[Snapshot] = []
    done = 0

    def look() -> Snapshot:
        pictures.append(Snapshot(done, last, {"weights": flat(net, with_slopes)}))
        return pictures[-1]

    for part in parts:
        way, end = training(net, data, part.settings), done + part.steps
        if part.steps:
            yield look()  # after the edits of the leg before
        while done < end:
            next(way)
            done += 1
            if done in wanted and done < end:
                yield look()
                if not np.isfinite(pictures[-1].arrays["weights"]).all():
                    return gather(params, pictures)
        with torch.no_grad():
            for edit in part.edits:
                row = net.biases[edit.layer] if edit.source < 0 else net.weights[edit.layer][:, edit.source]
                row[edit.to] = edit.value
    yield look()
    return gather(params, pictures)


def training(net: MLP, data: Data, settings: Mapping[str, Any]) -> Iterator[int]:
    """One step after another with these settings, by a fresh optimiser; it never ends by itself."""
    net.activation, net.slopes = function_of(settings), slopes_for(net, settings)
    x, y, l1 = data.x[: data.trained], data.y[: data.trained], settings["l1"]

    def loss(batch: Tensor) -> Tensor:
        fit = mean_loss(net.forward(x[batch])[0][:, 0], y[batch], settings["loss"] == "squared")
        return fit + l1 * sum((weight.abs().sum() for weight in net.weights), torch.zeros(())) if l1 else fit

    how = optimiser(settings["optimiser"], net.parameters, settings["learning_rate"], settings["momentum"], settings["l2"])
    return train(loss, net.parameters, how, Batches(len(y), int(settings["batch_size"]), int(settings["seed"])))


def gather(params: Params, pictures: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result."""
    data, parts = load(params.as_dict()), params.parts()
    steps, weights = np.array([one.step for one in pictures]), np.stack([one.arrays["weights"] for one in pictures])
    of = np.searchsorted(params.begins(), steps, side="right") - 1  # pictures are in order, so those of a part stand together
    each = [portraits(weights[of == number], parts[number].settings, data, params.has_slopes()) for number in np.unique(of)]
    seen = {name: np.concatenate([one[name] for one in each]) for name in each[0]}
    about = {"x": data.x.numpy(), "y": data.y.numpy(), "is_train": data.is_train, "centre": data.centre, "scale": data.scale}
    return Result(params=params, steps=steps, weights=weights, **seen, **about)
