"""What a viewer takes home: the program for exactly these settings, the data, the maths with its numbers, a link."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st
import torch

from dlviz import scripts
from dlviz.lessons import fill_maths
from dlviz.results import Result
from dlviz.ui.controls import plain_text
from dlviz.ui.link import encode
from dlviz.ui.state import Settings, touch
from dlviz.ui.table import show_table

LONG = 10_000  # characters of a line, such as packed pictures, that the page does not show


def share(settings: Settings) -> None:
    """A link to exactly this picture, and to the scene with its question where there is one; for teachers, with less around it."""
    address = st.context.url or f"/{settings.topic.slug}"
    present = st.checkbox("in present mode", key="share.present", on_change=touch)
    lock = st.checkbox("without controls", key="share.lock", on_change=touch) or settings.mode.lock
    mode = replace(settings.mode, present=present, lock=lock)
    st.markdown("Opens exactly this picture:")
    st.code(f"{address}?{urlencode(encode(settings.view, settings.params, mode, settings.pin))}", language=None, wrap_lines=True)
    scene = settings.scene()
    if scene is not None:
        st.markdown("Opens this scene" + (", its question first:" if scene.ask else ":"))
        st.code(f"{address}?{urlencode({'scene': scene.id} | mode.encode())}", language=None, wrap_lines=True)


def show(settings: Settings, result: Result, own: Mapping[str, Callable[[Any, Settings], None]]) -> None:
    """The view's own tabs, then maths, code, data, things to try and references; and where the numbers come from.

    Only the tab that is open is made: a long program and a chart cost more than all the rest of the page.
    """
    view = settings.lessons.views[settings.view]
    parts: dict[str, Callable[[], None]] = {title: partial(draw, result, settings) for title, draw in own.items()}
    parts |= {
        "Maths": lambda: _maths(settings, result),
        "Code": lambda: _code(settings),
        "Data": lambda: _data(settings, result),
        "Try this": lambda: _list(view.tries),
        "References": lambda: _list(view.references),
    }
    tabs = st.tabs(list(parts), key=f"{settings.name}.home", on_change=touch)
    for tab, draw in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                draw()
    with st.container(key="provenance"):
        milliseconds = st.session_state.get("stage.ms", 0.0)
        of = f"{plain_text(said)} · " if (said := result.provenance()) else ""
        how = "recorded: change the text to run it live" if getattr(result, "recorded", False) else "live"
        st.caption(f"{of}{how} · CPU · torch {torch.__version__} · Python {platform.python_version()} · {milliseconds:.0f} ms")


def _list(sentences: Sequence[str]) -> None:
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))


def _maths(settings: Settings, result: Result) -> None:
    st.latex(fill_maths(settings.lessons.views[settings.view].maths, result.facts()))


def _data(settings: Settings, result: Result) -> None:
    st.markdown("Every array behind this page, with its settings and facts in the header, as a NumPy archive.")
    view = settings.name  # read here: the file is made in another thread, which has no session
    st.download_button(".npz", lambda: result.to_npz(view), f"{_file_name(settings)}.npz", "application/zip", on_click="ignore")
    facts = [fact for name, fact in result.facts().items() if "[" not in name]
    show_table({"fact": [fact.label for fact in facts], "value": [fact.text_with_unit() for fact in facts]}, "Facts")


def _file_name(settings: Settings) -> str:
    return f"dlviz-{settings.name.replace('.', '-')}"


def _code(settings: Settings) -> None:
    """The program, to copy or download as .py and .ipynb."""
    name = _file_name(settings)
    program = scripts.export(settings.name, settings.params)
    st.markdown("A program of its own for exactly these settings. It prints the numbers this page shows.")
    with st.container(horizontal=True):
        st.download_button(".py", lambda: program, f"{name}.py", "text/x-python", on_click="ignore")
        st.download_button(".ipynb", lambda: scripts.notebook(program), f"{name}.ipynb", "application/x-ipynb+json", on_click="ignore")
    lines = (line if len(line) < LONG else f"{line[:80]} … ({len(line)} characters, whole in the files)" for line in program.splitlines())
    st.code("\n".join(lines), language="python", height=420)
