"""The picture of Heatmap: all heads of a model over one text, and one of them opened."""

import numpy as np

from dlviz.compute.attention.heatmap import SORTS, Result
from dlviz.compute.attention.looking import SCORES
from dlviz.figures.payload import pack


def heatmap(results: tuple[Result, ...]) -> bytes:
    """The component `heads`: the first result. Weights need no common scale: they all lie between 0 and 1."""
    result = results[0]
    layers, heads = result.maps.shape[:2]
    header = {
        "name": "dlviz-attention", "text": f"{result.params.model} {result.params.text}", "pieces": list(result.pieces),
        "shape": [layers, heads, result.maps.shape[-1]], "causal": result.causal, "size": result.queries.shape[1],
        "opened": [int(result.params.layer), int(result.params.head)], "order": order(result),
        "sort": result.params.sort, "sortLabel": SORTS[result.params.sort], "labels": list(SCORES.values()),
    }  # fmt: skip
    arrays = {name: getattr(result, name).astype(np.float32) for name in ("attention", "before", "queries", "keys", "scores")}
    return pack(header, maps=result.maps, **arrays)


def order(result: Result) -> list[int]:
    """The heads, numbered layer by layer, as they stand in the grid: in that order, or by a score, largest first."""
    count = result.scores[0].size
    if result.params.sort == "layer":
        return list(range(count))
    values = np.nan_to_num(result.score(result.params.sort).ravel(), nan=-1.0)
    return [int(number) for number in np.argsort(-values, kind="stable")]
