"""Many multilayer perceptrons of one shape as one: every tensor has a first axis for the member."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.nets.mlp import MLP, Function


@dataclass
class Ensemble:
    """Weights (members, out, in) and biases (members, out) of every layer; the activation, and PReLU's slopes (members, 1) if any."""

    weights: list[Tensor]
    biases: list[Tensor]
    activation: Function
    slopes: list[Tensor]

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that are trained."""
        return [*self.weights, *self.biases, *self.slopes]

    def forward(self, x: Tensor) -> Tensor:
        """The outputs (members, n) for inputs (members, n, in), each member's own."""
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias[:, None, :], x, weight.transpose(1, 2))
            if layer < len(self.weights) - 1:
                x = torch.where(x > 0, x, self.slopes[layer][:, None] * x) if self.slopes else self.activation(x)
        return x[:, :, 0]


def stack(members: Sequence[MLP]) -> Ensemble:
    """Networks of one shape as an Ensemble that starts where they stand."""

    def together(rows: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        return [torch.stack(list(each)).detach().requires_grad_() for each in zip(*rows, strict=True)]

    weights, biases, slopes = (together([getattr(member, name) for member in members]) for name in ("weights", "biases", "slopes"))
    return Ensemble(weights, biases, members[0].activation, slopes)
