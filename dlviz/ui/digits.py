"""The tabs for the network just trained: drawing for it, switching its maps off, changing its kernels, keeping and loading weights."""

from typing import Any

import numpy as np
import streamlit as st

from dlviz.compute.filters import trying, weights
from dlviz.compute.filters.learning import Params, Result
from dlviz.compute.filters.sets import moved
from dlviz.fields import ParameterError
from dlviz.figures.digitpad import digitpad
from dlviz.ui import components, pictures
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

SAID = "digits.said"  # why a file or a change was not taken


def show_digits(result: Result, settings: Settings) -> None:
    """The pad, and what the changes cost on all held-out pictures."""

    def edit(values: dict[str, Any]) -> None:
        _use(settings, {"edits": str(values.get("edits", ""))}, "The network keeps the changes before.")

    components.draw("digitpad", digitpad(result), f"{settings.name}.digitpad", edit)
    facts = result.facts()
    if facts["changes"].value:
        after, before, others = (facts[name].text() for name in ("changed_accuracy", "accuracy", "other_answers"))
        words = f"**{after}** right, {before} as it was trained; {others} answers changed. The link holds the changes."
    else:
        words = f"**{facts['changed_accuracy'].text()}** right, nothing changed. Switch a map off, or pull a weight."
    st.markdown(f"Of all {facts['scored'].text()} held-out pictures {words}")
    _say()


def _use(settings: Settings, values: dict[str, Any], otherwise: str) -> None:
    """Take the values over, or say why not."""
    touch()
    st.session_state.pop(SAID, None)
    try:
        settings.edit(values)
    except ParameterError as error:
        st.session_state[SAID] = f"{error} {otherwise}"


def _say() -> None:
    if said := st.session_state.get(SAID):
        st.warning(plain_text(said))


def show_weights(result: Result, settings: Settings) -> None:
    """The weights as a file, and a file in the place of the weights."""
    st.markdown("Every number of the network at the end of the run, as safetensors, with its settings in the header.")
    st.download_button(
        ".safetensors", lambda: weights.write(result), "dlviz-filters-learning.safetensors", "application/octet-stream", on_click="ignore"
    )
    widget = f"{settings.name}.weights.file"
    st.file_uploader(
        "Weights for these settings, at most 5 MB",
        type=["safetensors"],
        key=widget,
        on_change=lambda: _bring(widget, result.params, settings),
    )
    _say()
    if result.loaded:
        right = result.facts()["changed_accuracy"].text()
        st.markdown(f"Loaded: **{right}** of all {len(result.answers)} held-out pictures. Draw for it in the tab Draw for it.")
        st.button("Back to what was trained", on_click=lambda: _use(settings, {"weights": "", "edits": ""}, ""))
    elif result.params.weights:
        st.markdown("The file that was loaded is not for a network of these settings; the network is as it was trained.")


def _bring(widget: str, params: Params, settings: Settings) -> None:
    """Take a file over; without its changes, which were another network's."""
    touch()
    file = st.session_state.get(widget)
    if file is None:
        return
    try:
        name = pictures.keep(trying.packed(weights.read(file.getvalue(), params)))
    except weights.UnreadableWeights as error:
        st.session_state[SAID] = f"{error} The network stays as it was."
        return
    _use(settings, {"weights": name, "edits": ""}, "The network stays as it was.")


def show_shifts(result: Result, _: Settings) -> None:
    """Training pictures as they are, and as they come into training."""
    rows = moved(result.params.as_dict())
    most, count = int(result.params.shift), rows.shape[1]
    framed = np.pad(rows, ((0, 0), (0, 0), (0, 0), (1, 1), (1, 1)), constant_values=110)
    mosaic = framed.transpose(0, 3, 1, 4, 2).reshape(len(rows) * 30, count * 30, -1).squeeze()
    words = f"moved by up to {most} pixels each time they are seen" if most else "not moved: set Shifts in training under More"
    st.image(mosaic.repeat(3, 0).repeat(3, 1), caption=f"Above as they are; below, three times, {words}.")
