"""The pictures of the topic Activations."""

from typing import Any

import altair as alt
import numpy as np

from dlviz.compute.activations import curve as curves
from dlviz.compute.activations import softmax as softmaxes
from dlviz.fields import Number, Numbers, Spec
from dlviz.figures.cost import cost as cost
from dlviz.figures.hinges import hinges as hinges
from dlviz.figures.network import network as network
from dlviz.figures.network import seeds as seeds
from dlviz.figures.payload import pack
from dlviz.results import three_digits

STEEPEST = 3.0  # slopes and curvatures beyond are cut off, or one pole would flatten all else
TITLES = {"value": "f(x)", "slope": "slope f′(x)", "curvature": "curvature f″(x)", "difference": "f(x) − marked f(x)"}
GAIN_NOTES = {
    "identity": "equal",
    "sigmoid": "PyTorch's 1 makes no correction",
    "tanh": "5/3 is a rule of thumb for depth: 1/√E[f²] holds for an input of variance 1, but tanh shrinks it from layer to layer",
    "relu": "equal: √2",
    "leaky_relu": "equal: √(2/(1+s²))",
    "selu": "SELU keeps E[f²] = 1 by itself; PyTorch's 3/4 was found by trial and trades that away",
}
SLIDERS = ("input_1", "weight_1", "input_2", "weight_2", "bias")


def curve(results: tuple[curves.Result, ...]) -> bytes:
    """The component `curve`: the functions, their slopes and curvatures, where they are saturated, and one neuron.

    The first result is drawn; one beside it only widens the y axes, so that both pictures have the same.
    """
    result, others = results[0], results[1:]
    params = result.params.canonical()
    shown = [p for p in TITLES if p in params.show]
    header = {
        "name": "dlviz-activations",
        "alt": f"Curves of {', '.join(curves.LABELS[name] for name in result.names)}. Arrow keys move the probe along x.",
        "points": len(result.x),
        "half": (len(result.x) - 1) // 2,
        "per_unit": curves.STEPS_PER_UNIT,
        "span": params.span,
        "focus": params.focus,
        "panels": [_panel(kind, results) for kind in shown],
        "functions": [_function(i, result, others) for i in range(len(result.names))],
        "neuron": {name: getattr(params, name) for name in SLIDERS},
        "sliders": {name: _slider(params.specs()[name]) for name in SLIDERS},
    }
    return pack(header, curves=result.curves)


def _panel(kind: str, results: tuple[curves.Result, ...]) -> dict[str, Any]:
    """A panel's title and the range of its y axis, which all results share."""
    low, high = _shared([_range_of(kind, result) for result in results])
    return {"kind": kind, "title": TITLES[kind], "low": low, "high": high}


def _shared(ranges: list[tuple[float, float]]) -> tuple[float, float]:
    """The axis that holds all of them."""
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _range_of(kind: str, result: curves.Result) -> tuple[float, float]:
    """What a panel draws of one result, cut at the span or at STEEPEST."""
    params = result.params.canonical()
    visible = np.abs(result.x) <= params.span
    drawn = result.curves[:, {"value": 0, "slope": 1, "curvature": 2, "difference": 0}[kind], visible]
    if kind == "difference":
        with np.errstate(invalid="ignore"):  # inf - inf is nan: a gap
            drawn = drawn - drawn[result.names.index(params.focus)]
    return _range(drawn, params.span if kind in ("value", "difference") else STEEPEST)


def _range(values: np.ndarray, most: float) -> tuple[float, float]:
    """An axis that holds zero and all finite values, but goes no further than `most` either way."""
    finite = values[np.isfinite(values)]
    low, high = (float(np.clip(edge(finite, initial=0.0), -most, most)) for edge in (np.min, np.max))
    if high - low < 1e-12:
        low, high = -1.0, 1.0
    room = 0.07 * (high - low)
    return low - room, high + room


def _response(i: int, result: curves.Result) -> tuple[float, float]:
    """The y axis of a neuron that uses the function."""
    return _range(result.curves[i, 0, np.abs(result.x) <= 4], 4.0)


def _function(i: int, result: curves.Result, others: tuple[curves.Result, ...]) -> dict[str, Any]:
    """One function's label, the intervals on which it is saturated, and the y axis of the neuron that uses it."""
    marked = [_response(other.names.index(other.params.canonical().focus), other) for other in others]
    low, high = _shared([_response(i, result), *marked])
    flat = np.abs(result.curves[i, 1]) < result.params.threshold
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]])))
    return {
        "name": result.names[i],
        "label": curves.LABELS[result.names[i]],
        "zones": [[float(result.x[a]), float(result.x[b - 1])] for a, b in zip(edges[::2], edges[1::2], strict=True)],
        "response": {"low": low, "high": high},
    }


def _slider(spec: Spec) -> dict[str, Any]:
    assert isinstance(spec, Number)
    return {"label": spec.label.split()[-1], "low": spec.low, "high": spec.high, "step": spec.step}


def properties(result: curves.Result) -> dict[str, list[str]]:
    """The property table, one row a function, as words and numbers with three digits."""
    rows: dict[str, list[str]] = {}
    for name in result.names:
        for column, entry in _row(result, name).items():
            rows.setdefault(column, []).append(entry)
    return rows


def _row(result: curves.Result, name: str) -> dict[str, str]:
    def value(entry: str) -> float:
        return result.property(entry, name)

    monotone = {(1, 0): "rising", (0, 1): "falling", (1, 1): "constant"}.get((int(value("rises")), int(value("falls"))), "no")
    torch_gain = float(result.torch_gains[result.names.index(name)])
    sides = [side for side in ("left", "right") if value(f"saturates_{side}")]
    return {
        "function": curves.LABELS[name],
        "lowest": _extreme(value("lowest"), value("lowest_at")),
        "highest": _extreme(value("highest"), value("highest_at")),
        "largest slope": _extreme(value("largest_slope"), value("largest_slope_at")),
        "monotone": monotone,
        "saturates": " and ".join(sides) or "no",
        "zero-centred": "yes" if abs(value("mean")) < 1e-6 else "no",
        "E[f]": _number(0.0 if abs(value("mean")) < 1e-9 else value("mean")),
        "E[f²]": _number(value("second_moment")),
        "E[f′²]": _number(value("slope_second_moment")),
        "gain 1/√E[f²]": _number(value("gain")),
        "PyTorch's gain": "–" if np.isnan(torch_gain) else _number(torch_gain),
        "why the two gains differ": GAIN_NOTES.get(name, "calculate_gain does not know it"),
    }


def _extreme(value: float, place: float) -> str:
    """A value and where it is reached or approached.

    >>> _extreme(-0.17, -0.7518), _extreme(1.0, float("inf"))
    ('−0.17 at −0.752', '1, far right')
    """
    if np.isnan(value):
        return "undefined"
    if np.isinf(place):
        return f"{_number(value)}, far {'left' if place < 0 else 'right'}"
    return f"{_number(value)} at {three_digits(place)}"


def _number(value: float) -> str:
    return "undefined" if np.isnan(value) else {np.inf: "∞", -np.inf: "−∞"}.get(value) or three_digits(value)


def outputs(result: curves.Result) -> alt.Chart:
    """What standard normal inputs become: the distribution of f(z), as the share of z that lands in each tenth of a unit."""
    edges = np.linspace(-3, 3, curves.BINS + 1)
    rows = [
        {"f(z)": float(edge), "share": float(share), "function": curves.LABELS[name]}
        for name, shares in zip(result.names, result.outputs, strict=True)
        for edge, share in zip(edges[:-1], shares, strict=True)
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("f(z):Q", title="output f(z)", scale=alt.Scale(domain=[-3, 3])),
            y=alt.Y("share:Q", title="share of inputs", axis=alt.Axis(format="%"), scale=alt.Scale(type="sqrt", domain=[0, 1])),
            color=alt.Color("function:N", sort=[curves.LABELS[name] for name in result.names], title=None),
            tooltip=["function:N", alt.Tooltip("f(z):Q", format=".2f"), alt.Tooltip("share:Q", format=".2%")],
        )
        .properties(height=260)
    )


def softmax(results: tuple[softmaxes.Result, ...]) -> bytes:
    """The component `softmax`: logits as bars to drag, probabilities, Jacobian, and the followed class swept.

    The first result is drawn; the logits of one beside it only widen the axes.
    """
    params, others = results[0].params, results[1:]
    logits, temperature = params.specs()["logits"], params.specs()["temperature"]
    assert isinstance(logits, Numbers) and isinstance(temperature, Number)
    header = {
        "name": "dlviz-softmax",
        "settings": params.as_dict(),
        "logit": {"low": logits.low, "high": logits.high},
        "temperature": {"low": temperature.low, "high": temperature.high},
        "beside": [value for other in others for value in other.params.logits],
        "least": logits.at_least,
        "most": logits.at_most,
    }
    return pack(header)
