"""The picture of What it does: every part's effect, how heads look against what they do, and what the model says with and without."""

from typing import Any

import numpy as np

from dlviz.compute.attention.effect import IDLE, LOOKERS, Result
from dlviz.compute.attention.parts import Part, read_weights
from dlviz.compute.attention.switching import LOOKS, MAPS, MEASURES
from dlviz.figures.payload import Clip, pack
from dlviz.results import three_digits

SENT = ("off", "opened", "looker", "looked", "weights", "token")  # settings that the picture edits


def effect(results: tuple[Result, ...], clip: Clip) -> bytes:
    """The component `effect`: the first result. A second one only widens the axes and the scales of the colours.

    Effects that are not known yet are nan; `step` says how much of the sweep they are.
    """
    result, params = results[0], results[0].params
    facts, (layers, heads) = result.facts(), result.looks.shape
    header = {
        "name": "dlviz-effect", "clip": clip.name, "done": clip.done, "again_ms": clip.again_ms,
        "settings": {name: _plain(getattr(params, name)) for name in SENT},
        "text": f"{params.model} {params.text} {params.other}", "pieces": list(result.pieces), "real": result.real.tolist(),
        "cut": result.tokens - len(result.pieces), "causal": result.causal, "shape": [layers, heads],
        "opened": Part(*result.opened).name(heads), "at": [result.looker, result.looked],
        "off": [part.name(heads) for part in params.parts()], "leftOut": list(result.left_out),
        "set": [list(edit) for edit in read_weights(params.weights, params.shape, len(result.pieces), result.causal)],
        "shown": params.shown, "shownLabel": MAPS[params.shown], "top": result.top,
        "what": MEASURES[params.measure] if result.causal else "similarity",
        "score": [_finite(value) for value in result.score],
        "loss": [_finite(value) for value in result.surprises.mean(1)] if result.surprises.size else [],
        "listed": list(result.listed), "chosen": result.chosen,
        "looks": params.looks, "looksLabel": LOOKS[params.looks], "correlation": facts["rank_correlation"].value, 
        "idle": facts["idle"].value, "idleBelow": IDLE[result.causal], "lookers": LOOKERS,
        "known": int(np.isfinite(result.measured[:, 0]).sum()), "step": step_of(result),
        "instead": "its mean" if params.mean else "zero",
    } | axes(results)  # fmt: skip
    return pack(
        header, maps=result.maps, effects=result.measured.astype(np.float32), looks=result.looks.astype(np.float32),
        pair=result.pair.astype(np.float32), chances=result.chances, logits=result.logits, alike=result.alike,
        surprises=result.surprises.astype(np.float32),
    )  # fmt: skip


def axes(results: tuple[Result, ...]) -> dict[str, Any]:
    """What pictures beside each other must share: the largest effects of heads and of sublayers, which colours and axes go up to, the
    lowest and highest effect of a head, and the most that a head looks."""
    heads = [result.measured[:, : result.looks.shape[1]] for result in results]
    sublayers = [result.measured[:, result.looks.shape[1] :] for result in results]
    own = any(result.params.looks == "value" for result in results)
    return {
        "reach": [max(_most(np.abs(each)) for each in several) for several in (heads, sublayers)],
        "range": [min(-_most(-each) for each in heads), max(_most(each) for each in heads)],
        "mostLooks": max(_most(result.looks) for result in results) or 1.0 if own else 1.0,
        "mostChance": max((float(result.chances.max(initial=0)) for result in results), default=1.0) or 1.0,
    }


def rankings(result: Result) -> dict[str, list[str]]:
    """The heads that look most beside those whose absence changes most, as columns of words: each with both of its numbers."""
    looks, effects = np.nan_to_num(result.looks), result.measured[:, : result.looks.shape[1]]
    columns: dict[str, list[str]] = {"place": [str(place) for place in range(1, LOOKERS + 1)]}
    for title, by, other, what in (("looks most", looks, "effect", effects), ("does most", np.abs(effects), "looks", looks)):
        first = [divmod(int(number), looks.shape[1]) for number in np.argsort(-by, axis=None, kind="stable")[:LOOKERS]]
        shown = looks if title == "looks most" else effects
        columns[title] = [Part(*head).name(looks.shape[1]) for head in first]
        columns["looks" if title == "looks most" else "effect when off"] = [three_digits(shown[head]) for head in first]
        columns[f"its {other}"] = [three_digits(what[head]) for head in first]
    return columns


def step_of(result: Result) -> int:
    """How much of the sweep the known effects are, in layers that passes went through, as its snapshots count."""
    layers = len(result.measured)
    return int(sum(layers - layer for layer in np.flatnonzero(np.isfinite(result.measured[:, 0]))))


def _most(values: np.ndarray) -> float:
    """The largest finite value, at least 0."""
    return float(values[np.isfinite(values)].max(initial=0.0))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) else value
