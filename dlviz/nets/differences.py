"""Derivatives without the chain rule: finite differences of a graph's result in one leaf, and what limits them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlviz.nets.graph import Graph, forward

STEPS_PER_DECADE, LEAST_POWER = 4, -16


def step_grid() -> Tensor:
    """The steps h that are tried: 10⁻¹⁶ to 1, four a decade; (65,)."""
    count = -LEAST_POWER * STEPS_PER_DECADE + 1
    return 10 ** torch.linspace(LEAST_POWER, 0, count, dtype=torch.float64)


def finite_differences(graph: Graph, leaves: Sequence[float], which: int, h: Tensor) -> tuple[Tensor, Tensor]:
    """(L(a + h) - L(a)) / h and (L(a + h) - L(a - h)) / 2h of the leaf number `which`, both shaped like `h`.

    All three values come from the same kernels, so that equal arguments give equal results and only h makes the difference.
    """

    def result(of_leaf: Tensor) -> Tensor:
        given = [torch.full_like(h, value) for value in leaves]
        given[which] = of_leaf
        return forward(graph, given)[-1]

    here = torch.full_like(h, leaves[which])
    ahead, behind = result(here + h), result(here - h)
    return (ahead - result(here)) / h, (ahead - behind) / (2 * h)


def derivatives(graph: Graph, leaves: Sequence[float], which: int, order: int) -> list[float]:
    """The first, second, ... derivative of the result in one leaf, by torch's autograd applied again and again."""
    given = [torch.tensor(value, dtype=torch.float64) for value in leaves]
    leaf = given[which].requires_grad_()
    value, found = forward(graph, given)[-1], []
    for _ in range(order):
        if value.requires_grad:
            (value,) = torch.autograd.grad(value, leaf, create_graph=True, materialize_grads=True)
        else:
            value = torch.zeros_like(leaf)
        found.append(value.item())
    return found
