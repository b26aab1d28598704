"""View Learning filters: a small convolutional network learns digits or animals, beside a fully connected rival; its kernels watched."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute.filters import changes, sets
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters.trying import attempt, brought, packed
from dlviz.compute.filters.watching import end, look
from dlviz.compute.shelf import Shelf
from dlviz.compute.training import OPTIMISERS
from dlviz.fields import ParameterError
from dlviz.nets.convolutional import HEADS, POOLS
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

FRAMES = 30  # pictures of one run
SHARE = 200  # held-out pictures that every frame is scored on; the last frame on all of them
KERNELS = {str(k): f"{k} × {k}" for k in (3, 5, 7)}
MOST_WORK = 4e10  # multiply-adds of all forward passes in training: some ten seconds
SIDE = 28
KEPT = 6  # runs that are kept, so that a change by hand is not another training
SHELF: Shelf[list[Snapshot]] = Shelf(KEPT)


@dataclass(frozen=True)
class Params(p.Params):
    """The pictures, the convolutional network, and how both networks are trained."""

    data: str = p.choice("digits", sets.DATA, label="Pictures")
    layers: float = p.number(2, 1, 3, 1, label="Convolutions")
    channels: float = p.number(8, 2, 12, 2, label="Channels", help="Of the first convolution; later ones have twice as many.")
    head: str = p.choice("flatten", HEADS, label="Head", help="What it reads: every value of the last maps, or each map's mean.")
    norm: bool = p.switch(False, label="Batch norm")
    learning_rate: float = p.number(0.01, 0.0001, 0.1, 3, scale="log", label="Learning rate")
    kernel: str = p.choice("5", KERNELS, label="Kernel size", more=True)
    pool: str = p.choice("max", POOLS, label="After each convolution", more=True)
    dropout: float = p.number(0, 0, 0.8, 0.1, label="Dropout", more=True, help="Share of what the head reads that each step leaves out.")
    shift: float = p.number(
        0, 0, 4, 1, label="Shifts in training", unit="pixels", more=True, help="Each picture is moved by so many at most."
    )
    optimiser: str = p.choice("adam", OPTIMISERS, label="Optimiser", more=True)
    falling: bool = p.switch(True, label="Learning rate falls to 0", more=True, help="In a straight line over the run.")
    batch_size: float = p.number(25, 5, 200, 5, label="Batch size", more=True)
    epochs: float = p.number(1, 1, 8, 1, label="Epochs", more=True)
    pictures: float = p.number(3000, 500, 7500, 500, label="Training pictures", more=True, when=("data", sets.COUNTED))
    colour: bool = p.switch(True, label="In colour", more=True, when=("data", "emoji"), help="Otherwise both networks see them in grey.")
    seed: float = p.number(1, 0, 99, 1, label="Seed", more=True)
    edits: str = p.text(
        "", 2000, label="Network", stage=True, private=True, help="Maps switched off and weights set at the end of the run."
    )
    weights: str = p.asset(label="Weights file")

    def check(self) -> None:
        """The run is not longer than MOST_WORK, and changes can be read."""
        try:
            changes.read(self.edits)
        except ValueError:
            raise ParameterError("edits", self.edits, "changes such as [[0,2],[1,7,-0.5]]: a map off, a weight set") from None
        per_epoch = self.multiply_adds() * sets.count(self.as_dict())
        if self.epochs * per_epoch > MOST_WORK:
            most = int(MOST_WORK // per_epoch)
            advice = f"at most {most} for so large a network and so many pictures" if most else "a smaller network or fewer pictures"
            raise ParameterError("epochs", self.epochs, advice)

    def canonical(self) -> "Params":
        """As for all views; and without the changes that this network has no map or weight for."""
        own = super().canonical()
        return replace(own, edits=changes.write(changes.fitting(changes.read(own.edits), self.kernels())))

    def of_training(self) -> "Params":
        """What the trained networks depend on: all but what is done to them afterwards."""
        return replace(self.canonical(), edits="", weights="")

    def kernels(self) -> list[tuple[int, int]]:
        """How many maps and weights each convolution has."""
        outs = nets.channels_of(self.as_dict())
        ins = [nets.depth_of(self.as_dict()), *outs[:-1]]
        return [(out, out * into * int(self.kernel) ** 2) for into, out in zip(ins, outs, strict=True)]

    def multiply_adds(self) -> float:
        """Multiply-adds of all convolutions for one picture."""
        total, side, into = 0, SIDE, nets.depth_of(self.as_dict())
        for out in nets.channels_of(self.as_dict()):
            total += into * out * int(self.kernel) ** 2 * side**2
            into, side = out, side if self.pool == "none" else side // 2
        return float(total)

    def sides(self) -> list[int]:
        """The side of each layer's maps, before pooling."""
        return [SIDE if self.pool == "none" else SIDE // 2**layer for layer in range(int(self.layers))]


@dataclass(frozen=True, eq=False)
class Result(Base):
    """A run as it went, one entry a frame: `steps` (t,), `kernels` (t, k) of all convolutions, `rival` (t, 16, C·784) its first weights.

    `maps` uint8 (t, m): SHOWN pictures, each layer's maps after ReLU, 255 at `highs` (t, SHOWN, layers); `chances` (t, 2, SHOWN, 10) of
    each class by network and rival; `losses` and `accuracies` (t, 2) of both on SHARE held-out pictures, at the end on all;
    `confusion` (t, 10, 10) the same for the network. When it is done: `state` every number of the network, `answers` (n,) of the
    network, `training` accuracy and that of the rival (2,) on training pictures, `ink_smoothness` the correlation of these pictures'
    neighbouring pixels; and of the network that the viewer has made of it what `trying.attempt` says.
    """

    VERSION: ClassVar[int] = 2
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    kernels: np.ndarray
    rival: np.ndarray
    maps: np.ndarray
    highs: np.ndarray
    chances: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    confusion: np.ndarray
    state: np.ndarray
    answers: np.ndarray
    training: np.ndarray
    ink_smoothness: float
    plain: np.ndarray
    changed_accuracy: float
    other_answers: int
    loaded: bool

    def facts(self) -> dict[str, Fact]:
        """How good both became, how many numbers they have, and what became of their first weights."""
        params, confused = self.params, self.confusion[-1] * (1 - np.eye(nets.CLASSES))
        fresh, rival = nets.convolutional_net(params.as_dict()), nets.rival_net(params.as_dict())
        size = fresh.kernels[0].numel()
        first, last = torch.from_numpy(self.kernels[0, :size]), torch.from_numpy(self.kernels[-1, :size])
        before, after = torch.from_numpy(self.rival[0]), torch.from_numpy(self.rival[-1])
        return {
            "accuracy": _fact(self.accuracies[-1, 0], "right on held-out pictures", "%"),
            "rival_accuracy": _fact(self.accuracies[-1, 1], "the rival's", "%"),
            "loss": _fact(self.losses[-1, 0], "held-out loss", "nats"),
            "rival_loss": _fact(self.losses[-1, 1], "the rival's", "nats"),
            "training_accuracy": _fact(self.training[0], "right on training pictures", "%"),
            "rival_training_accuracy": _fact(self.training[1], "the rival's", "%"),
            "first_accuracy": _fact(self.accuracies[0, 0], "right before training", "%"),
            "scored": Fact(float(self.confusion[-1].sum()), "held-out pictures"),
            "errors": Fact(float(confused.sum()), "wrong", rtol=0.1),
            "largest_confusion": Fact(float(confused.max()), "times the most frequent error", rtol=0.5),
            "parameters": Fact(float(nets.count(fresh.parameters)), "parameters"),
            "head_parameters": Fact(float(nets.count([fresh.head, fresh.head_bias])), "of them in the head"),
            "rival_parameters": Fact(float(nets.count(rival.parameters)), "the rival's parameters"),
            "inputs": Fact(float(rival.weights[0].shape[1]), "numbers that a picture is"),
            "steps": Fact(float(self.steps[-1]), "steps"),
            "multiply_adds": Fact(params.multiply_adds(), "multiply-adds of the convolutions"),
            "kernels_kept": _fact(nets.likeness(first, last), "cosine between first kernels before and after"),
            "rival_smoothness": _fact(nets.smoothness(after.reshape(-1, SIDE, SIDE)), "correlation of neighbours in the rival's weights"),
            "ink_smoothness": _fact(self.ink_smoothness, "correlation of neighbours in the pictures"),
            "changes": Fact(float(len(changes.read(params.edits))), "changes by hand"),
            "loaded": Fact(float(self.loaded), "a file in the place of what was trained"),
            "changed_accuracy": _fact(self.changed_accuracy, "right after all changes", "%"),
            "other_answers": Fact(float(self.other_answers), "answers changed", rtol=0.2),
            "rival_untouched": _fact(float((before == after).double().mean()), "rival's first weights that never moved", "%"),
        }


def _fact(value: float, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move, for training amplifies it; None if it is not finite."""
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=0.1)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train both networks, yielding about FRAMES frames at even distances, then try what the viewer has changed; returns the Result."""
    frames = SHELF.take(params.of_training())
    if frames is None:
        frames = []
        for frame in _learn(params.as_dict()):
            frames.append(frame)
            yield frame
        SHELF.put(params.of_training(), frames)
    else:
        yield from frames
    last = frames[-1].arrays
    tried = attempt(params.as_dict(), last["state"], last["answers"], params.weights, changes.read(params.edits))
    return replace(gather(params, frames), **tried)


def kept(params: Params) -> bool:
    """Whether these networks have been trained already, and only something after it is another."""
    return SHELF.take(params.of_training()) is not None


def _learn(settings: Mapping[str, Any]) -> Generator[Snapshot, None, None]:
    """Both networks' frames, trained on the same batches."""
    pictures, held_out = sets.load(settings, "training"), sets.load(settings, "held_out")
    net, rival = nets.convolutional_net(settings), nets.rival_net(settings)
    last = nets.steps_of(settings, len(pictures.y))
    ways = [nets.training(each, pictures, settings, last) for each in (net, rival)]
    wanted = {round(i * last / FRAMES) for i in range(FRAMES)}
    share = nets.Set(held_out.x[:SHARE], held_out.y[:SHARE])
    watched = held_out.x[sets.shown(settings)]
    yield Snapshot(0, last, look(net, rival, share, watched))
    for step in range(1, last + 1):
        for way in ways:
            next(way)
        if step in wanted and step < last:
            yield Snapshot(step, last, look(net, rival, share, watched))
    yield Snapshot(last, last, look(net, rival, held_out, watched) | end(net, rival, pictures))


def gather(params: Params, frames: Sequence[Snapshot]) -> Result:
    """The frames of a run so far as one Result."""
    names = ("kernels", "rival", "maps", "highs", "chances", "losses", "accuracies", "confusion")
    rows = {name: np.stack([frame.arrays[name] for frame in frames]) for name in names}
    newest = frames[-1].arrays
    state, known = newest.get("state", np.zeros(0, np.float32)), newest.get("training", np.full(2, np.nan))
    answers = newest["answers"] if len(state) else np.zeros(0, np.uint8)
    smooth, untried = float(newest.get("ink_smoothness", np.nan)), np.zeros(0, np.float32)
    return Result(
        params, np.array([frame.step for frame in frames]), **rows, state=state, answers=answers, training=known, ink_smoothness=smooth,
        plain=untried, changed_accuracy=np.nan, other_answers=0, loaded=False,
    )  # fmt: skip


def material(params: Params) -> dict[str, Any]:
    """What a program of its own needs besides the settings: the pictures, and the numbers of a file that was loaded."""
    loaded = brought(params.weights, params.as_dict())
    return sets.material(params.as_dict()) | {"weights": "" if loaded is None else sets.pack(packed(loaded))}
