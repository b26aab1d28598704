"""A model on its way to this server, on the page that waits for it."""

import streamlit as st

from dlviz.ui.controls import plain_text
from dlviz.ui.state import put_controls_right, touch
from dlviz.zoo import background, hub, language
from dlviz.zoo.background import Fetch
from dlviz.zoo.files import MissingWeights

AGAIN = 0.5  # seconds between two looks


def show_fetch(name: str) -> None:
    """Fetch this model and say how far it is; the page is drawn anew when it is here. What goes wrong is one sentence and a button."""
    if name.startswith(hub.PREFIX) and (refused := hub.Repository(name.removeprefix(hub.PREFIX)).refused()):
        st.info(plain_text(f"{refused} The other models go on."))
        return
    key = f"fetch.{name}"
    if key not in st.session_state:
        st.session_state[key] = background.start(_wanted(name))
    fetch: Fetch = st.session_state[key]

    def again() -> None:
        touch()
        st.session_state.pop(key, None)

    def look() -> None:
        put_controls_right()
        if not fetch.ended:
            said, share = fetch.progress.doing, fetch.progress.done / max(1, fetch.progress.of)
            st.progress(min(1.0, share), plain_text(f"{_announced(name, fetch)}: {said}"))
            return
        if fetch.error is None:  # else it stays, to be said, until somebody tries again
            del st.session_state[key]
        st.rerun()

    try:
        fetch.wait(0)
    except MissingWeights as error:
        st.warning(plain_text(f"{error} The pictures of the other models go on."))
        st.button("Try again", key=f"{key}.again", on_click=again)
        return
    with st.container(key="fetch"):
        st.fragment(look, run_every=AGAIN)()


def _wanted(name: str) -> background.Wanted:
    return hub.Repository(name.removeprefix(hub.PREFIX)) if name.startswith(hub.PREFIX) else language.FETCHED[name]


def _announced(name: str, fetch: Fetch) -> str:
    """What comes, and how large it is; of a model from Hugging Face that is known once it has answered."""
    megabytes = language.FETCHED[name].megabytes if name in language.FETCHED else round(fetch.progress.of / 1e6)
    return f"{_wanted(name).title} comes to this server once" + (f", {megabytes} MB" if megabytes else "")
