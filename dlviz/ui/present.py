"""How a page is shown: present mode, locked, and where in a lecture path. Nothing is unmounted: one style rule hides."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from dlviz.lessons import paths
from dlviz.ui.link import Mode
from dlviz.ui.state import Settings, touch

STYLE = Path(__file__).with_name("present.css")
CONTROLS = ".st-key-body .stColumn:has(.st-key-controls)"
AROUND = (
    ".stAppHeader",
    ".st-key-header .stHtml:has(h1)",
    ".st-key-present",
    ".st-key-share",
    ".st-key-path-leave",
    ".st-key-choices",
    ".stHtml:has(dl.facts)",
    ".st-key-diagnosis",
    ".st-key-below",
    ".dlviz-keys .open",
)
TRAVEL = "present.travel"  # (slug, query) of the page that the path's next scene is on


def show_style(mode: Mode) -> None:
    """The rule that hides what this mode does not show, and the sizes of present mode."""
    hidden = (CONTROLS, *AROUND) if mode.present else (CONTROLS,) if mode.lock else ()
    rule = f"{', '.join(hidden)} {{ display: none !important; }}" if hidden else ":root { --dlviz-present: 0; }"
    st.html(f"<style>{rule} {STYLE.read_text(encoding='utf-8') if mode.present else ''}</style>")


def path_title(settings: Settings) -> str:
    """The title of the lecture path that is followed; empty if none is."""
    return paths.load()[settings.mode.path].title if settings.mode.path else ""


def show_buttons(settings: Settings) -> None:
    """In the header the path's line and the way into present mode; in present mode the path's line and the way out."""
    with st.container(key="lectern", horizontal=True, vertical_alignment="center", width="content", gap="small"):
        if settings.mode.path:
            _path_line(settings)
        st.button(
            "Present", icon=":material/present_to_all:", key="present", help="Key P. ? at the lower left lists all keys.",
            on_click=set_present, args=(settings, True),
        )  # fmt: skip
        st.button("Leave", icon=":material/close:", key="leave", on_click=set_present, args=(settings, False), type="tertiary")


def _path_line(settings: Settings) -> None:
    at, last = place(settings)
    with st.container(key="path", horizontal=True, vertical_alignment="center", width="content", gap="xsmall"):
        st.button("previous", key="path.previous", type="tertiary", disabled=at == 0, on_click=go, args=(settings, at - 1))
        st.markdown(f"{at + 1} of {last + 1}")
        st.button("next", key="path.next", type="tertiary", disabled=at == last, on_click=go, args=(settings, at + 1))
        st.button(
            "Leave the path", icon=":material/close:", key="path.leave", type="tertiary", on_click=leave_path, args=(settings,)
        )  # fmt: skip


def set_present(settings: Settings, present: bool) -> None:
    """Go into present mode, or out of it. A callback."""
    touch()
    settings.set_mode(present=present)


def leave_path(settings: Settings) -> None:
    """Stay at this scene, but follow the path no more. A callback."""
    touch()
    settings.set_mode(path="", step=0)


def place(settings: Settings) -> tuple[int, int]:
    """Where the viewer is among the path's scenes, or the view's, and the last place there is; counted from 0, -1 for nowhere yet."""
    mode = settings.mode
    if mode.path:
        return mode.step - 1, len(paths.load()[mode.path].steps) - 1
    scenes, chosen = settings.lessons.of(settings.view), settings.chosen()
    return scenes.index(chosen) if chosen in scenes else -1, len(scenes) - 1


def go(settings: Settings, to: int) -> None:
    """Show the scene at this place of the path or the view. A callback; another page's scene is left to `travel`."""
    touch()
    mode = settings.mode
    if not mode.path:
        settings.choose(settings.lessons.of(settings.view)[to])
        return
    step = paths.load()[mode.path].steps[to]
    scene = settings.lessons.scene(step.scene)
    if step.topic == settings.topic.slug and scene is not None:
        settings.choose(scene)
    else:
        st.session_state[TRAVEL] = (step.topic, replace(mode, step=to + 1).encode())


def travel() -> None:
    """Go to the page that a callback has asked for. Called first in a run, because a callback cannot."""
    if TRAVEL in st.session_state:
        slug, query = st.session_state.pop(TRAVEL)
        st.switch_page(f"pages/{slug}.py", query_params=query)
