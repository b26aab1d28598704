"""The picture of a pasted network: gradients, signals and dead units over its layers, and the layers as a table."""

from typing import Any

import numpy as np

from dlviz.compute.gradients import own as networks
from dlviz.figures.payload import pack
from dlviz.results import Fact

SHARED = ("signal_gradient", "weight_gradient", "variance", "spread")  # drawn on logarithmic axes
LONGEST = 48  # characters of a layer's name
WEIGHTS = {"Linear": "W", "PReLU": "slopes"}  # what torch calls `weight`; a norm's are its gains


def own(results: tuple[networks.Result, ...]) -> bytes:
    """The component `own`. Arrays are (layers,), nan where a layer has no such thing.

    The first result is drawn; one beside it only widens the axes, so that both pictures have the same.
    """
    result = results[0]
    rows = [
        {"name": _name(typed), "line": line, "weight": WEIGHTS.get(kind, "gains"), "again": number in result.numbers[:i]}
        for i, (typed, line, kind, number) in enumerate(zip(result.typed, result.lines, result.kinds, result.numbers, strict=True))
    ]
    header = {
        "name": "dlviz-own-network", "rows": rows, "most": max(len(each.kinds) for each in results), "inputs": result.inputs,
        "gradients": _decades(results, SHARED[:2]), "signals": _decades(results, SHARED[2:]),
        "linear": result.linear(),
    }  # fmt: skip
    names = (*SHARED, "mean", "weight_norm", "dead", "saturated", "widths", "parameters")
    return pack(header, **{name: getattr(result, name) for name in names})


def layers(result: networks.Result) -> dict[str, list[Any]]:
    """The columns of the table of layers."""

    def column(values: np.ndarray, unit: str = "") -> list[str]:
        return [Fact(float(value) if np.isfinite(value) else None, "", unit).text() for value in values]

    return {
        "layer": [f"{i}. {_name(typed)}" for i, typed in enumerate(result.typed, start=1)],
        "line": [str(line) for line in result.lines],
        "numbers out": [f"{int(width):,}" for width in result.widths],
        "parameters": [f"{int(count):,}" for count in result.parameters],
        "mean": column(result.mean),
        "variance": column(result.variance),
        "of it over samples": column(result.spread),
        "‖∂L/∂output‖": column(result.signal_gradient),
        "‖∂L/∂W‖": column(result.weight_gradient),
        "‖W‖": column(result.weight_norm),
        "dead": column(result.dead, "%"),
        "saturated": column(result.saturated, "%"),
    }


def _name(typed: str) -> str:
    """A layer as it was typed, without nn. in front."""
    name = typed.removeprefix("torch.").removeprefix("nn.")
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}…"


def _decades(results: tuple[networks.Result, ...], names: tuple[str, ...]) -> list[int]:
    """Powers of ten that hold all positive values of these arrays, at least two apart."""
    values = np.concatenate([getattr(result, name) for result in results for name in names])
    values = np.log10(values[np.isfinite(values) & (values > 0)])
    low, high = (int(np.floor(values.min())), int(np.ceil(values.max()))) if len(values) else (-1, 1)
    return [low, max(high, low + 2)]
