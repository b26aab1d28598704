"""The keys of a page: the component that hears them, and what each does here."""

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from dlviz.compute import resolve
from dlviz.ui import present
from dlviz.ui.components import FOLDER
from dlviz.ui.state import Settings, touch

ANSWERED = "keys.answered"  # how many of the keys' acts this session has heard


@cache
def _component() -> Callable[..., Any]:
    html, css, js = ((FOLDER / f"keys.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("dlviz.keys", html=html, css=css, js=js, isolate_styles=False)


def listen(settings: Settings) -> None:
    """Listen to the keys while this page is shown."""

    def acted() -> None:
        act = st.session_state["keys"].get("act")
        if isinstance(act, dict):
            count = act.get("count")
            st.session_state[ANSWERED] = count if isinstance(count, int) else 0
            do(settings, act)

    at, last = present.place(settings)
    mode = settings.mode
    answered = st.session_state.get(ANSWERED, 0)
    data = {"at": at, "last": last, "present": mode.present, "along": bool(mode.path), "answered": answered}
    _component()(key="keys", data=data, on_act_change=acted)


def do(settings: Settings, act: dict[str, Any]) -> None:
    """What the keys ask for: {"present": bool, "to": place, "reset": bool}, each only if it was pressed.

    The browser's message is not trusted: a place that does not exist is passed over.
    """
    match act:
        case {"present": bool(on)}:
            present.set_present(settings, on)
    match act:
        case {"to": int(to)} if 0 <= to <= present.place(settings)[1]:
            present.go(settings, to)
    match act:
        case {"reset": True}:
            reset(settings)


def reset(settings: Settings) -> None:
    """Back to the scene that was chosen last, as it is; to the view's defaults if none was."""
    touch()
    scene = settings.chosen()
    settings.show(settings.view, scene.params if scene else resolve(settings.name)[0]())
    settings.set_pin(scene.pin if scene else None)
