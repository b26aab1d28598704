"""View In training: a deep network while it learns, layer by layer and step by step."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.gradients.architecture import Architecture
from dlviz.compute.gradients.recording import Recorder, flat, look, moved
from dlviz.compute.gradients.tasks import DATA, DIGITS
from dlviz.compute.training import OPTIMISERS, Batches, optimiser, train
from dlviz.fields import ParameterError
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

PICTURES = 60  # of one run, beside the one before training
# What a run may cost, in multiplications: an operation on a whole layer costs about as much as OVERHEAD of them.
MOST_WORK, OVERHEAD = 4e10, 300_000


@dataclass(frozen=True)
class Params(Architecture):
    """The network, and how it is trained."""

    width: float = p.number(32, 1, 256, 1, label="Width", more=True)
    data: str = p.choice("circle", DATA, label="Data", more=True)
    samples: float = p.number(256, 8, 512, 8, label="Samples", more=True)
    learning_rate: float = p.number(0.1, 0.0001, 10, 3, scale="log", label="Learning rate")
    clip: float = p.number(
        0, 0, 10, 0.1, label="Clip the norm at", help="The whole gradient is shortened to this norm where it is longer. 0: never."
    )
    warm_up: float = p.number(0, 0, 200, 10, label="Warm-up steps", help="The learning rate rises from 0 over so many steps.", more=True)
    optimiser: str = p.choice("sgd", OPTIMISERS, label="Optimiser", more=True)
    momentum: float = p.number(0.9, 0, 0.99, 0.01, label="Momentum", when=("optimiser", "momentum"), more=True)
    batch_size: float = p.number(64, 8, 512, 8, label="Batch size", more=True)
    steps: float = p.number(300, 20, 2000, 20, label="Steps", more=True)

    def check(self) -> None:
        """The rules of the architecture, and a run that ends in some seconds."""
        super().check()
        most = int(MOST_WORK / self.work_a_step() / 20) * 20
        if self.steps > most:
            sizes = f"{int(self.depth)} layers of {int(self.width)} units and {int(self.batch_size)} samples a step"
            if most < 20:
                raise ParameterError("depth", self.depth, f"fewer layers, units or samples than {sizes}")
            raise ParameterError("steps", self.steps, f"at most {most} steps for {sizes}")

    def work_a_step(self) -> float:
        """About the multiplications of one step, forward and backward."""
        first, samples = self.inputs() if self.data == DIGITS else 0, min(self.batch_size, self.samples)
        return self.depth * (OVERHEAD + 3 * self.width * (self.width + 20) * samples) + 3 * self.width * first * samples

    def pictures(self) -> tuple[int, ...]:
        """The steps after which the whole set is looked at: at most PICTURES, at even distances; the last one is the end."""
        stride = self.stride()
        return (*range(stride, int(self.steps), stride), int(self.steps))

    def stride(self) -> int:
        """Steps from one picture to the next."""
        return math.ceil(self.steps / PICTURES)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """A run: what the pictures saw, `steps` (t,) long, and every step between them.

    At the pictures, over the whole set: `loss`, `accuracy` (t,), `variance` of what leaves each block, `dead` share of its
    units (t, layers); `update` (t, layers) is ‖ΔW‖/‖W‖ of that step, `moved` (t,) how many parameters are not what they were.
    Between them, k rows a picture, of which `taken` (t,) are steps and the rest nan: `gradient` (t, k, layers) is ‖∂L/∂W‖
    over the mini-batch before clipping, `total` (t, k) the norm over all parameters, `clipped`, `batch_loss` (t, k).
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    variance: np.ndarray
    dead: np.ndarray
    update: np.ndarray
    moved: np.ndarray
    taken: np.ndarray
    gradient: np.ndarray
    total: np.ndarray
    clipped: np.ndarray
    batch_loss: np.ndarray
    parameters: int

    def each(self, name: str) -> np.ndarray:
        """One row a step, (steps, ...), of an array that has k rows a picture."""
        values: np.ndarray = getattr(self, name)
        rows: np.ndarray = values[np.arange(values.shape[1]) < self.taken[:, None]]
        return rows

    def diverged_at(self) -> int | None:
        """The first step whose loss or gradient was no finite number."""
        broken = ~np.isfinite(self.each("batch_loss")) | ~np.isfinite(self.each("total"))
        return int(np.argmax(broken)) + 1 if broken.any() else None

    def provenance(self) -> str:
        """The network, the data and the seed."""
        return self.params.provenance(self.parameters)

    def facts(self) -> dict[str, Fact]:
        """How the run ended, how far it was stable, and which layers stand out."""
        ends = {
            "train_loss": _fact(self.loss[-1], "loss over the whole set"),
            "start_loss": _fact(self.loss[0], "loss before training"),
            "train_accuracy": _fact(self.accuracy[-1], "right", "%"),
            "diverged_at_step": _fact(self.diverged_at(), "diverged at step"),
            "steps_taken": _fact(self.steps[-1], "steps taken"),
            "layers": _fact(self.dead.shape[1], "layers"),
            "norms": _fact(self.dead.shape[1] * (self.params.norm != "none"), "layers with a norm"),
            "parameters": _fact(self.parameters, "parameters"),
            "moved": _fact(self.moved[-1], "parameters that ever moved"),
            "moved_share": _fact(self.moved[-1] / self.parameters, "parameters that ever moved", "%"),
        }
        return ends | self._of_gradients() | self._of_updates() | self._of_activations()

    def _of_gradients(self) -> dict[str, Fact]:
        gradient, total = self.each("gradient"), self.each("total")
        finite = np.where(np.isfinite(total), total, -1.0)
        return {
            "gradient_first": _fact(gradient[0, 0], "‖∂L/∂W‖ of layer 1, first step"),
            "gradient_last": _fact(gradient[0, -1], "‖∂L/∂W‖ of the last layer, first step"),
            "gradient_ratio": _fact(_quotient(gradient[0, 0], gradient[0, -1]), "‖∂L/∂W‖ of layer 1 / of the last, first step"),
            "gradient_ratio_end": _fact(_quotient(gradient[-1, 0], gradient[-1, -1]), "‖∂L/∂W‖ of layer 1 / of the last, last step"),
            "largest_norm": _fact(finite.max(), "largest norm of the whole gradient"),
            "largest_norm_step": _fact(int(np.argmax(finite)) + 1, "step of that norm"),
            "clipped_share": _fact(self.each("clipped").mean(), "steps clipped", "%"),
        }

    def _of_updates(self) -> dict[str, Fact]:
        """Medians over the pictures, so that one step does not decide."""
        known = [row[np.isfinite(row)] for row in self.update.T]
        layers = {number: float(np.median(row)) for number, row in enumerate(known, start=1) if len(row)}
        low, high = (pick(layers, key=layers.__getitem__, default=0) for pick in (min, max))
        return {
            "update_median": _fact(np.median(np.concatenate(known)) if layers else None, "‖ΔW‖/‖W‖, median"),
            "update_smallest": _fact(layers.get(low), "‖ΔW‖/‖W‖ of the layer that moves least"),
            "update_smallest_layer": _fact(low or None, "layer that moves least"),
            "update_largest": _fact(layers.get(high), "‖ΔW‖/‖W‖ of the layer that moves most"),
            "update_largest_layer": _fact(high or None, "layer that moves most"),
        }

    def _of_activations(self) -> dict[str, Fact]:
        variance, dead = self.variance[0], self.dead[-1]
        return {
            "variance_first": _fact(variance[0], "variance of layer 1's outputs before training"),
            "variance_last": _fact(variance[-1], "variance of the last layer's outputs before training"),
            "variance_ratio": _fact(_quotient(variance[-1], variance[0]), "variance, last layer / layer 1, before training"),
            "dead_share": _fact(dead.mean(), "dead units", "%"),
            "dead_most": _fact(dead.max(), "dead units of the worst layer", "%"),
            "dead_most_layer": _fact(int(dead.argmax()) + 1 if dead.max() > 0 else None, "layer with most dead units"),
        }


def _fact(value: Any, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move in its first digits, for training amplifies it; None if it is not finite."""
    return Fact(float(value) if value is not None and math.isfinite(value) else None, label, unit, rtol=0.1)


def _quotient(above: float, below: float) -> float | None:
    return above / below if below > 0 else None


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train, yielding a picture before the first step and at every step of `pictures`; returns the Result.

    A loss or gradient that is not finite is a result: the run ends at the next picture.
    """
    task = params.task()
    net, x, y = params.network(task, torch.float32), task.x.float(), task.y
    start, wanted, last = flat(net), params.pictures(), int(params.steps)
    how = optimiser(params.optimiser, net.parameters, params.learning_rate, params.momentum, decay=0.0)
    recorder = Recorder(net, how, params.learning_rate, int(params.warm_up), params.clip, set(wanted))
    seen: list[Snapshot] = []

    def picture(step: int) -> Snapshot:
        between = recorder.take(params.stride())
        whole = look(net, x, y) | {"update": recorder.update(), "moved": moved(net, start), "parameters": np.array(len(start))}
        seen.append(Snapshot(step, last, between | whole))
        return seen[-1]

    def loss(rows: Tensor) -> Tensor:
        return recorder.loss(x[rows], y[rows])

    yield picture(0)
    for step in train(loss, net.parameters, how, Batches(len(y), int(params.batch_size), int(params.seed)), recorder.prepare):
        if step in recorder.wanted:
            yield picture(step)
            if step == last or not _sound(seen[-1]):
                return gather(params, seen)
    raise AssertionError("training never ends by itself")


def _sound(picture: Snapshot) -> bool:
    """Whether every step since the last picture had a finite loss and gradient."""
    taken = int(picture.arrays["taken"])
    return all(bool(np.isfinite(picture.arrays[name][:taken]).all()) for name in ("batch_loss", "total"))


def gather(params: Params, pictures: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result."""
    rows = {name: np.stack([picture.arrays[name] for picture in pictures]) for name in pictures[0].arrays}
    count = int(rows.pop("parameters")[0])
    return Result(params=params, steps=np.array([picture.step for picture in pictures]), parameters=count, **rows)


def material(params: Params) -> dict[str, Any]:
    """What the exported program needs besides its settings: the digits, if it is given any."""
    return params.material()
