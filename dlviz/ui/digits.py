"""The tab in which a digit is drawn for the network just trained: its maps switched off, its kernels changed."""

from typing import Any

import streamlit as st

from dlviz.compute.filters import trying
from dlviz.compute.filters.learning import Result
from dlviz.figures.digitpad import digitpad
from dlviz.params import key
from dlviz.results import three_digits
from dlviz.ui import components
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

TRIED = "digits.tried"  # what was changed last: the run it belongs to, maps off, weights set


def show_digits(result: Result, settings: Settings) -> None:
    """The pad, and what the changes cost on all held-out pictures."""
    run = key(settings.name, result.params)

    def edit(values: dict[str, Any]) -> None:
        touch()
        st.session_state[TRIED] = values.get("tried")

    components.draw("digitpad", digitpad(result, run), f"{settings.name}.digitpad", edit)
    tried = st.session_state.get(TRIED)
    if isinstance(tried, dict) and tried.get("run") == run and (tried.get("off") or tried.get("weights")):
        _say(result, tried)
    else:
        accuracy = three_digits(100 * float(result.accuracies[-1, 0]))
        st.markdown(f"As trained: **{accuracy} %** of all {len(result.answers)} held-out pictures. Switch a map off, or pull a weight.")


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
