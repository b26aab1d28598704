"""A page with two drawpads and what they reported, for tests/browser/test_drawpad.py."""

from typing import Any

import streamlit as st

from dlviz.figures.drawpad import curve_pad, points_pad
from dlviz.ui import components

st.title("Drawpads")
left, right = st.columns(2)
kept = st.session_state
kept.setdefault("points", ".")
kept.setdefault("curve", (0.0,) * 41)


def keep(edit: dict[str, Any]) -> None:
    """Take over what was drawn."""
    for name, value in edit.items():
        kept[name] = tuple(value) if isinstance(value, list) else value


with left:
    components.draw("drawpad", points_pad("points", kept["points"], ("blue", "orange")), key="pad.points", on_edit=keep)
with right:
    components.draw("drawpad", curve_pad("curve", kept["curve"], 1.5), key="pad.curve", on_edit=keep)
st.text(f"points={kept['points']}")
st.text(f"curve={','.join(str(y) for y in kept['curve'])}")
if st.button("Reset"):
    kept["points"], kept["curve"] = ".", (0.0,) * 41
    st.rerun()
