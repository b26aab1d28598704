"""The picture of the view By hand of attention: the settings that are edited in it, and torch's numbers of every step."""

from dataclasses import fields

import numpy as np

from dlviz.compute.attention.by_hand import REACH, Result
from dlviz.compute.attention.studies import BESIDE
from dlviz.figures.payload import pack
from dlviz.nets.attention_studies import CACHE_WIDTH, KEYS, OFFSETS, POSITION_WIDTH, STARTS, WIDTHS
from dlviz.nets.wordvectors import vector_of

EDITED = (
    "scaled",
    "followed",
    "head",
    "beside",
    "vectors",
    "query",
    "key",
    "value",
    "output",
    "learned",
)  # settings that the picture edits

# arrays and settings that share a scale of colours; "value" that of the plane
KINDS = {
    "rows": ("vectors", "inputs", "sources", "added"),
    "handed": ("query", "key", "value", "joined", "projected"),
    "scores": ("scores",),
    "value": ("value",),
}


def by_hand(results: tuple[Result, ...]) -> bytes:
    """The component `attending`. Behind the header stands every array of the result; the browser works it out again while a hand moves.

    A second result only widens the axes of the plane and the scales of the colours.
    """
    result = results[0]
    params = result.params.canonical()
    words = list(dict.fromkeys(params.tokens() + params.sources()))
    edited = params.edited()
    header = {
        "name": "dlviz-attention",
        "settings": {name: _plain(getattr(params, name)) for name in EDITED},
        "tokens": params.tokens(),
        "sources": params.sources(),
        "cross": params.kind == "cross",
        "own": {word: edited.get(word, list(vector_of(word))) for word in words},
        "width": int(params.width),
        "heads": params.head_count(),
        "positions": params.by_position(),
        "base": params.base,
        "gains": [params.query_gain, 1.0, params.value_gain],
        "allowed": params.allowed().int().flatten().tolist(),
        "reach": REACH,
        "lenses": list(BESIDE.items()),
        "studied": {
            "widths": WIDTHS,
            "keys": KEYS,
            "offsets": OFFSETS,
            "starts": STARTS,
            "position_width": POSITION_WIDTH,
            "cache_width": CACHE_WIDTH,
        },
        "reaches": {kind: max(_largest(other, names) for other in results) for kind, names in KINDS.items()},
    }
    arrays = {field.name: getattr(result, field.name) for field in fields(result) if field.name not in ("params", "gaps")}
    return pack(header, **arrays)


def _largest(result: Result, names: tuple[str, ...]) -> float:
    """The largest |number| of some arrays of a result."""
    return max(float(np.abs(getattr(result, name)).max()) for name in names)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else int(value) if isinstance(value, float) else value
