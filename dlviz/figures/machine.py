"""The picture of The whole machine: the stream of every token read early, and the opened station."""

import numpy as np

from dlviz.compute.attention.machine import MODELS, Result
from dlviz.figures.payload import pack

ARRAYS = (
    "lens", "lens_chances", "final", "chance", "rank", "lengths", "adds", "score", "embedded", "stream", "head_adds",
    "units", "values", "unit_adds", "writes", "scored", "scores", "chances",
)  # fmt: skip


def machine(results: tuple[Result, ...]) -> bytes:
    """The component `machine`: the first result. Probabilities need no common scale, and every score is said in numbers."""
    result, params = results[0], results[0].params
    header = {
        "name": "dlviz-machine", "text": params.text, "model": params.model, "title": MODELS[params.model],
        "pieces": list(result.pieces), "ids": list(result.ids), "tokens": result.tokens, "words": list(result.words),
        "layers": result.maps.shape[0], "heads": result.maps.shape[1], "sizes": list(result.sizes), "weights": list(result.weights),
        "total": result.total, "places": params.model == "austen",  # GPT adds vectors of places, and has biases
        "opened": {"station": params.station, "layer": result.layer, "token": result.token},
        "settings": {"station": params.station, "layer": params.layer, "token": params.token},
    }  # fmt: skip
    return pack(header, maps=result.maps, **{name: getattr(result, name).astype(np.float32) for name in ARRAYS})
