"""The picture of Heatmap: all heads of a model over one text, and one of them opened."""

import altair as alt
import numpy as np

from dlviz.compute.attention.heatmap import SORTS, Result
from dlviz.compute.attention.looking import SCORES
from dlviz.figures.payload import pack


def heatmap(results: tuple[Result, ...]) -> bytes:
    """The component `heads`: the first result. Weights need no common scale: they all lie between 0 and 1."""
    result = results[0]
    layers, heads = result.maps.shape[:2]
    params = result.params
    header = {
        "name": "dlviz-attention", "text": f"{params.model} {params.repository} {params.text}", "pieces": list(result.pieces),
        "shape": [layers, heads, result.maps.shape[-1]], "causal": result.causal, "size": result.queries.shape[1],
        "opened": list(result.opened), "window": list(result.window), "scored": bool(result.before.size), "order": order(result),
        "sort": params.sort, "sortLabel": SORTS[params.sort], "labels": list(SCORES.values()),
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


def contexts(result: Result) -> alt.Chart:
    """The cosine of one word's vectors in two texts, before the first layer (0) and after each."""
    rows = [{"layer": layer, "cosine": float(cosine)} for layer, cosine in enumerate(result.cosines)]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("layer:Q", title="after layer (0: before the first)", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("cosine:Q", title="cosine of the two vectors", scale=alt.Scale(zero=False)),
            tooltip=["layer:Q", alt.Tooltip("cosine:Q", format=".3g")],
        )
        .properties(height=260)
    )
