"""By hand: outputs in the hull of the values, what order and edits change, and advice for what cannot be used."""

import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from dlviz.compute.attention.by_hand import MASKS, POSITIONS, REACH, Params, Result, compute
from dlviz.fields import ParameterError
from dlviz.nets.wordvectors import vector_of
from dlviz.results import Fact
from tests.test_params import random_params

TEXTS = ("a b", "one two three one", "x y z u v w", '{"a": [1, -2, 3, 0.5]}', "")


def facts(**settings: Any) -> dict[str, Fact]:
    return compute(Params(**settings)).facts()


def value(found: dict[str, Fact], name: str) -> float:
    number = found[name].value
    assert number is not None, name
    return number


def drawn(count: int) -> list[Params]:
    rng = random.Random(21)
    return [replace(random_params(Params, rng, TEXTS), beside="values") for _ in range(count)]


def test_every_output_is_a_convex_combination_of_the_values_that_may_be_seen() -> None:
    """By linear programming, which knows nothing of softmax: some weights ≥ 0 that sum to 1 give it. One head, before W_O."""
    for params in drawn(12):
        result, allowed = compute(params), params.allowed().numpy()
        width = params.head_width()
        for head in range(params.head_count()):
            columns = slice(head * width, (head + 1) * width)
            for row, output in enumerate(result.joined[:, columns]):
                seen = result.value[allowed[row]][:, columns]
                equations = np.vstack((seen.T, np.ones(len(seen))))
                found = linprog(np.zeros(len(seen)), A_eq=equations, b_eq=[*output, 1], bounds=(0, None), method="highs")
                assert found.status == 0, params


def test_the_numbers_of_a_small_example_by_eye() -> None:
    """Two tokens (1, 0) and (0, 1), all matrices the identity: q·k is the identity, so a row's weights are e^(1/√2) : 1."""
    one = tuple(float(i % 5 == 0) for i in range(16))
    result = compute(Params(words="a b", vectors='{"a": [1, 0, 0, 0], "b": [0, 1, 0, 0]}', query=one, key=one, value=one))
    large = np.exp(1 / np.sqrt(2)) / (np.exp(1 / np.sqrt(2)) + 1)
    np.testing.assert_allclose(result.weights[0], [[large, 1 - large], [1 - large, large]], rtol=1e-14)
    np.testing.assert_allclose(result.projected, result.weights[0], rtol=1e-14)
    assert compute(replace(result.params, scaled=False)).weights[0, 0, 0] == pytest.approx(np.e / (np.e + 1), rel=1e-14)


def test_a_word_is_the_same_vector_wherever_it_stands_and_edits_are_the_words() -> None:
    result = compute(Params(words="cat and cat", vectors='{"cat": [9, 8, 0, 0]}'))
    assert result.vectors[0].tolist() == result.vectors[2].tolist() == [9, 8]
    assert result.vectors[1].tolist() == list(vector_of("and")[:2])
    assert np.array_equal(result.weights[0, 0], result.weights[0, 2]), "without positions, equal words look alike"
    assert not np.allclose(*compute(replace(result.params, positions="learned")).weights[0, [0, 2]])


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_order_is_lost_only_without_mask_and_positions(mask: str, positions: str) -> None:
    found = facts(mask=mask, positions=positions)
    assert (value(found, "reversal") < 1e-12) == (mask == positions == "none")


def test_what_moving_all_places_changes() -> None:
    assert value(facts(), "shift") == 0 and value(facts(positions="rope", width="4"), "shift") < 1e-12
    assert value(facts(positions="sinusoidal"), "shift") > 0.1
    assert facts(positions="learned")["shift"].value is None, "the table ends"


def test_in_one_causal_layer_the_last_word_does_not_know_the_order_in_two_it_does() -> None:
    found = facts(mask="causal")
    assert value(found, "last_gap[1]") < 1e-12 < 0.1 < value(found, "last_gap[2]")
    assert value(facts(), "last_gap[2]") < 1e-12 and facts(words="a b")["last_gap[2]"].value is None


def test_linear_in_the_values_only_for_any_settings() -> None:
    for params in drawn(20):
        found = compute(params).facts()
        assert value(found, "value_doubling") == 0
        assert value(found, "row_sum_error") < 1e-12 and value(found, "masked_weight") == 0


def test_between_two_texts_neither_mask_nor_positions_apply() -> None:
    plain = compute(Params(kind="cross"))
    found = compute(Params(kind="cross", mask="causal", positions="learned"))
    assert np.array_equal(plain.weights, found.weights) and found.weights.shape == (1, 3, 3)
    assert found.facts()["reversal"].value is None and Params(kind="cross", mask="causal").canonical().mask == "none"
    assert np.array_equal(compute(Params(kind="cross", others="ja ja", words="a b c d")).weights, np.full((1, 4, 2), 0.5))


def test_padding_is_looked_at_by_nobody() -> None:
    result = compute(Params(words="a b c pad", padding=1))
    assert (result.weights[0, :, 3] == 0).all()
    assert np.array_equal(result.weights[0, :3, :3], compute(Params(words="a b c")).weights[0])


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"words": ""}, "words", "2 to 6 words, not 0"),
        ({"words": "one"}, "words", "2 to 6 words, not 1"),
        ({"words": "a b c d e f g"}, "words", "2 to 6 words, not 7"),
        ({"words": "short abcdefghijklm"}, "words", "at most 12 letters"),
        ({"words": "word " * 100_000}, "words", "at most 60 characters"),
        ({"words": "a \x07"}, "words", "printable"),
        ({"words": "a b", "padding": 2}, "padding", "fewer than the 2 tokens"),
        ({"words": "a b c d", "mask": "window", "window": 2, "padding": 2}, "padding", "look nowhere: 0/0"),
        ({"width": "3", "positions": "rope"}, "positions", "an even number"),
        ({"vectors": "{"}, "vectors", "words and their 4 numbers"),
        ({"vectors": "[" * 500}, "vectors", "words and their 4 numbers"),
        ({"vectors": "{}"}, "vectors", "words and their 4 numbers"),
        ({"others": "one"}, "others", "2 to 6 words, not 1"),
        ({"vectors": "[1, 2]"}, "vectors", "words and their 4 numbers"),
        ({"vectors": '{"a": [1, 2]}'}, "vectors", "words and their 4 numbers"),
        ({"vectors": '{"a": 7}'}, "vectors", "words and their 4 numbers"),
        ({"vectors": '{"a": [1, 2, 3, NaN]}'}, "vectors", "words and their 4 numbers"),
        ({"vectors": '{"a": [1, 2, 3, "4"]}'}, "vectors", "words and their 4 numbers"),
        ({"vectors": '{"a": [1, 2, 3, true]}'}, "vectors", "words and their 4 numbers"),
        ({"vectors": f'{{"a": [1, 2, 3, {REACH + 1}]}}'}, "vectors", "words and their 4 numbers"),
        ({"query": (1.0,) * 15}, "query", "16 numbers"),
    ],
)
def test_what_cannot_be_used_is_advice(settings: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Params(**settings)
    assert caught.value.name == field and words in str(caught.value)


def test_any_script_is_a_word() -> None:
    """Emoji, right to left, signs of HTML: each a word with a vector of its own."""
    result = compute(Params(words="🙂 שלום <b>x</b> a;b 'q' \"q\""))
    assert len(np.unique(result.vectors, axis=0)) == 6 and np.isfinite(result.projected).all()
    edited = json.dumps({"<b>x</b>": [1, 2, 3, 4]}, ensure_ascii=False)
    assert compute(replace(result.params, vectors=edited)).vectors[2].tolist() == [1, 2]


def test_the_same_settings_give_the_same_bytes() -> None:
    one, other = (compute(Params(beside="scaling", width="4", heads="2", positions="rope")) for _ in range(2))
    for name in Result.__dataclass_fields__:
        if isinstance(array := getattr(one, name), np.ndarray):
            assert array.tobytes() == getattr(other, name).tobytes()
