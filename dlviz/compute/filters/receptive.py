"""Which pixels a unit of a layer can see: by the sizes of kernels and strides, and as the gradient finds it."""

import torch
from torch import Tensor

from dlviz.nets.efficientnet import SIDE, ConvNorm, EfficientNetLite0, Maps


def up_to(network: EfficientNetLite0, layer: str) -> list[ConvNorm]:
    """The convolutions from the picture up to this one."""
    names = [name for name, _ in network.convolutions()]
    return [module for _, module in network.convolutions()][: names.index(layer) + 1]


def field_side(network: EfficientNetLite0, layer: str) -> int:
    """r = 1 + Σ_l (k_l − 1) Π_{m<l} s_m: the side of a unit's receptive field, in pixels (Araujo, Norris and Sim 2019, equation 2)."""
    side, step = 1, 1
    for convolution in up_to(network, layer):
        side += (convolution.kernel - 1) * step
        step *= convolution.stride
    return side


def field_by_formula(network: EfficientNetLite0, layer: str, unit: int) -> tuple[int, int]:
    """First and last pixel that the unit can see, one way, not cut off at the picture's edge: u s − p … u s − p + k − 1, layer by layer."""
    befores, n = [], SIDE
    for convolution in up_to(network, layer):
        lacking = max(0, (-(-n // convolution.stride) - 1) * convolution.stride + convolution.kernel - n)
        befores.append(lacking // 2)
        n = -(-n // convolution.stride)
    first = last = unit
    for convolution, before in zip(reversed(up_to(network, layer)), reversed(befores), strict=True):
        first = first * convolution.stride - before
        last = last * convolution.stride - before + convolution.kernel - 1
    return first, last


def field_gradient(network: EfficientNetLite0, x: Tensor, layer: str, unit: int) -> Tensor:
    """|∂(sum over the layer's channels at place (unit, unit))/∂x|, summed over colours: where it is 0, nothing is seen. (n, n)."""
    keep: Maps = {}
    at = x.detach().requires_grad_()
    network(at, keep)
    return torch.autograd.grad(keep[layer][0, :, unit, unit].sum(), at)[0].abs().sum(1)[0]


def fields(network: EfficientNetLite0, x: Tensor, layer: str, side: int) -> tuple[dict[str, float], tuple[int, int, int, int]]:
    """What is measured of the unit in the middle of a layer of `side` × `side` units: its receptive field's side by formula, how high
    the part of it in the picture is, and how high by gradient; and the box that the gradient finds, as `support` gives it."""
    unit = side // 2
    first, last = field_by_formula(network, layer, unit)
    box = support(field_gradient(network, x, layer, unit))
    found = {
        "field_formula": float(field_side(network, layer)),
        "field_seen": float(min(last, SIDE - 1) - max(first, 0) + 1),
        "field_measured": float(box[1] - box[0] + 1) if box[0] >= 0 else 0.0,
    }
    return found, box


def support(size: Tensor) -> tuple[int, int, int, int]:
    """First and last row, first and last column that are not all 0; all -1 where everything is 0.

    >>> support(torch.tensor([[0, 0, 0], [0, 1, 2], [0, 0, 0]]))
    (1, 1, 1, 2)
    """
    rows, columns = (torch.nonzero(size.amax(axis)).flatten() for axis in (1, 0))
    return (int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])) if len(rows) else (-1, -1, -1, -1)
