"""One convolution as deep learning means it, with everything around it: padding, stride, dilation, channels, activation, pooling.

Notation: n side of the input, k of the kernel, d dilation, s stride, p padding on each side, C channels in.
The output has floor((n + 2p - d(k - 1) - 1) / s) + 1 pixels a side (Dumoulin and Visin 2016, relationship 15).
"""

import torch
import torch.nn.functional as functional
from torch import Tensor

SMOOTH = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "abs": torch.abs}


def padding_of(kind: str, k: int, dilation: int) -> int:
    """Pixels added on each side: none for "valid", else floor(d(k-1)/2), which keeps the size if d(k-1) is even and the stride 1."""
    return 0 if kind == "valid" else dilation * (k - 1) // 2


def output_side(n: int, k: int, padding: int, stride: int, dilation: int) -> int:
    """floor((n + 2p - d(k-1) - 1)/s) + 1; 0 or less if the kernel does not fit.

    >>> output_side(28, 3, 0, 1, 1), output_side(28, 3, 1, 1, 1), output_side(28, 3, 0, 2, 1), output_side(28, 3, 0, 1, 2)
    (26, 28, 13, 24)
    """
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1


def pad(image: Tensor, kind: str, k: int, dilation: int) -> Tensor:
    """The picture (C, n, n) with its border: zeros for "same", mirrored pixels for "reflect"."""
    p = padding_of(kind, k, dilation)
    return functional.pad(image, (p, p, p, p), mode="reflect" if kind == "reflect" and p else "constant")


def weights_of(kernel: Tensor, colour: str, mix: tuple[float, ...], channels: int) -> Tensor:
    """A layer's weights (C out, C in / groups, k, k) made of one kernel: itself for each channel, or mixed into one channel."""
    if colour == "mixed":
        return torch.tensor(mix[:channels], dtype=kernel.dtype)[None, :, None, None] * kernel
    return kernel.expand(channels, 1, *kernel.shape)


def convolve(image: Tensor, weights: Tensor, bias: float, stride: int, dilation: int) -> Tensor:
    """y[i, j] = b + sum over c, u, v of w[c, u, v] x[c, s i + d u, s j + d v]: cross-correlation, the kernel is not turned.

    `image` (C, n, n), padded already; `weights` (C out, C in / groups, k, k). The output is (C out, m, m).
    """
    groups = image.shape[0] // weights.shape[1]
    shift = torch.full((weights.shape[0],), bias, dtype=image.dtype)
    return functional.conv2d(image[None], weights, shift, stride=stride, dilation=dilation, groups=groups)[0]


def activate(maps: Tensor, name: str) -> Tensor:
    """The activation, pixel by pixel; "none" leaves the maps as they are."""
    return SMOOTH[name](maps) if name in SMOOTH else maps


def pool(maps: Tensor, name: str, side: int) -> Tensor:
    """The largest or the mean of each square of side × side pixels, which do not overlap; a rest at the border is left out."""
    if name == "none":
        return maps
    return (functional.max_pool2d if name == "max" else functional.avg_pool2d)(maps[None], side)[0]
