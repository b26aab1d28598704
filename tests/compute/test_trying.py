"""Maps switched off and weights changed: scored on all held-out pictures, refused in one sentence where they do not fit."""

from typing import Any

import numpy as np
import pytest
import torch

from dlviz.compute import run
from dlviz.compute.filters import sets
from dlviz.compute.filters.learning import Params, Result, trained
from dlviz.compute.filters.trying import UnusableChange, attempt, changed, folded


@pytest.fixture(scope="module")
def result() -> Result:
    found = run("filters.learning", Params(pictures=500, channels=4, norm=True))
    assert isinstance(found, Result)
    return found


def test_batch_norm_folds_into_kernel_and_bias(result: Result) -> None:
    net, x = trained(result), sets.load(result.params.as_dict(), "held_out").x[:200]
    plain = folded(net)
    assert not plain.gains and torch.allclose(plain.forward(x)[0], net.forward(x)[0], atol=1e-4)


def test_nothing_changed_is_nothing_lost(result: Result) -> None:
    found = attempt(result, [], [])
    assert found.after == found.before and found.other_answers == 0
    assert found.before == pytest.approx(result.facts()["accuracy"].value, abs=1e-3)  # folded sums round otherwise


def test_a_map_that_is_off_is_zero_and_the_others_stay(result: Result) -> None:
    x = sets.load(result.params.as_dict(), "held_out").x[:50]
    net, without = folded(trained(result)), changed(folded(trained(result)), [[0, 2]], [])
    maps, fewer = net.forward(x)[1][0], without.forward(x)[1][0]
    assert (fewer[:, 2] == 0).all() and maps[:, 2].max() > 0
    assert (fewer[:, [0, 1, 3]] == maps[:, [0, 1, 3]]).all()


def test_with_every_map_off_all_pictures_get_one_answer(result: Result) -> None:
    """The head's largest bias, which is right for that class's share of the held-out digits."""
    answer = int(trained(result).head_bias.argmax())
    truth = sets.load(result.params.as_dict(), "held_out").y
    found = attempt(result, [[1, k] for k in range(8)], [])
    assert found.after == pytest.approx((truth == answer).double().mean().item())
    assert found.other_answers == pytest.approx(int((result.answers != answer).sum()), abs=2)


def test_a_weight_is_set_where_it_stands(result: Result) -> None:
    net = changed(folded(trained(result)), [], [[1, 4 * 25 + 7, -1.5]])
    before = folded(trained(result))
    assert net.kernels[1][1, 0].flatten()[7] == -1.5
    assert (net.kernels[1] != before.kernels[1]).sum() == 1 and np.allclose(net.kernels[0], before.kernels[0])


BAD: list[tuple[Any, Any]] = [
    ([[2, 0]], []), ([[0, 4]], []), ([[-1, 0]], []), ([[0]], []), ([["0", 1]], []), ([[0, 0.5]], []), ("off", []), (None, []), ([None], []),
    ([], [[0, 100, 1]]), ([], [[0, 1, 10]]), ([], [[0, 1, float("nan")]]), ([], [[0, 1, None]]), ([], [[0, 1]]), ([[True, 0]], []),
    ([[0, 1]] * 60_000, []), ([[float("inf"), 0]], []),
]  # fmt: skip


@pytest.mark.parametrize(("off", "weights"), BAD, ids=range(len(BAD)))
def test_changes_that_do_not_fit_are_refused_in_a_sentence(result: Result, off: Any, weights: Any) -> None:
    with pytest.raises(UnusableChange, match=r"^The changes .*\.$"):
        changed(folded(trained(result)), off, weights)
