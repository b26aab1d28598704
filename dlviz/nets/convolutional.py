"""A small convolutional network as plain tensors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

POOLS = {"max": "max pooling", "average": "average pooling", "none": "no pooling"}
HEADS = {"flatten": "flatten", "global": "global average pooling"}
EPSILON = 1e-5  # added to the variance that batch norm divides by


@dataclass
class Convolutional:
    """`kernels` (out, in, k, k) and `biases` (out,) of every convolution, then the linear head (classes, features).

    A layer: convolution with padding ⌊k/2⌋, batch norm if `gains` and `shifts` are there, ReLU, 2×2 pooling. The head takes
    every value of the last maps ("flatten"), or each map's mean ("global"). `means` and `variances` are batch norm's for
    pictures that are not trained on; they are followed, not trained.
    """

    kernels: list[Tensor]
    biases: list[Tensor]
    head: Tensor
    head_bias: Tensor
    pool: str
    reads: str  # one of HEADS
    gains: list[Tensor] = field(default_factory=list)
    shifts: list[Tensor] = field(default_factory=list)
    means: list[Tensor] = field(default_factory=list)
    variances: list[Tensor] = field(default_factory=list)

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that are trained."""
        return [*self.kernels, *self.biases, self.head, self.head_bias, *self.gains, *self.shifts]

    def forward(self, x: Tensor, training: bool = False, keep: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Logits (n, classes) and every layer's maps after ReLU (n, out, h, w), before pooling, for x (n, in, h, w).

        `training`: batch norm uses these pictures, and remembers them. `keep` (n, features) multiplies what the head reads: dropout's
        mask, drawn by the caller from a generator and divided by the share that is kept.
        """
        maps = []
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            z = F.conv2d(x, kernel, bias, padding=kernel.shape[-1] // 2)
            if self.gains:
                z = F.batch_norm(z, self.means[layer], self.variances[layer], self.gains[layer], self.shifts[layer], training, eps=EPSILON)
            maps.append(torch.relu(z))
            x = pooled(maps[-1], self.pool)
        features = x.mean((2, 3)) if self.reads == "global" else x.flatten(1)
        return F.linear(features if keep is None else features * keep, self.head, self.head_bias), maps


def pooled(maps: Tensor, pool: str) -> Tensor:
    """2×2 pooling, an odd last row or column left out. KeyError for a kind that does not exist."""
    return {"max": lambda: F.max_pool2d(maps, 2), "average": lambda: F.avg_pool2d(maps, 2), "none": lambda: maps}[pool]()


def folded(net: Convolutional) -> Convolutional:
    """The same function without batch norm, which for new pictures is a factor and a shift: w g/√(v + ε) and (b - m) g/√(v + ε) + s."""
    kernels, biases = [kernel.detach().clone() for kernel in net.kernels], [bias.detach().clone() for bias in net.biases]
    for layer, gain in enumerate(net.gains):
        factor = gain.detach() / (net.variances[layer] + EPSILON).sqrt()
        kernels[layer] *= factor[:, None, None, None]
        biases[layer] = (biases[layer] - net.means[layer]) * factor + net.shifts[layer].detach()
    return Convolutional(kernels, biases, net.head.detach().clone(), net.head_bias.detach().clone(), net.pool, net.reads)


def build_convolutional(
    channels: Sequence[int], kernel: int, pool: str, reads: str, norm: bool, classes: int, generator: torch.Generator, side: int = 28,
    depth: int = 1,
) -> Convolutional:  # fmt: skip
    """A fresh network for pictures of `depth` channels of side×side: normal weights, σ = √(2/in) for kernels (He et al. 2015, eq. 10)
    and √(1/in) for the head; biases 0. KeyError for a pooling that does not exist comes with the first picture."""
    ins = [depth, *channels[:-1]]
    kernels = [_normal((out, into, kernel, kernel), into * kernel**2, 2, generator) for into, out in zip(ins, channels, strict=True)]
    features = channels[-1] if reads == "global" else channels[-1] * (side // 2 ** (len(channels) if pool != "none" else 0)) ** 2
    head = _normal((classes, features), features, 1, generator)
    normed = list(channels) if norm else []
    net = Convolutional(
        kernels, [torch.zeros(out) for out in channels], head, torch.zeros(classes), pool, reads, [torch.ones(n) for n in normed],
        [torch.zeros(n) for n in normed], [torch.zeros(n) for n in normed], [torch.ones(n) for n in normed],
    )  # fmt: skip
    for parameter in net.parameters:
        parameter.requires_grad_()
    return net


def features_of(net: Convolutional) -> int:
    """How many numbers the head reads."""
    return net.head.shape[1]


def _normal(shape: tuple[int, ...], into: int, gain: float, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator) * math.sqrt(gain / into)
