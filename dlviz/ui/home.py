"""The home page's parts: a card a topic, and the lecture paths. Nothing here imports torch, so that home is there at once."""

import base64
import html
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import streamlit as st

from dlviz.catalog import Topic
from dlviz.lessons import paths

STYLE = Path(__file__).with_name("home.css")
CARDS = Path(__file__).with_name("cards")


LINES = """path { fill: none; stroke: currentColor; stroke-width: 5; stroke-linejoin: round; stroke-linecap: round }
.quiet, .axis { stroke-width: 1.5 } text { fill: currentColor; font: 24px "Source Sans 3", "Source Sans Pro", sans-serif }"""
GREYS = {"light": ("#c3ccd6", "#a3adb8"), "dark": ("#3a4552", "#5a6572")}  # of lines in the background, and of axes


@cache
def picture(slug: str) -> str:
    """A topic's picture as an <img>, in the theme's colours, light and dark.

    Streamlit takes SVG out of HTML, so it comes as an image; an image follows the colour scheme of the place it stands in.
    """
    text = (CARDS / f"{slug}.svg").read_text(encoding="utf-8")
    rules = f"{LINES} {_colours('light')} @media (prefers-color-scheme: dark) {{ {_colours('dark')} }}"
    styled = text.replace(">", f"><style>{rules}</style>", 1)
    words = ElementTree.fromstring(text).get("aria-label", "")
    return f'<img alt="{html.escape(words)}" src="data:image/svg+xml;base64,{base64.b64encode(styled.encode()).decode()}">'


def _colours(theme: str) -> str:
    quiet, axis = GREYS[theme]
    lines = enumerate(st.get_option(f"theme.{theme}.chartCategoricalColors"), start=1)
    rules = (f".line-{i} {{ color: {colour} }}" for i, colour in lines)
    return f".quiet {{ color: {quiet} }} .axis {{ color: {axis} }} {' '.join(rules)}"


def show_topics(topics: tuple[Topic, ...]) -> None:
    """A card a topic: its picture, title and question. The link of the title fills the card."""
    with st.container(key="topics"):
        for topic in topics:
            with st.container(key=f"topic-{topic.slug}"):
                st.html(f'<div class="card">{picture(topic.slug)}</div>')
                with st.container(key=f"words-{topic.slug}"):
                    st.html(f'<p class="section">{html.escape(topic.section)}</p>')
                    st.page_link(f"pages/{topic.slug}.py", label=f"**{topic.title}**")
                    st.markdown(topic.question)


def show_paths() -> None:
    """The lecture paths: title, what it tells, how many scenes. The link of the title fills the row."""
    st.header("Lecture paths", anchor=False)
    with st.container(key="paths"):
        for path in paths.load().values():
            with st.container(key=f"path-{path.id}"):
                st.page_link(f"pages/{path.steps[0].topic}.py", label=f"**{path.title}**", query_params={"path": path.id})
                st.markdown(path.sentence)
                st.caption(f"{len(path.steps)} scenes")
