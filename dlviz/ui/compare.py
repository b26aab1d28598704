"""Compare: A, the settings that were pinned, stands beside the live B on the same axes. A pin belongs to its view."""

import html
from collections.abc import Sequence

import streamlit as st

from dlviz.results import Fact
from dlviz.ui.state import Settings, touch


def show_buttons(settings: Settings) -> None:
    """Pin as A; and while something is pinned, unpin it or let A and B change places."""
    pinned = settings.pin is not None

    def pin() -> None:
        touch()
        settings.set_pin(None if pinned else settings.params)

    def swap() -> None:
        touch()
        if (former := settings.pin) is not None:
            settings.set_pin(settings.params)
            settings.show(settings.view, former)

    with st.container(key="pinning", horizontal=True, gap="small"):
        words = "Take A away again." if pinned else "Keep this picture as A at the left, and go on with B beside it."
        st.button("Unpin" if pinned else "Pin as A", icon=":material/push_pin:", key="pin", help=words, on_click=pin)
        if pinned:
            st.button("Swap", icon=":material/swap_horiz:", key="swap", help="Let A and B change places.", on_click=swap)


def differences(settings: Settings) -> tuple[str, str]:
    """What A has otherwise than B, and B otherwise than A, in words."""
    params, pin = settings.params, settings.pin
    if pin is None or not (names := pin.differing(params)):
        return "the same settings", "the same settings"
    specs, sides = params.specs(), (pin, params)
    first, second = (", ".join(specs[name].say(getattr(side, name)) for name in names if side.applies(name)) for side in sides)
    return first, second


def show_name(side: str, words: str) -> None:
    """The line above a picture: which side it is, and what it has otherwise."""
    st.html(f'<p class="side" title="{html.escape(words)}"><b>{side}</b>: {html.escape(words)}</p>')


def entry(facts: Sequence[Fact | None]) -> str:
    """A fact under the stage, as HTML: B's value, or A's and B's; an ellipsis for what is still being computed."""
    known = next(fact for fact in facts if fact is not None)
    texts = [html.escape(fact.text_with_unit()) if fact else "…" for fact in facts]
    if len(texts) > 1:
        texts = [f"<b>{side}</b> {text}" for side, text in zip("AB", texts, strict=True)]
    return f"<div><dt>{html.escape(known.label)}</dt><dd>{' '.join(texts)}</dd></div>"
