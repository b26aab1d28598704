"""The picture of one backward pass: gradient norms over the layers, the factors between them, the signals, and the map of χ."""

import math
from typing import Any

import altair as alt
import numpy as np

from dlviz.compute.gradients import depth as depths
from dlviz.compute.gradients.flow import BINS, REACH
from dlviz.figures.payload import pack

DIVERGING = ("#0072B2", "#FFFFFF", "#C2500A")  # χ below 1, at 1, above 1
FURTHEST = 1.0  # |log10 χ| at which the map's colours end
SENT = (
    "weight_gradient", "signal_gradient", "weight_norm", "square", "mean", "variance", "slope", "dead", "saturated", "through_weights",
    "through_rest", "through_slope", "predicted_square",
)  # fmt: skip


def depth(results: tuple[depths.Result, ...]) -> bytes:
    """The component `depth`. The first result is drawn; one beside it only widens the axes, so that both pictures have the same."""
    result = results[0]
    params = result.params.canonical()
    drawn: dict[str, list[tuple[np.ndarray, ...]]] = {
        "gradient": [(each.signal_gradient, each.weight_gradient) for each in results],
        "factor": [(each.through_weights, each.through_rest, each.through_slope, np.ones(1)) for each in results],
        "signal": [(each.variance, each.square, abs(each.mean), each.predicted_square, each.fixed_square.reshape(1)) for each in results],
        "update": [(_ratio(each),) for each in results],
        "shares": [(each.dead, each.saturated, np.ones(1)) for each in results],
    }
    header = {
        "name": "dlviz-gradients",
        "alt": f"Gradient norms of {len(result.square)} layers. Arrow keys choose a layer.",
        "layers": len(result.square),
        "longest": max(len(each.square) for each in results),
        "ranges": {name: _decades([part for parts in each for part in parts]) for name, each in drawn.items()},
        "rest": bool(np.any(np.abs(np.nan_to_num(result.through_rest, nan=1.0) - 1) > 1e-6)),
        "precision": params.precision,
        "rests": math.log10(result.fixed_square) if math.isfinite(result.fixed_square) else None,
        "histogram": {"bins": BINS, "reach": REACH},
        "map": _map(result),
    }
    return pack(
        header,
        **{name: getattr(result, name) for name in SENT},
        mean_size=abs(result.mean),
        ratio=_ratio(result),
        predicted=_predicted_line(result),
        per_sample=result.per_sample,
        histogram=result.histogram.astype(np.float32),
        chi=np.log10(result.map_chi).astype(np.float32),
    )


def _ratio(result: depths.Result) -> np.ndarray:
    """‖∂L/∂W‖ / ‖W‖ of every layer, (layers,); nan where the weights are all 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(result.weight_norm > 0, result.weight_gradient / result.weight_norm, np.nan)


def _predicted_line(result: depths.Result) -> np.ndarray:
    """‖∂L/∂z‖ as predicted from the last layer's, (layers,); nan where there is no prediction."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        logs = 0.5 * np.log(result.predicted_chi[:-1])
        return result.signal_gradient[-1] * np.exp(np.append(np.cumsum(logs[::-1])[::-1], 0.0))


def _decades(lines: list[np.ndarray]) -> tuple[float, float]:
    """The exponents of ten between which all that is positive and finite lies, with some room."""
    values = np.concatenate(lines)
    logs = np.log10(values[np.isfinite(values) & (values > 0)])
    low, high = (float(logs.min()), float(logs.max())) if len(logs) else (-1.0, 1.0)
    room = max(0.08 * (high - low), 0.1)
    return round(low - room, 6), round(high + room, 6)


def _map(result: depths.Result) -> dict[str, Any]:
    """The map's axes, the line where χ is 1, and where this network stands: σ_w as it was drawn, over all layers."""
    spreads = np.sqrt(result.weight_square)
    weight = float(spreads.mean())
    return {
        "weight": [float(result.map_weight[0]), float(result.map_weight[-1])],
        "bias": [float(depths.MAP_BIAS[0]), float(depths.MAP_BIAS[-1])],
        "shape": list(result.map_chi.shape),
        "furthest": FURTHEST,
        "colours": DIVERGING,
        "edge": _edge(result),
        "here": [weight if math.isfinite(weight) else 0.0, result.params.canonical().bias_spread],
    }


def _edge(result: depths.Result) -> list[list[float]]:
    """Points (σ_w, σ_b) where χ crosses 1 for the first time along σ_w, one for each σ_b that has such a place."""
    found = []
    for row, bias in zip(np.log(result.map_chi), depths.MAP_BIAS, strict=True):
        above = np.flatnonzero(row >= 0)
        if len(above) and above[0] > 0:
            i = above[0]
            share = -row[i - 1] / (row[i] - row[i - 1])
            place = result.map_weight[i - 1] + share * (result.map_weight[i] - result.map_weight[i - 1])
            found.append([round(float(place), 4), round(float(bias), 4)])
    return found


def singular(result: depths.Result) -> alt.Chart:
    """The singular values of ∂h/∂x, largest first, on a logarithmic axis; those that are 0 are left out."""
    rows = [{"rank": rank, "value": float(value)} for rank, value in enumerate(result.singular, start=1) if value > 0]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=40)
        .encode(
            x=alt.X("rank:Q", title="rank"),
            y=alt.Y("value:Q", title="singular value of ∂h/∂x", scale=alt.Scale(type="log")),
            tooltip=["rank:Q", alt.Tooltip("value:Q", format=".3g")],
        )
        .properties(height=260)
    )
