"""The layers of torch.nn that a typed network may have: their arguments, what they take, and how they are made and first filled."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dlviz.nets.mlp import initial_weight

Value = int | float | bool | str

MOST_WIDTH = 5_000  # numbers that a layer takes or gives
DTYPE = torch.float64
STARTS = {"torch": "PyTorch’s default", "xavier": "Xavier", "he": "He", "orthogonal": "orthogonal"}


@dataclass(frozen=True)
class Argument:
    """One argument of a layer, by its name in torch. `kind`: int, float, bool or str; numbers lie from low to high."""

    name: str
    kind: type
    low: float = 0.0
    high: float = 0.0
    options: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What can be given, in words."""
        if self.kind is bool:
            return "True or False"
        return " or ".join(map(repr, self.options)) or f"a {'whole ' * (self.kind is int)}number from {self.low:g} to {self.high:g}"

    def check(self, value: Value) -> bool:
        """Whether the value can be given; a whole number is a number too, True is none."""
        if self.kind is str or self.kind is bool or isinstance(value, bool | str):
            return type(value) is self.kind and (self.kind is bool or value in self.options)
        return (self.kind is float or isinstance(value, int)) and self.low <= value <= self.high


@dataclass(frozen=True)
class Kind:
    """A kind of layer: torch's class and the arguments that can be given, of which the first `required` must be.

    `width` names the one that says how many numbers it takes. `trained`: it has parameters. `bends`: it is an activation.
    """

    make: Callable[..., nn.Module]
    arguments: tuple[Argument, ...] = ()
    required: int = 0
    width: str = ""
    trained: bool = False
    bends: bool = True


def _width(name: str) -> Argument:
    return Argument(name, int, 1, MOST_WIDTH)


def _switch(name: str) -> Argument:
    return Argument(name, bool)


EPS, INPLACE = Argument("eps", float, 1e-12, 1), _switch("inplace")
LAYERS: dict[str, Kind] = {
    "Linear": Kind(nn.Linear, (_width("in_features"), _width("out_features"), _switch("bias")), 2, "in_features", True, False),
    "BatchNorm1d": Kind(
        nn.BatchNorm1d,
        (_width("num_features"), EPS, Argument("momentum", float, 0, 1), _switch("affine"), _switch("track_running_stats")),
        1,
        "num_features",
        True,
        False,
    ),
    "LayerNorm": Kind(
        nn.LayerNorm, (_width("normalized_shape"), EPS, _switch("elementwise_affine"), _switch("bias")), 1, "normalized_shape", True, False
    ),
    "RMSNorm": Kind(nn.RMSNorm, (_width("normalized_shape"), EPS, _switch("elementwise_affine")), 1, "normalized_shape", True, False),
    "Identity": Kind(nn.Identity, bends=False),
    "Sigmoid": Kind(nn.Sigmoid),
    "Tanh": Kind(nn.Tanh),
    "ReLU": Kind(nn.ReLU, (INPLACE,)),
    "ReLU6": Kind(nn.ReLU6, (INPLACE,)),
    "LeakyReLU": Kind(nn.LeakyReLU, (Argument("negative_slope", float, -10, 10), INPLACE)),
    "PReLU": Kind(nn.PReLU, (_width("num_parameters"), Argument("init", float, -10, 10)), 0, "num_parameters", True),
    "ELU": Kind(nn.ELU, (Argument("alpha", float, -10, 10), INPLACE)),
    "SELU": Kind(nn.SELU, (INPLACE,)),
    "GELU": Kind(nn.GELU, (Argument("approximate", str, options=("none", "tanh")),)),
    "SiLU": Kind(nn.SiLU, (INPLACE,)),
    "Mish": Kind(nn.Mish, (INPLACE,)),
    "Hardswish": Kind(nn.Hardswish, (INPLACE,)),
    "Hardsigmoid": Kind(nn.Hardsigmoid, (INPLACE,)),
    "Softplus": Kind(nn.Softplus, (Argument("beta", float, 0.01, 100), Argument("threshold", float, 0, 1000))),
    "Softsign": Kind(nn.Softsign),
}


@dataclass(frozen=True)
class Layer:
    """One layer as it was typed, in which line (from 1), with what was `given` to it by the names of its arguments.

    Layers of one `number` are one and the same, used several times, with the same weights.
    """

    number: int
    name: str
    given: tuple[tuple[str, Value], ...]
    line: int
    typed: str

    @property
    def kind(self) -> Kind:
        """What is known of layers of this name."""
        return LAYERS[self.name]

    @property
    def takes(self) -> int | None:
        """How many numbers it takes; None for any. PReLU's one slope may serve all."""
        width = dict(self.given).get(self.kind.width)
        return None if width is None or (self.name == "PReLU" and width == 1) else int(width)

    def gives(self, width: int) -> int:
        """How many numbers come out where `width` go in."""
        return int(dict(self.given)["out_features"]) if self.name == "Linear" else width

    def module(self, device: str) -> nn.Module:
        """Torch's module, in float64. On "meta" nothing is allocated. A Linear on "cpu" has weights that are not filled yet.

        `inplace` changes no number, but would overwrite outputs that are looked at afterwards, so it is left out. Linear is
        always made on "meta" first, because torch would fill it from the process's generator.
        """
        given: dict[str, Any] = {name: value for name, value in self.given if name != "inplace"}
        if not self.kind.trained:
            return self.kind.make(**given)
        module = self.kind.make(**given, dtype=DTYPE, device="meta" if self.name == "Linear" else device)
        return module.to_empty(device=device) if self.name == "Linear" else module

    def count(self) -> int:
        """How many parameters it has, counted without allocating them."""
        return sum(parameter.numel() for parameter in self.module("meta").parameters())


def assemble(layers: Sequence[Layer], start: str, generator: torch.Generator) -> list[nn.Module]:
    """Torch's modules, one for each layer, in training mode; the same one wherever the same layer is used again."""
    made: dict[int, nn.Module] = {}
    for layer in layers:
        if layer.number not in made:
            module = made[layer.number] = layer.module("cpu")
            if isinstance(module, nn.Linear):
                fill(module, start, generator)
    return [made[layer.number] for layer in layers]


def fill(linear: nn.Linear, start: str, generator: torch.Generator) -> None:
    """Draw the first weights. "torch": weight and bias uniform on ±1/√in, as nn.Linear does (kaiming_uniform_ with a = √5).

    Otherwise as `initial_weight` does, with biases 0. KeyError for a start that does not exist.
    """
    limit = 1 / math.sqrt(linear.in_features)
    with torch.no_grad():
        if start == "torch":
            linear.weight.uniform_(-limit, limit, generator=generator)
        else:
            linear.weight.copy_(initial_weight(linear.out_features, linear.in_features, start, generator, DTYPE))
        if linear.bias is not None:
            _fill_bias(linear.bias, limit if start == "torch" else 0.0, generator)


def _fill_bias(bias: Tensor, limit: float, generator: torch.Generator) -> None:
    if limit:
        bias.uniform_(-limit, limit, generator=generator)
    else:
        bias.zero_()
