"""Widgets from the metadata of Params: what a field says about itself decides which control it gets."""

import re
from typing import Any

import streamlit as st

from dlviz.fields import Choice, Choices, Number, ParameterError, Spec, Switch, plain
from dlviz.params import Params
from dlviz.texts import Lines, Text
from dlviz.ui.state import CONTROLS, Settings, touch, widget_value

FEW = 4  # options that still fit side by side
LINES_HIGH = 210  # pixels for text of several lines
PROSE_HIGH = 110


def show_controls(settings: Settings) -> None:
    """The view's controls, those marked `more` in a popover; good settings are kept, bad ones give one sentence of advice."""
    params = settings.params
    names = [name for name, spec in params.specs().items() if not spec.stage]
    chosen: dict[str, Any] = {}
    st.session_state[CONTROLS] = {f"{settings.topic.slug}.view": settings.view}
    advice: dict[str, Any] = {}  # places right under what is tall, where advice at the end would be out of sight

    def draw(name: str) -> None:
        if _draft(params, chosen, name):
            value = _control(settings, name, params)
            if value is not None:  # a widget that the browser has not filled yet
                chosen[name] = st.session_state[CONTROLS][f"{settings.name}.{name}"] = value
            if isinstance(params.specs()[name], Lines):
                advice[name] = st.container()

    for name in names:
        if not params.specs()[name].more:
            draw(name)
    if any(params.specs()[name].more for name in names):
        # What stands in a closed popover would miss what is set from outside, and put its own old values back when opened.
        more = st.popover("More", icon=":material/tune:", width="stretch", key=f"{settings.name}.more", on_change=touch)
        if more.open:
            with more:
                for name in names:
                    if params.specs()[name].more:
                        draw(name)
    try:
        settings.keep(type(params)(**(params.as_dict() | chosen)))
    except ParameterError as error:
        label, place = params.specs()[error.name].label, advice.get(error.name, st)
        place.warning(plain_text(f"{label}: {error} The picture still shows the settings before."), icon=":material/info:")


def plain_text(sentence: str) -> str:
    """The sentence with Markdown's own signs made harmless, for words that may repeat what somebody typed.

    Escaping does not keep Streamlit from turning http://… and www.… into links; an invisible word joiner does.
    """
    sentence = re.sub(r"(?i)(https?|ftp|mailto|www|@)", "\\1\u2060", sentence)
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!$<>~|:&" else sign for sign in sentence)


def _draft(params: Params, chosen: dict[str, Any], name: str) -> bool:
    """Whether a field applies, judged by what the controls above it say now."""
    spec = params.specs()[name]
    if spec.when is None:
        return True
    other = spec.when[0]
    return _draft(params, chosen, other) and spec.applies_to(chosen.get(other, getattr(params, other)))


def _control(settings: Settings, name: str, params: Params) -> Any:
    """One widget, and the value it holds. A widget that was not drawn last time starts from the kept settings."""
    key = f"{settings.name}.{name}"
    spec = params.specs()[name]
    if key not in st.session_state:
        st.session_state[key] = widget_value(getattr(params, name))
    return _widget(spec, key)


def _widget(spec: Spec, key: str) -> Any:
    common: dict[str, Any] = {"label": spec.label, "key": key, "help": spec.help or None, "on_change": touch}
    match spec:
        case Number(scale="log"):
            stops = sorted({*spec.stops(), st.session_state[key]})
            return st.select_slider(options=stops, format_func=plain, **common)
        case Number():
            return st.slider(min_value=spec.low, max_value=spec.high, step=spec.step, format=_digits(spec.step), **common)
        case Choices():
            return st.pills(options=list(spec.options), format_func=spec.options.__getitem__, selection_mode="multi", **common)
        case Choice() if len(spec.options) <= FEW:
            return st.segmented_control(options=list(spec.options), format_func=spec.options.__getitem__, required=True, **common)
        case Choice():
            return st.selectbox(options=list(spec.options), format_func=spec.options.__getitem__, **common)
        case Switch():
            return st.toggle(**common)
        case Text():
            return st.text_input(placeholder=spec.placeholder, **common)
        case Lines():
            with st.container(key=f"prose.{common['key']}" if spec.prose else None):
                return st.text_area(placeholder=spec.placeholder, height=PROSE_HIGH if spec.prose else LINES_HIGH, **common)
    raise TypeError(f"No widget for {type(spec).__name__}.")


def _digits(step: float) -> str:
    """A slider's number format with as many decimals as its step has."""
    decimals = len(plain(step).partition(".")[2])
    return f"%.{decimals}f"
