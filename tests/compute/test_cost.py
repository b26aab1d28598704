"""Cost: laws that hold for times on any machine, what is timed, and how a measurement is told, stopped and counted."""

import threading
import time
from typing import Any

import numpy as np
import pytest
import torch

from dlviz.compute import gather, run
from dlviz.compute.activations import cost, stopwatch
from dlviz.compute.activations.cost import DTYPES, Params, Result, compute
from dlviz.compute.activations.stopwatch import KINDS, Clock, clocks, measure
from dlviz.jobs import Cancelled, Jobs
from dlviz.nets.activations import ACTIVATIONS, activation

MORE = tuple(name for name in ACTIVATIONS if name not in cost.FRONT)
EVERY = {"more_functions": MORE, "repetitions": 5}


def measured(**settings: Any) -> Result:
    """A measurement with these settings; small and short unless they say otherwise."""
    found = run("activations.cost", Params(**({"exponent": 10, "repetitions": 5} | settings)))
    assert isinstance(found, Result)
    return found


def value(result: Result, name: str) -> float:
    found = result.facts()[name].value
    assert found is not None
    return found


# What is timed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", DTYPES)
def test_every_function_is_measured_in_every_number_format(precision: str) -> None:
    result = measured(precision=precision, **EVERY)
    assert result.params.names() == tuple(ACTIVATIONS)
    there = np.isfinite(result.times).all(0)
    missing = {(KINDS[k], tuple(ACTIVATIONS)[f]) for d, k, f in np.argwhere(~there)}
    assert missing == {("both", "step")}, "autograd sees a constant in step, and in nothing else"
    assert (result.times[np.isfinite(result.times)] > 0).all() and result.rounds() == 5
    assert result.facts()["bytes_per_element"].value == torch.finfo(DTYPES[precision]).bits / 8


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_what_is_timed_is_the_function_and_its_gradient(name: str, precision: str) -> None:
    """The calls inside the clocks give the catalogue's f, on one element and on all, and autograd's slope of it."""
    x = torch.linspace(-4, 4, 101, dtype=DTYPES[precision])
    call, forward, both = (clock.act for clock in clocks([name], x, lambda: None))
    leaf = x.clone().requires_grad_()
    expected = activation(name, stopwatch.SHAPES)(leaf)
    assert call is not None and forward is not None
    torch.testing.assert_close(forward(), expected.detach())
    torch.testing.assert_close(call(), expected.detach()[:1])
    assert not forward().requires_grad  # type: ignore[attr-defined]
    assert (both is None) == (name == "step")
    if both is not None:
        torch.testing.assert_close(both(), torch.autograd.grad(expected.sum(), leaf))


def test_a_clock_divides_a_block_by_its_calls_and_lets_the_device_finish() -> None:
    """Of a sleep of 1 ms it says at least 1 ms a call; of a quick act it makes many calls; it waits before and after."""
    heard: list[str] = []
    slow = Clock(lambda: (heard.append("act"), time.sleep(0.001)), lambda: heard.append("wait"))
    assert 1e6 <= slow.read() < 20e6
    assert slow.calls == 1 and heard[:3] == ["wait", "act", "wait"] and heard[-3:] == ["wait", "act", "wait"]
    quick = Clock(lambda: None, lambda: None)
    assert quick.read() < 50_000 and 10 <= quick.calls <= stopwatch.MOST_CALLS
    assert np.isnan(Clock(None, lambda: None).read())


def test_every_round_times_everything_once_and_in_another_order() -> None:
    places = [place for place, _ in measure(["relu", "tanh"], 64, torch.float32, ["cpu"], 6)]
    rounds = [[place - 6 * turn for place in places[6 * turn : 6 * turn + 6]] for turn in range(6)]
    assert all(sorted(each) == list(range(6)) for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1, "a fixed order favours some"


# Laws of the numbers -------------------------------------------------------------------------------------------------


def test_time_grows_with_elements_and_an_element_gets_cheaper() -> None:
    """A call on 2^20 elements takes longer than on 2^10, and the call's own cost spreads over more of them."""
    small, large = measured(functions=(), repetitions=15), measured(functions=(), exponent=20, repetitions=15)
    for kind in ("forward", "both"):
        assert value(large, f"least_{kind}[relu]") * 2**20 > value(small, f"least_{kind}[relu]") * 2**10
    assert value(small, "least_forward[relu]") > 3 * value(large, "least_forward[relu]")
    assert value(small, "call_share") > 0.3 > 0.1 > value(large, "call_share")


def test_what_must_cost_more_costs_more() -> None:
    result = measured(exponent=18, functions=("tanh", "gelu", "silu"), more_functions=("swish", "mish"), repetitions=15)
    for dear, cheap in (("tanh", "relu"), ("mish", "relu"), ("gelu", "relu"), ("swish", "silu")):
        assert value(result, f"least_forward[{dear}]") > value(result, f"least_forward[{cheap}]"), (dear, cheap)
    for name in result.params.names():
        assert value(result, f"least_both[{name}]") > value(result, f"least_forward[{name}]"), name


def made(times: np.ndarray, **settings: Any) -> Result:
    """A result that holds these times, (rounds, KINDS, functions)."""
    params = Params(exponent=10, **settings)
    return Result(params=params, began=0.0, devices=("cpu",), machine=("CPU",), times=times[:, None])


def test_facts_are_medians_and_quartiles_of_the_times() -> None:
    """Against the statistics module, on times that are drawn, not measured."""
    import statistics

    times = np.random.default_rng(1).lognormal(3, 1, (15, 3, 3)) * 1024  # functions: tanh, relu, gelu
    result = made(times, functions=("tanh", "gelu"))
    quartiles = result.quartiles()
    assert (np.diff(quartiles, axis=-1) >= 0).all(), "a spread is never negative"
    for f, name in enumerate(result.params.names()):
        for k, kind in enumerate(KINDS):
            scale = 1 if kind == "call" else 1024
            assert quartiles[0, k, f] * scale == pytest.approx(statistics.quantiles(times[:, k, f], n=4, method="inclusive"))
            assert value(result, f"least_{kind}[{name}]") * scale == pytest.approx(min(times[:, k, f]))
            assert value(result, f"{kind}[{name}]") * scale == pytest.approx(statistics.median(times[:, k, f]))
    medians = {name: value(result, f"forward[{name}]") for name in result.params.names()}
    assert value(result, "fastest") == min(medians.values()) and value(result, "slowest") == max(medians.values())
    assert cost.LABELS[max(medians, key=medians.__getitem__)] in result.facts()["slowest"].label
    assert value(result, "ratio[relu]") == 1 and value(result, "slowest_ratio") == pytest.approx(max(medians.values()) / medians["relu"])
    assert value(result, "backward_ratio[gelu]") == pytest.approx(value(result, "both[gelu]") / medians["gelu"])
    assert value(result, "call_share") == pytest.approx(min(1, min(times[:, 0, 1]) / min(times[:, 1, 1])))
    assert value(result, "repetitions") == 15


def test_what_was_not_measured_is_undefined_and_not_zero() -> None:
    times = np.full((5, 3, 2), np.nan)  # functions: step, relu
    times[:2], times[2, :2] = 2048.0, 2048.0
    times[:, KINDS.index("both"), 0] = np.nan
    result = made(times, functions=("step",))
    assert result.rounds() == 2 and result.facts()["both[step]"].value is None
    assert value(result, "forward[step]") == 2


# How it is told and stopped ------------------------------------------------------------------------------------------


def test_snapshots_so_far_are_the_beginning_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "PACE", 0.0)
    params = Params(functions=("tanh",), exponent=10, repetitions=5)
    job, seen = compute(params), []
    while True:
        try:
            seen.append(next(job))
        except StopIteration as end:
            whole = end.value
            break
    assert [one.step for one in seen] == list(range(1, seen[-1].of + 1)) and seen[-1].of == 5 * 3 * 2
    part = gather("activations.cost", params, seen[:8])
    assert isinstance(part, Result) and np.isfinite(part.times).sum() == 8 and part.rounds() == 1
    there = np.isfinite(part.times)
    np.testing.assert_array_equal(part.times[there], whole.times[there])
    assert part.began == whole.began <= time.time()


def test_a_measurement_nobody_watches_ends_between_two_calls() -> None:
    jobs = Jobs()
    try:
        job = jobs.submit("activations.cost", Params(**(EVERY | {"exponent": 16, "repetitions": 205})), ("a", "live"))
        while not job.frames_after(-1):
            time.sleep(0.01)
        left = time.monotonic()
        jobs.submit("activations.cost", Params(functions=(), exponent=10, repetitions=5), ("a", "live"))
        with pytest.raises(Cancelled):
            job.wait(10)
        assert time.monotonic() - left < 2
        assert job.progress()[0] < job.progress()[1]
    finally:
        jobs.close()


def test_a_slow_machine_measures_fewer_rounds_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopwatch, "LIMIT", 0.0)
    result = measured(repetitions=205)
    assert result.rounds() == stopwatch.LEAST == value(result, "repetitions") and result.times.shape[0] == 205


def test_measuring_again_is_another_job_and_equal_settings_are_one() -> None:
    jobs = Jobs()
    try:
        first = jobs.submit("activations.cost", Params(functions=(), exponent=10, repetitions=5))
        assert jobs.submit("activations.cost", Params(functions=(), exponent=10, repetitions=5)) is first
        again = jobs.submit("activations.cost", Params(functions=(), exponent=10, repetitions=5, run=2))
        assert again is not first and first.wait(20).began <= again.wait(20).began  # type: ignore[attr-defined]
    finally:
        jobs.close()


def test_a_measurement_uses_one_thread_and_leaves_the_number_as_it_was() -> None:
    before, heard = torch.get_num_threads(), []
    thread = threading.Thread(target=lambda: heard.append(value(measured(functions=()), "threads")))
    thread.start()
    thread.join()
    assert heard == [1] and torch.get_num_threads() == before == 1


def test_without_a_gpu_only_the_cpu_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = measured(functions=())
    assert result.devices == ("cpu",) and result.times.shape[1] == 1 and "one thread" in result.machine[0]
    assert not [name for name in result.facts() if name.startswith("gpu_")]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_is_measured_beside_the_cpu() -> None:
    result = measured(exponent=22, **EVERY)
    assert result.devices == ("cpu", "cuda") and np.isfinite(result.times[:, 1, 1]).all()
    assert value(result, "gpu_forward[gelu]") < value(result, "forward[gelu]")
