"""The picture of In training carries the run's own numbers, and what stands beside it only widens its scales."""

from typing import Any

import numpy as np

from dlviz.compute import run
from dlviz.compute.gradients.training import Params, Result
from dlviz.figures import gradients as figures
from dlviz.figures.payload import Clip, unpack

SMALL: dict[str, Any] = {"depth": 4, "width": 6, "samples": 32, "batch_size": 16, "steps": 140}


def result_of(**settings: Any) -> Result:
    """The result of SMALL settings with these changes."""
    found = run("gradients.training", Params(**(SMALL | settings)))
    assert isinstance(found, Result)
    return found


def test_the_strips_carry_the_runs_own_numbers() -> None:
    result = result_of(activation="relu", clip=0.2)
    header, arrays = unpack(figures.training((result,), Clip("run", 140, True)))
    assert header["steps"] == result.steps.tolist() and header["of"] == header["until"] == 140 and header["done"]
    assert set(header["framed"]) <= set(arrays)
    for name in ("gradient", "update", "variance", "total"):
        wanted = getattr(result, name)
        np.testing.assert_allclose(10 ** arrays[name].reshape(wanted.shape), wanted, rtol=1e-5)
    for name in ("dead", "loss", "accuracy", "clipped", "taken"):
        np.testing.assert_allclose(arrays[name].reshape(getattr(result, name).shape), getattr(result, name), rtol=1e-6)
    (panel,) = header["panels"]
    assert panel["layers"] == 4 and panel["clip"] == 0.2 and [strip["array"] for strip in panel["strips"]][0] == "gradient"


def test_an_exact_zero_and_what_is_undefined_stay_apart() -> None:
    """From zeros every gradient is 0 and every ratio 0/0; the payload is still strict JSON and floats."""
    _, arrays = unpack(figures.training((result_of(initialisation="zeros"),), Clip("run", 140, True)))
    gradient = arrays["gradient"].reshape(-1, 3, 4)
    assert (gradient[1:-1] == -np.inf).all() and np.isnan(gradient[0]).all() and np.isnan(arrays["update"]).all()


def test_what_stands_beside_only_widens_the_scales() -> None:
    one, other = result_of(), result_of(weight_spread=3)
    alone, payload = (unpack(figures.training(results, Clip("run", 140, True, until=200))) for results in ((one,), (one, other)))
    for name in alone[1]:
        np.testing.assert_array_equal(alone[1][name], payload[1][name])
    beside = payload[0]["beside"]
    logs = np.log10(other.each("gradient"))
    np.testing.assert_allclose(beside["gradient"], [logs.min(), logs.max()], rtol=1e-6)
    assert beside["loss"] == [other.loss.max()] and alone[0]["beside"]["gradient"] == alone[0]["beside"]["loss"] == []
    assert payload[0]["until"] == 200 and payload[0]["panels"] == alone[0]["panels"]


def test_a_picture_of_a_diverged_run_and_of_its_beginning_can_be_drawn() -> None:
    result = result_of(activation="relu", weight_spread=6, learning_rate=10, depth=12)
    header, arrays = unpack(figures.training((result, result), Clip("run", 140, True)))
    assert header["steps"][-1] < 140 and not np.isfinite(arrays["loss"][-1])
    assert all(np.isfinite(header["beside"][name]).all() for name in header["beside"])
