"""The navigation, built from the catalog, and the way back to the front door."""

import threading

import streamlit as st
from streamlit.navigation.page import Page

from dlviz.catalog import TOPICS

_opened = False  # whether app.py has run in this process


def navigation() -> Page:
    """The page that the address asks for; the bar on top lists the others by section."""
    pages = {"": [st.Page("pages/home.py", title="dlviz", default=True)]}
    for topic in TOPICS:
        page = st.Page(f"pages/{topic.slug}.py", title=topic.title, icon=topic.icon, url_path=topic.slug, help=topic.question)
        pages.setdefault(topic.section, []).append(page)
    return st.navigation(pages, position="hidden" if st.context.is_embedded else "top")


def open_front_door() -> Page:
    """`navigation`, for app.py: from now on every request of this process comes in by it."""
    global _opened
    _opened = True
    return navigation()


def load_torch_in_background() -> None:
    """Import and warm up torch in a thread while the viewer still reads; once per process it takes some seconds."""

    def load() -> None:
        from dlviz import runtime

        runtime.warm_up()

    threading.Thread(target=load, name="load-torch", daemon=True).start()


def enter_by_front_door() -> None:
    """Called first by every page. Where app.py has not run in this process, go through it, with address and parameters intact.

    A fresh server whose very first request is a deep link such as /activations runs that page's file alone, without
    app.py, until somebody opens "/" (Streamlit 1.67). On a host that puts apps to sleep that is the normal first visit.
    """
    if not _opened:
        navigation()
        st.rerun()
