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

    def function(self, layer: int) -> Function:
        """The activation of one hidden layer."""
        return (lambda z: torch.where(z > 0, z, self.slopes[layer][:, None].to(z.dtype) * z)) if self.slopes else self.activation

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The outputs (members, n) and every hidden layer's pre-activations (members, n, width) for inputs (members, n, in)."""
        hidden = []
        for layer, (weight, bias) in enumerate(zip(self.weights[:-1], self.biases[:-1], strict=True)):
            hidden.append(torch.baddbmm(bias[:, None, :], x, weight.transpose(1, 2)))
            x = self.function(layer)(hidden[-1])
        return torch.baddbmm(self.biases[-1][:, None, :], x, self.weights[-1].transpose(1, 2))[:, :, 0], hidden


def stack(members: Sequence[MLP]) -> Ensemble:
    """Networks of one shape as an Ensemble that starts where they stand."""

    def together(rows: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        return [torch.stack(list(each)).detach().requires_grad_() for each in zip(*rows, strict=True)]

    weights, biases, slopes = (together([getattr(member, name) for member in members]) for name in ("weights", "biases", "slopes"))
    return Ensemble(weights, biases, members[0].activation, slopes)


def unflatten(rows: Tensor, widths: Sequence[int], activation: Function, learns_slopes: bool) -> Ensemble:
    """An Ensemble whose members have their parameters in the rows (members, p), in the order of `MLP.parameters`."""
    weights, biases, slopes, at = [], [], [], 0
    for layer, (into, out) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
        weights.append(rows[:, at : at + into * out].reshape(-1, out, into))
        biases.append(rows[:, at + into * out : at + into * out + out])
        at += into * out + out
        if learns_slopes and layer < len(widths) - 2:
            slopes.append(rows[:, at : at + 1])
            at += 1
    return Ensemble(weights, biases, activation, slopes)
