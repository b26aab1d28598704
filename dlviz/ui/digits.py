"""The tabs for the network just trained: drawing for it, switching its maps off, changing its kernels, keeping and loading weights."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from dlviz.compute.filters import trying, weights
from dlviz.compute.filters.learning import Result
from dlviz.compute.filters.sets import moved
from dlviz.figures.digitpad import digitpad
from dlviz.params import key
from dlviz.results import three_digits
from dlviz.ui import components
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

TRIED = "digits.tried"  # what was changed last: the run it belongs to, maps off, weights set
LOADED = "digits.loaded"  # the run for which a file was loaded, its name, and its numbers
SAID = "digits.said"  # why a file was not taken


def show_digits(result: Result, settings: Settings) -> None:
    """The pad, and what the changes cost on all held-out pictures."""
    result, run = _with_loaded(result, key(settings.name, result.params))

    def edit(values: dict[str, Any]) -> None:
        touch()
        st.session_state[TRIED] = values.get("tried")

    components.draw("digitpad", digitpad(result, run), f"{settings.name}.digitpad", edit)
    tried = st.session_state.get(TRIED)
    if isinstance(tried, dict) and tried.get("run") == run and (tried.get("off") or tried.get("weights")):
        _say(result, tried)
    else:
        accuracy = three_digits(100 * trying.attempt(result, [], []).before)
        st.markdown(f"Unchanged: **{accuracy} %** of all {len(result.answers)} held-out pictures. Switch a map off, or pull a weight.")


def _say(result: Result, tried: dict[str, Any]) -> None:
    """The accuracy lost, or why the changes cannot be used."""
    try:
        found = trying.attempt(result, tried.get("off", []), tried.get("weights", []))
    except trying.UnusableChange as error:
        st.warning(plain_text(str(error)))
        return
    before, after = (three_digits(100 * share) for share in (found.before, found.after))
    lost = three_digits(100 * (found.before - found.after))
    st.markdown(
        f"Of all {len(result.answers)} held-out pictures **{after} %** right instead of {before} %: "
        f"{lost} points lost; {found.other_answers} answers changed."
    )


def _with_loaded(result: Result, run: str) -> tuple[Result, str]:
    """The run with the weights that were loaded for it, if any, and a name for that."""
    loaded = st.session_state.get(LOADED)
    if loaded is None or loaded[0] != run:
        return result, run
    return replace(result, state=loaded[2]), f"{run}.{loaded[1]}"


def show_weights(result: Result, settings: Settings) -> None:
    """The weights as a file, and a file in the place of the weights."""
    run, params = key(settings.name, result.params), result.params
    st.markdown("Every number of the network at the end of the run, as safetensors, with its settings in the header.")
    st.download_button(
        ".safetensors", lambda: weights.write(result), "dlviz-filters-learning.safetensors", "application/octet-stream", on_click="ignore"
    )
    widget = f"{settings.name}.weights"

    def bring() -> None:
        touch()
        file = st.session_state.get(widget)
        st.session_state.pop(LOADED, None)
        st.session_state.pop(SAID, None)
        if file is not None:
            try:
                st.session_state[LOADED] = (run, file.file_id, weights.read(file.getvalue(), params))
            except weights.UnreadableWeights as error:
                st.session_state[SAID] = f"{error} The network stays as it was trained."

    st.file_uploader("Weights for these settings, at most 5 MB", type=["safetensors"], key=widget, on_change=bring)
    if said := st.session_state.get(SAID):
        st.warning(plain_text(said))
    elif (with_file := _with_loaded(result, run)[0]) is not result:
        accuracy = three_digits(100 * trying.attempt(with_file, [], []).before)
        st.markdown(f"Loaded: **{accuracy} %** of all {len(result.answers)} held-out pictures. Draw for it in the tab Draw for it.")


def show_shifts(result: Result, _: Settings) -> None:
    """Training pictures as they are, and as they come into training."""
    rows = moved(result.params.as_dict())
    most, count = int(result.params.shift), rows.shape[1]
    framed = np.pad(rows, ((0, 0), (0, 0), (0, 0), (1, 1), (1, 1)), constant_values=110)
    mosaic = framed.transpose(0, 3, 1, 4, 2).reshape(len(rows) * 30, count * 30, -1).squeeze()
    words = f"moved by up to {most} pixels each time they are seen" if most else "not moved: set Shifts in training under More"
    st.image(mosaic.repeat(3, 0).repeat(3, 1), caption=f"Above as they are; below, three times, {words}.")
