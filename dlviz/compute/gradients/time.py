"""View Through time: a recurrent cell learns a task that asks for a memory, and its gradient is followed back to the first step."""

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dlviz import params as p
from dlviz.compute.gradients.memory import (
    ALL,
    KEEPS,
    MEASURED,
    cells_of,
    fresh,
    gradients,
    held_out,
    kept_at_marks,
    lengths_of,
    score,
    spectral_radius,
    training,
)
from dlviz.compute.training import OPTIMISERS, Clipping
from dlviz.data.sequences import TASKS, chance
from dlviz.fields import ParameterError
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

FRAMES = 30  # pictures of one run
MOST_STEPS = 60_000  # of all its sequences together: length × training steps
MOST_NUMBERS = 48_000_000  # states of all its sequences together: length × hidden units × batch × training steps
LEARNED = 0.9  # share that is right from which on a length counts as learned
LABELS = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU", ALL: "all three"}
TASK_LABELS = {"first": "first symbol", "adding": "adding", "copy": "copy", "characters": "next character"}
GATE_STARTS = {"constant": "one number", "chrono": "chrono"}
GATED = ("lstm", "gru", ALL)  # cells with gates


@dataclass(frozen=True)
class Params(p.Params):
    """The cell, what it has to remember and for how long, and how it is trained."""

    cell: str = p.choice(
        "rnn", LABELS, label="Cell", help="All three: each is trained on sequences of several lengths, from the same seed."
    )
    task: str = p.choice("first", TASK_LABELS, label="Task")
    length: float = p.number(100, 2, 200, 1, label="Steps of a sequence")
    radius: float = p.number(
        0.9, 0, 2, 0.05, label="Spectral radius", help="The recurrent matrix begins as this number times a random orthogonal matrix."
    )
    hidden: float = p.number(16, 1, 64, 1, label="Hidden units", more=True)
    activation: str = p.choice("tanh", {"tanh": "tanh", "identity": "none"}, label="Activation of the RNN", when=("cell", "rnn"), more=True)
    gate_start: str = p.choice(
        "constant", {"constant": "one number", "chrono": "chrono"}, label="Bias of the gate that keeps", when=("cell", GATED), more=True
    )
    forget_bias: float = p.number(1, -4, 8, 0.5, label="Forget bias", when=("gate_start", "constant"), more=True)
    learning_rate: float = p.number(0.0046, 0.0001, 10, 3, scale="log", label="Learning rate", more=True)
    optimiser: str = p.choice("adam", OPTIMISERS, label="Optimiser", more=True)
    momentum: float = p.number(0.9, 0, 0.99, 0.01, label="Momentum", when=("optimiser", "momentum"), more=True)
    clip: float = p.number(0, 0, 10, 0.1, label="Clipping norm", help="0: no clipping.", more=True)
    truncation: float = p.number(0, 0, 200, 1, label="Back-propagation steps", help="0: back through all of them.", more=True)
    steps: float = p.number(300, 1, 1000, 1, label="Training steps", more=True)
    batch_size: float = p.number(32, 1, 128, 1, label="Batch size", more=True)
    seed: float = p.number(1, 0, 999, 1, label="Seed", more=True)

    def check(self) -> None:
        """The run is not longer than MOST_STEPS and MOST_NUMBERS allow."""
        numbers = self.length * self.hidden * self.batch_size
        most = int(min(MOST_STEPS / self.length, MOST_NUMBERS / numbers))
        if self.steps > most:
            raise ParameterError("steps", self.steps, f"at most {most} for sequences, states and batches this large")


@dataclass(frozen=True, eq=False)
class Result(Base):
    """A run as it went: `steps` (t,), and for each picture and cell what `memory.gradients` and `memory.score` say.

    `hidden`, `memory`, `direct` (t, cells, T); `gates` (t, strips, T, hidden) uint8, 255 for 1, no strips for several cells;
    `losses`, `accuracies` (t, cells, lengths); `kept` (t, cells, 2): `memory.kept_at_marks` of the adding problem, else nan;
    `radius`, `clipped`, `largest` (t, cells): spectral radius, share of steps clipped so far, longest gradient so far.
    `parameters` (cells,). `chance`: the share that is right without any memory.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    hidden: np.ndarray
    memory: np.ndarray
    direct: np.ndarray
    gates: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    kept: np.ndarray
    radius: np.ndarray
    clipped: np.ndarray
    largest: np.ndarray
    parameters: np.ndarray
    chance: float

    def cells(self) -> tuple[str, ...]:
        """The cells, in the order of the arrays."""
        return cells_of(self.params.as_dict())

    def lengths(self) -> list[int]:
        """The lengths, in the order of the arrays."""
        return lengths_of(self.params.as_dict())

    def provenance(self) -> str:
        """The cells, the task and the seed."""
        cells = ", ".join(
            f"{LABELS[kind]} with {int(count):,} parameters" for kind, count in zip(self.cells(), self.parameters, strict=True)
        )
        return f"{cells} · {TASK_LABELS[self.params.task]}, {int(self.params.length)} steps · seed {int(self.params.seed)}"

    def facts(self) -> dict[str, Fact]:
        """How far back the gradient reached at first and at last, and what was learned; for each cell under its name in brackets."""
        each = [facts_of(self, i) for i in range(len(self.cells()))]
        one = each[0] if len(each) == 1 else {name: Fact(None, fact.label, fact.unit) for name, fact in each[0].items()}
        named = {f"{name}[{cell}]": fact for cell, facts in zip(self.cells(), each, strict=True) for name, fact in facts.items()}
        return (
            one
            | named
            | {"chance": Fact(self.chance, "right without memory", "%"), "length": Fact(self.params.length, "steps of a sequence")}
        )


def facts_of(result: Result, i: int) -> dict[str, Fact]:
    """The facts of one cell."""
    first, last = reach(result.memory[0, i]), reach(result.memory[-1, i])
    factor = per_step(last, result)
    fading = factor is not None and 0 < factor < 1
    broken = np.flatnonzero(~np.isfinite(result.losses[:, i]).all(1))
    known = np.flatnonzero(result.accuracies[:, i, -1] >= LEARNED)
    right = [length for length, share in zip(result.lengths(), result.accuracies[-1, i], strict=True) if share >= LEARNED]
    return {
        "reach_start": _fact(first, "gradient at step 1 / at the last, before training"),
        "factor_start": _fact(per_step(first, result), "a step back, before training", "×"),
        "reach": _fact(last, "gradient at step 1 / at the last"),
        "factor": _fact(factor, "a step back", "×"),
        "half_life": _fact(math.log(2) / -math.log(factor) if fading and factor else None, "halved every", "steps"),
        "reach_direct_start": _fact(reach(result.direct[0, i]), "through the gates alone, before training"),
        "reach_direct": _fact(reach(result.direct[-1, i]), "through the gates alone"),
        "loss": _fact(result.losses[-1, i, -1], "loss"),
        "accuracy": _fact(result.accuracies[-1, i, -1], "right", "%"),
        "accuracy_shortest": _fact(result.accuracies[-1, i, 0], "right at the shortest length", "%"),
        "best_accuracy": _fact(result.accuracies[:, i, -1].max(), "right at best", "%"),
        "farthest": _fact(max(right, default=0), "longest sequence with 9 of 10 right", "steps"),
        "learned_at_step": _fact(result.steps[known[0]] if len(known) else None, "9 of 10 right at step"),
        "diverged_at_step": _fact(result.steps[broken[0]] if len(broken) else None, "diverged at step"),
        "kept_at_marks": _fact(result.kept[-1, i, 0], "gate that keeps, where a number is marked"),
        "kept_elsewhere": _fact(result.kept[-1, i, 1], "gate that keeps, elsewhere"),
        "clipped_share": _fact(result.clipped[-1, i], "training steps clipped", "%"),
        "largest_gradient": _fact(result.largest[-1, i], "longest gradient of all weights"),
        "radius_start": _fact(result.radius[0, i], "spectral radius before training"),
        "radius": _fact(result.radius[-1, i], "spectral radius"),
        "parameters": _fact(result.parameters[i], "parameters"),
    }  # fmt: skip


def reach(norms: np.ndarray) -> float | None:
    """The norm at the first step relative to that at the last; None where it is not defined."""
    return float(norms[0] / norms[-1]) if np.isfinite(norms[[0, -1]]).all() and norms[-1] > 0 else None


def per_step(ratio: float | None, result: Result) -> float | None:
    """The factor which, applied at every step back from the last to the first, gives this ratio: their geometric mean."""
    return None if ratio is None else ratio ** (1 / (int(result.params.length) - 1))


def _fact(value: Any, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move in its first digits, for training amplifies it; None if it is not finite."""
    return Fact(float(value) if value is not None and math.isfinite(value) else None, label, unit, rtol=0.1)


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train, yielding about FRAMES pictures at even distances; returns the Result. When no cell's numbers are finite the run ends."""
    settings, last = params.as_dict(), int(params.steps)
    nets = [fresh(kind, settings) for kind in cells_of(settings)]
    clippings = [Clipping(net.parameters, params.clip) for net in nets]
    runs = [training(net, settings, clipping) for net, clipping in zip(nets, clippings, strict=True)]
    tests, pictures = held_out(settings), []
    done = 0
    for at in sorted({round(i * last / FRAMES) for i in range(FRAMES + 1)}):
        while done < at:
            for run in runs:
                next(run)
            done += 1
        looks = [look(params, net, clipping, tests) for net, clipping in zip(nets, clippings, strict=True)]
        arrays = {name: np.stack([each[name] for each in looks]) for name in looks[0] if name != "gates"}
        arrays["gates"] = looks[0]["gates"] if len(looks) == 1 else np.zeros((0, int(params.length), int(params.hidden)), np.uint8)
        pictures.append(Snapshot(at, last, arrays))
        yield pictures[-1]
        if not np.isfinite(arrays["losses"]).all(1).any():
            break
    return gather(params, pictures)


def look(params: Params, net: Any, clipping: Clipping, tests: Sequence[Any]) -> dict[str, np.ndarray]:
    """One cell at one moment: what reaches its past over the longest sequences, and how well it does at every length."""
    x, y = tests[-1]
    seen = gradients(net, x[:, :MEASURED], y[:, :MEASURED])
    low = -1.0 if net.kind == "rnn" else 0.0
    shown = np.clip((seen["gates"] - low) / (1 - low), 0, 1)
    asked = params.task == "adding" and net.kind in KEEPS
    scores = np.array([score(net, *each) for each in tests])
    return {
        **{name: seen[name] for name in ("hidden", "memory", "direct")},
        "gates": np.nan_to_num(255 * shown, nan=127.5 if net.kind == "rnn" else 0.0).round().astype(np.uint8),
        "losses": scores[:, 0],
        "accuracies": scores[:, 1],
        "kept": np.array(kept_at_marks(net, x[:, :MEASURED]) if asked else (np.nan, np.nan)),
        "radius": np.array(spectral_radius(net)),
        "clipped": np.array(clipping.share),
        "largest": np.array(max(clipping.norms, default=0.0)),
    }


def gather(params: Params, pictures: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result."""
    settings: Mapping[str, Any] = params.as_dict()
    arrays = {name: np.stack([one.arrays[name] for one in pictures]) for name in pictures[0].arrays}
    counts = [sum(parameter.numel() for parameter in fresh(kind, settings).parameters) for kind in cells_of(settings)]
    level = chance(params.task, held_out(settings)[-1][1].numpy())
    steps = np.array([one.step for one in pictures])
    return Result(params=params, steps=steps, **arrays, parameters=np.array(counts), chance=level)


assert set(TASK_LABELS) == set(TASKS)
