"""The picture of What it does: the component reads the result, what is not known yet is said, and two pictures share their scales."""

import json
from dataclasses import replace

import numpy as np

from dlviz.compute import run
from dlviz.compute.attention import effect
from dlviz.compute.attention.effect import Params, Result
from dlviz.figures.attention import effect as figure
from dlviz.figures.attention import rankings
from dlviz.figures.payload import Clip, unpack
from dlviz.results import three_digits

PARAMS = Params(model="austen", text="It is a truth", token="that", off="2.5 f1", weights="3.1:4>2=0.75", opened="3.1", looker=4, looked=2)
DONE = Clip("one", 21, True)


def result_of(params: Params) -> Result:
    """The result of these settings."""
    found = run("attention.effect", params)
    assert isinstance(found, Result)
    return found


def test_the_payload_is_the_result() -> None:
    result = result_of(PARAMS)
    header, arrays = unpack(figure((result,), DONE))
    assert (header["opened"], header["at"], header["off"], header["set"]) == ("3.1", [3, 1], ["f1", "2.5"], [[2, 0, 3, 1, 0.75]])
    assert header["shape"] == [6, 6] and header["known"] == 6 and header["step"] == 21 and header["score"] == result.score.tolist()
    length = len(result.pieces)
    assert abs(arrays["pair"].reshape(2, length, length)[1, 3, 1] - 0.75) < 1e-6
    np.testing.assert_array_equal(arrays["effects"], result.effects[0].ravel().astype(np.float32))
    for name in ("maps", "chances", "logits", "alike"):
        np.testing.assert_array_equal(arrays[name], getattr(result, name).ravel())
    np.testing.assert_allclose(arrays["chances"].reshape(2, -1), np.exp(arrays["logits"].reshape(2, -1) - _totals(result)), rtol=1e-9)


def _totals(result: Result) -> np.ndarray:
    """ln of the sum over the whole vocabulary of e^logit, which probabilities are short of logits by."""
    return np.asarray((result.logits - np.log(result.chances)).mean(1, keepdims=True))


def test_settings_that_come_back_unchanged_change_nothing() -> None:
    header, _ = unpack(figure((result_of(PARAMS),), DONE))
    bare = Params(model=PARAMS.model, text=PARAMS.text).as_dict()
    assert Params(**(bare | json.loads(json.dumps(header["settings"])))).canonical() == PARAMS.canonical()


def test_what_is_not_known_yet_is_nan_and_counted() -> None:
    result = result_of(PARAMS)
    effects = result.effects.copy()
    effects[:, 2:] = np.nan
    header, arrays = unpack(figure((replace(result, effects=effects),), Clip("one", 21, False)))
    assert (header["known"], header["step"], header["done"], header["correlation"]) == (2, 6 + 5, False, None)
    assert np.isnan(arrays["effects"].reshape(6, 8)[2:]).all() and np.isfinite(arrays["effects"].reshape(6, 8)[:2]).all()
    nothing, _ = unpack(figure((effect.look(replace(PARAMS, text="Nothing known")),), Clip("one", 21, False)))
    assert nothing["known"] == nothing["step"] == 0 and nothing["reach"] == [0, 0] and nothing["range"] == [0, 0]


def test_an_encoder_has_a_similarity_and_no_next_token() -> None:
    result = result_of(replace(PARAMS, off=""))
    encoder = replace(result, causal=False, alike=np.array([0.5, 0.25]), listed=(), logits=np.zeros((2, 0)), chances=np.zeros((2, 0)))
    header, _ = unpack(figure((replace(encoder, surprises=np.zeros((2, 0))),), DONE))
    assert (header["what"], header["score"], header["loss"], header["listed"]) == ("similarity", [0.5, 0.25], [], [])


def test_two_pictures_share_their_scales() -> None:
    one, other = result_of(PARAMS), result_of(replace(PARAMS, text="She was very", instead="mean"))
    names = ("reach", "range", "mostLooks", "mostChance")
    first, second, alone = (unpack(figure(pair, DONE))[0] for pair in ((one, other), (other, one), (one,)))
    assert [first[name] for name in names] == [second[name] for name in names]
    heads, sublayers = ([abs(each.measured[:, part]).max() for each in (one, other)] for part in (slice(0, 6), slice(6, 8)))
    assert first["reach"] == [max(heads), max(sublayers)] and alone["reach"] == [heads[0], sublayers[0]]
    assert first["range"][0] <= min(each.measured[:, :6].min() for each in (one, other)) <= 0 <= first["range"][1]
    assert first["mostLooks"] == 1, "weights lie between 0 and 1"
    valued = result_of(replace(PARAMS, looks="value"))
    assert unpack(figure((valued,), DONE))[0]["mostLooks"] == valued.looks.max()


def test_two_rankings_have_the_same_heads_in_their_own_orders() -> None:
    result = result_of(PARAMS)
    columns = rankings(result)
    assert {len(column) for column in columns.values()} == {10} and columns["place"] == [str(place) for place in range(1, 11)]
    heads = [f"{layer + 1}.{head + 1}" for layer in range(6) for head in range(6)]
    looks, effects = result.looks.ravel(), result.measured[:, :6].ravel()
    assert columns["looks most"] == sorted(heads, key=lambda name: -looks[heads.index(name)])[:10]
    assert columns["does most"] == sorted(heads, key=lambda name: -abs(effects[heads.index(name)]))[:10]
    place = [heads.index(columns[name][3]) for name in ("looks most", "does most")]
    assert [columns[name][3] for name in ("looks", "its effect")] == [three_digits(each[place[0]]) for each in (looks, effects)]
    assert [columns[name][3] for name in ("effect when off", "its looks")] == [three_digits(each[place[1]]) for each in (effects, looks)]
