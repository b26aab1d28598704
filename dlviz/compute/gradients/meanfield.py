"""What theory says of infinitely wide networks with random weights: how the variance of signals and gradients goes from layer to layer.

    q       mean square of the pre-activations z of a layer
    σ_w², σ_b²   n times the variance of a weight, and the variance of a bias
    χ       by which ‖∂L/∂z‖² is multiplied from a layer to the one before

Poole et al. 2016, arXiv:1606.05340, eq. 3; Schoenholz et al. 2017, arXiv:1611.01232, eq. 5.
"""

import numpy as np
import torch
from torch import Tensor

from dlviz.compute.derivatives import derivatives
from dlviz.nets.mlp import Function

REACH, PANELS, POINTS = 9.0, 72, 6  # Gauss-Legendre nodes: beyond 9 the density is below 1e-18; kinks at 0 lie between panels
ENOUGH = 400  # rounds after which the map of q has come to rest, if it ever does


def _nodes() -> tuple[Tensor, Tensor]:
    """Nodes z and weights of the standard normal density, (PANELS * POINTS,) each."""
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    edges = np.linspace(-REACH, REACH, PANELS + 1)
    half = REACH / PANELS
    z = ((edges[:-1] + half)[:, None] + half * nodes).ravel()
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return torch.from_numpy(z), torch.from_numpy(np.tile(half * weights, PANELS) * density)


NODES, WEIGHTS = _nodes()


def square(function: Function, q: np.ndarray) -> np.ndarray:
    """E[f(√q z)²] for z ~ N(0, 1) and every q; same shape as `q`."""
    with torch.no_grad():
        return (function(_places(q)) ** 2 @ WEIGHTS).numpy()


def slope_square(function: Function, q: np.ndarray) -> np.ndarray:
    """E[f'(√q z)²] for z ~ N(0, 1) and every q; same shape as `q`."""
    return (derivatives(function, _places(q), order=1)[1] ** 2 @ WEIGHTS).numpy()


def _places(q: np.ndarray) -> Tensor:
    return torch.as_tensor(q, dtype=torch.float64).sqrt()[..., None] * NODES


def predict(function: Function, first: float, weight_squares: np.ndarray, bias_square: float) -> tuple[np.ndarray, np.ndarray]:
    """q of every layer and χ from each to the one before it, (layers,) each; χ[0] is nan, for nothing is before the first.

    q[0] = `first`, q[l] = σ_w²[l] E[f(√q[l-1] z)²] + σ_b², and χ[l] = σ_w²[l] E[f'(√q[l-1] z)²].
    """
    q, chi = np.full(len(weight_squares), first), np.full(len(weight_squares), np.nan)
    for layer in range(1, len(q)):
        q[layer] = weight_squares[layer] * square(function, q[layer - 1]) + bias_square
        chi[layer] = weight_squares[layer] * slope_square(function, q[layer - 1])
    return q, chi


def fixed_point(function: Function, weight_square: np.ndarray, bias_square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """q* and χ there for every pair of σ_w² and σ_b², by repeating the map from q = 1; shapes as given.

    Where q grows beyond 1e12, or falls below 1e-12, χ is what it has become on the way there.
    """
    q = np.ones_like(weight_square * bias_square)
    for _ in range(ENOUGH):
        new = np.clip(weight_square * square(function, q) + bias_square, 1e-12, 1e12)
        if np.allclose(new, q, rtol=1e-6, atol=0):
            break
        q = new
    return q, weight_square * slope_square(function, q)
