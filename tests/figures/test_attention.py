"""The picture of By hand: what the component reads is the result, and settings that come back unchanged change nothing."""

import json
from dataclasses import fields

import numpy as np

from dlviz.compute.attention.by_hand import Params, compute
from dlviz.figures.attention import by_hand
from dlviz.figures.payload import unpack


def test_the_payload_is_the_result() -> None:
    result = compute(Params(words="one two one", width="4", heads="2", positions="learned", mask="causal"))
    header, arrays = unpack(by_hand((result,)))
    assert set(arrays) == {field.name for field in fields(result)} - {"params", "gaps"}
    for name, flat in arrays.items():
        np.testing.assert_array_equal(flat, getattr(result, name).ravel())
    assert header["tokens"] == ["one", "two", "one"] and set(header["own"]) == {"one", "two"}
    assert np.reshape(header["allowed"], (3, 3)).tolist() == np.tril(np.ones((3, 3))).tolist()


def test_settings_that_come_back_unchanged_change_nothing() -> None:
    params = Params(words="a b c d", width="4", heads="2", scaled=False, head=2, followed=3, vectors='{"a": [1, 2, 3, 4]}')
    header, _ = unpack(by_hand((compute(params),)))
    assert Params(**(params.as_dict() | json.loads(json.dumps(header["settings"])))) == params


def test_two_pictures_have_the_same_scales() -> None:
    one, other = compute(Params()), compute(Params(value_gain=3, words="x y z u"))
    first, second = (unpack(by_hand(pair))[0]["reaches"] for pair in ((one, other), (other, one)))
    alone = unpack(by_hand((one,)))[0]["reaches"]
    assert first == second and first["value"] == np.abs(other.value).max() > alone["value"] == np.abs(one.value).max()
    assert all(first[kind] >= alone[kind] for kind in alone)
