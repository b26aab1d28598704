"""What it costs to look inside EfficientNet-Lite0, against the same network without it, and against captum."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, Occlusion, Saliency
from torch import Tensor

from bench.ratios import Row, alternate, clocked
from dlviz import zoo
from dlviz.compute.filters import attribution, explaining, inside
from dlviz.data.photographs import load
from dlviz.nets.efficientnet import EfficientNetLite0, build, prepare

CAT, LAYER, STEPS, PATCH = 285, "blocks.10.depthwise", 8, 64


@cache
def plain() -> tuple[EfficientNetLite0, Tensor]:
    """The network as it is built, and the cat: what captum is given."""
    return build(zoo.efficientnet_lite0()), prepare(torch.from_numpy(np.array(load("cat"))))


def against(
    name: str, ours: Callable[[EfficientNetLite0, Tensor], object], theirs: Callable[[Any], object], bound: float, note: str = ""
) -> Callable[[int], Row]:
    """A row for a method: ours as the page uses it, with the network folded, against captum's on the network as it is built."""

    def compare(times: int) -> Row:
        network, x = plain()
        folded, same = inside.trained(), x.contiguous(memory_format=torch.channels_last)
        found = alternate(times, lambda: clocked(lambda: ours(folded, same)), lambda: clocked(lambda: theirs(network)), warm=1)
        return Row(name, f"{name.partition('-')[2].replace('-', ' ')}: captum's", *found, bound=bound, note=note)

    return compare


def asking() -> Tensor:
    """The cat, asking for gradients, as captum wants it."""
    return plain()[1].clone().requires_grad_()


def compare_kept_maps(times: int) -> Row:
    """A pass that keeps the maps of all 49 convolutions, against one that keeps nothing."""
    network, x = plain()
    with torch.inference_mode():
        found = alternate(3 * times, lambda: clocked(lambda: network(x, {})), lambda: clocked(lambda: network(x)), warm=3)
    return Row("kept-maps", "EfficientNet with all maps kept: plain forward", *found, bound=1.3)


def our_occlusion(network: EfficientNetLite0, x: Tensor) -> Tensor:
    """As the page does it."""
    return attribution.finished(explaining.explain(network, x, CAT, LAYER, {"method": "occlusion", "patch": PATCH}))[0]


def their_occlusion(network: Any) -> object:
    """One picture at a time, captum's default."""
    shape, stride = (3, PATCH, PATCH), (3, explaining.STRIDE, explaining.STRIDE)
    with torch.no_grad():
        return Occlusion(network).attribute(plain()[1], sliding_window_shapes=shape, strides=stride, target=CAT)


ROWS: dict[str, Callable[[int], Row]] = {
    "kept-maps": compare_kept_maps,
    "attribute-saliency": against(
        "attribute-saliency", lambda n, x: attribution.saliency(n, x, CAT), lambda n: Saliency(n).attribute(asking(), target=CAT), 1
    ),
    "attribute-gradient-input": against(
        "attribute-gradient-input",
        lambda n, x: attribution.gradient_times_input(n, x, CAT),
        lambda n: InputXGradient(n).attribute(asking(), target=CAT),
        1,
    ),
    "attribute-integrated-gradients": against(
        "attribute-integrated-gradients",
        lambda n, x: attribution.integrated_gradients(n, x, CAT, torch.zeros_like(x), STEPS),
        lambda n: IntegratedGradients(n).attribute(asking(), target=CAT, n_steps=STEPS),
        1,
    ),
    "attribute-grad-cam": against(
        "attribute-grad-cam",
        lambda n, x: attribution.grad_cam(n, x, CAT, LAYER),
        lambda n: LayerGradCam(n, dict(n.convolutions())[LAYER]).attribute(asking(), target=CAT),
        1,
    ),
    "attribute-occlusion": against("attribute-occlusion", our_occlusion, their_occlusion, 0.2, "65 % of all multiply-adds see the patch"),
}
