"""What a viewer takes home: the program for exactly these settings, the data, the maths with its numbers, a link."""

import platform
from urllib.parse import urlencode

import streamlit as st
import torch

from dlviz import scripts
from dlviz.lessons import fill_maths
from dlviz.results import Result
from dlviz.ui.link import encode
from dlviz.ui.state import Settings
from dlviz.ui.table import show_table


def share(settings: Settings) -> None:
    """A link to exactly this picture, and to the scene with its question where there is one."""
    address = st.context.url or f"/{settings.topic.slug}"
    st.markdown("Opens exactly this picture:")
    st.code(f"{address}?{urlencode(encode(settings.view, settings.params))}", language=None, wrap_lines=True)
    scene = settings.scene()
    if scene is not None:
        st.markdown("Opens this scene" + (", its question first:" if scene.ask else ":"))
        st.code(f"{address}?{urlencode({'scene': scene.id})}", language=None, wrap_lines=True)


def show(settings: Settings, result: Result) -> None:
    """Code, data, maths, things to try and references as tabs, and the line that says where the numbers come from."""
    view = settings.lessons.views[settings.view]
    name = f"dlviz-{settings.name.replace('.', '-')}"
    maths, code, data, tries, references = st.tabs(["Maths", "Code", "Data", "Try this", "References"], key=f"{settings.name}.home")
    with maths:
        st.latex(fill_maths(view.maths, result.facts()))
    with code:
        _code(settings, name)
    with data:
        st.markdown("Every array behind this page, with its settings and facts in the header, as a NumPy archive.")
        st.download_button(".npz", lambda: result.to_npz(settings.name), f"{name}.npz", "application/zip", on_click="ignore")
        facts = [fact for name, fact in result.facts().items() if "[" not in name]
        show_table({"fact": [fact.label for fact in facts], "value": [fact.text_with_unit() for fact in facts]}, "Facts")
    with tries:
        st.markdown("\n".join(f"- {sentence}" for sentence in view.tries))
    with references:
        st.markdown("\n".join(f"- {reference}" for reference in view.references))
    with st.container(key="provenance"):
        milliseconds = st.session_state.get("stage.ms", 0.0)
        st.caption(f"live · CPU · torch {torch.__version__} · Python {platform.python_version()} · {milliseconds:.0f} ms")


def _code(settings: Settings, name: str) -> None:
    """The program, to copy or download as .py and .ipynb."""
    program = scripts.export(settings.name, settings.params)
    st.markdown("A program of its own for exactly these settings. It prints the numbers this page shows.")
    with st.container(horizontal=True):
        st.download_button(".py", program, f"{name}.py", "text/x-python", on_click="ignore")
        st.download_button(".ipynb", lambda: scripts.notebook(program), f"{name}.ipynb", "application/x-ipynb+json", on_click="ignore")
    st.code(program, language="python", height=420)
