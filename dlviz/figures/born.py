"""The picture of A head is born: every head's attention over one row, what the heads do, and what is right."""

from typing import Any

import numpy as np

from dlviz.compute.attention.born import Result
from dlviz.figures.payload import Clip, pack

SEQUENTIAL = ("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725")  # viridis


def born(results: tuple[Result, ...], clip: Clip) -> bytes:
    """The component `player`: attention maps in lock-step with curves of accuracy, head scores, and accuracy against length.

    The first result is drawn. Shares need no common axis: they all go from 0 to 1.
    """
    result = results[0]
    header = {
        "name": "dlviz-head-is-born", "clip": clip.name, "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "again_ms": clip.again_ms, "bar": True, "begin": 0,
        "beside": {"right": 1.0, "does": 1.0, "losses": max((_most(other) for other in results[1:]), default=0.0)},
        "framed": ["attention", "right", "does", "losses", "lengths", "scores"],
        "panels": [_maps(result), *_curves(result), _lengths(result)],
    }  # fmt: skip
    trained, unseen = (result.accuracies[:, which].mean(1) for which in (result.trained(), ~result.trained()))
    best = [result.previous.max((1, 2)), *([result.prefix.max((1, 2))] if _repeats(result) else [])]
    scores = np.stack([np.nan_to_num(result.prefix, nan=-1.0), result.previous, result.without], -1)  # −1: there is none
    arrays = {
        "right": np.stack([trained, unseen], 1), "does": np.stack(best, 1), "losses": _loss(result)[:, None],
        "lengths": result.accuracies, "scores": scores,
    }  # fmt: skip
    return pack(header, attention=result.attention, **{name: array.astype(np.float32) for name, array in arrays.items()})


def _repeats(result: Result) -> bool:
    return bool(np.isfinite(result.prefix).all())


def _loss(result: Result) -> np.ndarray:
    return np.asarray(result.losses[:, result.trained()].mean(1))


def _most(result: Result) -> float:
    return float(_loss(result)[np.isfinite(_loss(result))].max(initial=0))


def _maps(result: Result) -> dict[str, Any]:
    symbols = [result.task.symbols[code] for code in result.codes]
    layers, heads, length = result.attention.shape[1:4]
    return {
        "kind": "headmaps", "main": True, "title": "Attention: what each symbol takes from those before it", "array": "attention",
        "shape": [layers, heads, length], "symbols": symbols, "asked": result.asked.tolist(), "colours": SEQUENTIAL,
        "off": list(result.params.off),
    }  # fmt: skip


def _curves(result: Result) -> list[dict[str, Any]]:
    does = ["previous symbol", *(["prefix matching"] if _repeats(result) else [])]
    return [
        {"kind": "curves", "title": "share right", "array": "right", "series": ["trained lengths", "others"], "high": 1.0, "rises": True},
        {"kind": "curves", "title": "best head", "array": "does", "series": does, "high": 1.0, "rises": True},
        {"kind": "curves", "title": "loss", "array": "losses", "series": [""], "high": 6.0},
    ]


def _lengths(result: Result) -> dict[str, Any]:
    task = result.task
    return {
        "kind": "lengths", "title": "right, by length", "x": task.measure, "array": "lengths", "lengths": list(task.tested),
        "trained": [min(task.trained), max(task.trained)],
    }  # fmt: skip
