"""The pictures on the home page's cards: there is one for each topic, it is what the code draws today, and it is true."""

import base64
import math
import re
from xml.etree import ElementTree

import pytest
import streamlit as st

from dlviz import catalog
from dlviz.figures.cards import CARDS, WORDS
from dlviz.ui import home

SVG = "{http://www.w3.org/2000/svg}"
CLOSED = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "identity": lambda x: x,
    "softplus": lambda x: math.log(1 + math.exp(x)),
}


def numbers(text: str) -> list[float]:
    """Every number in a text, in order."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def lines(svg: str) -> dict[str, list[tuple[float, float]]]:
    """The named lines of a picture as points."""
    paths = ElementTree.fromstring(svg).iter(f"{SVG}path")
    found = {path.attrib["data-name"]: numbers(path.attrib["d"]) for path in paths if "data-name" in path.attrib}
    return {name: list(zip(flat[::2], flat[1::2], strict=True)) for name, flat in found.items()}


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_the_file_is_what_the_code_draws_today(topic: catalog.Topic) -> None:
    """Else `python -m tools.cards` has been forgotten. A last digit may differ on another machine."""
    kept, drawn = (home.CARDS / f"{topic.slug}.svg").read_text(encoding="utf-8"), CARDS[topic.slug]()
    assert re.sub(r"-?\d+(?:\.\d+)?", "#", kept) == re.sub(r"-?\d+(?:\.\d+)?", "#", drawn)
    assert all(abs(a - b) <= 0.11 for a, b in zip(numbers(kept), numbers(drawn), strict=True))


def test_the_curves_on_the_card_are_the_functions_in_closed_form() -> None:
    """One unit is 100, and y points down."""
    drawn = lines((home.CARDS / "activations.svg").read_text(encoding="utf-8"))
    assert set(WORDS) <= set(drawn) and len(drawn) >= 12
    for name, function in CLOSED.items():
        assert [x for x, _ in drawn[name]] == list(range(-400, 401, 10)), name
        for x, y in drawn[name]:
            assert y == pytest.approx(-100 * function(x / 100), abs=0.051), f"{name} at {x / 100}"


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_a_card_is_a_small_picture_in_the_themes_colours_with_words_for_it(topic: catalog.Topic) -> None:
    image = ElementTree.fromstring(home.picture(topic.slug).replace(">", "/>"))
    assert image.tag == "img" and len(image.attrib["alt"]) > 20
    svg = base64.b64decode(image.attrib["src"].removeprefix("data:image/svg+xml;base64,")).decode()
    assert len(svg) < 40_000, "eight of these must not slow the first visit"
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "style", "path", "text", "g", "rect", "circle", "image"}
    light, dark = svg.split("prefers-color-scheme: dark")
    for theme, rules in (("light", light), ("dark", dark)):
        for colour in st.get_option(f"theme.{theme}.chartCategoricalColors"):
            assert colour in rules
