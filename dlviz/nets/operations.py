"""The operations a computational graph is made of: what each computes, and what of a gradient it passes back to its inputs.

Notation: g the gradient that has arrived at the output y, a and b the inputs, n a constant exponent. Every share is
g · ∂y/∂input, written in the order in which torch's autograd rounds it, so that the two agree to the last digit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Operation:
    """`value(*inputs)` is y; `shares(g, y, *inputs)` is what each input gets of g."""

    sign: str
    value: Callable[..., Tensor]
    shares: Callable[..., tuple[Tensor, ...]]


def tanh_slope(y: Tensor) -> Tensor:
    """1 - y², rounded once, as torch's own kernel does."""
    return torch.addcmul(torch.ones_like(y), y, y, value=-1)


def winner(g: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """All of g where a > b, half of it where they are equal, nothing where a < b."""
    return torch.where(a == b, g / 2, g).masked_fill(a < b, 0)


def power_share(g: Tensor, a: Tensor, n: float) -> Tensor:
    """g · n aⁿ⁻¹; 0 for n = 0, also where a is 0."""
    return g * (n * a ** (n - 1)) if n else torch.zeros_like(g)


OPERATIONS: dict[str, Operation] = {
    "add": Operation("+", lambda a, b: a + b, lambda g, y, a, b: (g, g)),
    "subtract": Operation("−", lambda a, b: a - b, lambda g, y, a, b: (g, -g)),
    "multiply": Operation("×", lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a)),
    "divide": Operation("÷", lambda a, b: a / b, lambda g, y, a, b: (g / b, -g * ((a / b) / b))),
    "power": Operation("power", lambda a, n: a**n, lambda g, y, a, n: (power_share(g, a, n),)),
    "negate": Operation("−", lambda a: -a, lambda g, y, a: (-g,)),
    "tanh": Operation("tanh", torch.tanh, lambda g, y, a: (g * tanh_slope(y),)),
    "sigmoid": Operation("σ", torch.sigmoid, lambda g, y, a: (g * (1 - y) * y,)),
    "relu": Operation("ReLU", torch.relu, lambda g, y, a: (torch.where(y <= 0, 0, g),)),
    "exp": Operation("exp", torch.exp, lambda g, y, a: (g * y,)),
    "log": Operation("log", torch.log, lambda g, y, a: (g / a,)),
    "sin": Operation("sin", torch.sin, lambda g, y, a: (g * torch.cos(a),)),
    "cos": Operation("cos", torch.cos, lambda g, y, a: (g * -torch.sin(a),)),
    "sqrt": Operation("√", torch.sqrt, lambda g, y, a: (g / (2 * y),)),
    "max": Operation("max", torch.maximum, lambda g, y, a, b: (winner(g, a, b), winner(g, b, a))),
    "min": Operation("min", torch.minimum, lambda g, y, a, b: (winner(g, b, a), winner(g, a, b))),
}
FUNCTIONS = ("tanh", "sigmoid", "relu", "exp", "log", "sin", "cos", "sqrt")  # of one argument
PAIRS = ("max", "min")  # of two
