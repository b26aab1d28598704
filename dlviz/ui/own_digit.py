"""The tab for a digit of one's own in Drag the digit: drawn, said which one it is, centred or not."""

from typing import Any

import streamlit as st

from dlviz import assets
from dlviz.compute.filters.drag import Params, Result
from dlviz.figures import sketch
from dlviz.ui import components, pictures
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

SAID = "own_digit.said"  # why a drawing was not taken


def show_own_digit(_: Result, settings: Settings) -> None:
    """A pad, which digit it is meant as, and whether it is put where MNIST's digits lie. An empty pad gives the held-out digit back."""
    params = settings.params
    assert isinstance(params, Params)

    def edit(values: dict[str, Any]) -> None:
        touch()
        st.session_state.pop(SAID, None)
        try:
            drawing = sketch.read(str(values.get("drawing", "")))
        except sketch.UnreadableDrawing as error:
            st.session_state[SAID] = str(error)
        else:
            settings.edit({"picture": pictures.keep(drawing) if drawing.any() else ""})

    def choose(name: str) -> None:
        touch()
        settings.edit({name: st.session_state[f"own_digit.{name}"]})

    left, right = st.columns([1, 1], gap="large")
    with left:
        kept = assets.get(params.picture) if params.picture else None
        components.draw("sketch", sketch.sketch("drawing", kept), f"{settings.name}.sketch", edit)
    for name in ("meant", "centred"):
        st.session_state[f"own_digit.{name}"] = getattr(params, name)
    with right:
        spec = params.specs()["meant"]
        digits = [str(digit) for digit in range(10)]
        st.segmented_control(spec.label, digits, key="own_digit.meant", required=True, on_change=choose, args=("meant",))
        st.toggle(params.specs()["centred"].label, key="own_digit.centred", on_change=choose, args=("centred",))
        st.caption(f"Its maps are above as soon as the pen is lifted, of p({params.meant}). Clear the pad to have the held-out digit back.")
        if said := st.session_state.get(SAID):
            st.warning(plain_text(said))
