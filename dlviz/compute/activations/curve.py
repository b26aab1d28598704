"""View Curve: activation functions with their slopes and curvatures, what is true of them, and one neuron that uses one."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute.activations.properties import PROPERTIES, properties
from dlviz.compute.derivatives import derivatives
from dlviz.fields import ParameterError
from dlviz.nets.activations import ACTIVATIONS, activation
from dlviz.nets.expression import ExpressionError, parse
from dlviz.nets.mlp import Function
from dlviz.results import Fact
from dlviz.results import Result as Base

FRONT = ("identity", "step", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu")
OWN = "own"
LABELS = {name: entry.label for name, entry in ACTIVATIONS.items()} | {OWN: "your own"}
PANELS = {"value": "f", "slope": "f′", "curvature": "f″", "difference": "difference"}
DTYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
STEPS_PER_UNIT = 100  # the table's x are whole hundredths, so that 0 and every neuron's z lie on it exactly
BINS = 60  # of the distribution of outputs, from -3 to 3
INPUTS = 20001  # standard normal quantiles that stand for all inputs
REACH = 10  # largest |z| of the neuron: |w1 x1| + |w2 x2| + |b| = 4 + 4 + 2

# property -> its label and unit as a fact
FACTS = {
    "largest_slope": ("largest slope", ""),
    "largest_slope_at": ("where the slope is largest", ""),
    "smallest_slope": ("smallest slope", ""),
    "lowest": ("lowest value", ""),
    "lowest_at": ("where it is lowest", ""),
    "highest": ("highest value", ""),
    "mean": ("E[f] for z ~ N(0, 1)", ""),
    "second_moment": ("E[f²] for z ~ N(0, 1)", ""),
    "slope_second_moment": ("E[f′²] for z ~ N(0, 1)", ""),
    "saturated_share": ("saturated share of N(0, 1)", "%"),
    "gain": ("gain 1/√E[f²]", ""),
    "slope_jump_at_0": ("jump of the slope at 0", ""),
}


@dataclass(frozen=True)
class Params(p.Params):
    """Which functions are drawn and how, and the neuron's inputs, weights and bias."""

    functions: tuple[str, ...] = p.choices(
        ("sigmoid", "tanh", "relu"), {name: LABELS[name] for name in FRONT}, label="Functions", help="Drawn over each other on one axis."
    )
    leaky_slope: float = p.number(
        0.1, -1, 2, 0.01, label="Slope of leaky ReLU", when=("functions", "leaky_relu"), help="The slope for negative x; usually 0.01."
    )
    expression: str = p.text(
        "",
        200,
        label="Your own f(x)",
        private=True,
        placeholder="x * tanh(softplus(x))",
        help="Numbers, x, + - * / **, and abs cos erf exp log max min relu sigmoid sin softplus sqrt tanh where(x > 0, a, b).",
    )
    show: tuple[str, ...] = p.choices(
        ("value", "slope"), PANELS, at_least=1, label="Panels",
        help="f, its slope f′, its curvature f″, and how far each f lies from the marked function.",
    )  # fmt: skip
    more_functions: tuple[str, ...] = p.choices(
        (), {name: LABELS[name] for name in ACTIVATIONS if name not in FRONT}, label="More functions", more=True
    )
    prelu_slope: float = p.number(
        0.25, -1, 2, 0.05, label="Slope of PReLU", when=("more_functions", "prelu"), more=True, help="In a network this slope is learned."
    )
    elu_alpha: float = p.number(1, 0, 3, 0.05, label="α of ELU", when=("more_functions", "elu"), more=True, help="ELU falls to -α.")
    swish_beta: float = p.number(
        1, -2, 10, 0.1, label="β of Swish", when=("more_functions", "swish"), more=True, help="0 gives x/2; 1 is SiLU; large β nears ReLU."
    )
    span: float = p.number(6, 2, 30, 1, label="x from −s to s, s", more=True)
    threshold: float = p.number(
        0.05,
        0.001,
        0.5,
        3,
        scale="log",
        label="Saturated if |f′| is below",
        more=True,
        help="Such x are shaded: almost no gradient passes.",
    )
    precision: str = p.choice(
        "float64", {name: name for name in DTYPES}, label="Number format", more=True, help="What torch computes the curves in."
    )
    focus: str = p.choice("sigmoid", LABELS, label="Marked function", stage=True, help="Shaded, and used by the neuron.")
    input_1: float = p.number(1, -2, 2, 0.1, label="input x₁", stage=True)
    weight_1: float = p.number(1, -2, 2, 0.1, label="weight w₁", stage=True)
    input_2: float = p.number(0.5, -2, 2, 0.1, label="input x₂", stage=True)
    weight_2: float = p.number(-1, -2, 2, 0.1, label="weight w₂", stage=True)
    bias: float = p.number(0, -2, 2, 0.1, label="bias b", stage=True)

    def check(self) -> None:
        if not self.names():
            raise ParameterError("functions", "empty", "at least one function, or your own f(x)")
        if self.expression:
            try:
                parse(self.expression)
            except ExpressionError as error:
                raise ParameterError("expression", self.expression, f"a function of x ({error})") from None

    def names(self) -> tuple[str, ...]:
        """The functions that are drawn, in order; the last may be OWN."""
        return self.functions + self.more_functions + ((OWN,) if self.expression else ())

    def canonical(self) -> Self:
        """As every Params; besides, the marked function is one that is drawn."""
        canonical = super().canonical()
        return canonical if self.focus in self.names() else replace(canonical, focus=self.names()[0])

    def shape(self, name: str) -> str | float:
        """What a function is besides its name: the text of your own, the number that one is bent by, 0 for the others."""
        if name == OWN:
            return self.expression
        field = ACTIVATIONS[name].shape
        return float(getattr(self, field)) if field else 0.0

    def function(self, name: str) -> Function:
        """The named function of one tensor, under these settings."""
        return named_function(name, self.shape(name))

    def pre_activation(self) -> float:
        """z = w1 x1 + w2 x2 + b of the neuron; all five are tenths, so z is a whole number of hundredths."""
        z = self.weight_1 * self.input_1 + self.weight_2 * self.input_2 + self.bias
        return round(z * STEPS_PER_UNIT) / STEPS_PER_UNIT


@dataclass(frozen=True, eq=False)
class Result(Base):
    """`x` (points,); `curves` (functions, 3, points): f, f', f''; `table` (functions, PROPERTIES); `neuron` (4,): z, f, f', f''.

    `torch_gains` (functions,) is what torch.nn.init.calculate_gain says, nan where it knows no such function. `outputs`
    (functions, BINS): the share of standard normal inputs whose output falls into each of BINS equal bins from -3 to 3.
    All are float64; `curves` and `neuron` were computed in the number format of the settings, the rest always in float64.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    names: tuple[str, ...]
    x: np.ndarray
    curves: np.ndarray
    table: np.ndarray
    neuron: np.ndarray
    torch_gains: np.ndarray
    outputs: np.ndarray

    def property(self, name: str, function: str) -> float:
        """One entry of the table."""
        return float(self.table[self.names.index(function), PROPERTIES.index(name)])

    def exact_end(self, function: str) -> float | None:
        """The x from which on f is exactly, to the last bit, what it is at the right end; None if it still changes there."""
        f = self.curves[self.names.index(function), 0]
        changing = np.flatnonzero(f != f[-1])
        last = int(changing[-1]) if len(changing) else -1
        return float(self.x[last + 1]) if last + 1 < len(f) - 1 else None

    def facts(self) -> dict[str, Fact]:
        """Of the neuron; of every function under "name[function]"; and of the marked function under the bare name."""
        facts = {
            "pre_activation": Fact(float(self.neuron[0]), "z = w₁x₁ + w₂x₂ + b"),
            "output": Fact(_finite(self.neuron[1]), "output f(z)", rtol=1e-5),
            "slope_here": Fact(_finite(self.neuron[2]), "slope f′(z)", rtol=1e-5),
        }
        for function in self.names:
            of = self._facts_of(function)
            facts |= {f"{name}[{function}]": fact for name, fact in of.items()}
            if function == self.params.canonical().focus:
                facts |= of
        return facts

    def _facts_of(self, function: str) -> dict[str, Fact]:
        facts = {name: Fact(_finite(self.property(name, function)), label, unit) for name, (label, unit) in FACTS.items()}
        facts["exact_end"] = Fact(self.exact_end(function), "exactly its right end from x =")
        first, here = self.curves[self.names.index(self.params.canonical().focus), 0], self.curves[self.names.index(function), 0]
        visible = np.abs(self.x) <= self.params.span
        with np.errstate(invalid="ignore"):  # inf - inf is nan, and means undefined here
            gap = float(np.max(np.abs(here - first)[visible], initial=0.0))
        facts["largest_difference"] = Fact(_finite(gap), "largest difference from the marked function")
        facts["undefined_share"] = Fact(
            float(np.mean(~np.isfinite(self.curves[self.names.index(function)]).all(0))), "share of x undefined", "%"
        )
        return facts


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def compute(params: Params) -> Result:
    """Every curve by autograd in the chosen number format, every property in float64, and the neuron's output."""
    dtype = DTYPES[params.precision]
    half = round(max(params.span, REACH) * STEPS_PER_UNIT)
    x = torch.arange(-half, half + 1, dtype=torch.float64) / STEPS_PER_UNIT  # (points,)
    functions = {name: params.function(name) for name in params.names()}
    curves = torch.stack([derivatives(function, x.to(dtype)).double() for function in functions.values()])
    measured = [measure(name, params.shape(name), params.threshold) for name in functions]
    z = params.pre_activation()
    at_z = curves[list(functions).index(params.canonical().focus), :, round(z * STEPS_PER_UNIT) + half]  # (3,)
    return Result(
        params=params,
        names=tuple(functions),
        x=x.numpy(),
        curves=curves.numpy(),
        table=np.array([table for table, _ in measured]),
        neuron=np.array([z, *at_z.tolist()]),
        torch_gains=np.array([torch_gain(name, params) for name in functions]),
        outputs=np.stack([shares for _, shares in measured]),
    )


def named_function(name: str, shape: str | float) -> Function:
    """The function of one tensor that `Params.shape` speaks of."""
    return parse(shape) if isinstance(shape, str) else activation(name, {ACTIVATIONS[name].shape: shape})


@lru_cache(maxsize=256)
def measure(name: str, shape: str | float, threshold: float) -> tuple[tuple[float, ...], np.ndarray]:
    """The PROPERTIES of a function and its output shares: most of a view's time, and the same whatever the neuron does."""
    function = named_function(name, shape)
    return tuple(properties(function, threshold).values()), output_shares(function)


def torch_gain(name: str, params: Params) -> float:
    """torch.nn.init.calculate_gain of the named function; nan where it knows no such function."""
    entry = ACTIVATIONS.get(name)
    if entry is None or not entry.gain:
        return math.nan
    return float(torch.nn.init.calculate_gain(entry.gain, getattr(params, entry.shape) if entry.shape else None))


def output_shares(function: Function) -> np.ndarray:
    """The share of z ~ N(0, 1) with f(z) in each of BINS bins from -3 to 3, shape (BINS,); what lies outside is left out."""
    middles = (torch.arange(INPUTS, dtype=torch.float64) + 0.5) / INPUTS
    outputs = function(torch.special.ndtri(middles)).detach()
    return np.histogram(outputs.numpy(), bins=BINS, range=(-3, 3))[0] / INPUTS
