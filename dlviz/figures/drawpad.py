"""The pad to draw on: what the component `drawpad` needs to know. Its edits come back under the name of the field."""

from dlviz.data.own import MOST
from dlviz.figures.colours import CLASSES
from dlviz.figures.payload import pack


def points_pad(field: str, points: str, labels: tuple[str, str]) -> bytes:
    """A pad for points of two classes; `points` is the text of `dlviz.data.own.encode`, and so is every edit."""
    header = {
        "mode": "points",
        "field": field,
        "value": points,
        "most": MOST,
        "labels": labels,
        "colours": CLASSES,
        "axis": "x₁",
        "alt": "Points of two classes.",
    }
    return pack({"name": "dlviz-points"} | header)


def curve_pad(field: str, values: tuple[float, ...], reach: float) -> bytes:
    """A pad for a curve, sampled at equal distances from x = -1 to 1, between -reach and reach; edits have as many samples."""
    header = {"mode": "curve", "field": field, "value": values, "reach": reach, "axis": "x", "alt": "A curve y(x)."}
    return pack({"name": "dlviz-curve"} | header)
