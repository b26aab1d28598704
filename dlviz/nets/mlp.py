"""A multilayer perceptron as plain tensors: small enough that the overhead of modules would be most of its cost."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

Function = Callable[[Tensor], Tensor]
INITIALISATIONS = {
    "zeros": "zeros",
    "small": "normal, σ = 0.01",
    "xavier": "Xavier",
    "lecun": "LeCun",
    "he": "He",
    "orthogonal": "orthogonal",
}


@dataclass
class MLP:
    """Weights (out, in) and biases (out,) of every layer, and the activation between them; the last layer is linear.

    `slopes` is empty, or holds one trained slope (1,) for each hidden layer, whose activation is then PReLU.
    """

    weights: list[Tensor]
    biases: list[Tensor]
    activation: Function
    slopes: list[Tensor] = field(default_factory=list)

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that are trained, layer by layer: weight, bias, slope."""
        rows = [self.weights, self.biases, self.slopes] if self.slopes else [self.weights, self.biases]
        return [rows[kind][layer] for layer in range(len(self.weights)) for kind in range(len(rows)) if layer < len(rows[kind])]

    def function(self, layer: int) -> Function:
        """The activation of one hidden layer."""
        return (lambda z: F.prelu(z, self.slopes[layer])) if self.slopes else self.activation

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The output (n, out) and the pre-activations z (n, width) of every hidden layer, for x (n, in)."""
        hidden = []
        for layer, (weight, bias) in enumerate(zip(self.weights[:-1], self.biases[:-1], strict=True)):
            z = torch.addmm(bias, x, weight.T)  # (n, width)
            hidden.append(z)
            x = self.function(layer)(z)
        return torch.addmm(self.biases[-1], x, self.weights[-1].T), hidden


def build(
    widths: Sequence[int], activation: Function, initialisation: str, generator: torch.Generator, slope: float | None = None,
    dtype: torch.dtype = torch.float32,
) -> MLP:  # fmt: skip
    """An MLP with layers of these widths, (in, hidden..., out); biases are zero, PReLU's slopes start at `slope` if there is one.

    Xavier: uniform on ±√(6/(in + out)) (Glorot & Bengio 2010, eq. 16). He: normal, σ = √(2/in) (He et al. 2015, eq. 10).
    LeCun: normal, σ = √(1/in) (LeCun et al. 1998, "Efficient BackProp", eq. 16; SELU's, Klambauer et al. 2017).
    Orthogonal: rows or columns orthonormal (Saxe et al. 2014). KeyError for an initialisation that does not exist.
    """
    weights = [initial_weight(o, i, initialisation, generator, dtype) for i, o in zip(widths[:-1], widths[1:], strict=True)]
    biases = [torch.zeros(o, dtype=dtype) for o in widths[1:]]
    slopes = [] if slope is None else [torch.full((1,), slope, dtype=dtype) for _ in widths[1:-1]]
    for tensor in [*weights, *biases, *slopes]:
        tensor.requires_grad_()
    return MLP(weights, biases, activation, slopes)


def initial_weight(out: int, into: int, initialisation: str, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """One layer's weight (out, in). KeyError for an initialisation that does not exist."""
    normal = torch.randn(out, into, generator=generator, dtype=dtype)
    if initialisation == "orthogonal":
        tall = normal if out >= into else normal.T
        q, r = torch.linalg.qr(tall)
        q = q * torch.sign(torch.diagonal(r))  # makes the distribution uniform over orthogonal matrices
        return (q if out >= into else q.T).contiguous()
    if initialisation == "xavier":
        limit = math.sqrt(6 / (into + out))
        return torch.empty(out, into, dtype=dtype).uniform_(-limit, limit, generator=generator)
    return normal * {"zeros": 0.0, "small": 0.01, "lecun": math.sqrt(1 / into), "he": math.sqrt(2 / into)}[initialisation]
