"""View Many seeds: one network trained from 64 seeds at once, for each of several widths. What it can represent is not what it finds."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute.activations.classifier import fresh, load, mean_loss
from dlviz.compute.activations.network import ACTIVATIONS, MOST_STEPS
from dlviz.compute.training import OPTIMISERS, Batches, optimiser
from dlviz.data import points
from dlviz.fields import ParameterError
from dlviz.nets.ensemble import stack
from dlviz.nets.mlp import INITIALISATIONS
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

SEEDS = 64
FRAMES = 60  # pictures of one run
# what `classifier` needs to know beside the Params
FIXED: dict[str, Any] = {"noise": 0.0, "inputs": "raw", "shift": 0.0, "train_share": 0.5, "points": 200}


@dataclass(frozen=True)
class Params(p.Params):
    """The data, the widths that are compared, and how each of their networks is trained."""

    data: str = p.choice("circle", {name: name for name in points.DRAWS}, label="Data")
    activation: str = p.choice("relu", ACTIVATIONS, label="Activation")
    leaky_slope: float = p.number(0.1, -1, 1, 0.01, label="Leaky slope", when=("activation", "leaky_relu"))
    layers: float = p.number(1, 1, 6, 1, label="Hidden layers")
    widths: tuple[str, ...] = p.choices(
        ("1", "2", "3", "8"), {n: n for n in ("1", "2", "3", "4", "6", "8", "16")}, label="Units a layer", at_least=1
    )
    learning_rate: float = p.number(0.46, 0.001, 10, 3, scale="log", label="Learning rate")
    optimiser: str = p.choice("sgd", OPTIMISERS, label="Optimiser", more=True)
    momentum: float = p.number(0.9, 0, 0.99, 0.01, label="Momentum", when=("optimiser", "momentum"), more=True)
    initialisation: str = p.choice("he", INITIALISATIONS, label="Initialisation", more=True)
    batch_size: float = p.number(10, 5, 100, 1, label="Batch size", more=True)
    epochs: float = p.number(100, 1, 300, 1, label="Epochs", more=True)

    def check(self) -> None:
        """No run is longer than MOST_STEPS."""
        an_epoch = -(-100 // int(self.batch_size))
        if self.epochs * an_epoch * len(self.widths) > MOST_STEPS:
            most = MOST_STEPS // (an_epoch * len(self.widths))
            raise ParameterError("epochs", self.epochs, f"at most {most} epochs of {an_epoch} steps for {len(self.widths)} widths")


@dataclass(frozen=True, eq=False)
class Result(Base):
    """Every member as it went: `steps` (t,), `losses` and `accuracies` (t, widths, SEEDS) over each member's whole training set.

    Member s of each width is the network that the view In a network trains from seed s, with its own points.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray

    def solved(self) -> np.ndarray:
        """Whether a member has every training point right, (t, widths, SEEDS)."""
        return np.asarray(self.accuracies == 1)

    def facts(self) -> dict[str, Fact]:
        """For each width the share of seeds that solved the task and the spread of their losses at the end."""
        facts = {"seeds": Fact(float(SEEDS), "seeds")}
        for i, width in enumerate(self.params.widths):
            final = self.losses[-1, i].astype(np.float64)
            low, middle, high = np.quantile(final[np.isfinite(final)], (0.1, 0.5, 0.9)) if np.isfinite(final).any() else (None,) * 3
            units = f"{width} unit{'s' if width != '1' else ''}"
            facts[f"solved_share[{width}]"] = Fact(float(self.solved()[-1, i].mean()), f"{units}: seeds with every point right", "%", 0.1)
            facts[f"median_loss[{width}]"] = Fact(_number(middle), f"{units}: median loss", rtol=0.1)
            facts[f"low_loss[{width}]"] = Fact(_number(low), f"{units}: loss of the best tenth, at most", rtol=0.1)
            facts[f"high_loss[{width}]"] = Fact(_number(high), f"{units}: loss of the worst tenth, at least", rtol=0.1)
        shares = [float(share) for share in self.solved()[-1].mean(1)]
        return facts | {
            "best_share": Fact(max(shares), "seeds that solved it, best width", "%", 0.1),
            "worst_share": Fact(min(shares), "seeds that solved it, worst width", "%", 0.1),
        }


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def settings_of(params: Params, width: int, seed: int) -> dict[str, Any]:
    """One member's settings, as the view In a network has them."""
    return FIXED | params.as_dict() | {"widths": (width,) * int(params.layers), "seed": seed, "loss": "cross_entropy", "l1": 0.0, "l2": 0.0}


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train all widths in step, all seeds of each at once, yielding about FRAMES pictures; returns the Result."""
    last = int(params.epochs) * -(-100 // int(params.batch_size))
    wanted = sorted({round(i * last / FRAMES) for i in range(FRAMES + 1)})
    seen: list[Snapshot] = []
    runs = [train(params, int(width), wanted) for width in params.widths]
    for at, looks in zip(wanted, zip(*runs, strict=True), strict=True):
        arrays = {name: np.stack([look[i] for look in looks]) for i, name in enumerate(("losses", "accuracies"))}
        seen.append(Snapshot(at, last, arrays))
        yield seen[-1]
    return gather(params, seen)


def gather(params: Params, snapshots: Sequence[Snapshot]) -> Result:
    """The pictures of a run so far as one Result."""
    arrays = {name: np.stack([one.arrays[name] for one in snapshots]) for name in ("losses", "accuracies")}
    return Result(params=params, steps=np.array([one.step for one in snapshots]), **arrays)


def train(params: Params, width: int, wanted: Sequence[int], dtype: torch.dtype = torch.float32) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The members of one width after each of the `wanted` numbers of steps: their training losses and accuracies, (SEEDS,) each."""
    each = [settings_of(params, width, seed) for seed in range(SEEDS)]
    sets = [load(settings) for settings in each]
    x, y = (torch.stack([getattr(data, name)[: data.trained] for data in sets]).to(dtype) for name in ("x", "y"))
    net = stack([fresh(settings, dtype) for settings in each])
    how = optimiser(params.optimiser, net.parameters, params.learning_rate, params.momentum, 0.0)
    batches = zip(*(iter(Batches(y.shape[1], int(params.batch_size), seed)) for seed in range(SEEDS)), strict=True)
    members = torch.arange(SEEDS)[:, None]
    done = 0
    for at in wanted:
        while done < at:
            chosen = torch.stack(next(batches))  # (members, batch)
            for parameter in net.parameters:
                parameter.grad = None
            mean_loss(net.forward(x[members, chosen])[0], y[members, chosen], False).sum().backward()  # each member's gradient is its own
            how.step()
            done += 1
        with torch.no_grad():  # never around a yield: it would hold for whoever takes the next step
            out, _ = net.forward(x)
            seen = mean_loss(out, y, False).numpy(), ((out > 0) == (y > 0.5)).float().mean(1).numpy()
        yield seen
