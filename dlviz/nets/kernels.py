"""Kernels with a name: small square arrays of weights, as they are laid over a picture (row 0 is the top).

Notation: b_k is the k-th row of Pascal's triangle, (1, 1), (1, 2, 1) and so on: a bell of whole numbers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """What the kernels with a choice take from the settings: their side, and what each is bent by."""

    side: int = 3
    angle: float = 0.0  # degrees
    wavelength: float = 4.0  # pixels
    seed: int = 0


def bell(k: int) -> Tensor:
    """b_k, k whole numbers that sum to 2^(k-1). Float64 (k,).

    >>> bell(5).tolist()
    [1.0, 4.0, 6.0, 4.0, 1.0]
    """
    return torch.tensor([math.comb(k - 1, i) for i in range(k)], dtype=torch.float64)


def identity(shape: Shape) -> Tensor:
    """1 in the middle, 0 elsewhere: every pixel stays what it is."""
    kernel = torch.zeros(shape.side, shape.side, dtype=torch.float64)
    kernel[(shape.side - 1) // 2, (shape.side - 1) // 2] = 1
    return kernel


def box(shape: Shape) -> Tensor:
    """All weights 1/k²: the mean."""
    return torch.full((shape.side, shape.side), 1 / shape.side**2, dtype=torch.float64)


def gaussian(shape: Shape) -> Tensor:
    """b_k b_kᵀ / 4^(k-1): a mean that counts near pixels more, close to a Gaussian of variance (k-1)/4."""
    row = bell(shape.side) / 2 ** (shape.side - 1)
    return torch.outer(row, row)


def sobel_x(shape: Shape) -> Tensor:
    """b_k (b_(k-1) * (-1, 1))ᵀ: the slope from left to right, smoothed. At k = 3 the usual (-1, 0, 1) times (1, 2, 1).

    >>> sobel_x(Shape(3)).int().tolist()
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    """
    if shape.side == 1:
        return torch.zeros(1, 1, dtype=torch.float64)
    narrow, nothing = bell(shape.side - 1), torch.zeros(1, dtype=torch.float64)
    slope = torch.cat([nothing, narrow]) - torch.cat([narrow, nothing])
    return torch.outer(bell(shape.side), slope)


def sobel_y(shape: Shape) -> Tensor:
    """The slope from top to bottom."""
    return sobel_x(shape).T.contiguous()


def gabor(shape: Shape) -> Tensor:
    """cos(2 pi u/wavelength) exp(-(u² + v²/4)/(2 s²)), s = wavelength/2, minus its mean; u runs along `angle`, v across.

    It answers to stripes of this wavelength and direction, and not at all to a flat picture.
    """
    place = torch.arange(shape.side, dtype=torch.float64) - (shape.side - 1) / 2
    y, x = torch.meshgrid(place, place, indexing="ij")
    turn = math.radians(shape.angle)
    u, v = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    wave = torch.cos(2 * math.pi * u / shape.wavelength) * torch.exp(-(u**2 + v**2 / 4) / (shape.wavelength**2 / 2))
    return wave - wave.mean()


def random(shape: Shape) -> Tensor:
    """Normal weights of standard deviation 1/k, as an untrained layer has them."""
    generator = torch.Generator().manual_seed(shape.seed)
    return torch.randn(shape.side, shape.side, generator=generator, dtype=torch.float64) / shape.side


def _fixed(*rows: tuple[float, ...]) -> Callable[[Shape], Tensor]:
    return lambda shape: torch.tensor(rows, dtype=torch.float64)


sharpen = _fixed((0, -1, 0), (-1, 5, -1), (0, -1, 0))  # the pixel, plus its difference from its four neighbours
laplacian = _fixed((0, 1, 0), (1, -4, 1), (0, 1, 0))  # the sum of the four neighbours' differences from the pixel
emboss = _fixed((-2, -1, 0), (-1, 1, 1), (0, 1, 2))  # the pixel, and light from the upper left

# name -> label, kernel
KERNELS: dict[str, tuple[str, Callable[[Shape], Tensor]]] = {
    "identity": ("Identity", identity),
    "box": ("Box blur", box),
    "gaussian": ("Gaussian blur", gaussian),
    "sharpen": ("Sharpen", sharpen),
    "sobel_x": ("Sobel x", sobel_x),
    "sobel_y": ("Sobel y", sobel_y),
    "laplacian": ("Laplacian", laplacian),
    "emboss": ("Emboss", emboss),
    "gabor": ("Gabor", gabor),
    "random": ("Random", random),
}
SIDE_3 = ("sharpen", "laplacian", "emboss")  # these have no other size
