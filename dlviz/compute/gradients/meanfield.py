"""What theory says of infinitely wide networks with random weights: how the variance of signals and gradients goes from layer to layer.

    q       mean square of the pre-activations z of a layer
    σ_w², σ_b²   n times the variance of a weight, and the variance of a bias
    χ       by which ‖δ‖² = ‖∂L/∂z‖² is multiplied from a layer to the one before

Poole et al. 2016, arXiv:1606.05340, eq. 3; Schoenholz et al. 2017, arXiv:1611.01232, eq. 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dlviz.compute.derivatives import derivatives
from dlviz.nets.mlp import Function

REACH = 9.0  # beyond it the normal density is below 1e-18
ENOUGH = 200  # rounds after which the map of q has come to rest, if it ever does
Rule = tuple[Tensor, Tensor]  # places z, and the weights that make a sum over them an expectation under N(0, 1)


def rule(panels: int, points: int) -> Rule:
    """Gauss-Legendre in `panels` equal parts from -REACH to REACH; even, so that a kink at 0 lies between two."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    half = REACH / panels
    z = (np.linspace(-REACH, REACH, panels + 1)[:-1, None] + half + half * nodes).ravel()
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return torch.from_numpy(z), torch.from_numpy(np.tile(half * weights, panels) * density)


FINE, COARSE = rule(72, 6), rule(24, 4)


def mean(function: Function, q: np.ndarray, use: Rule = FINE) -> np.ndarray:
    """E[f(√q z)] for z ~ N(0, 1) and every q; same shape as `q`."""
    with torch.no_grad():
        return (function(_places(q, use)) @ use[1]).numpy()


def square(function: Function, q: np.ndarray, use: Rule = FINE) -> np.ndarray:
    """E[f(√q z)²] for z ~ N(0, 1) and every q; same shape as `q`."""
    with torch.no_grad():
        return (function(_places(q, use)) ** 2 @ use[1]).numpy()


def slope_square(function: Function, q: np.ndarray, use: Rule = FINE) -> np.ndarray:
    """E[f'(√q z)²] for z ~ N(0, 1) and every q; same shape as `q`."""
    return (derivatives(function, _places(q, use), order=1)[1] ** 2 @ use[1]).numpy()


def _places(q: np.ndarray, use: Rule) -> Tensor:
    return torch.as_tensor(q, dtype=torch.float64).sqrt()[..., None] * use[0]


@dataclass(frozen=True, eq=False)
class Prediction:
    """`q` of every layer, and `chi`: ‖δ‖² of a layer over ‖δ‖² of the next, nan where that is not known. Both (layers,)."""

    q: np.ndarray
    chi: np.ndarray


def predict(
    function: Function, inputs: tuple[float, float], weight_squares: np.ndarray, bias_square: float, skips: Sequence[bool], scale: float
) -> Prediction:
    """From the inputs' mean and mean square, layer by layer, for blocks h ↦ [skip] h + scale·f(W h + b).

    q = σ_w² E[h²] + σ_b². A skip adds: E[h²] ← E[h²] + 2 s E[h] E[f] + s² E[f²], because a fresh W makes z independent of h,
    and going back multiplies ‖∂L/∂h‖² by 1 + s² σ_w² E[f'²] rather than by s² σ_w² E[f'²]. δ = s f'(z) ∂L/∂h gives χ.
    The way back takes W to be independent of the gradient, which skips make wrong where h has a mean: there χ is nan.
    """
    first, second = inputs
    q, slopes, behind = (np.zeros(len(weight_squares)) for _ in range(3))
    for layer, (weight_square, skip) in enumerate(zip(weight_squares, skips, strict=True)):
        s = scale if skip else 1.0
        q[layer] = weight_square * second + bias_square
        f, ff, slopes[layer] = (float(each(function, q[layer])) for each in (mean, square, slope_square))
        known = not skip or abs(f) < 1e-9
        second = s**2 * ff + (second + 2 * s * first * f if skip else 0.0)
        first = s * f + (first if skip else 0.0)
        behind[layer] = skip + s**2 * weight_square * slopes[layer] if known else np.nan  # of ‖∂L/∂h‖², through this layer
    scales = np.array([scale if skip else 1.0 for skip in skips])
    with np.errstate(invalid="ignore", divide="ignore"):
        chi = behind[1:] * (scales[:-1] ** 2 * slopes[:-1]) / (scales[1:] ** 2 * slopes[1:])
    return Prediction(q, np.append(chi, np.nan))


def fixed_point(function: Function, weight_square: np.ndarray, bias_square: np.ndarray, use: Rule = FINE) -> tuple[np.ndarray, np.ndarray]:
    """q* and χ = σ_w² E[f'(√q* z)²] there for every pair of σ_w² and σ_b², by repeating the map from q = 1; shapes as given.

    Where q grows beyond 1e9, or falls below 1e-9, both are what they have become on the way there.
    """
    q = np.ones(np.broadcast_shapes(np.shape(weight_square), np.shape(bias_square)))
    for _ in range(ENOUGH):
        before, q = q, np.clip(weight_square * square(function, q, use) + bias_square, 1e-9, 1e9)
        if np.allclose(before, q, rtol=1e-6, atol=0):
            break
    return q, weight_square * slope_square(function, q, use)


def resting_place(function: Function, weight_square: float, bias_square: float) -> float:
    """The q* at which the map of q, begun at q = 1, has come to rest; nan where it is still on its way, or on it to 0 or infinity."""
    q = float(fixed_point(function, np.array(weight_square), np.array(bias_square))[0])
    moved = weight_square * float(square(function, np.array(q))) + bias_square - q
    return q if 1e-8 < q < 1e8 and abs(moved) < 1e-4 * q else float("nan")
