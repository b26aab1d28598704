"""EfficientNet-Lite0: the package's own implementation to 1e-4 on every photograph, and every convolution's maps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from dlviz import zoo
from dlviz.data.photographs import PHOTOGRAPHS, load
from dlviz.nets.efficientnet import EfficientNetLite0, build, prepare, probabilities

STRIDES = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]  # stem and sixteen blocks, as the Lite0 of the paper has them


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    return build(zoo.efficientnet_lite0())


@pytest.fixture(scope="module")
def original() -> torch.nn.Module:
    built = EfficientNet.from_name("efficientnet-lite0")
    built.load_state_dict(zoo.efficientnet_lite0())
    return built.eval()


def picture(slug: str) -> torch.Tensor:
    return prepare(torch.from_numpy(np.array(load(slug))))


@pytest.mark.parametrize("slug", PHOTOGRAPHS)
def test_the_logits_are_the_packages(slug: str, network: EfficientNetLite0, original: torch.nn.Module) -> None:
    with torch.no_grad():
        ours, theirs = network(picture(slug)), original(picture(slug))
    assert ours.shape == (1, 1000) and float((ours - theirs).abs().max()) < 1e-4


def test_every_convolution_gives_the_maps_of_the_packages_layer(network: EfficientNetLite0, original: torch.nn.Module) -> None:
    """Theirs are heard by hooks on their batch normalisations, before the ReLU6 that all but the projections have."""
    heard: list[torch.Tensor] = []
    hooks = [m.register_forward_hook(lambda *a: heard.append(a[2])) for m in original.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    keep: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        network(picture("cat"), keep)
        original(picture("cat"))
    for hook in hooks:
        hook.remove()
    assert list(keep) == [name for name, _ in network.convolutions()] and len(keep) == len(heard) == 49
    for (name, maps), theirs in zip(keep.items(), heard, strict=True):
        bent = not name.endswith("project")
        assert float((maps - (theirs.clamp(0, 6) if bent else theirs)).abs().max()) < 1e-4, name


def test_the_maps_have_the_sizes_that_the_strides_make(network: EfficientNetLite0) -> None:
    keep: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        network(picture("coffee"), keep)
    side = 224
    for number, name in enumerate(["stem", *(f"blocks.{i}.depthwise" for i in range(16))]):
        side = -(-side // STRIDES[number])
        assert keep[name].shape[-1] == side, name
    assert keep["head"].shape == (1, 1280, 7, 7)


def test_keeping_the_maps_changes_nothing_and_nothing_is_trained(network: EfficientNetLite0) -> None:
    with torch.no_grad():
        assert torch.equal(network(picture("camera")), network(picture("camera"), {}))
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    assert sum(p.numel() for p in network.parameters()) == sum(
        v.numel() for k, v in zoo.efficientnet_lite0().items() if "running" not in k and "tracked" not in k
    )


@pytest.mark.parametrize(("slug", "among"), [("coffee", {"espresso"}), ("camera", {"tripod"}), ("palace", {"palace"})])
def test_what_is_seen_is_named(slug: str, among: set[str], network: EfficientNetLite0) -> None:
    with torch.no_grad():
        p = probabilities(network(picture(slug)))[0]
    assert float(p.sum()) == pytest.approx(1, abs=1e-12)
    assert zoo.imagenet_labels()[int(p.argmax())] in among


def test_a_cat_is_a_cat(network: EfficientNetLite0) -> None:
    """ImageNet's classes 281 to 285 are the five domestic cats."""
    with torch.no_grad():
        assert float(probabilities(network(picture("cat")))[0, 281:286].sum()) > 0.8


def test_a_picture_is_cut_to_its_middle_square_and_scaled_around_127() -> None:
    pixels = torch.zeros(256, 300, 3, dtype=torch.uint8)
    pixels[16:240, 38:262] = 255  # exactly the 224 × 224 in the middle
    ready = prepare(pixels)
    assert ready.shape == (1, 3, 224, 224) and torch.equal(ready, torch.ones_like(ready))
    grey = prepare(torch.full((100, 80), 63, dtype=torch.uint8))
    assert grey.shape == (1, 3, 224, 224) and torch.allclose(grey, torch.full_like(grey, -0.5), atol=1e-6)


def test_weights_that_are_not_the_right_ones_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"other weights")
    with pytest.raises(zoo.MissingWeights, match="weights.pth is not the file that it should be"):
        zoo.checked(file, zoo.EFFICIENTNET_SHA256)
    with pytest.raises(zoo.MissingWeights, match="no-such-package is not installed: run"):
        zoo.file_of("no_such_package", "x")


def test_there_is_a_name_for_every_class() -> None:
    names = zoo.imagenet_labels()
    assert len(names) == 1000 and all(isinstance(name, str) and name for name in names)
    assert names[0] == "tench" and names[1] == "goldfish" and names[999] in ("toilet tissue", "toilet paper")
