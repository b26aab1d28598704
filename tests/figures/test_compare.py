"""Two pictures side by side: whatever settings they have, both get the same axes, and each still draws its own numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlviz.compute import run
from dlviz.compute.activations import curve, network, softmax
from dlviz.figures import activations as figures
from dlviz.figures.payload import Clip, unpack
from dlviz.results import Result


def header_of(view: str, results: tuple[Result, ...], clip: Clip | None = None) -> dict[str, Any]:
    """The header of a view's picture."""
    return unpack(getattr(figures, view)(results, *([clip] if clip else [])))[0]


def pair(view: str, first: Any, second: Any) -> tuple[Result, Result]:
    """The results of two settings."""
    return run(f"activations.{view}", first), run(f"activations.{view}", second)


def test_curves_share_their_axes_and_hold_both() -> None:
    a, b = pair("curve", curve.Params(functions=("sigmoid",)), curve.Params(functions=("relu", "tanh"), focus="relu"))
    alone = [header_of("curve", (each,))["panels"] for each in (a, b)]
    both = [header_of("curve", order)["panels"] for order in ((a, b), (b, a))]
    assert both[0] == both[1] and alone[0] != alone[1]
    for together, *each in zip(both[0], *alone, strict=True):
        assert together["low"] == min(panel["low"] for panel in each) and together["high"] == max(panel["high"] for panel in each)
    neurons = [header_of("curve", order)["functions"][0]["response"] for order in ((a, b), (b, a))]
    marked = next(f for f in header_of("curve", (b, a))["functions"] if f["name"] == "relu")["response"]
    assert marked == neurons[0], "the neuron of the marked functions has one axis"
    assert unpack(figures.curve((a, b)))[1]["curves"].tobytes() == a.curves.tobytes()  # type: ignore[arg-type, attr-defined]


def test_softmax_knows_the_logits_beside_it() -> None:
    a, b = pair("softmax", softmax.Params(logits=(50, 0)), softmax.Params())
    assert header_of("softmax", (b, a))["beside"] == [50, 0] and header_of("softmax", (b,))["beside"] == []
    assert header_of("softmax", (b, a))["settings"]["logits"] == (pytest.approx([2, 1, 0, -1]))


def test_runs_share_their_axes_however_long_they_are() -> None:
    short, long = pair("network", network.Params(activation="relu", epochs=2), network.Params(epochs=4, widths=(4, 4, 4)))
    assert isinstance(short, network.Result) and isinstance(long, network.Result)
    first = header_of("network", (short, long), Clip("a", 20, True, until=40))
    second = header_of("network", (long, short), Clip("b", 40, True, until=20))
    assert first["until"] == second["until"] == 40 and (first["of"], second["of"]) == (20, 40)
    assert first["beside"]["losses"] == pytest.approx(long.losses.max()) and second["beside"]["losses"] == pytest.approx(short.losses.max())
    dots = [[panel["range"] for panel in header["panels"] if panel["kind"] == "dots"] for header in (first, second)]
    assert dots[0] == dots[1][:2], "layers that both have share their axis"
    low, high = dots[0][0]
    assert low == pytest.approx(np.tanh(-6), abs=0.01) and 5.8 < high <= 6, "tanh down to −1 and ReLU up to 6"
    other = replace(long, params=replace(long.params, loss="squared"))
    assert header_of("network", (short, other), Clip("a", 20, True))["beside"] == {"losses": 0}, "two losses are two quantities"


def test_a_run_that_diverged_leaves_a_finite_axis() -> None:
    calm, wild = pair("network", network.Params(epochs=1), network.Params(epochs=1))
    assert isinstance(wild, network.Result)
    wild = replace(wild, losses=np.array([[np.nan, np.inf], [1.5, 0.5]]))
    assert header_of("network", (calm, wild), Clip("a", 10, True))["beside"]["losses"] == 1.5
