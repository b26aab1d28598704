"""Inside a real network: what patch, channel and redrawn weights change, receptive fields, and the folded network."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dlviz import assets, zoo
from dlviz.compute.filters import explaining, inside, receptive
from dlviz.compute.filters.attribution import finished
from dlviz.compute.filters.inside import Params, Result
from dlviz.data.photographs import load
from dlviz.figures.payload import unpack
from dlviz.nets.efficientnet import EfficientNetLite0, build, prepare, probabilities
from dlviz.nets.folding import fold, silenced
from dlviz.ui import glimpse


def compute(params: Params) -> Result:
    """What the view shows for these settings."""
    return finished(inside.compute(params))


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    return build(zoo.efficientnet_lite0())


@pytest.fixture(scope="module")
def positive(network: EfficientNetLite0) -> EfficientNetLite0:
    """The same sizes with weights that only add, and small enough that no ReLU6 is at its end: a unit feels every pixel it can see."""
    flat = fold(network).double()
    for _, layer in flat.convolutions():
        layer.conv.weight.fill_(1 / layer.conv.weight[0].numel())
        assert layer.conv.bias is not None
        layer.conv.bias.zero_()
    return flat


def test_the_folded_network_is_the_same_function_in_float64(network: EfficientNetLite0) -> None:
    x = prepare(torch.from_numpy(np.array(load("cat")))).double()
    with torch.no_grad():
        plain, keep, folded, kept = network.double(), {}, fold(network), {}  # type: ignore[var-annotated]
        difference = float((plain(x, keep) - folded(x, kept)).abs().max())
    network.float()
    assert difference < 1e-9 and list(keep) == list(kept)
    assert max(float((keep[name] - kept[name]).abs().max()) for name in keep) < 1e-9


def test_a_packaged_photograph_reaches_the_network_unchanged() -> None:
    """Its shorter side is 256, of which 0.875 are 224: nothing is resized, and the rounding takes nothing."""
    ready = explaining.ready(torch.from_numpy(Params(photo="coffee").pixels()))
    assert torch.equal(ready, prepare(torch.from_numpy(np.array(load("coffee")))))


@pytest.mark.parametrize("layer", ["stem", "blocks.0.depthwise", "blocks.1.depthwise", "blocks.3.project", "blocks.4.depthwise"])
def test_the_gradients_support_is_the_formulas_field(layer: str, positive: EfficientNetLite0) -> None:
    x = torch.full((1, 3, 224, 224), 0.1, dtype=torch.float64)
    keep: dict[str, Tensor] = {}
    with torch.no_grad():
        positive(x, keep)
    unit = keep[layer].shape[-1] // 2
    box = receptive.support(receptive.field_gradient(positive, x, layer, unit))
    assert box[:2] == box[2:] == receptive.field_by_formula(positive, layer, unit)
    assert box[1] - box[0] + 1 == receptive.field_side(positive, layer)


def test_fields_by_hand(network: EfficientNetLite0) -> None:
    """Stem: 3. Block 1, 3 × 3 at stride 2: 3 + 2 · 2 = 7. Block 2, 3 × 3 at stride 2, strides of 1 before it and 2: 7 + 2 · 2 = 11."""
    assert [receptive.field_side(network, name) for name in ("stem", "blocks.0.depthwise", "blocks.1.depthwise")] == [3, 7, 11]
    assert receptive.support(torch.zeros(3, 3)) == (-1, -1, -1, -1)


def test_a_silenced_channel_is_zero_and_the_others_are_as_before(network: EfficientNetLite0) -> None:
    folded, x = fold(network), prepare(torch.from_numpy(np.array(load("cat"))))
    before: dict[str, Tensor] = {}
    after: dict[str, Tensor] = {}
    with torch.no_grad():
        folded(x, before)
        silenced(folded, "blocks.5.expand", 7)(x, after)
    maps, others = after["blocks.5.expand"][0], [c for c in range(240) if c != 7]
    assert not maps[7].any() and before["blocks.5.expand"][0, 7].any()
    assert float((maps[others] - before["blocks.5.expand"][0, others]).abs().max()) < 1e-5


def test_the_patch_is_grey_where_it_lies_and_nothing_else_changes() -> None:
    """A patch is worth what the network says of the picture with those pixels at 127, which its input scale makes 0."""
    params = Params(photo="camera", method="grad_cam", patch="96", patch_x=10, patch_y=224)
    rows, columns = params.place()
    assert (rows.start, rows.stop, columns.start, columns.stop) == (128, 224, 0, 96)
    result = compute(params)
    pixels = result.image.copy()
    pixels[rows, columns] = 127
    with torch.inference_mode():
        expected = float(probabilities(inside.trained()(explaining.ready(torch.from_numpy(pixels))))[0, result.target])
    assert result.facts()["patch_p"].value == pytest.approx(expected, abs=1e-9)


def test_maps_are_sorted_by_their_mean_and_probabilities_sum_to_one() -> None:
    result = compute(Params(photo="palace", method="grad_cam", layer="blocks.2.depthwise"))
    assert result.probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(result.means) <= 0).all() and len(set(result.channels.tolist())) == len(result.maps) == 24
    assert np.allclose(result.maps.mean((1, 2)), result.means, atol=1e-5) and (result.maps[0] == result.chosen).all()


def test_the_pages_of_maps_hold_every_channel_once_in_the_order_of_their_means(network: EfficientNetLite0) -> None:
    start = Params(photo="palace", method="grad_cam", layer="other", convolution="blocks.4.project")  # 40 channels, of both signs
    pages = [compute(replace(start, page=number)) for number in (1, 2, 3)]
    assert [each.before for each in pages] == [0, 24, 24], "beyond the last page it is the last"
    channels = np.concatenate([each.channels for each in pages[:2]])
    assert sorted(channels.tolist()) == list(range(40)) and (np.diff(np.concatenate([each.means for each in pages[:2]])) <= 0).all()
    keep: dict[str, Tensor] = {}
    with torch.no_grad():
        network(explaining.ready(torch.from_numpy(start.pixels())), keep)
    theirs = keep["blocks.4.project"][0].numpy()
    assert np.abs(pages[1].maps - theirs[pages[1].channels]).max() < 1e-5 * np.abs(theirs).max()
    assert all(each.largest == pytest.approx(np.abs(theirs).max(), rel=1e-5) for each in pages)
    assert all(each.channel == channels[0] for each in pages), "the strongest of all is switched off, not of the page"


def test_the_lowest_and_highest_probability_are_those_under_the_36_patches() -> None:
    """Each patch is laid by hand, every 32 pixels from the upper left corner on; other methods have no such numbers."""
    params = Params(photo="flower")
    facts = compute(params).facts()
    middles = range(32, 193, 32)
    under = [inside.under_patch(replace(params, patch_x=x, patch_y=y), 985) for x in middles for y in middles]
    assert len(under) == 36 and facts["lowest_p"].value == pytest.approx(min(under), abs=1e-5)
    assert facts["highest_p"].value == pytest.approx(max(under), abs=1e-5) and min(under) < 0.1 < 0.3 < max(under)
    other = compute(Params(photo="flower", method="grad_cam", layer="head")).facts()
    assert other["lowest_p"].value is None and other["highest_p"].value is None


def test_the_answer_under_the_hand_is_the_pages_number_when_it_is_let_go() -> None:
    result = compute(Params(photo="flower", method="grad_cam", layer="head", target=5))
    answer = glimpse.answer(result, {"patch_x": 30, "patch_y": 200})
    assert answer is not None
    header = unpack(answer)[0]["answer"]
    moved = compute(replace(result.params, patch_x=30, patch_y=200)).facts()
    assert header == {"patch_x": 30, "patch_y": 200, "p": moved["p"].value, "patch_p": moved["patch_p"].value}


@pytest.mark.parametrize(
    "asked", [{}, {"patch_x": 1}, {"patch_x": "a", "patch_y": 2}, {"patch_x": 500, "patch_y": 2}, 7, "x", [1, 2]], ids=str
)
def test_a_question_that_is_none_is_not_answered(asked: object) -> None:
    assert glimpse.answer(compute(Params(method="grad_cam", layer="head")), asked) is None


@pytest.mark.parametrize("method", explaining.METHODS)
def test_every_method_gives_a_finite_map_and_another_one_for_redrawn_weights(method: str) -> None:
    result = compute(Params(photo="coffee", method=method, steps=8, samples=4))
    assert np.isfinite(result.attribution).all() and np.isfinite(result.sanity).all()
    assert result.attribution.shape == result.sanity.shape and np.abs(result.attribution - result.sanity).max() > 0
    assert (result.attribution.min() >= 0) == (method in explaining.UNSIGNED)


def test_the_gap_is_the_difference_of_the_two_numbers_it_is_the_gap_between() -> None:
    result = compute(Params(method="times_input", baseline="grey"))
    facts = result.facts()
    total, change, gap = (facts[name].value for name in ("attribution_sum", "score_change", "gap"))
    assert total is not None and change is not None and gap == pytest.approx(total - change, abs=1e-9)
    assert total == pytest.approx(float(result.attribution.astype(np.float64).sum()), abs=1e-4)
    x = explaining.ready(torch.from_numpy(result.image))
    with torch.inference_mode():
        at_x, at_grey = inside.trained()(torch.cat([x, torch.zeros_like(x)]))[:, result.target].tolist()
    assert change == pytest.approx(at_x - at_grey, abs=1e-4)


def test_the_most_important_tenth_is_made_grey() -> None:
    x = torch.ones(1, 3, 10, 10)
    importance = torch.arange(100.0).reshape(10, 10)
    emptied = explaining.without_pixels(x, importance)
    assert not emptied[:, :, 9].any() and emptied[:, :, :9].all()
    assert float(explaining.without_pixels(x, importance[:5, :5]).sum()) == 3 * 90


@pytest.mark.parametrize(("settings", "doing", "last"), [
    ({"method": "integrated", "steps": 16}, "gradient", 16 + explaining.FEW),
    ({"method": "smooth", "samples": 4}, "gradient", 4 + 4),
    ({"method": "occlusion", "patch": "96"}, "patch", 2 * 5**2),  # 224 - 96 is four steps of 32: five places each way, trained and redrawn
    ({"method": "grad_cam"}, "", 0),
], ids=str)  # fmt: skip
def test_a_long_explanation_says_how_far_it_is_and_one_that_is_kept_says_nothing(settings: Any, doing: str, last: int) -> None:
    """One pass is one gradient, or one place of the patch, with the trained and with the redrawn weights; the last is told too."""
    inside.SHELF.things.clear()
    told = list(inside.compute(Params(photo="coffee", **settings)))
    assert {(each.of, each.doing) for each in told} == ({(last, doing)} if last else set())
    steps = [each.step for each in told]
    assert steps == sorted(set(steps)) and (steps[-1] if steps else 0) == last
    if doing == "gradient":
        assert steps == list(range(1, last + 1))
    assert list(inside.compute(Params(photo="coffee", patch_x=40, **settings))) == [], "kept"


def test_moving_the_patch_does_not_explain_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compute(Params(photo="rocket", method="saliency"))
    made: list[Any] = []
    monkeypatch.setattr(explaining, "explained", lambda *inputs: made.append(inputs))
    moved = compute(Params(photo="rocket", method="saliency", patch_x=40, channel=3, layer="stem", patch="32"))
    assert not made and moved.channel == 3


def test_a_picture_of_ones_own_is_looked_at_and_one_that_is_gone_is_the_cat() -> None:
    own = assets.put(np.array(load("coffee"))[::2, ::2])
    brought = Params(photo="own", picture=own)
    assert brought.pixels().shape == (224, 224, 3) and not (brought.pixels() == Params().pixels()).all()
    assert (Params(photo="own", picture="0" * 64).pixels() == Params().pixels()).all()
    for shape in ((1, 1), (3, 500), (28, 28)):
        assert Params(photo="own", picture=assets.put(np.full(shape, 9, np.uint8))).pixels().shape == (224, 224, 3)


def test_a_channel_that_is_not_there_is_the_strongest() -> None:
    result = compute(Params(method="grad_cam", layer="stem", channel=1000))
    assert result.channel == result.channels[0]


def test_the_tree_names_every_convolution(network: EfficientNetLite0) -> None:
    assert list(inside.CONVOLUTIONS) == [name for name, _ in network.convolutions()] and len(inside.CONVOLUTIONS) == 49
    assert set(inside.LAYERS) - {inside.OTHER} <= set(inside.CONVOLUTIONS)
