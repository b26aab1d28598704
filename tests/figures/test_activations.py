"""Pictures of Activations: they carry the result's own numbers, hold what they show, and their words follow from it."""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlviz.compute.activations import curve, softmax
from dlviz.compute.activations.curve import Params, Result, compute
from dlviz.figures import activations as figures
from dlviz.figures.payload import pack, unpack
from dlviz.lessons import Scene
from dlviz.nets.activations import ACTIVATIONS
from tests.conftest import SCENES

CURVES = [scene for scene in SCENES if scene.view == "curve"]


@pytest.fixture(scope="module")
def every() -> Result:
    """Every function, and one of one's own with a pole, in all panels."""
    more = tuple(name for name in ACTIVATIONS if name not in curve.FRONT)
    show = ("value", "slope", "curvature", "difference")
    return compute(Params(functions=curve.FRONT, more_functions=more, expression="1/x", show=show, focus="gelu"))


def test_payload_comes_back_and_is_strict_json() -> None:
    """[u32 length][header][arrays], each part from a multiple of 8 on, for headers of all lengths and any text."""
    values = np.array([0.1, -0.0, math.nan, math.inf, 5e-324])
    for length in range(20):
        header = {"name": "é∞\u2028</script>" + "n" * length, "list": [1, 2.5, None, True]}
        bytes_ = np.arange(length, dtype=np.uint8)
        payload = pack(header, bytes=bytes_, values=values, floats=values.astype(np.float32))
        found, after = unpack(payload)
        assert found == header | {"arrays": [["bytes", "u1", length], ["values", "f8", 5], ["floats", "f4", 5]]}
        assert after["values"].tobytes() == values.tobytes() and after["floats"].tobytes() == values.astype(np.float32).tobytes()
        assert after["bytes"].tobytes() == bytes_.tobytes() and len(payload) % 8 == 0
        (size,) = struct.unpack("<I", payload[:4])
        assert (4 + size) % 8 == 0 and json.loads(payload[4 : 4 + size].decode(), parse_constant=pytest.fail) == found


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_header_cannot_hold_what_json_cannot_say(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack({"range": [0, number]})


def test_values_of_any_layout_are_packed_row_by_row() -> None:
    grid = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert unpack(pack({}, grid=grid.T))[1]["grid"].tolist() == [0, 3, 1, 4, 2, 5]
    assert unpack(pack({}, grid=np.array([[True, False]])))[1]["grid"].tolist() == [1, 0], "types that browsers lack become float64"


@pytest.mark.parametrize("scene", CURVES, ids=lambda scene: scene.id)
def test_the_curve_carries_the_results_own_numbers(scene: Scene, result_of: Callable[[Scene], Any]) -> None:
    result = result_of(scene)
    header, arrays = unpack(figures.curve((result,)))
    values = arrays["curves"]
    np.testing.assert_array_equal(values.reshape(len(result.names), 3, -1), result.curves)
    x = np.arange(-header["half"], header["half"] + 1) / header["per_unit"]
    np.testing.assert_array_equal(x, result.x)
    assert header["points"] == len(x) and [entry["name"] for entry in header["functions"]] == list(result.names)
    assert header["focus"] == scene.params.canonical().focus and header["focus"] in result.names  # type: ignore[attr-defined]
    assert {panel["kind"] for panel in header["panels"]} == set(scene.params.show)  # type: ignore[attr-defined]


def drawn(result: Result, kind: str) -> np.ndarray:
    """What a panel draws: the visible part of every curve."""
    visible = np.abs(result.x) <= result.params.span  # type: ignore[attr-defined]
    values = result.curves[:, {"value": 0, "slope": 1, "curvature": 2, "difference": 0}[kind], visible]
    with np.errstate(invalid="ignore"):
        return values - values[result.names.index("gelu")] if kind == "difference" else values


def test_panels_hold_all_they_draw_or_end_at_their_bound(every: Result) -> None:
    """Every finite value up to the span, every slope up to 3, and zero; with at most a tenth of the height as margin."""
    header, _ = unpack(figures.curve((every,)))
    assert len(header["panels"]) == 4
    for panel in header["panels"]:
        bound = 6.0 if panel["kind"] in ("value", "difference") else figures.STEEPEST
        values = drawn(every, panel["kind"])
        values = values[np.isfinite(values)]
        kept = values[np.abs(values) <= bound]
        low, high = panel["low"], panel["high"]
        assert low <= min(0, kept.min()) and max(0, kept.max()) <= high
        assert low >= -1.2 * bound and high <= 1.2 * bound
        top, bottom = min(bound, max(0, values.max())), max(-bound, min(0, values.min()))
        assert high - top <= 0.1 * (top - bottom) and bottom - low <= 0.1 * (top - bottom)


@pytest.mark.parametrize("expression", ["0", "0/0", "1/0", "log(0-abs(x))", "1e300*x", "exp(exp(x))", "sqrt(x)"])
def test_a_function_of_any_size_gets_finite_axes(expression: str) -> None:
    result = compute(Params(functions=(), expression=expression, focus="own", show=("value", "slope", "curvature", "difference")))
    header, _ = unpack(figures.curve((result,)))
    for axis in [*header["panels"], header["functions"][0]["response"]]:
        assert math.isfinite(axis["low"]) and math.isfinite(axis["high"]) and axis["low"] < axis["high"]


@pytest.mark.parametrize("threshold", [0.01, 0.05, 0.5])
def test_zones_are_where_the_slope_is_below_the_threshold(threshold: float, every: Result) -> None:
    """Marked point by point, the zones are exactly |f'| < threshold; they are in order and do not touch."""
    result = replace(every, params=replace(every.params, threshold=threshold))
    header, _ = unpack(figures.curve((result,)))
    for i, entry in enumerate(header["functions"]):
        marked = np.zeros(len(result.x), dtype=bool)
        for low, high in entry["zones"]:
            inside = (result.x >= low) & (result.x <= high)
            assert inside.any() and not (marked & inside).any()
            marked |= inside
        np.testing.assert_array_equal(marked, np.abs(result.curves[i, 1]) < threshold, err_msg=entry["name"])
    by_name = {entry["name"]: entry["zones"] for entry in header["functions"]}
    assert by_name["identity"] == [] and by_name["step"] == [[-10, 10]] and by_name["relu"] == [[-10, 0]]


# function -> words of the property table that follow from mathematics
LAWS = {
    "identity": {
        "monotone": "rising",
        "saturates": "no",
        "zero-centred": "yes",
        "gain 1/√E[f²]": "1",
        "PyTorch's gain": "1",
        "E[f′²]": "1",
    },
    "step": {"monotone": "rising", "saturates": "left and right", "zero-centred": "no", "E[f]": "0.5", "E[f′²]": "0"},
    "sigmoid": {"monotone": "rising", "saturates": "left and right", "zero-centred": "no", "E[f]": "0.5", "largest slope": "0.25 at 0"},
    "tanh": {"monotone": "rising", "saturates": "left and right", "zero-centred": "yes", "E[f]": "0", "largest slope": "1 at 0"},
    "relu": {
        "monotone": "rising",
        "saturates": "left",
        "zero-centred": "no",
        "E[f²]": "0.5",
        "gain 1/√E[f²]": "1.41",
        "PyTorch's gain": "1.41",
    },
    "leaky_relu": {"monotone": "rising", "saturates": "no", "lowest": "−∞, far left", "highest": "∞, far right"},
    "gelu": {"monotone": "no", "saturates": "left", "zero-centred": "no", "E[f]": "0.282", "PyTorch's gain": "–"},
    "silu": {"monotone": "no", "saturates": "left", "lowest": "−0.278 at −1.28"},
    "hard_sigmoid": {"monotone": "rising", "saturates": "left and right", "largest slope": "0.167 at 0"},
    "softplus": {"monotone": "rising", "saturates": "left", "lowest": "0, far left"},
    "elu": {"monotone": "rising", "saturates": "left", "lowest": "−1, far left", "zero-centred": "no"},
    "selu": {
        "monotone": "rising",
        "saturates": "left",
        "zero-centred": "yes",
        "E[f²]": "1",
        "gain 1/√E[f²]": "1",
        "PyTorch's gain": "0.75",
    },
    "hardswish": {"monotone": "no", "saturates": "left", "lowest": "−0.375 at −1.5"},
    "own": {"function": "your own", "E[f]": "undefined", "gain 1/√E[f²]": "undefined", "lowest": "−∞ at 0", "highest": "∞ at 0"},
}


@pytest.mark.parametrize("name", LAWS)
def test_the_property_table_says_what_mathematics_says(name: str, every: Result) -> None:
    table = figures.properties(every)
    assert {len(column) for column in table.values()} == {len(every.names)}
    row = {column: entries[every.names.index(name)] for column, entries in table.items()}
    for column, words in LAWS[name].items():
        if (name, column) == ("hard_sigmoid", "largest slope"):  # the same on all of (-3, 3)
            assert row[column].startswith("0.167 at")
        else:
            assert row[column] == words, column


def test_the_notes_on_gains_are_true(every: Result) -> None:
    """Where a note says that the two gains are equal, they are; where it speaks of a difference, there is one."""
    for i, name in enumerate(every.names):
        note, ours, pytorchs = figures.GAIN_NOTES.get(name), every.property("gain", name), float(every.torch_gains[i])
        assert (note is None) == math.isnan(pytorchs)
        if note:
            assert note.startswith("equal") == (abs(ours - pytorchs) < 1e-8), name
    assert every.torch_gains[every.names.index("selu")] == 3 / 4 and every.torch_gains[every.names.index("tanh")] == 5 / 3


def test_the_chart_of_outputs_draws_every_share_once(every: Result) -> None:
    rows = figures.outputs(every).to_dict()["data"]["values"]
    for name, shares in zip(every.names, every.outputs, strict=True):
        mine = [row for row in rows if row["function"] == curve.LABELS[name]]
        assert [row["share"] for row in mine] == shares.tolist()
        assert [row["f(z)"] for row in mine] == pytest.approx([-3 + k / 10 for k in range(60)], abs=1e-12)


def test_softmax_is_sent_as_settings_and_bounds() -> None:
    params = softmax.Params(logits=(3, 1, 2), temperature=2, chosen="3", precision="float16")
    header, arrays = unpack(figures.softmax((softmax.compute(params),)))
    assert header["settings"] == {"logits": [3, 1, 2], "temperature": 2, "chosen": "3", "precision": "float16"} and arrays == {}
    assert (header["logit"], header["temperature"]) == ({"low": -1000, "high": 1000}, {"low": 0.05, "high": 20})
    assert (header["least"], header["most"]) == (2, 8)
    softmax.Params(logits=(header["logit"]["high"],) * header["most"], temperature=header["temperature"]["low"])
