"""The picture of Cost carries the result's own numbers, and says how far the measurement is."""

import numpy as np
import pytest

from dlviz.compute import gather, run
from dlviz.compute.activations import cost
from dlviz.compute.activations.curve import LABELS
from dlviz.figures import activations as figures
from dlviz.figures.payload import Clip, unpack

PARAMS = cost.Params(functions=("step", "tanh"), exponent=10, repetitions=5, run=7)


def test_the_picture_carries_the_results_own_numbers() -> None:
    result = run("activations.cost", PARAMS)
    assert isinstance(result, cost.Result)
    header, arrays = unpack(figures.cost((result,), Clip("a", 45, True)))
    np.testing.assert_array_equal(arrays["quartiles"].reshape(1, 3, 3, 3), result.quartiles())
    assert header["functions"] == [LABELS[name] for name in ("step", "tanh", "relu")] and header["functions"][header["yardstick"]] == "ReLU"
    assert (header["elements"], header["rounds"], header["wanted"], header["run"], header["done"]) == (1024, 5, 5, 7, True)
    cost.Params(repetitions=header["longest"], run=header["last_run"])  # what the buttons can ask for is allowed


def test_a_picture_of_the_first_moment_has_gaps_and_no_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "PACE", 0.0)
    first = next(cost.compute(PARAMS))
    header, arrays = unpack(figures.cost((gather("activations.cost", PARAMS, [first]),), Clip("a", 45, False, 250)))
    assert not header["done"] and header["again_ms"] == 250 and header["rounds"] == 0
    assert np.isfinite(arrays["quartiles"]).sum() == 3
