"""The picture of a network in training: its units and weights, the decision map, the loss, and where on the curve the units live."""

from typing import Any

import numpy as np

from dlviz.compute.activations import classifier
from dlviz.compute.activations import network as networks
from dlviz.compute.activations import seeds as many
from dlviz.figures.colours import CLASSES, MARKS
from dlviz.figures.payload import Clip, pack

EDGE = 1.1  # the map shows [-EDGE, EDGE]², as the points were drawn
TABLE_END, TABLE_STEP = 16.0, 1 / 512  # linear between entries: within 5e-7 of every f with |f''| <= 1


def network(results: tuple[networks.Result, ...], clip: Clip) -> bytes:
    """The component `player`: the network at every step, losses, and where on the activation's curve the units of each layer live.

    The first result is drawn; one beside it only widens the axes, so that both pictures have the same.
    """
    result, others = results[0], results[1:]
    params, layers = result.params, range(result.histogram.shape[1])
    legs = [[leg.steps, dict(leg.settings), [[e.layer, e.to, e.source, e.value] for e in leg.edits]] for leg in params.legs()]
    begins = params.begins()
    tables, of_parts = result.tables(TABLE_END, TABLE_STEP)
    parts = [{"slopes": part.settings["activation"] == "prelu", "table": row} for part, row in zip(params.parts(), of_parts, strict=True)]
    loss = {"kind": "curves", "title": networks.LOSSES[params.loss], "array": "losses", "series": ["train", "test"], "high": 2.0}
    panels: list[dict[str, Any]] = [
        {
            "kind": "network", "main": True, "title": "Decision map: probability of class 1", "edge": EDGE,
            "centre": result.centre.tolist(), "scale": result.scale.tolist(),
            "widths": [2, *(int(width) for width in params.widths), 1], "slopes": params.has_slopes(), "parts": parts,
            "table": {"low": -TABLE_END, "step": TABLE_STEP, "places": tables.shape[1]}, "colours": [CLASSES[0], "#FFFFFF", CLASSES[1]],
            "classes": CLASSES, "marks": MARKS, "most_units": 32, "most_layers": 6,
        },
        loss | {"marks": begins[1:]},
        *[_where_units_live(results, layer) for layer in layers],
    ]  # fmt: skip
    seen = ("losses", "histogram", "dead", "saturated")
    trained = {name: value for name in networks.CHANGEABLE if (value := getattr(params, name)) != params.default(name)}
    losses = [float(other.losses[np.isfinite(other.losses)].max(initial=0)) for other in others if other.params.loss == params.loss]
    header = {
        "name": "dlviz-network", "clip": clip.name, "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "beside": {"losses": max(losses, default=0.0)}, "again_ms": clip.again_ms,
        "framed": ["weights", *seen], "panels": panels, "bar": True,
        "begin": begins[-1], "begins": begins, "legs": legs, "trained": trained,
    }  # fmt: skip
    return pack(
        header, weights=result.weights, **{name: getattr(result, name).astype(np.float32) for name in seen},
        table=tables.astype(np.float32), points=(result.x * result.scale + result.centre).astype(np.float32),
        labels=result.y.astype(np.uint8), is_train=result.is_train.astype(np.uint8),
    )  # fmt: skip


def _where_units_live(results: tuple[networks.Result, ...], layer: int) -> dict[str, Any]:
    """A hidden layer's pre-activations over the training set, as dots on the activation's own curve."""
    drawn = [each.curves(layer) for each in results if layer < len(each.params.widths)]
    reach = [round(float(edge), 6) for edge in (min(curves.min() for curves in drawn), max(curves.max() for curves in drawn))]
    notes = [["dead", layer, "dead"], ["saturated", layer, "saturated"]]
    curves = np.round(drawn[0], 6).tolist()  # one a part of the run
    return {
        "kind": "dots", "title": f"layer {layer + 1}: f(z)", "array": "histogram", "offset": layer * classifier.BINS,
        "low": -classifier.REACH, "high": classifier.REACH, "curves": curves, "range": reach, "notes": notes,
    }  # fmt: skip


def seeds(results: tuple[many.Result, ...], clip: Clip) -> bytes:
    """The component `player`: for each width one line a seed, and how many of them have solved the task by now."""
    result = results[0]
    widths = result.params.widths
    panels = [
        {
            "kind": "seeds", "main": True, "offset": i * many.SEEDS, "members": many.SEEDS,
            "title": f"{width} unit{'s' * (width != '1')}: log₁₀ loss",
        }
        for i, width in enumerate(widths)
    ]  # fmt: skip
    header = {
        "name": "dlviz-seeds", "clip": clip.name, "steps": result.steps.tolist(), "of": clip.last, "done": clip.done,
        "until": max(clip.last, clip.until), "again_ms": clip.again_ms, "framed": ["losses", "accuracies"], "panels": panels,
        "bar": True, "begin": 0,
    }  # fmt: skip
    return pack(header, losses=result.losses, accuracies=result.accuracies)
