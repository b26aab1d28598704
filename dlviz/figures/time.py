"""The picture of a cell in training: what reaches its past, its gates over time, loss, and what it has learned."""

from typing import Any

import numpy as np

from dlviz.compute.gradients import memory
from dlviz.compute.gradients.time import LABELS, Result
from dlviz.figures.payload import Clip, pack

# of each cell: the line's name, the array it is of, and whether it is no gradient but what one would expect of it
LINES = {
    "rnn": [("∂L/∂h", "hidden", False), ("spectral radius alone", "direct", True)],
    "lstm": [("∂L/∂c", "memory", False), ("∂L/∂h", "hidden", False), ("forget gates alone", "direct", True)],
    "gru": [("∂L/∂h", "hidden", False), ("update gates alone", "direct", True)],
}
DIVERGING = ("#0072B2", "#FFFFFF", "#C2500A")  # zero is white
SEQUENTIAL = ("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725")  # viridis


def time(results: tuple[Result, ...], clip: Clip) -> bytes:
    """The component `player`: the gradient against time, loss, what is right, and the gates of one sequence as strips.

    The first result is drawn; one beside it only widens the axes, so that both pictures have the same.
    """
    result, others = results[0], results[1:]
    cells, lines, labels = result.cells(), lines_of(result), [LABELS[cell] for cell in result.cells()]
    header = {
        "name": "dlviz-time", "clip": clip.name, "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "again_ms": clip.again_ms, "bar": True, "begin": 0,
        "beside": {"losses": max((_most(other.losses[..., -1]) for other in others), default=0.0), "lines": _range(others), "shares": 1.0},
        "framed": ["lines", "losses", "shares", "gates"],
        "panels": [_gradient(result), _loss(labels), *([_right()] if len(cells) == 1 else [_distance(result)]), *_strips(result)],
    }  # fmt: skip
    alone = np.stack([result.accuracies[:, 0, -1], np.full(len(result.steps), result.chance)], 1)
    shares = alone if len(cells) == 1 else result.accuracies
    return pack(
        header, lines=lines, losses=result.losses[..., -1].astype(np.float32), shares=shares.astype(np.float32), gates=result.gates
    )  # fmt: skip


def lines_of(result: Result) -> np.ndarray:
    """log₁₀ of every line at each step t relative to the last, (pictures, lines, T) float32; nan where that is not defined."""
    cells = result.cells()
    chosen = [(0, array) for _, array, _ in LINES[cells[0]]] if len(cells) == 1 else [(i, "memory") for i in range(len(cells))]
    norms = np.stack([getattr(result, array)[:, cell] for cell, array in chosen], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(norms / norms[..., -1:])
    return np.where(np.isfinite(logs), logs, np.nan).astype(np.float32)


def _gradient(result: Result) -> dict[str, Any]:
    cells, back = result.cells(), int(result.params.truncation)
    series = [[name, dashed] for name, _, dashed in LINES[cells[0]]]
    if len(cells) > 1:
        series = [[f"{LABELS[cell]}: ∂L/∂{'c' if cell == 'lstm' else 'h'}", False] for cell in cells]
    length = int(result.params.length)
    mark = length - back if 0 < back < length else 0
    title = "Gradient at step t, relative to the last step"
    return {"kind": "memory", "main": True, "title": title, "array": "lines", "series": series, "length": length, "mark": mark}


def _loss(labels: list[str]) -> dict[str, Any]:
    series = labels if len(labels) > 1 else [""]
    return {"kind": "curves", "title": "test loss", "array": "losses", "series": series, "high": 6.0}


def _right() -> dict[str, Any]:
    return {"kind": "curves", "title": "share right", "array": "shares", "series": ["", "guessing"], "high": 1.0}


def _distance(result: Result) -> dict[str, Any]:
    names = [LABELS[cell] for cell in result.cells()]
    title = "share right against steps of a sequence"
    return {"kind": "distance", "title": title, "array": "shares", "series": names, "lengths": result.lengths(), "chance": result.chance}


def _strips(result: Result) -> list[dict[str, Any]]:
    """The gates, or an RNN's states, of one test sequence: units down, steps to the right."""
    cells = result.cells()
    if len(cells) > 1:
        return []
    names = [f"{name} gate" if cells[0] != "rnn" else "hidden state h" for name in memory.STRIPS[cells[0]]]
    low, colours = (-1, DIVERGING) if cells[0] == "rnn" else (0, SEQUENTIAL)
    shape = [int(result.params.hidden), int(result.params.length)]
    title = "Units over time, in one test sequence"
    return [{"kind": "strips", "title": title, "array": "gates", "names": names, "low": low, "colours": colours, "shape": shape}]


def _most(values: np.ndarray) -> float:
    return float(values[np.isfinite(values)].max(initial=0))


def _range(results: tuple[Result, ...]) -> list[float]:
    """The lowest and the highest of all lines; empty if there are none."""
    every = [lines_of(result) for result in results]
    found = np.concatenate([lines[np.isfinite(lines)] for lines in every]) if every else np.zeros(0)
    return [float(found.min()), float(found.max())] if len(found) else []
