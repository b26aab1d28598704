"""What may happen between a gradient and its update: clipping by norm, and warm-up of the learning rate."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

SMALL, LARGE = 1e-15, 1e15  # between them the squares of a gradient's entries have a place in float32


def gradient_norms(parameters: Sequence[Tensor]) -> list[float]:
    """‖∂L/∂θ‖ of every parameter. Where one is so small or large that squares would become 0 or ∞ in float32, all are summed in float64."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norms: list[float] = torch.stack(torch._foreach_norm(gradients)).tolist()
    if min(norms) < SMALL or not max(norms) < LARGE:
        norms = torch.stack(torch._foreach_norm(gradients, 2, torch.float64)).tolist()
    return norms


def clip_gradients(parameters: Sequence[Tensor], norms: Sequence[float], most: float) -> bool:
    """Shorten all gradients together, in place, to a total norm of `most` where it is above; whether that was needed.

    g ↦ g · most / (‖g‖ + 10⁻⁶), as torch.nn.utils.clip_grad_norm_ does it (Pascanu et al. 2013, arXiv:1211.5063, algorithm 1).
    `norms` are those of each gradient, of which ‖g‖ is the norm.
    """
    factor = most / (math.hypot(*norms) + 1e-6)
    if factor >= 1:
        return False
    torch._foreach_mul_([parameter.grad for parameter in parameters if parameter.grad is not None], factor)
    return True


def warmed(learning_rate: float, step: int, warm_up: int) -> float:
    """The rate of a step, counted from 1: it rises in equal parts and is whole from step `warm_up` on.

    >>> [warmed(8, step, 4) for step in (1, 2, 4, 5)], warmed(8, 1, 0)
    ([2.0, 4.0, 8.0, 8.0], 8.0)
    """
    return learning_rate * min(1.0, step / warm_up) if warm_up else float(learning_rate)
