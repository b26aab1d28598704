"""Expectations under a standard normal input, to a known accuracy, for functions with kinks and jumps."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

# Beyond 12 standard deviations the density is below 1e-31.
REACH = 12.0
PANELS = 96  # of width 1/4, so that the usual kinks (0, 1, 3) fall between panels
HALVINGS = 40  # halvings: enough to trap a jump in 1e-12


def normal_mean(function: Callable[[Tensor], Tensor], tolerance: float = 1e-9) -> float:
    """E[function(z)] for z ~ N(0, 1), with absolute error about `tolerance`; nan where there is no finite value.

    Adaptive Gauss-Legendre: a panel whose 10-point value differs from that of its two halves is halved.
    `function` maps a float64 tensor to one of the same shape.
    """
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(10))

    def integrate(left: Tensor, right: Tensor) -> Tensor:  # (panels,), (panels,) -> (panels,)
        half = (right - left) / 2
        z = (left + right)[:, None] / 2 + half[:, None] * nodes  # (panels, 10)
        density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return half * ((function(z) * density) @ weights)

    def settled(total: float) -> float:
        """The total, unless f still matters where we stop looking: then the mean is infinite, or lies further out."""
        ends = torch.tensor([-REACH, REACH], dtype=torch.float64)
        beyond = function(ends).abs() * torch.exp(-ends * ends / 2)
        return total if bool((beyond < tolerance * max(1.0, abs(total))).all()) else math.nan

    edges = torch.linspace(-REACH, REACH, PANELS + 1, dtype=torch.float64)
    left, right = edges[:-1], edges[1:]
    whole, total = integrate(left, right), 0.0
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        first, second = integrate(left, middle), integrate(middle, right)
        error = (first + second - whole).abs()
        # not (error <= ...) so that nan counts as unfinished and ends in a nan total
        open_ = ~(error <= tolerance / PANELS)
        total += float((first + second)[~open_].sum())
        if not bool(open_.any()):
            return settled(total)
        left, right = torch.cat([left[open_], middle[open_]]), torch.cat([middle[open_], right[open_]])
        whole = torch.cat([first[open_], second[open_]])
        if len(left) > 4096:  # a function that no panel resolves, such as one that is nan on an interval
            return math.nan
    # A jump has shrunk to nothing by now; what is still open, such as the pole of 1/z**2, has no finite integral.
    return settled(total + float(whole.sum())) if float(error[open_].sum()) < 1e3 * tolerance else math.nan
