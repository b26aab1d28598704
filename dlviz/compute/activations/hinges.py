"""View Hinges: a function of one variable built from hidden units, trained, and priced; and a layer of two that bends the unit square."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.nets import hinges as nets
from dlviz.nets.activations import ACTIVATIONS, activation
from dlviz.results import Fact
from dlviz.results import Result as Base

MOST = 24  # units
SHAPES = {"leaky_slope": 0.1}
OFFERED = ("relu", "leaky_relu", "tanh", "sigmoid", "silu", "softplus", "identity")
SIZES = (1, 2, 4, 8, 16)  # numbers of units that the price is measured for
SEEDS, PRICE_STEPS, PRICE_RATE = 4, 250, 0.03  # trainings from four starts, Adam, on every second point
CELLS = 40  # the unit square is measured at the middles of CELLS x CELLS cells


@dataclass(frozen=True)
class Params(p.Params):
    """The target, the units and how they begin, how they are trained; and the layer that bends the square."""

    target: str = p.choice(
        "sine", {"sine": "sine", "step": "step", "bump": "bump", "own": "your own"}, label="Target", help="“Draw” under the picture."
    )
    activation: str = p.choice("relu", {name: ACTIVATIONS[name].label for name in OFFERED}, label="Activation f")
    units: float = p.number(6, 1, MOST, 1, label="Hidden units")
    start: str = p.choice(
        "random", {"random": "drawn", "even": "even", "own": "your own"}, label="Where the hinges begin",
        help="Drawn at random; at equal distances with the best output weights; or as you dragged them.",
    )  # fmt: skip
    seed: float = p.number(1, 0, 99, 1, label="Seed", when=("start", "random"), more=True)
    optimiser: str = p.choice("adam", {"adam": "Adam", "sgd": "SGD", "momentum": "momentum"}, label="Optimiser", more=True)
    learning_rate: float = p.number(0.05, 0.001, 1, 3, scale="log", label="Learning rate", more=True)
    steps: float = p.number(400, 100, 1000, 100, label="Training steps", more=True)
    a: tuple[float, ...] = p.numbers(
        (1.0, 1.0, 1.0, 1.0), -1000, 1000, 0.0001, at_least=1, at_most=MOST, label="slope a of each unit", stage=True, when=("start", "own")
    )
    b: tuple[float, ...] = p.numbers(
        (0.5, 0.1, -0.1, -0.5),
        -1000,
        1000,
        0.0001,
        at_least=1,
        at_most=MOST,
        label="shift b of each unit",
        stage=True,
        when=("start", "own"),
    )
    w: tuple[float, ...] = p.numbers(
        (2.5, -2.5, -2.5, 2.5), -1000, 1000, 0.0001, at_least=1, at_most=MOST, label="weight w of each unit", stage=True,
        when=("start", "own"),
    )  # fmt: skip
    c: float = p.number(0, -1000, 1000, 0.0001, label="bias c", stage=True, when=("start", "own"))
    curve: tuple[float, ...] = p.numbers(
        (0.0, 0.0), -1.5, 1.5, 0.01, at_least=2, at_most=81, label="Drawn target", stage=True, when=("target", "own")
    )
    layer: tuple[float, ...] = p.numbers(
        (1.2, -0.9, 0.0, 0.8, 1.0, -0.4),
        -5,
        5,
        0.01,
        at_least=6,
        at_most=6,
        label="Layer of two",
        stage=True,
        help="w11, w12, b1, w21, w22, b2.",
    )

    def count(self) -> int:
        """The number of units; a link may ask for a broken one."""
        return round(self.units)

    def function(self) -> nets.Function:
        """f, of one tensor."""
        return activation(self.activation, SHAPES)

    def wanted(self, x: Tensor) -> Tensor:
        """The target at `x`."""
        return nets.target(self.target, x, self.curve)

    def begin(self) -> Tensor:
        """The units before training; (1, 3n + 1). Of your own, missing ones have a = 1, b = 0, w = 0 and surplus ones are left out."""
        n, x = self.count(), nets.grid()
        if self.start == "random":
            return nets.random_start(n, self.activation, torch.Generator().manual_seed(round(self.seed)))
        if self.start == "even":
            return nets.even_start(n, self.activation, x, self.function(), self.wanted(x))
        rows = [(values + (fill,) * MOST)[:n] for values, fill in ((self.a, 1.0), (self.b, 0.0), (self.w, 0.0))]
        return torch.tensor([*rows[0], *rows[1], *rows[2], self.c], dtype=torch.float64).unsqueeze(0)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """All float64: `x`, `wanted` (201,); `frames` (frames, 3n + 1), the units a, b, w, c as training went, the start first, at
    `frame_steps`; `losses` (steps + 1,), mean squared errors, which end at the first that is not finite.

    Root mean squared errors for each of SIZES: `interpolated` (5,) by ReLU units that join the target's values, `solved` (5,) by
    even hinges with the best output weights, `trained` (SEEDS, 5). `factors` (CELLS, CELLS): by what the layer multiplies areas.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    x: np.ndarray
    wanted: np.ndarray
    frames: np.ndarray
    frame_steps: np.ndarray
    losses: np.ndarray
    interpolated: np.ndarray
    solved: np.ndarray
    trained: np.ndarray
    factors: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """The start, the trained units, the price, and the bent square."""
        start, end = torch.from_numpy(self.frames[:1]), torch.from_numpy(self.frames[-1:])
        diverged = None if np.isfinite(self.losses[-1]) else float(len(self.losses) - 1)
        after = {} if diverged is None else {"error_trained": None, "largest_error_trained": None, "dead_units": None}
        found = measure(start, end, self.params.function(), torch.from_numpy(self.x), torch.from_numpy(self.wanted))
        row = {n: i for i, n in enumerate(SIZES)}
        best = self.trained.min(0)
        values: dict[str, float | None] = found | after | {
            "diverged_at_step": diverged,
            "interpolation_gain": _ratio(self.interpolated[row[8]], self.interpolated[row[16]]),
            "trained_gain": _ratio(best[row[4]], best[row[16]]),
            **layer_facts(torch.from_numpy(self.factors), self.params.layer, self.params.function()),
        }  # fmt: skip
        price = {f"{name}[{n}]": float(errors[i]) for n, i in row.items() for name, errors in self._price(best).items()}
        return {name: Fact(value, *LABELS[name.partition("[")[0]]) for name, value in (values | price).items()}

    def _price(self, best: np.ndarray) -> dict[str, np.ndarray]:
        return {"interpolation_error": self.interpolated, "solved_error": self.solved, "best_trained_error": best}


LABELS: dict[str, tuple[str, str]] = {
    "units": ("hidden units", ""),
    "error_start": ("error of the sum at the start", "RMS"),
    "largest_error_start": ("largest error at the start", ""),
    "error_trained": ("error after training", "RMS"),
    "largest_error_trained": ("largest error after training", ""),
    "hinges_inside": ("hinges between −1 and 1 at the start", ""),
    "hinge_travel": ("hinges moved by training, mean distance", ""),
    "largest_corner": ("largest corner of the sum, change of slope", ""),
    "steepest": ("steepest slope of the sum at the start", ""),
    "sum_left": ("sum at x = −1", ""),
    "sum_right": ("sum at x = 1", ""),
    "peak": ("largest value of the sum", ""),
    "dead_units": ("units with slope 0 everywhere after training", ""),
    "diverged_at_step": ("diverged at step", ""),
    "interpolation_gain": ("interpolation error, 8 hinges : 16 hinges", ""),
    "trained_gain": ("best trained error, 4 units : 16 units", ""),
    "interpolation_error": ("RMS error of interpolation", ""),
    "solved_error": ("RMS error, even hinges, solved weights", ""),
    "best_trained_error": ("RMS error, best of four trainings", ""),
    "layer_determinant": ("the layer's det W", ""),
    "layer_area": ("area of the bent square, folds counted", ""),
    "collapsed_share": ("share of the square squeezed to no area", "%"),
    "corner_gap": ("distance of the images of (0, 0) and (1, 1)", ""),
}


def measure(start: Tensor, end: Tensor, f: nets.Function, x: Tensor, wanted: Tensor) -> dict[str, float | None]:
    """What is true of the units before and after training, (1, 3n + 1) each; slopes by autograd."""
    a, b, w, _ = nets.parts(start)
    place, moved = -b / a, -nets.parts(end)[1] / nets.parts(end)[0]
    sides = torch.cat([place - 1e-6, place + 1e-6])  # (2, n): just left and just right of each hinge
    visible = place[0].abs() < 1  # nan is not
    corners = _slope(start, sides.flatten().nan_to_num(0, 0, 0), f).view(2, -1).diff(dim=0)[0].abs()[visible]
    y, y_end = nets.output(start, x, f)[0], nets.output(end, x, f)[0]
    travel = (moved - place).abs()[0]
    ends = nets.parts(end)
    z = torch.addcmul(ends[1].unsqueeze(2), ends[0].unsqueeze(2), x).requires_grad_()
    (slopes,) = torch.autograd.grad(f(z).sum(), z)
    return {
        "units": float(a.shape[1]),
        "error_start": float((y - wanted).square().mean().sqrt()),
        "largest_error_start": float((y - wanted).abs().max()),
        "error_trained": float((y_end - wanted).square().mean().sqrt()),
        "largest_error_trained": float((y_end - wanted).abs().max()),
        "hinges_inside": float((visible & (w[0] != 0)).sum()),
        "hinge_travel": float(travel.mean()) if travel.isfinite().all() else None,
        "largest_corner": float(corners.max()) if len(corners) else 0.0,
        "steepest": float(_slope(start, x, f).abs().max()),
        "sum_left": float(y[0]),
        "sum_right": float(y[-1]),
        "peak": float(y.max()),
        "dead_units": float((slopes[0].abs().amax(1) == 0).sum()),
    }


def _slope(theta: Tensor, x: Tensor, f: nets.Function) -> Tensor:
    """dy/dx of the sum; (points,)."""
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(nets.output(theta, x, f).sum(), x)
    return slope


def layer_factors(layer: tuple[float, ...], f: nets.Function) -> Tensor:
    """|det W| |f'(z1) f'(z2)|, by what the layer f(W u + b) multiplies the area at u, at the middle of every cell of the unit square."""
    w11, w12, b1, w21, w22, b2 = layer
    side = (torch.arange(CELLS, dtype=torch.float64) + 0.5) / CELLS
    u1, u2 = torch.meshgrid(side, side, indexing="xy")
    z = torch.stack([w11 * u1 + w12 * u2 + b1, w21 * u1 + w22 * u2 + b2]).requires_grad_()
    (slopes,) = torch.autograd.grad(f(z).sum(), z)
    return abs(w11 * w22 - w12 * w21) * slopes.prod(0).abs()


def layer_facts(factors: Tensor, layer: tuple[float, ...], f: nets.Function) -> dict[str, float | None]:
    """The layer's determinant, the area it makes of the unit square's 1, the share that it makes nothing of, and two corners' distance."""
    w11, w12, b1, w21, w22, b2 = layer
    near, far = f(torch.tensor([[b1, b2], [w11 + w12 + b1, w21 + w22 + b2]], dtype=torch.float64))
    return {
        "layer_determinant": w11 * w22 - w12 * w21,
        "layer_area": float(factors.mean()),
        "collapsed_share": float((factors == 0).double().mean()),
        "corner_gap": float((far - near).norm()),
    }


@lru_cache(maxsize=64)
def price(target: str, curve: tuple[float, ...], name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Errors for each of SIZES: interpolated (5,), solved (5,), trained (SEEDS, 5). They do not depend on the viewer's own units."""
    f, x = activation(name, SHAPES), nets.grid()
    wanted = nets.target(target, x, curve)
    joined = [nets.interpolant(n, lambda at: nets.target(target, at, curve)) for n in SIZES]
    even = [nets.even_start(n, name, x, f, wanted) for n in SIZES]
    ends = _train_all(name, f, x[::2], wanted[::2])
    trained = torch.stack([torch.cat([nets.rms(net, x, f, wanted) for net in nets_of_seed]) for nets_of_seed in ends])
    return (
        torch.cat([nets.rms(net, x, torch.relu, wanted) for net in joined]),
        torch.cat([nets.rms(net, x, f, wanted) for net in even]),
        trained,
    )


def _train_all(name: str, f: nets.Function, x: Tensor, wanted: Tensor) -> list[list[Tensor]]:
    """Networks of every size from every seed, trained side by side, the smaller ones filled up with units that are held at 0."""
    widest = max(SIZES)
    rows, free = [], []
    for seed in range(SEEDS):
        for n in SIZES:
            a, b, w, c = nets.parts(nets.random_start(n, name, torch.Generator().manual_seed(seed)))
            none = torch.zeros(1, widest - n, dtype=torch.float64)
            rows.append(torch.cat([a, none, b, none, w, none, c], 1))
            ones = torch.ones_like(a)
            free.append(torch.cat([ones, none, ones, none, ones, none, torch.ones_like(c)], 1))
    held = torch.cat(free)
    frames, _, _ = nets.train(torch.cat(rows), x, f, wanted, "adam", PRICE_RATE, PRICE_STEPS, held)
    ends = [row[kept > 0].unsqueeze(0) for row, kept in zip(frames[-1], held, strict=True)]
    return [ends[i : i + len(SIZES)] for i in range(0, len(ends), len(SIZES))]


def _ratio(above: float, below: float) -> float | None:
    return float(above / below) if below > 1e-12 else None


def compute(params: Params) -> Result:
    """The whole training as snapshots, the price for this target and activation, and the bent square."""
    f, x = params.function(), nets.grid()
    wanted = params.wanted(x)
    frames, at, losses = nets.train(params.begin(), x, f, wanted, params.optimiser, params.learning_rate, round(params.steps))
    interpolated, solved, trained = price(params.target, params.curve, params.activation)
    return Result(
        params=params,
        x=x.numpy(),
        wanted=wanted.numpy(),
        frames=frames[:, 0].numpy(),
        frame_steps=at.double().numpy(),
        losses=losses[:, 0].numpy(),
        interpolated=interpolated.numpy(),
        solved=solved.numpy(),
        trained=trained.numpy(),
        factors=layer_factors(params.layer, f).numpy(),
    )
