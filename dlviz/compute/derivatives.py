"""f, f′, f″ of a function of one number, by autograd."""

import torch
from torch import Tensor

from dlviz.nets.mlp import Function


def derivatives(function: Function, x: Tensor, order: int = 2) -> Tensor:
    """f, f' and so on up to this order at every x by autograd, shape (order + 1, *x.shape).

    A function without a graph, such as a step, has slope 0.
    """
    x = x.detach().clone().requires_grad_()
    rows = [function(x)]
    for _ in range(order):
        if not rows[-1].requires_grad:
            rows.append(torch.zeros_like(x))
            continue
        (slope,) = torch.autograd.grad(rows[-1].sum(), x, create_graph=len(rows) < order, materialize_grads=True)
        rows.append(slope)
    return torch.stack(rows).detach()
