"""Heatmap: maps of a real model, their facts, and results that were recorded."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from dlviz.compute import language
from dlviz.compute.attention import heatmap
from dlviz.compute.attention.heatmap import Params, Result
from dlviz.fields import ParameterError
from dlviz.lessons import Scene
from dlviz.nets.transformer.trace import trace
from dlviz.zoo import language as zoo
from dlviz.zoo import recorded
from recipes.recorded import settings_of
from tests.conftest import SCENES

RECORDED = settings_of("attention.heatmap")
HEATMAPS = [scene for scene in SCENES if scene.view == "heatmap"]
by_settings = pytest.mark.parametrize(
    "params", RECORDED, ids=lambda params: f"{params.model}-{params.text[:12]}-{params.layer:g}.{params.head:g}"
)


@by_settings
def test_every_first_picture_is_recorded_and_within_its_bounds(params: Params) -> None:
    found = recorded.find("attention.heatmap", params, Result)
    assert found is not None, "run `python -m recipes.recorded`"
    assert found.params == params and found.maps.shape[:2] == language.SHAPES[params.model]
    np.testing.assert_allclose(found.attention.sum(1), 1, atol=1e-5)
    layer, head = int(params.layer) - 1, int(params.head) - 1
    np.testing.assert_allclose(found.maps[layer, head] / 255, found.attention, atol=0.5 / 255 + 1e-6)  # of short texts maps are whole
    if found.causal:
        assert not np.triu(found.attention, 1).any() and not np.triu(found.maps, 1).any()


def test_without_the_model_a_recorded_result_says_so_and_others_name_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo, "is_here", lambda name: False)
    assert heatmap.missing(Params()) is None and heatmap.compute(Params()).recorded
    own = Params(text="My own words")
    assert heatmap.missing(own) == "smollm2"


@pytest.mark.parametrize("scene", HEATMAPS, ids=lambda scene: scene.id)
def test_the_score_of_the_opened_head_is_that_of_its_map(scene: Scene, result_of: Callable[[Scene], Result]) -> None:
    """Softmax of QKᵀ/√d over what may be seen gives the attention back, and q·k over √d the scores."""
    result = result_of(scene)
    before = np.where(np.tri(len(result.pieces), dtype=bool), result.before, -np.inf) if result.causal else result.before
    weights = np.exp(before - before.max(1, keepdims=True))
    np.testing.assert_allclose(weights / weights.sum(1, keepdims=True), result.attention, atol=2e-5)
    np.testing.assert_allclose(result.queries @ result.keys.T / np.sqrt(result.queries.shape[1]), result.before, atol=2e-3)


def test_what_sentences_name_is_what_the_results_have(result_of: Callable[[Scene], Result]) -> None:
    """The heads that scenes name give most of all, and the token that one names is the likeliest."""
    named = {scene.id: result_of(scene) for scene in HEATMAPS}
    for scene in ("two_banks", "relative_clause"):
        result = named[scene]
        assert np.unravel_index(result.to.argmax(), result.to.shape) == (result.params.layer - 1, result.params.head - 1), scene
    for scene, score in (("sink", "first"), ("induction", "induction")):
        result = named[scene]
        assert result.facts()[f"opened_{score}"].value == pytest.approx(np.nanmax(result.score(score)), rel=1e-6), scene
    assert named["induction"].next[0].strip() == "Smith"
    words = "".join(named["relative_clause"].pieces).split()
    assert words.index("broke") - words.index("car") - 1 == 4  # between them


def test_of_a_long_text_a_window_is_read_and_nothing_else() -> None:
    """What stands before and behind it changes nothing, its maps are pooled, and rows sum to 1 within it."""
    params = Params(text="It is a truth. " * 90, model="austen", layer=2, head=3)
    first = heatmap.compute(params)
    assert first.tokens > 256 and len(first.pieces) == 256 and first.maps.shape == (6, 6, 32, 32)
    assert first.window == (1, 256, first.tokens)
    later = heatmap.compute(replace(params, start=101))
    assert later.window == (101, 356, first.tokens) and later.pieces[:156] == first.pieces[100:]
    np.testing.assert_allclose(later.attention.sum(1), 1, atol=1e-6)
    assert later.attention[0].tolist() == [1, *[0] * 255], "the first token of the window has nothing to look back at"
    found = language.model("austen")
    ids = torch.tensor(found.read(params.text).ids[100:356])
    np.testing.assert_array_equal(later.attention, trace(found.network, ids).attention[1, 2].double().numpy())
    last = heatmap.compute(replace(params, start=10_000))
    assert last.window == (first.tokens - 255, first.tokens, first.tokens)


def test_each_head_is_opened_as_the_trace_has_it() -> None:
    params = Params(text="It is a truth universally acknowledged", model="austen", layer=4, head=2)
    found = language.model("austen")
    ids = torch.tensor(found.read(params.text).ids)
    attention = trace(found.network, ids).attention
    np.testing.assert_array_equal(heatmap.compute(params).attention, attention[3, 1].double().numpy())
    assert heatmap.compute(replace(params, head=3)).attention[1, 0] != attention[3, 1, 1, 0].item()


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"text": " "}, "text"), ({"word": "dog"}, "word"), ({"looked": "dog"}, "looked"), ({"word": "France", "other": "no"}, "word"),
     ({"layer": 31}, "layer"), ({"model": "minilm", "layer": 7}, "layer"), ({"head": 10}, "head"), ({"text": "a" * 2001}, "text"),
     ({"repository": "../../etc", "model": "hub"}, "repository"), ({"repository": "a b"}, "repository"), ({"start": 0}, "start")],
)  # fmt: skip
def test_bad_settings_are_one_sentence_about_one_field(settings: dict[str, object], field: str) -> None:
    with pytest.raises(ParameterError, match=f"^{field} is "):
        Params(**settings)  # type: ignore[arg-type]
