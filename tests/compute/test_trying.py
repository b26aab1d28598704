"""Maps switched off, weights set or loaded: scored on all held-out pictures, dropped or refused where they do not fit."""

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from dlviz import assets, scripts
from dlviz.compute import kept, run
from dlviz.compute.filters import learning, sets
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters.changes import changed, filled, read, write
from dlviz.compute.filters.learning import Params, Result
from dlviz.compute.filters.trying import packed
from dlviz.fields import ParameterError
from dlviz.nets.convolutional import Convolutional, folded

PARAMS = Params(pictures=500, channels=4, norm=True)
OFF = "[[1,0],[1,1],[1,2],[1,3],[1,4],[1,5],[1,6],[1,7]]"


def made(params: Params) -> Result:
    found = run("filters.learning", params)
    assert isinstance(found, Result)
    return found


@pytest.fixture(scope="module")
def result() -> Result:
    return made(PARAMS)


def trained(result: Result) -> Convolutional:
    return filled(nets.convolutional_net(result.params.as_dict()), result.state)


def test_batch_norm_folds_into_kernel_and_bias(result: Result) -> None:
    net, x = trained(result), sets.load(result.params.as_dict(), "held_out").x[:200]
    plain = folded(net)
    assert not plain.gains and torch.allclose(plain.forward(x)[0], net.forward(x)[0], atol=1e-4)
    flat = np.concatenate([tensor.numpy().ravel() for tensor in plain.parameters])
    assert (result.plain == flat).all()


def test_nothing_changed_is_nothing_lost(result: Result) -> None:
    facts = result.facts()
    assert facts["changed_accuracy"].value == facts["accuracy"].value and facts["other_answers"].value == facts["changes"].value == 0


def test_a_map_that_is_off_is_zero_and_the_others_stay(result: Result) -> None:
    x = sets.load(result.params.as_dict(), "held_out").x[:50]
    net, without = folded(trained(result)), changed(folded(trained(result)), [(0, 2), (0, 55, 3.0)])
    maps, fewer = net.forward(x)[1][0], without.forward(x)[1][0]
    assert (fewer[:, 2] == 0).all() and maps[:, 2].max() > 0  # weight 55 belongs to map 2, which stays off
    assert (fewer[:, [0, 1, 3]] == maps[:, [0, 1, 3]]).all()


def test_a_weight_is_set_where_it_stands(result: Result) -> None:
    net, before = changed(folded(trained(result)), [(1, 4 * 25 + 7, -1.5)]), folded(trained(result))
    assert net.kernels[1][1, 0].flatten()[7] == -1.5
    assert (net.kernels[1] != before.kernels[1]).sum() == 1 and np.allclose(net.kernels[0], before.kernels[0])


def test_with_every_map_off_all_pictures_get_one_answer_without_another_training(result: Result) -> None:
    """The head's largest bias, which is right for that class's share of the held-out digits. The run itself is the same to the byte."""
    params = replace(PARAMS, edits=OFF)
    assert kept("filters.learning", params) and not kept("filters.learning", replace(params, seed=98))
    found, answer = made(params), int(trained(result).head_bias.argmax())
    truth, facts = sets.labels(PARAMS.as_dict(), "held_out"), found.facts()
    assert facts["changed_accuracy"].value == pytest.approx((truth == answer).mean()) and facts["changes"].value == 8
    assert facts["other_answers"].value == pytest.approx(int((result.answers != answer).sum()), abs=2)
    assert (found.state == result.state).all() and (found.maps == result.maps).all() and facts["accuracy"] == result.facts()["accuracy"]


def test_changes_are_one_text_however_they_are_written() -> None:
    assert read(" [[1, 7, 2.0], [0,2], [1,7,-1.50], [0,2]] ") == [(0, 2), (1, 7, -1.5)] and read("") == [] and write([]) == ""
    ways = ["[[0,2],[1,7,2]]", "[[1,7,2.0],[0,2]]", "[[0,2],[1,7,9],[1,7,2]]"]
    assert len({replace(PARAMS, edits=way).canonical() for way in ways}) == 1


def test_changes_of_maps_and_weights_that_are_not_there_have_no_effect() -> None:
    """Four maps, eight maps; 100 and 800 weights: the last of each is there, the one after it is not, nor is a third convolution."""
    given = replace(PARAMS, edits="[[0,3],[0,4],[1,7],[1,8],[2,0],[0,99,1],[0,100,1],[1,799,1],[1,800,1],[2,0,1]]")
    assert read(given.canonical().edits) == [(0, 3), (1, 7), (0, 99, 1), (1, 799, 1)]
    assert replace(given, layers=1).canonical().edits == "[[0,3],[0,99,1]]"
    assert read(replace(given, data="emoji").canonical().edits)[-2:] == [(0, 100, 1), (1, 799, 1)]


BAD = ["x", "{}", "[0,2]", "[[0]]", '[["0",1]]', "[[0,0.5]]", "[[-1,0]]", "[[0,1,10]]", "[[0,1,NaN]]", "[[0,1,null]]", "[[true,0]]",
       "[[0,1,2,3]]", "null", "[" * 1999, "[[Infinity,0]]", "[[0,1,1e999]]", "[[0,1,true]]"]  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_what_are_no_changes_is_refused_in_a_sentence(wrong: str) -> None:
    with pytest.raises(ParameterError, match=r"^edits is .*: expected changes such as"):
        replace(PARAMS, edits=wrong)


def numbers_of(params: Params) -> dict[str, float]:
    """What the exported program gives."""
    space: dict[str, object] = {"__name__": "exported"}
    exec(compile(scripts.export("filters.learning", params), "exported.py", "exec"), space)
    return space["main"]()  # type: ignore[operator, no-any-return]


def test_weights_that_were_loaded_take_the_place_of_the_trained_ones_here_and_in_the_program(result: Result) -> None:
    """Of a network with another seed, and a map of it switched off; the program carries both."""
    other = made(replace(PARAMS, seed=2))
    params = replace(PARAMS, weights=assets.put(packed(other.state)))
    found = made(params)
    assert found.loaded and found.facts()["changed_accuracy"].value == pytest.approx(other.facts()["accuracy"].value, abs=1e-3)
    assert (found.plain == other.plain).all() and (found.state == result.state).all()
    both = replace(params, edits="[[0,1]]")
    given = learning.material(both)["weights"]
    assert (np.frombuffer(zlib.decompress(base64.b64decode(given)), "<f4") == other.state).all()
    numbers, facts = numbers_of(both), made(both).facts()
    for name in ("changed_accuracy", "other_answers", "changes", "accuracy"):
        assert numbers[name] == pytest.approx(facts[name].value, rel=1e-6), name
    assert facts["changed_accuracy"].value != found.facts()["changed_accuracy"].value


def test_weights_that_are_gone_or_of_another_network_are_left_out(result: Result) -> None:
    small = assets.put(packed(result.state[:-1]))
    for name in (small, "0" * 64):
        found = made(replace(PARAMS, weights=name))
        assert not found.loaded and (found.plain == result.plain).all() and found.other_answers == 0
