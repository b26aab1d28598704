"""One forward and one backward pass through a deep network, and what is measured of every layer on the way."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.derivatives import derivatives
from dlviz.nets.deep import Block, Deep

FLAT = 0.05  # a unit is saturated at a sample where its slope is smaller than this
BINS, REACH = 41, 4.0  # of the histograms, from -REACH to REACH; what lies outside counts at the ends
HALF = (torch.float16, torch.bfloat16)


@dataclass(frozen=True, eq=False)
class Flow:
    """What a pass looked like; every array is (layers,) float64, the first layer first, unless said otherwise.

    δ = ∂L/∂z and ∂L/∂W are of the mean loss over the batch: `signal_gradient` and `weight_gradient` are their norms over all
    entries, `weight_norm` is ‖W‖, `square` the mean square of z, `mean` and `variance` are of what leaves the layer, whose
    shares from -REACH to REACH are in `histogram` (layers, BINS). `slope` is the mean of |f'|, `dead` the share of units with
    f' = 0 at every sample, `saturated` of (unit, sample) pairs with |f'| < FLAT. `per_sample` (layers, 3) are the 10th, 50th
    and 90th percentile of ‖∂L_i/∂W‖ over the samples.

    ‖δ‖ of a layer is ‖δ‖ of the next times three factors: `through_weights` ‖Wᵀδ‖/‖δ‖ with the next layer's W, `through_rest`
    for skips, scales and norms on the way, and `through_slope` ‖f'·v‖/‖v‖ with the v that arrives. The last layer has none
    (nan), and neither has 0/0.
    """

    loss: float
    weight_gradient: np.ndarray
    signal_gradient: np.ndarray
    weight_norm: np.ndarray
    square: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    histogram: np.ndarray
    slope: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    per_sample: np.ndarray
    through_weights: np.ndarray
    through_rest: np.ndarray
    through_slope: np.ndarray


@dataclass(frozen=True, eq=False)
class Backward:
    """The gradients of one pass in float64: of every layer's weight (out, in), of z, of what f was given, and of f's output (n, width)."""

    loss: float
    blocks: list[Block]
    weights: list[Tensor]
    z: list[Tensor]
    before: list[Tensor]
    a: list[Tensor]


def backward(net: Deep, x: Tensor, y: Tensor, loss_scale: float = 1.0) -> Backward:
    """One pass of x (n, in) with classes y (n,). The loss is cross-entropy, in float32 at least, as autocast does.

    The loss is multiplied by `loss_scale` before the backward pass, and every gradient divided by it afterwards, in float64.
    Nothing is left in the network: no gradient, no hook.
    """
    out, blocks = net.forward(x)
    loss = F.cross_entropy(out.float() if out.dtype in HALF else out, y)
    groups = (net.weights[:-1], *([getattr(block, name) for block in blocks] for name in ("z", "before", "a")))
    flat = [tensor for group in groups for tensor in group]
    found = iter(torch.autograd.grad(loss * loss_scale, flat, materialize_grads=True, allow_unused=True))
    weights, z, before, a = ([next(found).double() / loss_scale for _ in group] for group in groups)
    return Backward(float(loss.detach()), blocks, weights, z, before, a)


def measure(net: Deep, x: Tensor, y: Tensor, loss_scale: float = 1.0) -> Flow:
    """The Flow of one pass: see `backward`."""
    return describe(net, backward(net, x, y, loss_scale))


def describe(net: Deep, passed: Backward) -> Flow:
    """What is measured of a pass."""
    blocks = passed.blocks
    # Wᵀδ, the way around by the skip left out
    to_into = [delta @ weight.detach().double() for delta, weight in zip(passed.z, net.weights[:-1], strict=True)]
    slopes = [derivatives(net.activation, block.before, order=1)[1].double() for block in blocks]
    h = [block.h.detach().double() for block in blocks]
    into, z, before, a = (np.array([_norm(each) for each in row]) for row in (to_into, passed.z, passed.before, passed.a))
    return Flow(
        loss=passed.loss,
        weight_gradient=np.array([_norm(each) for each in passed.weights]),
        signal_gradient=z,
        weight_norm=np.array([_norm(weight.detach().double()) for weight in net.weights[:-1]]),
        square=np.array([float(block.z.detach().double().square().mean()) for block in blocks]),
        mean=np.array([float(each.mean()) for each in h]),
        variance=np.array([float(each.var(correction=0)) for each in h]),
        histogram=np.stack([_histogram(each) for each in h]),
        slope=np.array([float(each.abs().mean()) for each in slopes]),
        dead=np.array([float((each == 0).all(0).double().mean()) for each in slopes]),
        saturated=np.array([float((each.abs() < FLAT).double().mean()) for each in slopes]),
        per_sample=np.stack([_percentiles(per_sample_norms(b.into.detach().double(), g)) for b, g in zip(blocks, passed.z, strict=True)])
        if net.norm != "batch"
        else np.full((net.depth, 3), np.nan),
        through_weights=_behind(into[1:], z[1:]),
        through_rest=_behind(a[:-1], into[1:]) * _behind(z[:-1], before[:-1]),
        through_slope=_behind(before[:-1], a[:-1]),
    )


def per_sample_norms(into: Tensor, delta: Tensor) -> Tensor:
    """‖∂L_i/∂W‖ of every sample i, (n,), from what W multiplied (n, in) and δ of the mean loss (n, out), without a loop.

    ∂L_i/∂W is the outer product of n δ_i and into_i, whose norm is the product of theirs (Goodfellow 2015, arXiv:1510.01799).
    It holds only where samples do not see each other, so not under batch norm.
    """
    return len(delta) * delta.norm(dim=1) * into.norm(dim=1)


def _norm(values: Tensor) -> float:
    return float(values.norm())


def _behind(of_this: np.ndarray, of_next: np.ndarray) -> np.ndarray:
    """Quotients for all layers but the last, which gets nan; 0/0 is nan."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.append(of_this / of_next, np.nan)


def _percentiles(norms: Tensor) -> np.ndarray:
    return np.percentile(norms.numpy(), (10, 50, 90))


def _histogram(values: Tensor) -> np.ndarray:
    """The share of values in each of BINS bins."""
    inside = values.nan_to_num(nan=REACH).clamp(-REACH, REACH).numpy()
    return np.histogram(inside, bins=BINS, range=(-REACH, REACH))[0] / inside.size
