"""The tab for the small network that What a channel wants trains: what it is, and the settings of Learning filters taken over."""

import streamlit as st

from dlviz.compute.filters import learning, trainings
from dlviz.compute.filters.channel import Result
from dlviz.compute.filters.wanting import SMALL
from dlviz.results import three_digits
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

LEARNING = "filters.learning"  # where a session keeps the settings of that view


def show_training(result: Result, settings: Settings) -> None:
    """Which small network is asked, how good it is, and a button that takes the settings that the viewer has in Learning filters."""
    present = settings.params.as_dict()
    kept = st.session_state.get(LEARNING)
    own = (kept if isinstance(kept, learning.Params) else learning.Params()).of_training()

    def take() -> None:
        touch()
        settings.edit({"network": SMALL, "training": trainings.text_of(own)})

    if present["network"] == SMALL:
        st.markdown(
            f"{plain_text(result.provenance())}. It is right for **{three_digits(100 * float(result.accuracy))} %** of 2,000 held-out "
            "pictures. Equal settings and seed give the very same network as in Learning filters."
        )
    else:
        st.markdown("EfficientNet is asked now. The small network of Learning filters is trained here, in a few seconds, when you ask it.")
    same = present["network"] == SMALL and trainings.settings_of(present["training"]) == own
    coloured = own.data == "emoji"
    st.button("Take the network of Learning filters, as it is set there now", on_click=take, disabled=same or coloured)
    words = [learning.Params.specs()[name].say(getattr(own, name)) for name in own.differing(learning.Params())]
    st.caption(
        plain_text(
            f"Set there: {', '.join(words) if words else 'everything as it opens'}. Changes by hand and weights from a file are not taken"
            f"{', and neither is a network of emoji, which sees another kind of picture' if coloured else ''}."
        )
    )
