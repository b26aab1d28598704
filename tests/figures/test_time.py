"""The picture of Through time: its lines are the result's own norms, its axes hold what stands beside it, its strips are the gates."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlviz.compute import run
from dlviz.compute.gradients.time import Params, Result
from dlviz.figures.gradients import time
from dlviz.figures.payload import Clip, unpack
from dlviz.lessons import Scene
from tests.conftest import SCENES

CLIP = Clip("name", 10, True)
TIMES = [scene for scene in SCENES if scene.view == "time"]


def small(**settings: Any) -> Result:
    found = run("gradients.time", Params(**{"length": 7, "hidden": 3, "batch_size": 4, "steps": 4, **settings}))
    assert isinstance(found, Result)
    return found


def panel(header: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [panel for panel in header["panels"] if panel["kind"] == kind]
    return found


@pytest.mark.parametrize("scene", TIMES, ids=lambda scene: scene.id)
def test_the_lines_are_the_norms_relative_to_the_last_step(scene: Scene, result_of: Callable[[Scene], Any]) -> None:
    result = result_of(scene)
    header, arrays = unpack(time((result,), CLIP))
    names, length = [name for name, _ in panel(header, "memory")["series"]], int(result.params.length)
    lines = arrays["lines"].reshape(len(result.steps), len(names), length)
    first = result.memory if names[0] != "∂L/∂h" else result.hidden
    ratio = first[:, 0] / first[:, 0, -1:]
    np.testing.assert_allclose(10.0 ** lines[:, 0].astype(np.float64), ratio, rtol=1e-4)
    assert (lines[:, :, -1] == 0).all() and header["steps"] == result.steps.tolist()
    assert panel(header, "memory")["length"] == length


@pytest.mark.parametrize(
    ("cell", "names", "strips"),
    [
        ("rnn", ["∂L/∂h", "spectral radius alone"], ["hidden state h"]),
        ("lstm", ["∂L/∂c", "∂L/∂h", "forget gates alone"], ["forget gate", "input gate", "output gate"]),
        ("gru", ["∂L/∂h", "update gates alone"], ["update gate", "reset gate"]),
    ],
)
def test_each_cell_has_its_lines_and_its_gates(cell: str, names: list[str], strips: list[str]) -> None:
    result = small(cell=cell)
    header, arrays = unpack(time((result,), CLIP))
    assert [name for name, _ in panel(header, "memory")["series"]] == names
    assert [expected for _, expected in panel(header, "memory")["series"]] == [False] * (len(names) - 1) + [True]
    assert panel(header, "strips")["names"] == strips and panel(header, "strips")["shape"] == [3, 7]
    assert arrays["gates"].tobytes() == result.gates.tobytes() and arrays["gates"].size == len(result.steps) * len(strips) * 21
    np.testing.assert_allclose(arrays["shares"].reshape(-1, 2)[:, 1], result.chance, rtol=1e-6)


def test_three_cells_have_a_line_each_and_what_is_right_at_every_length() -> None:
    result = small(cell="all", length=20)
    header, arrays = unpack(time((result,), CLIP))
    assert [name for name, _ in panel(header, "memory")["series"]] == ["RNN: ∂L/∂h", "LSTM: ∂L/∂c", "GRU: ∂L/∂h"]
    assert panel(header, "distance")["lengths"] == result.lengths() and header["framed"][-1] == "gates"
    np.testing.assert_allclose(arrays["shares"], result.accuracies.ravel(), rtol=1e-6)


def test_the_mark_stands_where_training_goes_back_to() -> None:
    for back, mark in ((0, 0), (3, 4), (7, 0), (50, 0)):
        assert panel(unpack(time((small(truncation=back),), CLIP))[0], "memory")["mark"] == mark


def test_axes_hold_the_result_beside() -> None:
    """Both names of loss and the lowest and highest line; a result that stands beside changes nothing else."""
    own, other = small(), small(radius=0.2, activation="identity", length=30)
    alone, pair = unpack(time((own,), CLIP))[0], unpack(time((own, other), CLIP))[0]
    low, high = pair["beside"]["lines"]
    assert low == pytest.approx(29 * np.log10(0.2), abs=1) and high >= 0
    assert pair["beside"]["losses"] == pytest.approx(float(other.losses[np.isfinite(other.losses)].max()))
    assert alone["beside"]["lines"] == [] and {**pair, "beside": 0} == {**alone, "beside": 0}


def test_what_is_not_finite_is_a_gap() -> None:
    own = small()
    broken = replace(own, memory=own.memory * np.nan, hidden=own.hidden * np.nan, losses=own.losses * np.inf)
    header, arrays = unpack(time((own, broken), CLIP))
    assert header["beside"]["losses"] == 0
    lines = unpack(time((broken,), CLIP))[1]["lines"].reshape(len(own.steps), 2, 7)
    assert np.isnan(lines[:, 0]).all() and np.isfinite(lines[:, 1]).all() and len(arrays["lines"]) == lines.size
