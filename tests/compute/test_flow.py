"""What is measured of a pass: against torch's backward, clip_grad_norm_, products by hand and loops."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.gradients.flow import REACH, backward, measure, per_sample_norms
from dlviz.nets.deep import Deep, build_deep
from dlviz.nets.mlp import Function


def deep(*widths: int, activation: Function = torch.tanh, how: str = "normal", **settings: object) -> Deep:
    generator = torch.Generator().manual_seed(1)
    return build_deep(widths, activation, how, generator, **({"dtype": torch.float64} | settings))  # type: ignore[arg-type]


def samples(n: int, into: int, classes: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(n, into, generator=generator, dtype=torch.float64), torch.randint(classes, (n,), generator=generator)


KINDS: list[dict[str, object]] = [
    {},
    {"skip": True, "scale": 0.5},
    {"norm": "batch", "place": "z"},
    {"norm": "layer", "place": "pre", "skip": True},
    {"norm": "rms", "place": "post", "skip": True},
]


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_total_norm_is_what_clipping_measures(settings: dict[str, object]) -> None:
    """√Σ‖∂L/∂W‖² over the blocks; clip_grad_norm_ returns the norm before it clips."""
    net, (x, y) = deep(6, 6, 6, 6, 3, **settings), samples(20, 6, 3)
    flow = measure(net, x, y)
    F.cross_entropy(net.forward(x)[0], y).backward()
    total = torch.nn.utils.clip_grad_norm_(net.weights[:-1], 1.0)
    assert np.sqrt((flow.weight_gradient**2).sum()) == pytest.approx(float(total), rel=1e-12)


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_three_factors_multiply_to_the_slope(settings: dict[str, object]) -> None:
    flow = measure(deep(6, 6, 6, 6, 6, 3, **settings), *samples(20, 6, 3))
    product = flow.through_weights * flow.through_rest * flow.through_slope
    np.testing.assert_allclose(product[:-1], flow.signal_gradient[:-1] / flow.signal_gradient[1:], rtol=1e-12)
    assert np.isnan(product[-1])
    if not settings:
        np.testing.assert_allclose(flow.through_rest[:-1], 1, rtol=1e-12)


def test_a_chain_of_single_units_is_the_product_by_hand() -> None:
    """Width 1: δ_l = f'(z_l) w_{l+1} δ_{l+1}, and ∂L/∂w_l = δ_l h_{l-1}; one sample, so the norms are absolute values."""
    net = deep(1, 1, 1, 1, 1, 2, weight_spread=1.7)
    x, y = torch.tensor([[0.8]], dtype=torch.float64), torch.tensor([1])
    flow = measure(net, x, y)
    h, z = [0.8], []
    for layer in range(4):
        z.append(float(net.weights[layer].detach()) * h[-1])
        h.append(np.tanh(z[-1]))
    out = net.weights[-1].detach().numpy()[:, 0] * h[-1]
    p = np.exp(out) / np.exp(out).sum()
    behind = float((p - np.array([0, 1])) @ net.weights[-1].detach().numpy()[:, 0])  # ∂L/∂h_4
    delta = []
    for layer in reversed(range(4)):
        delta.insert(0, behind * (1 - np.tanh(z[layer]) ** 2))
        behind = delta[0] * float(net.weights[layer].detach())
    np.testing.assert_allclose(flow.signal_gradient, np.abs(delta), rtol=1e-12)
    np.testing.assert_allclose(flow.weight_gradient, np.abs(np.array(delta) * h[:-1]), rtol=1e-12)
    np.testing.assert_allclose(flow.through_weights[:-1], [abs(float(w.detach())) for w in net.weights[1:-1]], rtol=1e-12)
    np.testing.assert_allclose(flow.through_slope[:-1], [1 - np.tanh(each) ** 2 for each in z[:-1]], rtol=1e-12)


def test_orthogonal_linear_networks_have_equal_norms() -> None:
    flow = measure(deep(12, 12, 12, 12, 12, 2, activation=lambda z: z * 1, how="orthogonal"), *samples(9, 12))
    for norms in (flow.signal_gradient, flow.weight_gradient, flow.square):
        np.testing.assert_allclose(norms, norms[0], rtol=1e-12)


@pytest.mark.parametrize("settings", [kind for kind in KINDS if kind.get("norm") != "batch"], ids=str)
def test_norms_of_single_samples_are_those_of_a_loop(settings: dict[str, object]) -> None:
    net, (x, y) = deep(6, 6, 6, 3, **settings), samples(15, 6, 3)
    passed = backward(net, x, y)
    for layer in range(net.depth):
        found = per_sample_norms(passed.blocks[layer].into.detach(), passed.z[layer])
        losses = [F.cross_entropy(net.forward(x[i : i + 1])[0], y[i : i + 1]) for i in range(15)]
        loop = [torch.autograd.grad(loss, net.weights[layer])[0].norm() for loss in losses]
        torch.testing.assert_close(found, torch.stack(loop))


def test_shares_and_moments_are_as_defined() -> None:
    """ReLU on z that is known: unit 0 is positive for all, unit 1 for none, unit 2 for half of the samples."""
    net = deep(1, 3, 2, activation=torch.relu)
    net = replace(net, weights=[torch.tensor([[0.0], [0.0], [1.0]], dtype=torch.float64, requires_grad=True), net.weights[1]])
    net.biases[0] = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]], dtype=torch.float64)
    flow = measure(net, x, torch.tensor([0, 1, 0, 1]))
    outputs = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 2]
    assert flow.dead[0] == pytest.approx(1 / 3) and flow.saturated[0] == pytest.approx(6 / 12) and flow.slope[0] == pytest.approx(6 / 12)
    assert flow.mean[0] == pytest.approx(np.mean(outputs)) and flow.variance[0] == pytest.approx(np.var(outputs))
    assert flow.square[0] == pytest.approx(np.mean([1, 1, 1, 1, 1, 1, 1, 1, 4, 1, 1, 4]))
    np.testing.assert_array_equal(flow.histogram[0], np.histogram(outputs, 41, (-REACH, REACH))[0] / 12)


def test_the_loss_scale_changes_nothing_where_numbers_are_long_enough() -> None:
    net, (x, y) = deep(6, 6, 6, 3), samples(20, 6, 3)
    plain, scaled = measure(net, x, y), measure(net, x, y, 1024.0)
    np.testing.assert_allclose(plain.signal_gradient, scaled.signal_gradient, rtol=1e-12)
    assert plain.loss == scaled.loss


def test_nothing_is_left_in_the_network() -> None:
    """Neither gradients nor hooks, also when a pass fails."""
    net, (x, y) = deep(6, 6, 6, 3), samples(20, 6, 3)
    measure(net, x, y)
    with pytest.raises(RuntimeError):
        measure(net, x[:, :5], y)
    assert all(each.grad is None and not each._backward_hooks for each in net.parameters)
