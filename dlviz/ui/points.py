"""People's own points for a view with the fields `data` and `own`: a pad to click on, and a CSV file."""

from typing import Any

import streamlit as st

from dlviz.compute.activations.classifier import START
from dlviz.data.own import UnreadablePoints, encode, read_csv
from dlviz.fields import ParameterError
from dlviz.figures.drawpad import points_pad
from dlviz.ui import components
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

SAID = "points.said"  # one sentence on the file or the points that came last
FILE = "points.file"


def show_points(settings: Settings) -> None:
    """The pad and the place for a file. What comes from either becomes the data; what cannot is said in one sentence."""

    def use(text: str) -> None:
        touch()
        try:
            settings.edit({"own": text, "data": "own", "history": ""})
        except ParameterError as error:
            st.session_state[SAID] = f"{error} The picture keeps the points before."

    def edit(values: dict[str, Any]) -> None:
        st.session_state.pop(SAID, None)
        use(str(values.get("own", "")))

    def bring() -> None:
        st.session_state.pop(SAID, None)
        file = st.session_state.get(FILE)
        if file is None:
            return
        try:
            brought = read_csv(file.getvalue())
        except UnreadablePoints as error:
            st.session_state[SAID] = f"{error} The picture keeps the points before."
            return
        use(encode(brought.x, brought.y))
        st.session_state.setdefault(SAID, brought.said)

    params = settings.params.as_dict()
    pad, words = st.columns([2, 1], gap="large")
    with words:
        st.markdown("Choose a class and click: the network is trained on your points as soon as you let go. Or bring a file:")
        st.file_uploader("CSV with the columns x, y and class", type="csv", key=FILE, on_change=bring)
        if said := st.session_state.get(SAID):
            st.info(plain_text(said))
    with pad:
        components.draw("drawpad", points_pad("own", params["own"] or START, ("class 0", "class 1")), f"{settings.name}.pad", edit)
