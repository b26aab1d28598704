"""The tab for the small network of What a channel wants: what it is, and the network of Learning filters taken over, changes and all."""

import streamlit as st

from dlviz.compute.filters import learning, trainings
from dlviz.compute.filters.channel import Result
from dlviz.compute.filters.wanting import SMALL, Params
from dlviz.results import three_digits
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

LEARNING = "filters.learning"  # where a session keeps the settings of that view


def show_training(result: Result, settings: Settings) -> None:
    """Which small network is asked, how good it is, and a button that takes the one that the viewer has in Learning filters."""
    kept = st.session_state.get(LEARNING)
    own = trainings.usable(kept if isinstance(kept, learning.Params) else learning.Params())

    def take() -> None:
        touch()
        settings.edit({"network": SMALL, "training": trainings.text_of(own), "weights": own.weights})

    present = settings.params.settings() if isinstance(settings.params, Params) else None
    st.markdown(_said(result, present))
    st.button("Take the network of Learning filters, as it is there now", on_click=take, disabled=present == own)
    specs = learning.Params.specs()
    trained = own.of_training()
    words = [specs[name].say(getattr(trained, name)) for name in trained.differing(learning.Params())] + trainings.done_to(own)
    st.caption(plain_text(f"There: {', '.join(words) if words else 'everything as it opens'}."))


def _said(result: Result, present: learning.Params | None) -> str:
    """Which network is asked, and how good it is."""
    if present is None:
        return (
            "EfficientNet is asked now. The small network of Learning filters is asked as you have it there; "
            "if it is not kept any more, it is trained here first, in a few seconds."
        )
    said = (
        f"{plain_text(result.provenance())}. It is right for **{three_digits(100 * float(result.accuracy))} %** of "
        f"{len(result.answers):,} held-out pictures. Equal settings and seed give the very same network as in Learning filters."
    )
    if present.weights != trainings.usable(present).weights:
        said += " The weights file is not for a network of these settings, or is not kept any more: without it."
    return said
