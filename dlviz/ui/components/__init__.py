"""Pictures that follow the hand in the browser: Components v2 without a build step.

A component is three files of one name (.html, .css, .js); `plot.js` and `plot.css` stand before each, and before some the
files named in PARTS. Its data are one bytes object (see `dlviz.figures.payload`); what the viewer changed in the picture
comes back on release as `edit`, a dict from field names to values, and what a player lacks as `after`.
"""

import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

ALONE, PINNED, LIVE = range(3)  # where a picture stands: by itself, as A that cannot be edited, or as B beside it
FOLDER = Path(__file__).parent
PARTS = {
    "player": (
        "colours.js",
        "panels.js",
        "dots.js",
        "mlp.js",
        "network.js",
        "memory.js",
        "striplines.js",
        "strips.js",
        "pictures.js",
        "grids.js",
        "tiles.js",
        "filters.js",
        "headmaps.js",
    ),
    "inside": ("grids.js",),
    "heads": ("colours.js", "grids.js", "lens.js"),
    "machine": ("colours.js", "grids.js", "stations.js"),
    "effect": ("colours.js", "grids.js", "effectparts.js", "effectdots.js", "effectmap.js"),
    "drag": ("drawing.js", "colours.js", "grids.js"),
    "hinges": ("drawing.js", "layer.js"),
    "drawpad": ("drawing.js",),
    "depth": ("colours.js",),
    "by_hand": ("drawing.js", "graph.js", "differences.js"),
    "convolution": ("drawing.js", "convolving.js", "grids.js"),
    "digitpad": ("drawing.js", "grids.js", "tiles.js", "tiny.js"),
    "sketch": ("drawing.js", "grids.js"),
    "attending": ("drawing.js", "grids.js", "attend.js", "matrices.js", "plane.js", "arithmetic.js", "places.js", "studies.js"),
}


@cache
def _component(name: str) -> Callable[..., Any]:
    """The registered component; its files are read once per process."""

    def text(file: str) -> str:
        return (FOLDER / file).read_text(encoding="utf-8")

    js = "".join(text(file) for file in ("plot.js", *PARTS.get(name, ()), f"{name}.js"))
    return st.components.v2.component(f"dlviz.{name}", html=text(f"{name}.html"), css=text("plot.css") + text(f"{name}.css"), js=js)


def draw(name: str, payload: bytes, key: str, on_edit: Callable[[dict[str, Any]], None], side: int = ALONE) -> None:
    """Draw a component; `on_edit` is called with the fields that the viewer has changed in it, before the next run. No field may be
    called `number`: under this name a message says how many edits there were.

    The step after which a player wants frames stands in st.session_state[key]["after"] for one run.
    In front of the payload stand two little-endian u32: how many of the viewer's edits it answers to, and the side.
    """
    answered = f"{key}.edits"

    def edited() -> None:
        # nothing where this picture was not drawn when the last run ended; then the browser says it again
        edit = (st.session_state.get(key) or {}).get("edit")
        if isinstance(edit, dict):
            # read, never taken out: if this run is interrupted, the next one is given the very same dict
            count = edit.get("number", 0)
            st.session_state[answered] = count if isinstance(count, int) and 0 <= count < 2**32 else 0
            on_edit({name: value for name, value in edit.items() if name != "number"})

    head = struct.pack("<II", st.session_state.get(answered, 0), side)
    _component(name)(key=key, data=head + payload, on_edit_change=edited, on_after_change=lambda: None)
