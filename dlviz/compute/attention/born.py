"""View A head is born: a transformer of attention alone learns a task, and its heads take shape."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute.attention.forming import fresh, heads_off, held_out, look, task_of, training, without
from dlviz.data.rows import Rows, Task
from dlviz.fields import ParameterError
from dlviz.nets.attention_only import POSITIONS, AttentionOnly, read_row
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

FRAMES = 40  # pictures of one run
MOST_LAYERS, MOST_HEADS = 3, 4
MOST_WORK = 4_200_000  # of a run: steps × rows of a batch × width × layers
LEARNED = 0.9  # share that is right from which on the task counts as learned
HEADS = {f"{layer}.{head}": f"{layer}.{head}" for layer in range(1, MOST_LAYERS + 1) for head in range(1, MOST_HEADS + 1)}


@dataclass(frozen=True)
class Params(p.Params):
    """What is to be learned, by which network, and which heads are switched off when it is looked at."""

    task: str = p.choice("repeat", {"repeat": "say it again", "add": "2 + 3 = 5", "other": "copy, reverse, sort"}, label="Task")
    periods: str = p.choice(
        "varied", {"varied": "4 to 12 letters", "one": "always 12 letters"}, label="What repeats", when=("task", "repeat")
    )
    layers: float = p.number(2, 1, MOST_LAYERS, 1, label="Layers")
    heads: str = p.choice("1", {"1": "1", "2": "2", "4": "4"}, label="Heads a layer")
    learning_rate: float = p.number(0.01, 0.0001, 0.1, 3, scale="log", label="Learning rate")
    other: str = p.choice("copy", {"copy": "copy", "reverse": "reverse", "sort": "sort"}, label="Which", when=("task", "other"), more=True)
    off: tuple[str, ...] = p.choices(
        (), HEADS, label="Heads off", more=True,
        help="Layer and head. They take part in training, and are switched off whenever the network is looked at.",
    )  # fmt: skip
    positions: str = p.choice("rotary", POSITIONS, label="Positions", more=True)
    width: float = p.number(32, 8, 64, 8, label="Width of the residual stream", more=True)
    steps: float = p.number(400, 1, 2000, 1, label="Training steps", more=True)
    batch_size: float = p.number(32, 1, 128, 1, label="Batch size", more=True)
    seed: float = p.number(0, 0, 999, 1, label="Seed", more=True)

    def check(self) -> None:
        """The run is not more work than MOST_WORK."""
        most = int(MOST_WORK / (self.batch_size * self.width * self.layers))
        if self.steps > most:
            raise ParameterError("steps", self.steps, f"at most {most} for batches and layers this large")

    def settings(self) -> dict[str, object]:
        """The settings as plain values, the number of heads as a number."""
        return self.as_dict() | {"heads": int(self.heads)}


@dataclass(frozen=True, eq=False)
class Result(Base):
    """A run as it went: `steps` (t,); at every picture, on rows that were never trained on:

    `losses`, `accuracies` (t, tested lengths); `prefix`, `previous`, `without` (t, layers, H): see `forming.scores` and
    `forming.without`; `attention` (t, layers, H, T, T) uint8, 255 for 1, of the row `codes` (T,), in which `asked` (T − 1,)
    says what follows from what, and `period` how far back (0 if nothing repeats). `parameters`: numbers that are trained.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    prefix: np.ndarray
    previous: np.ndarray
    without: np.ndarray
    attention: np.ndarray
    codes: np.ndarray
    asked: np.ndarray
    period: int
    parameters: int

    @property
    def task(self) -> Task:
        """What is learned."""
        return task_of(self.params.settings())

    def trained(self) -> np.ndarray:
        """Which of the tested lengths the network is trained at."""
        return np.isin(self.task.tested, self.task.trained)

    def provenance(self) -> str:
        return f"{self.attention.shape[1]} × {self.attention.shape[2]} heads, {self.parameters:,} parameters · seed {self.params.seed:g}"

    def facts(self) -> dict[str, Fact]:
        """What is right at trained and at other lengths, when it was learned, and what its best heads do."""
        known = self.accuracies[:, self.trained()].mean(1)
        half, learned = (np.flatnonzero(known >= share) for share in (0.5, LEARNED))
        facts = {
            "accuracy": _fact(known[-1], "right", "%"),
            "accuracy_unseen": _fact(self.accuracies[-1, ~self.trained()].mean(), "right at lengths never trained", "%"),
            "loss": _fact(self.losses[-1, self.trained()].mean(), "loss"),
            "half_at_step": _fact(self.steps[half[0]] if len(half) else None, "half is right from step"),
            "learned_at_step": _fact(self.steps[learned[0]] if len(learned) else None, "9 of 10 are right from step"),
            "prefix": _fact(self.prefix[-1].max(), "prefix matching, best head"),
            "previous": _fact(self.previous[-1].max(), "previous symbol, best head"),
            "prefix_start": _fact(self.prefix[0].max(), "prefix matching before training"),
            "least_without": _fact(self.without[-1].min(), "right without its most needed head", "%"),
            "chance": Fact(1 / len(self.task.symbols), "by guessing", "%"),
            "parameters": Fact(self.parameters, "parameters"),
        }  # fmt: skip
        facts |= {
            f"accuracy[{n}]": _fact(share, f"right at {n}", "%") for n, share in zip(self.task.tested, self.accuracies[-1], strict=True)
        }
        for layer, head in np.ndindex(self.prefix.shape[1:]):
            name, index = f"{layer + 1}.{head + 1}", f"{layer + 1}_{head + 1}"
            facts[f"prefix[{index}]"] = _fact(self.prefix[-1, layer, head], f"prefix matching, head {name}")
            facts[f"previous[{index}]"] = _fact(self.previous[-1, layer, head], f"previous symbol, head {name}")
            facts[f"without[{index}]"] = _fact(self.without[-1, layer, head], f"right without head {name}", "%")
        return facts


def _fact(value: float | None, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move, for training amplifies it; None if it is not finite."""
    return Fact(float(value) if value is not None and math.isfinite(value) else None, label, unit, rtol=0.1)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train, yielding about FRAMES pictures at even distances; returns the Result. When the loss is no number any more, it ends."""
    settings, last = params.settings(), int(params.steps)
    net, tests = fresh(settings), held_out(settings)
    run, pictures, done = training(net, settings), [], 0
    for at in sorted({round(i * last / FRAMES) for i in range(FRAMES + 1)}):
        while done < at:
            done = next(run)
        pictures.append(Snapshot(at, last, picture(params, net, tests)))
        yield pictures[-1]
        if not np.isfinite(pictures[-1].arrays["losses"]).all():
            break
    return gather(params, pictures)


def picture(params: Params, net: AttentionOnly, tests: list[Rows]) -> dict[str, np.ndarray]:
    """What the network does by now: its scores, and its attention over one row."""
    settings = params.settings()
    off = heads_off(settings)
    seen = look(net, settings, tests, off)
    with torch.no_grad():
        attention = torch.cat(read_row(net, torch.from_numpy(shown(params)[0].codes.copy()), off)[1])  # (layers, H, T, T)
    return {
        **{name: getattr(seen, name) for name in ("losses", "accuracies", "prefix", "previous")},
        "without": without(net, settings, tests, off),
        "attention": (255 * attention).round().nan_to_num().to(torch.uint8).numpy(),
    }


def shown(params: Params) -> tuple[Rows, int]:
    """The one row whose attention is drawn, of a length that is trained, and its period (0: nothing repeats)."""
    task = task_of(params.settings())
    length = task.trained[len(task.trained) // 2]
    return task.draw(np.array([length]), np.random.default_rng([int(params.seed), 2])), length if task.mixed else 0


def gather(params: Params, pictures: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result."""
    arrays = {name: np.stack([one.arrays[name] for one in pictures]) for name in pictures[0].arrays}
    rows, period = shown(params)
    count = sum(parameter.numel() for parameter in fresh(params.settings()).parameters)
    steps = np.array([one.step for one in pictures])
    return Result(params=params, steps=steps, **arrays, codes=rows.codes[0], asked=rows.asked[0], period=period, parameters=count)
