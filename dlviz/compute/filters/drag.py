"""View Drag the digit: the digit moved under three trained networks. Which of them still knows it, and what pooling has to do with it."""

import base64
import zlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import assets
from dlviz import params as p
from dlviz.compute.filters import rivals
from dlviz.compute.filters.rivals import DISTANCES, REACH, RIVALS
from dlviz.compute.shelf import Shelf
from dlviz.data import digits, drawings
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

PICTURES = 5120  # training digits: 160 mini-batches
KNOWN = 1000  # of them, on which the training accuracy is measured
LOOKS = 4  # maps on the way through training
KEPT = 8  # trained trios that are kept, so that another digit is not another training
PLACES = 2 * REACH + 1


@dataclass(frozen=True)
class Params(p.Params):
    """The digit and where it lies, and how the three networks were trained."""

    digit: float = p.number(
        59, 0, 1999, 1, label="Which digit", when=("picture", ""), help="One of the 2,000 that no network was trained on."
    )
    shuffled: bool = p.switch(
        False, label="Shuffle the pixels", help="The digit is moved first; then its pixels change places, always in the same way."
    )
    augmentation: float = p.number(
        0, 0, REACH, 1, label="Shifts in training", unit="pixels", help="Each training picture is moved by so many at most, anew each time."
    )
    steps: float = p.number(120, 20, 400, 20, label="Training steps", help="Mini-batches of 32; 160 show each digit once.")
    learning_rate: float = p.number(
        0.022, 0.001, 0.1, 3, scale="log", label="Learning rate", more=True, help="Of Adam at first; it falls to 0."
    )
    permutation: float = p.number(1, 0, 99, 1, label="Seed of the shuffling", more=True, when=("shuffled", True))
    seed: float = p.number(1, 0, 99, 1, label="Seed", more=True)
    across: float = p.number(4, -REACH, REACH, 1, label="Moved to the right", unit="pixels", stage=True)
    down: float = p.number(0, -REACH, REACH, 1, label="Moved down", unit="pixels", stage=True)
    picture: str = p.asset(label="Own digit")
    meant: str = p.choice("0", {str(digit): str(digit) for digit in range(10)}, label="Meant as a", stage=True, help="Of your own digit.")
    centred: bool = p.switch(True, label="Centred as MNIST was", stage=True, help="Of your own digit.")

    def canonical(self) -> "Params":
        """As for all views; and without a digit of one's own, what it is meant as and how it is placed are no matter."""
        own = super().canonical()
        return own if own.picture else replace(own, meant="0", centred=True)

    def drawn(self) -> np.ndarray | None:
        """The digit that was brought, uint8 (28, 28), white on black; None if there is none, or it is not kept any more."""
        kept = assets.get(self.picture) if self.picture else None
        if kept is None or kept.shape != (rivals.SIDE, rivals.SIDE):
            return None
        return drawings.centred(kept) if self.centred else kept

    def shown(self) -> tuple[np.ndarray, int]:
        """The digit that is dragged, uint8 (28, 28), and which one it is."""
        own, at = self.drawn(), int(self.digit)
        return (images("held_out")[at], int(labels("held_out")[at])) if own is None else (own, int(self.meant))

    def of_training(self) -> tuple[float | bool, ...]:
        """What the networks depend on: all but the digit and where it lies."""
        own = self.canonical()
        return own.shuffled, own.augmentation, own.steps, own.learning_rate, own.permutation, own.seed


@dataclass(frozen=True, eq=False)
class Result(Base):
    """Three networks (fully connected, CNN with flatten head, CNN with global pooling) and one digit at 17 × 17 places.

    `picture` uint8 (28, 28) and its `label`; `maps` float32 (3, 17, 17): p(true digit), rows downward, columns to the right, no shift in
    the middle; `guesses` uint8 (3, 17, 17): the most probable digit. Of the whole held-out set, nan before training has ended:
    `accuracies` (3, 9) at DISTANCES, and `cut` (9,), the share of digits that lose ink at the edge; `known` (3,) of training digits.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    picture: np.ndarray
    label: int
    maps: np.ndarray
    guesses: np.ndarray
    accuracies: np.ndarray
    cut: np.ndarray
    known: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """How often each network is right, moved and not, and what it makes of this digit here and everywhere."""
        here = (int(self.params.down) + REACH, int(self.params.across) + REACH)
        facts = {
            "digit": Fact(float(self.label), "the digit"),
            "places": Fact(float(PLACES**2), "places of the digit"),
            "held_out": Fact(float(len(digits.load("held_out").labels)), "held-out digits"),
            "cut_off_at_4": _fact(self.cut[DISTANCES.index(4)], "digits that lose ink at a shift of 4", "%"),
            "cut_off_at_8": _fact(self.cut[-1], "digits that lose ink at a shift of 8", "%"),
        }
        for i, (name, words) in enumerate(RIVALS.items()):
            moved = self.accuracies[i, DISTANCES.index(4)]
            facts |= {
                f"accuracy[{name}]": _fact(self.accuracies[i, 0], f"{words}: right, not moved", "%"),
                f"accuracy_at_4[{name}]": _fact(moved, f"{words}: right, moved by 4", "%"),
                f"accuracy_at_8[{name}]": _fact(self.accuracies[i, -1], f"{words}: right, moved by 8", "%"),
                f"lost_at_4[{name}]": _fact(self.accuracies[i, 0] - moved, f"{words}: lost by moving 4", "%"),
                f"train_accuracy[{name}]": _fact(self.known[i], f"{words}: right on training digits", "%"),
                f"p[{name}]": _fact(self.maps[i][here], f"{words}: p(true digit) here"),
                f"right_places[{name}]": _fact((self.guesses[i] == self.label).mean(), f"{words}: places where it is right", "%"),
                f"parameters[{name}]": Fact(float(_count(name)), f"{words}: parameters"),
            }
        return facts


def _fact(value: float, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move, for training amplifies it; None while it is not known."""
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=0.2)


def _count(name: str) -> int:
    return sum(parameter.numel() for parameter in rivals.fresh(name, 0).parameters)


def images(part: digits.Part) -> np.ndarray:
    """The PICTURES digits for training, or all that are held out: uint8 (n, 28, 28)."""
    return digits.load(part).images[: PICTURES if part == "training" else None]


def labels(part: digits.Part) -> np.ndarray:
    """What they are, uint8 (n,)."""
    return digits.load(part).labels[: PICTURES if part == "training" else None]


def load(part: digits.Part) -> tuple[Tensor, Tensor]:
    """The same as tensors, ink from 0 to 1: (n, 1, 28, 28) and (n,)."""
    return torch.from_numpy(images(part).astype(np.float32) / 255)[:, None], torch.from_numpy(labels(part).astype(np.int64))


@dataclass
class Trio:
    """The networks of one training, and what was measured of them once; nan where it was not yet."""

    nets: list[rivals.Network]
    measured: dict[str, np.ndarray] = field(
        default_factory=lambda: {
            "accuracies": np.full((len(RIVALS), len(DISTANCES)), np.nan),
            "cut": np.full(len(DISTANCES), np.nan),
            "known": np.full(len(RIVALS), np.nan),
        }
    )


SHELF: Shelf[Trio] = Shelf(KEPT)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train the three networks in step, yielding a few maps on the way, then read the whole held-out set at every distance."""
    last = int(params.steps) + len(DISTANCES)
    trio = SHELF.take(params.of_training())
    seen: list[Snapshot] = []
    if trio is None:
        trio = Trio([rivals.fresh(name, int(params.seed)) for name in RIVALS])
        for step in _learn(params, trio):
            if step <= int(params.steps) + 1:  # later the networks are measured, and change no more
                maps = look(params, trio)
            seen.append(Snapshot(step, last, maps | measured(trio)))
            yield seen[-1]
        SHELF.put(params.of_training(), trio)
    else:
        maps = look(params, trio)
    seen.append(Snapshot(last, last, maps | measured(trio)))
    yield seen[-1]
    return gather(params, seen)


def kept(params: Params) -> bool:
    """Whether these networks have been trained already, and only the digit or its place is another."""
    return SHELF.take(params.of_training()) is not None


def _learn(params: Params, trio: Trio) -> Generator[int, None, None]:
    """Train and measure the trio, yielding the step whenever there is something new to be seen, but not at the very end."""
    settings, steps = params.as_dict(), int(params.steps)
    x, y = load("training")
    ways = [rivals.training(net, x, y, settings) for net in trio.nets]
    wanted = {round(i * steps / LOOKS) for i in range(1, LOOKS)}
    for step in range(1, steps + 1):
        for way in ways:
            next(way)
        if step in wanted:
            yield step
    order = rivals.order_of(settings)
    for net in trio.nets:
        for parameter in net.parameters:
            parameter.requires_grad_(False)
    trio.measured["known"][:] = [rivals.accuracy(net, rivals.handed(x[:KNOWN], order), y[:KNOWN]) for net in trio.nets]
    x, y = load("held_out")
    for i, distance in enumerate(DISTANCES):
        if i:
            yield steps + i
        moved = rivals.away(x, distance)
        trio.measured["accuracies"][:, i] = [rivals.accuracy(net, rivals.handed(moved, order), y) for net in trio.nets]
        trio.measured["cut"][i] = rivals.cut_off(x, moved) / len(x)


def look(params: Params, trio: Trio) -> dict[str, np.ndarray]:
    """What the networks make of this digit at every place."""
    picture, label = params.shown()
    x, order = torch.from_numpy(picture.astype(np.float32) / 255), rivals.order_of(params.as_dict())
    chances = torch.stack([rivals.everywhere(net, x, order) for net in trio.nets])  # (3, 17, 17, 10)
    return {"maps": chances[..., label].float().numpy(), "guesses": chances.argmax(-1).to(torch.uint8).numpy()}


def measured(trio: Trio) -> dict[str, np.ndarray]:
    """What has been measured of the networks so far."""
    return {name: array.copy() for name, array in trio.measured.items()}


def gather(params: Params, snapshots: Sequence[Snapshot]) -> Result:
    """The latest of the snapshots as a Result."""
    arrays: Mapping[str, Any] = snapshots[-1].arrays
    picture, label = params.shown()
    return Result(params, picture, label, **arrays)


def order(params: Params) -> list[int]:
    """The pixel that each place shows, row by row, where they are shuffled; empty where they are not."""
    found = rivals.order_of(params.as_dict())
    return [] if found is None else found.tolist()


def material(params: Params) -> dict[str, Any]:
    """The digits that a program of its own needs, packed: those for training, then all that are held out; and one's own."""
    own = params.drawn()
    return _packed() | {"own": "" if own is None else base64.b64encode(zlib.compress(own.tobytes())).decode()}


@cache
def _packed() -> dict[str, str]:
    return {
        name: base64.b64encode(zlib.compress(np.concatenate([of("training"), of("held_out")]).tobytes(), 7)).decode()
        for name, of in (("images", images), ("labels", labels))
    }
