"""Attributions: captum's on the same network, and the laws that define them."""

from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, NoiseTunnel, Occlusion, Saliency
from scipy.stats import spearmanr
from torch import Tensor, nn

from dlviz import zoo
from dlviz.compute.filters import attribution
from dlviz.compute.filters.occluding import logits_under
from dlviz.data.photographs import load
from dlviz.nets.efficientnet import EfficientNetLite0, build, prepare
from dlviz.nets.folding import fold

CAT = 285  # the class that the network gives the cat


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    return build(zoo.efficientnet_lite0())


@pytest.fixture(scope="module")
def x() -> Tensor:
    return prepare(torch.from_numpy(np.array(load("cat"))))


class Linear(nn.Module):
    """S_k(x) = w_k · x: every gradient is w, whatever x."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.randn(3, 3 * 8 * 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def forward(self, pictures: Tensor, keep: dict[str, Tensor] | None = None) -> Tensor:
        return pictures.flatten(1) @ self.weight.T


def close(ours: Tensor, theirs: Tensor) -> bool:
    """To 1e-5 of the largest value."""
    assert ours.shape == theirs.shape and float(theirs.abs().max()) > 0
    return float((ours - theirs).abs().max()) < 1e-5 * float(theirs.abs().max())


def heard(network: nn.Module) -> int:
    """How many hooks there are on a network."""
    return sum(len(m._forward_hooks) + len(m._backward_hooks) + len(m._forward_pre_hooks) for m in network.modules())


def test_saliency_and_gradient_times_input_are_captums(network: EfficientNetLite0, x: Tensor) -> None:
    at = x.clone().requires_grad_()
    assert close(attribution.saliency(network, x, CAT), Saliency(network).attribute(at, target=CAT))
    assert close(attribution.gradient_times_input(network, x, CAT), InputXGradient(network).attribute(at, target=CAT).detach())


def test_integrated_gradients_are_captums(network: EfficientNetLite0, x: Tensor) -> None:
    baseline = torch.full_like(x, -1)
    theirs, delta = IntegratedGradients(network).attribute(
        x, baseline, target=CAT, n_steps=8, internal_batch_size=4, return_convergence_delta=True
    )
    ours = attribution.integrated_gradients(network, x, CAT, baseline, steps=8)
    assert close(ours, theirs.float())
    assert attribution.completeness_gap(network, x, CAT, baseline, ours) == pytest.approx(float(delta), abs=1e-4)


@pytest.mark.parametrize("layer", ["stem", "blocks.5.depthwise", "blocks.10.project", "head"])
def test_grad_cam_is_captums(layer: str, network: EfficientNetLite0, x: Tensor) -> None:
    module: Any = dict(network.convolutions())[layer]
    theirs = LayerGradCam(network, module).attribute(x.clone().requires_grad_(), target=CAT)
    assert close(attribution.grad_cam(network, x, CAT, layer), theirs[0, 0].detach())


@pytest.mark.parametrize(("patch", "stride"), [(96, 64), (128, 80)])
def test_occlusion_is_captums(patch: int, stride: int, network: EfficientNetLite0, x: Tensor) -> None:
    """The second pair's last patches stick out of the picture."""
    theirs = Occlusion(network).attribute(x, sliding_window_shapes=(3, patch, patch), strides=(3, stride, stride), target=CAT)
    places = list(attribution.windows(224, patch, stride))
    without = attribution.scores(network, attribution.occluded(x, places), CAT)
    whole = float(attribution.scores(network, x, CAT))
    assert close(attribution.occlusion(x, patch, stride, without, whole), theirs[0, 0].float())


@pytest.mark.parametrize(("patch", "stride"), [(32, 96), (64, 80), (150, 50), (1, 111)])
def test_computing_only_around_the_patch_gives_the_same_scores(patch: int, stride: int, network: EfficientNetLite0, x: Tensor) -> None:
    """Patches in the corners, inside, larger than half of the picture, cut off at its edge, and of one pixel; exact in float64."""
    folded = fold(network).double()
    places = list(attribution.windows(224, patch, stride))[:: 3 if patch < 100 else 2]
    whole = attribution.scores(folded, attribution.occluded(x.double(), places, 0.5), CAT)
    assert float((logits_under(folded, x.double(), places, 0.5)[:, CAT] - whole).abs().max()) < 1e-10
    assert float((whole - whole[0]).abs().max()) > 1e-4


def test_smoothgrad_without_noise_is_saliency_and_with_noise_captums_up_to_its_draw(network: EfficientNetLite0, x: Tensor) -> None:
    """Of a linear network every draw has the same gradient, so that captum's average and ours are equal whatever was drawn."""
    generator = torch.Generator().manual_seed(1)
    assert close(attribution.smooth_gradient(network, x, CAT, generator, 2, 0), attribution.saliency(network, x, CAT))
    linear: Any = Linear()
    small = torch.rand(1, 3, 8, 8, generator=generator, dtype=torch.float64)
    theirs = NoiseTunnel(Saliency(linear)).attribute(small.clone().requires_grad_(), nt_type="smoothgrad", nt_samples=3, target=1)
    assert close(attribution.smooth_gradient(linear, small, 1, generator, 3), theirs)


def test_the_draws_of_smoothgrad_come_from_the_generator(network: EfficientNetLite0, x: Tensor) -> None:
    one, same, other = (attribution.smooth_gradient(network, x, CAT, torch.Generator().manual_seed(seed), 2) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_integrated_gradients_of_a_linear_network_add_up_with_one_step() -> None:
    linear: Any = Linear()
    x, baseline = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64).split(1)
    found = attribution.integrated_gradients(linear, x, 2, baseline, steps=1)
    assert abs(attribution.completeness_gap(linear, x, 2, baseline, found)) < 1e-12
    assert torch.allclose(found, (x - baseline) * linear.weight[2].reshape(1, 3, 8, 8), atol=1e-12)


def test_no_hooks_and_no_gradients_are_left(network: EfficientNetLite0, x: Tensor) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    attribution.saliency(network, x, CAT)
    attribution.grad_cam(network, x, CAT, "head")
    attribution.randomised(network.state_dict(), "all", torch.Generator().manual_seed(0))
    assert heard(network) == 0 and all(p.grad is None for p in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(("depth", "share"), [("classifier", 2), ("half", 2 + 8 * 3 + 1), ("all", 2 + 49)])
def test_weights_are_redrawn_from_the_top_down_to_the_depth(depth: str, share: int, network: EfficientNetLite0) -> None:
    """The classifier has weight and bias; the upper half eight blocks of three convolutions and the head; all of them are 49."""
    state = network.state_dict()
    drawn = attribution.randomised(state, depth, torch.Generator().manual_seed(3))
    changed = [name for name in state if not torch.equal(state[name], drawn[name])]
    assert len(changed) == share and not any("norm" in name for name in changed)
    again = attribution.randomised(state, depth, torch.Generator().manual_seed(3))
    assert all(torch.equal(drawn[name], again[name]) for name in changed)
    spread = {name: float(drawn[name].std() / state[name].std()) for name in changed if state[name].numel() > 1000}
    assert all(abs(ratio - 1) < 0.15 for ratio in spread.values()), spread


def test_rank_correlation_is_scipys() -> None:
    one, other = torch.randn(2, 500, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    assert attribution.rank_correlation(one, one + other) == pytest.approx(float(spearmanr(one, one + other).statistic), abs=1e-12)
    assert attribution.rank_correlation(one, -one) == pytest.approx(-1)
