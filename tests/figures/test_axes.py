"""Hinges and Cost beside each other: whatever two results are like, both pictures have the axes that hold them both."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlviz.compute import run
from dlviz.compute.activations import cost, hinges
from dlviz.compute.activations.stopwatch import KINDS
from dlviz.figures import activations as figures
from dlviz.figures.payload import Clip, unpack


def header_of(view: str, *results: Any) -> dict[str, Any]:
    """The header of a view's picture of the first result, beside the others."""
    return unpack(getattr(figures, view)(results, *([Clip("a", 5, True)] if view == "cost" else [])))[0]


def test_hinges_share_their_axes_and_hold_both() -> None:
    calm = run("activations.hinges", hinges.Params(steps=100, layer=(1, 0, 0, 0, 1, 0)))
    wild = run(
        "activations.hinges", hinges.Params(start="own", units=2, w=(90, -80), steps=200, target="bump", layer=(2, -3, 0.5, 0, 1, -4))
    )
    assert isinstance(calm, hinges.Result) and isinstance(wild, hinges.Result)
    (a, b), both, swapped = (
        (header_of("hinges", each)["axes"] for each in (calm, wild)),
        *(header_of("hinges", *order)["axes"] for order in ((calm, wild), (wild, calm))),
    )
    assert both == swapped and a != b
    assert (a["last"], b["last"], both["last"]) == (100, 200, 200)
    for name in ("losses", "errors"):
        assert both[name] == [min(a[name][0], b[name][0]), max(a[name][1], b[name][1])]
    assert a["losses"] == [calm.losses.min(), calm.losses.max()]
    # every error that the price's picture can show: of the price itself, and of the units at any step
    assert a["errors"][0] <= calm.trained.min() and a["errors"][1] >= np.sqrt(calm.losses[0])
    # corners b, b + W1, b + W2, b + W1 + W2 of the second: (0.5, -4), (2.5, -4), (-2.5, -3), (-0.5, -3)
    assert (a["reach"], b["reach"], both["reach"]) == (1, 4, 4)
    assert header_of("hinges", calm, wild)["settings"] == header_of("hinges", calm)["settings"], "the first is drawn"


def test_a_training_that_diverged_leaves_finite_axes() -> None:
    result = run(
        "activations.hinges", hinges.Params(start="own", units=4, w=(900,) * 4, activation="identity", optimiser="sgd", learning_rate=1)
    )
    axes = header_of("hinges", result)["axes"]
    assert isinstance(result, hinges.Result) and not np.isfinite(result.losses[-1]) and np.isfinite(axes["losses"] + axes["errors"]).all()


def test_costs_share_an_axis_that_ends_where_the_longer_one_does() -> None:
    result = run("activations.cost", cost.Params(functions=("tanh",), exponent=10, repetitions=5))
    assert isinstance(result, cost.Result)
    devices, kinds = result.times.shape[1], len(KINDS)
    # ns of a block's call: the forward passes 1000, 2000, 3000 ... for 1,024 elements
    steady = np.broadcast_to(np.array([1000.0, 1500.0])[None, None, None], (8, devices, kinds, 2)).copy()
    steady[:, :, KINDS.index("both")] *= 2
    calm, slow = replace(result, times=steady), replace(result, times=3 * steady)
    alone = [header_of("cost", each)["most"] for each in (calm, slow)]
    assert alone[0] == pytest.approx([3000 / 1024] * devices) and alone[1] == pytest.approx([9000 / 1024] * devices)
    assert header_of("cost", calm, slow)["most"] == header_of("cost", slow, calm)["most"] == alone[1]
    busy = steady.copy()
    busy[:3] *= 50  # so many moments were busy that the upper quartile is far away
    assert header_of("cost", replace(result, times=busy))["most"] == pytest.approx([1.4 * 3000 / 1024] * devices), "bars are pressed flat"
    empty = replace(result, times=np.full_like(steady, np.nan))
    assert header_of("cost", empty)["most"] == [1e-9] * devices and header_of("cost", empty, calm)["most"] == alone[0]
