"""Activation functions by name: what a neuron does to its weighted sum."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# shape -> its value: the numbers some functions are bent by (slope, alpha, beta)
Shapes = Mapping[str, float]


@dataclass(frozen=True)
class Activation:
    """One function: its name on the page, its formula in LaTeX, and the torch call. `shape` names the number it takes."""

    label: str
    formula: str
    function: Callable[[Tensor, float], Tensor]
    shape: str = ""
    # the name under which torch.nn.init.calculate_gain knows it, "" if it does not
    gain: str = ""


def step(x: Tensor) -> Tensor:
    """1 where x > 0, else 0; torch's autograd sees a constant, so its slope is 0 everywhere."""
    return (x > 0).to(x.dtype)


def hard_sigmoid(x: Tensor) -> Tensor:
    """max(0, min(6, x + 3)) / 6. Equal to F.hardsigmoid, whose second derivative torch does not implement."""
    return F.relu6(x + 3) / 6


def prelu(x: Tensor, slope: float) -> Tensor:
    """x where x > 0, else slope * x (He et al. 2015, arXiv:1502.01852, eq. 1)."""
    return F.prelu(x, torch.tensor([slope], dtype=x.dtype))


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("identity", r"x", lambda x, _: x * 1, gain="linear"),
    "step": Activation("step", r"[x > 0]", lambda x, _: step(x)),
    "sigmoid": Activation("sigmoid", r"\frac{1}{1+e^{-x}}", lambda x, _: torch.sigmoid(x), gain="sigmoid"),
    "tanh": Activation("tanh", r"\tanh x", lambda x, _: torch.tanh(x), gain="tanh"),
    "relu": Activation("ReLU", r"\max(0, x)", lambda x, _: F.relu(x), gain="relu"),
    "leaky_relu": Activation("leaky ReLU", r"\max(0, x) + s\min(0, x)", F.leaky_relu, "leaky_slope", "leaky_relu"),
    "gelu": Activation("GELU", r"x\,\Phi(x)", lambda x, _: F.gelu(x)),
    "silu": Activation("SiLU", r"x\,\sigma(x)", lambda x, _: F.silu(x)),
    "hard_sigmoid": Activation("hard sigmoid", r"\tfrac{1}{6}\max(0, \min(6, x+3))", lambda x, _: hard_sigmoid(x)),
    "softplus": Activation("softplus", r"\ln(1+e^x)", lambda x, _: F.softplus(x)),
    "prelu": Activation("PReLU", r"\max(0, x) + a\min(0, x)", prelu, "prelu_slope"),
    "elu": Activation("ELU", r"x>0:\ x,\quad \text{else}\ \alpha(e^x-1)", F.elu, "elu_alpha"),
    "selu": Activation("SELU", r"\lambda\,\mathrm{ELU}_\alpha(x)", lambda x, _: F.selu(x), gain="selu"),
    "gelu_tanh": Activation(
        "GELU (tanh)",
        r"\tfrac{x}{2}\left(1+\tanh\left(\sqrt{2/\pi}\,(x+0.044715x^3)\right)\right)",
        lambda x, _: F.gelu(x, approximate="tanh"),
    ),
    "swish": Activation("Swish", r"x\,\sigma(\beta x)", lambda x, beta: x * torch.sigmoid(beta * x), "swish_beta"),
    "mish": Activation("Mish", r"x\tanh(\ln(1+e^x))", lambda x, _: F.mish(x)),
    "hardswish": Activation("Hardswish", r"\tfrac{x}{6}\max(0, \min(6, x+3))", lambda x, _: F.hardswish(x)),
}


def activation(name: str, shapes: Shapes) -> Callable[[Tensor], Tensor]:
    """The named function of one tensor, bent by its shape number if it takes one. KeyError if there is no such name."""
    chosen = ACTIVATIONS[name]
    number = shapes[chosen.shape] if chosen.shape else 0.0
    return lambda x: chosen.function(x, number)
