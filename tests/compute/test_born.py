"""A head is born: scores by their definition, heads that are off, and a run that is the same whoever makes it."""

import numpy as np
import pytest
import torch

from dlviz.compute import gather, run
from dlviz.compute.attention import born, forming
from dlviz.compute.attention.born import Params
from dlviz.data.rows import TASKS, Rows
from dlviz.fields import ParameterError
from dlviz.nets.attention_only import read_row

SMALL = {"steps": 4, "batch_size": 4, "width": 8}


def rows_of(*codes: list[int]) -> Rows:
    """Rows in which everything is asked."""
    return Rows(np.array(codes), np.ones((len(codes), len(codes[0]) - 1), bool))


def test_uniform_attention_scores_by_counting() -> None:
    """a b a b a: from the third place on the present symbol stood before, 1, 1 and 2 places follow; the fifth asks nothing.

    Uniform attention over t places gives 1/3 and 1/4 to what followed; the mean over the two asked places is 7/24. The place
    before gets 1/2, 1/3, 1/4, 1/5, on average 77/240.
    """
    uniform = torch.ones(5, 5, dtype=torch.float64).tril()
    seen = (uniform / uniform.sum(-1, keepdim=True))[None, None, None]
    prefix, previous = forming.scores(seen, rows_of([0, 1, 0, 1, 0]))
    assert prefix.item() == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert previous.item() == pytest.approx((1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 4)


def test_every_earlier_appearance_counts() -> None:
    """a b a b a b: from the fifth place, a stood twice; all attention on either of its followers is matched."""
    seen = torch.zeros(1, 1, 1, 6, 6)
    seen[..., 0] = 1.0  # elsewhere everything goes to the first place, which follows nothing
    seen[..., 4, :] = torch.tensor([0.1, 0.3, 0.0, 0.6, 0.0, 0.0])
    rows = rows_of([0, 1, 0, 1, 0, 1])
    rows.asked[:] = np.arange(5) == 4
    assert forming.scores(seen, rows)[0].item() == pytest.approx(0.9)


def test_nothing_to_match_is_no_number() -> None:
    assert np.isnan(forming.scores(torch.ones(1, 1, 1, 3, 3), rows_of([0, 1, 2]))[0]).all()


def test_what_is_right_without_a_head_is_what_is_right_with_it_off() -> None:
    params = Params(heads="2", **SMALL)
    settings = params.settings()
    net, tests = forming.fresh(settings), forming.held_out(settings)
    for _ in zip(range(20), forming.training(net, settings), strict=False):
        pass
    trained = np.isin(forming.task_of(settings).tested, forming.task_of(settings).trained)
    shares = forming.without(net, settings, tests)
    for layer, head in ((0, 1), (1, 0)):
        assert shares[layer, head] == pytest.approx(forming.look(net, settings, tests, [(layer, head)]).accuracies[trained].mean())


def test_heads_that_are_off_take_part_in_training() -> None:
    one, other = run("attention.born", Params(**SMALL)), run("attention.born", Params(off=("1.1", "3.4"), **SMALL))
    assert isinstance(one, born.Result) and isinstance(other, born.Result)
    assert other.facts()["accuracy"] == one.facts()["without[1_1]"].__class__(
        one.facts()["without[1_1]"].value, "right", "%", rtol=one.facts()["accuracy"].rtol
    )
    np.testing.assert_array_equal(one.attention[:, 0], other.attention[:, 0])  # the first layer sees the same
    assert (one.attention[-1, 1] != other.attention[-1, 1]).any()


def test_the_loss_of_an_untrained_network_and_its_first_step_are_torchs() -> None:
    settings = Params(**SMALL).settings()
    net, same = forming.fresh(settings), forming.fresh(settings)
    next(forming.training(net, settings))
    rows = forming.drawn(TASKS["repeat"], 4, TASKS["repeat"].trained, np.random.default_rng([0, 0]))
    codes = torch.from_numpy(rows.codes)
    said = torch.log_softmax(read_row(same, codes)[0], -1)[:, :-1].gather(2, codes[:, 1:, None])[..., 0]
    loss = -said[torch.from_numpy(rows.asked)].mean()
    for grown, before, gradient in zip(net.parameters, same.parameters, torch.autograd.grad(loss, same.parameters), strict=True):
        # Adam's first step is the learning rate times g / (|g| + ε)
        torch.testing.assert_close(grown, before - 0.01 * gradient / (gradient.abs() + 1e-8), rtol=1e-3, atol=2e-5)


def test_equal_settings_give_equal_bytes_whatever_runs_between() -> None:
    first = list(born.compute(Params(**SMALL)))
    other = born.compute(Params(task="add", **SMALL))
    again = []
    for one in born.compute(Params(**SMALL)):
        again.append(one)
        next(other, None)
    for one, two in zip(first, again, strict=True):
        assert all(np.array_equal(one.arrays[name], two.arrays[name], equal_nan=True) for name in one.arrays)


def test_a_part_of_a_run_is_a_result() -> None:
    pictures = list(born.compute(Params(**SMALL)))
    part = gather("attention.born", Params(**SMALL), pictures[:2])
    assert isinstance(part, born.Result)
    assert list(part.steps) == [0, 1] and part.facts()["prefix_start"].value is not None


def test_too_much_work_is_refused_with_the_limit() -> None:
    with pytest.raises(ParameterError, match=r"steps is 2000(\.0)?: expected at most 170"):
        Params(steps=2000, batch_size=128, width=64, layers=3)


def test_a_learning_rate_that_breaks_everything_ends_the_run() -> None:
    settings = Params(learning_rate=0.1, steps=3, batch_size=2, width=8, positions="learned")
    assert len(list(born.compute(settings))) == 4  # steps 0 to 3: Adam's steps are bounded, nothing overflows
