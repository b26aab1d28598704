"""Which pixels a class's score depends on: occlusion, saliency, SmoothGrad, gradient × input, integrated gradients, Grad-CAM.

Notation: x a picture (1, 3, n, n) as the network wants it, S(x) the logit of the class `target`. Nothing here touches the network:
no hooks, no parameter's gradient.
"""

from collections.abc import Generator, Iterator, Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from dlviz.nets.efficientnet import EfficientNetLite0, Maps

CHUNK = 4  # pictures at once: more of them fall out of the processor's cache
DEPTHS = {"classifier": "the classifier", "half": "the upper half", "all": "all layers"}
Made = TypeVar("Made")
Passes = Generator[int, None, Made]  # what takes many passes: it yields how many it has just made, and returns what they are for
UPPER = tuple(f"blocks.{i}." for i in range(8, 16)) + ("head.",)


def finished(passes: Generator[object, None, Made]) -> Made:
    """What the passes are for, for those who can wait."""
    while True:
        try:
            next(passes)
        except StopIteration as end:
            made: Made = end.value
            return made


def score(network: EfficientNetLite0, pictures: Tensor, target: int, keep: Maps | None = None) -> Tensor:
    """S(x): the logit of the class for each picture. (B,)."""
    return network(pictures, keep)[:, target]


def scores(network: EfficientNetLite0, pictures: Tensor, target: int) -> Tensor:
    """S(x) for many pictures, a few at a time, without gradients. (B,)."""
    with torch.inference_mode():
        return torch.cat([score(network, chunk, target) for chunk in pictures.split(CHUNK)])


def gradient(network: EfficientNetLite0, pictures: Tensor, target: int) -> Tensor:
    """∂S/∂x of each picture. (B, 3, n, n)."""
    at = pictures.detach().requires_grad_()
    return torch.autograd.grad(score(network, at, target).sum(), at)[0]


def saliency(network: EfficientNetLite0, x: Tensor, target: int) -> Tensor:
    """|∂S/∂x| (Simonyan, Vedaldi and Zisserman 2013). (1, 3, n, n)."""
    return gradient(network, x, target).abs()


def gradient_times_input(network: EfficientNetLite0, x: Tensor, target: int) -> Tensor:
    """x · ∂S/∂x, element by element (Shrikumar et al. 2016): the first-order share of each pixel in S. (1, 3, n, n)."""
    return x * gradient(network, x, target)


def smooth_gradient(
    network: EfficientNetLite0, x: Tensor, target: int, generator: torch.Generator, samples: int = 16, spread: float = 0.15
) -> Tensor:
    """|mean of ∂S/∂x at x + ε|, ε normal with `spread` × (max x − min x) as its standard deviation (Smilkov et al. 2017). (1, 3, n, n)."""
    return finished(smoothing(network, x, target, generator, samples, spread))


def smoothing(
    network: EfficientNetLite0, x: Tensor, target: int, generator: torch.Generator, samples: int, spread: float
) -> Passes[Tensor]:
    """The same, gradient by gradient."""
    sigma = spread * (x.max() - x.min())
    total = torch.zeros_like(x)
    for _ in range(samples):
        noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        total += gradient(network, x + sigma * noise, target)
        yield 1
    return (total / samples).abs()


def integrated_gradients(network: EfficientNetLite0, x: Tensor, target: int, baseline: Tensor, steps: int = 32) -> Tensor:
    """(x − x₀) · ∫₀¹ ∂S/∂x(x₀ + a (x − x₀)) da from the baseline x₀ (Sundararajan, Taly and Yan 2017, equation 1). (1, 3, n, n).

    The integral by Gauss and Legendre's rule with `steps` points.
    """
    return finished(integrating(network, x, target, baseline, steps))


def integrating(network: EfficientNetLite0, x: Tensor, target: int, baseline: Tensor, steps: int) -> Passes[Tensor]:
    """The same, gradient by gradient."""
    points, weights = np.polynomial.legendre.leggauss(steps)  # on -1..1
    total = torch.zeros_like(x)
    for a, weight in zip((1 + points) / 2, weights / 2, strict=True):
        total += weight * gradient(network, baseline + a * (x - baseline), target)
        yield 1
    return (x - baseline) * total


def completeness_gap(network: EfficientNetLite0, x: Tensor, target: int, baseline: Tensor, attribution: Tensor) -> float:
    """Σ attribution − (S(x) − S(x₀)): 0 for the exact integral (Sundararajan et al. 2017, proposition 1)."""
    at_x, at_baseline = scores(network, torch.cat([x, baseline]), target).double().tolist()
    return float(attribution.double().sum()) - (at_x - at_baseline)


def grad_cam(network: EfficientNetLite0, x: Tensor, target: int, layer: str) -> Tensor:
    """Σ_c w_c A_c, w_c = mean over places of ∂S/∂A_c, A the maps of a convolution (Selvaraju et al. 2017, equations 1 and 2, before
    their ReLU). (h, w)."""
    keep: Maps = {}
    # the weights ask for no gradient, so the graph begins at the picture
    found = score(network, x.detach().requires_grad_(), target, keep)
    slopes = torch.autograd.grad(found.sum(), keep[layer])[0]
    return (slopes.mean((2, 3), keepdim=True) * keep[layer]).sum(1)[0].detach()


def windows(side: int, patch: int, stride: int) -> Iterator[tuple[slice, slice]]:
    """The places of a square patch, row by row; the last ones may stick out and are cut off."""
    starts = range(0, min(side, -(-(side - patch) // stride) * stride + 1), stride)
    yield from ((slice(top, top + patch), slice(left, left + patch)) for top in starts for left in starts)


def occluded(x: Tensor, places: list[tuple[slice, slice]], value: float = 0) -> Tensor:
    """The picture once for each place, with the patch there at `value`. (places, 3, n, n)."""
    pictures = x.repeat(len(places), 1, 1, 1)
    for picture, (rows, columns) in zip(pictures, places, strict=True):
        picture[:, rows, columns] = value
    return pictures


def occlusion(x: Tensor, patch: int, stride: int, without: Tensor, whole: float) -> Tensor:
    """The drop of S where a grey patch lies, mean over the patches that cover a pixel (Zeiler and Fergus 2013). (n, n).

    `without` has S under each of `windows`, `whole` is S(x).
    """
    side = x.shape[-1]
    drop, count = x.new_zeros(side, side), x.new_zeros(side, side)
    for (rows, columns), found in zip(windows(side, patch, stride), without, strict=True):
        drop[rows, columns] += whole - found
        count[rows, columns] += 1
    return drop / count.clamp(min=1)


def randomised(weights: Mapping[str, Tensor], depth: str, generator: torch.Generator) -> dict[str, Tensor]:
    """A network's state with the convolutions and the classifier from the top down to `depth` redrawn (Adebayo et al. 2018, cascading).

    Each tensor is replaced by normal numbers of its own mean and standard deviation; the normalisations' numbers stay.
    """
    drawn = dict(weights)
    for name, value in weights.items():
        if (name.startswith("classify") or "conv." in name) and within(name, depth):
            drawn[name] = value.mean() + value.std() * torch.randn(value.shape, generator=generator)
    return drawn


def within(name: str, depth: str) -> bool:
    """Whether a parameter lies above the depth down to which weights are redrawn."""
    return name.startswith("classify") or depth == "all" or (depth == "half" and name.startswith(UPPER))


def rank_correlation(one: Tensor, other: Tensor) -> float:
    """Spearman's rank correlation of two maps of one size; equal values get different ranks, in the order of the pixels.

    >>> rank_correlation(torch.tensor([1.0, 5.0, 9.0]), torch.tensor([2.0, 4.0, 700.0]))
    1.0
    """
    ranks = [each.flatten().argsort(stable=True).argsort().double() for each in (one, other)]
    return float(torch.corrcoef(torch.stack(ranks))[0, 1].clamp(-1, 1))
