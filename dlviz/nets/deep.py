"""A deep stack of equal blocks with a linear readout: the network in which gradients vanish, explode or survive."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from dlviz.nets.mlp import Function, initial_weight

NORMS = {"none": "no norm", "batch": "batch norm", "layer": "layer norm", "rms": "RMS norm"}
PLACES = {"z": "between W and f", "pre": "before W", "post": "after the addition"}
EPSILON = 1e-5  # added to the variance that a norm divides by


@dataclass(frozen=True)
class Block:
    """What one block did, all (n, width): `into` is what W multiplied, `z` = W into + b, `before` what f was given,
    `a` = f(before), and `h` what left the block."""

    into: Tensor
    z: Tensor
    before: Tensor
    a: Tensor
    h: Tensor


@dataclass
class Deep:
    """Weights (out, in) and biases (out,) of every block, then of the readout, which is linear.

    A block: h ↦ skip·h + scale·f(W h + b), without the first term where the widths of its ends differ. `norm` stands
    at `place`: "z": f(norm(W h + b)); "pre": f(W norm(h) + b), the skip goes around it; "post": norm of the whole.
    `gains` and `shifts` (out,) of the norms are trained; both are empty without a norm.
    """

    weights: list[Tensor]
    biases: list[Tensor]
    activation: Function
    norm: str = "none"
    place: str = "pre"
    skip: bool = False
    scale: float = 1.0
    gains: list[Tensor] = field(default_factory=list)
    shifts: list[Tensor] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """Blocks, the readout not counted."""
        return len(self.weights) - 1

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that are trained."""
        return [*self.weights, *self.biases, *self.gains, *self.shifts]

    def block(self, layer: int, h: Tensor) -> Block:
        """What one block makes of h (n, in)."""
        into = self._normalise(layer, h, "pre")
        z = torch.addmm(self.biases[layer], into, self.weights[layer].T)  # (n, width)
        before = self._normalise(layer, z, "z")
        a = self.activation(before)
        added = self.scale * a + h if self.skip and h.shape == a.shape else a
        return Block(into, z, before, a, self._normalise(layer, added, "post"))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Block]]:
        """The output (n, classes) and what every block did, for x (n, in)."""
        blocks: list[Block] = []
        for layer in range(self.depth):
            blocks.append(self.block(layer, blocks[-1].h if blocks else x))
        return torch.addmm(self.biases[-1], blocks[-1].h, self.weights[-1].T), blocks

    def _normalise(self, layer: int, values: Tensor, place: str) -> Tensor:
        if self.norm == "none" or self.place != place:
            return values
        return self.gains[layer] * normalised(values, self.norm) + self.shifts[layer]


def normalised(values: Tensor, norm: str) -> Tensor:
    """(values − mean) / √(variance + EPSILON), same shape (n, width).

    "batch": each unit over the n samples (Ioffe & Szegedy 2015), always those given. "layer": each sample over the units
    (Ba et al. 2016). "rms": values / √(mean square + EPSILON) of each sample (Zhang & Sennrich 2019). KeyError for another.
    """
    if norm == "rms":
        return values * torch.rsqrt(values.square().mean(1, keepdim=True) + EPSILON)
    axis = {"batch": 0, "layer": 1}[norm]
    centred = values - values.mean(axis, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(axis, keepdim=True) + EPSILON)


def build_deep(
    widths: Sequence[int], activation: Function, initialisation: str, generator: torch.Generator, *, weight_spread: float = 1.0,
    bias_spread: float = 0.0, gain: float = 1.0, norm: str = "none", place: str = "pre", skip: bool = False, scale: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> Deep:  # fmt: skip
    """A Deep with layers of these widths, (in, blocks..., classes); drawn in float64, so equal up to rounding in every dtype.

    `weight_spread` is σ_w of "normal", N(0, σ_w²/in), and of "uniform", U(±σ_w/√in), whose variance is a third of that.
    Biases are N(0, bias_spread²). `gain` multiplies Xavier's and orthogonal weights. The readout is N(0, 1/in) whatever the
    initialisation, so that only the blocks differ; but zero where all is zero. "lsuv" is orthogonal here: see `lsuv`.
    """
    weights = [initial(o, i, initialisation, weight_spread, gain, generator) for i, o in zip(widths[:-2], widths[1:-1], strict=True)]
    readout = initial(widths[-1], widths[-2], "zeros" if initialisation == "zeros" else "normal", 1.0, 1.0, generator)
    biases = [bias_spread * torch.randn(o, generator=generator, dtype=torch.float64) for o in widths[1:-1]]
    biases.append(torch.zeros(widths[-1], dtype=torch.float64))
    ends = (widths[:-2] if place == "pre" else widths[1:-1]) if norm != "none" else []
    gains, shifts = [torch.ones(n, dtype=torch.float64) for n in ends], [torch.zeros(n, dtype=torch.float64) for n in ends]
    rows = [[tensor.to(dtype).requires_grad_() for tensor in row] for row in ([*weights, readout], biases, gains, shifts)]
    return Deep(rows[0], rows[1], activation, norm, place, skip, scale, rows[2], rows[3])


def initial(out: int, into: int, how: str, spread: float, gain: float, generator: torch.Generator) -> Tensor:
    """One block's weight (out, in) in float64. KeyError for an initialisation that does not exist."""
    if how == "uniform":
        limit = spread / math.sqrt(into)
        return torch.empty(out, into, dtype=torch.float64).uniform_(-limit, limit, generator=generator)
    if how == "normal":
        return torch.randn(out, into, generator=generator, dtype=torch.float64) * (spread / math.sqrt(into))
    known = {"zeros": "zeros", "xavier": "xavier", "he": "he", "orthogonal": "orthogonal", "lsuv": "orthogonal"}[how]
    return initial_weight(out, into, known, generator, torch.float64) * (gain if how in ("xavier", "orthogonal") else 1.0)


def lsuv(net: Deep, x: Tensor) -> None:
    """Scale each block's weight in place so that its z has variance 1 on x (n, in) (Mishkin & Matas 2016, algorithm 1).

    One division is exact, because biases are zero and z is linear in W; a block whose z does not vary keeps its weight.
    """
    with torch.no_grad():
        h = x
        for layer in range(net.depth):
            spread = net.block(layer, h).z.std(correction=0)
            if spread > 0:
                net.weights[layer] /= spread
            h = net.block(layer, h).h
