"""People's own pictures for any view with an asset field: drawn, from a file, or from the camera; and what else they bring."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st

from dlviz import assets
from dlviz.data.pictures import UnreadablePicture, read
from dlviz.fields import ParameterError
from dlviz.figures import sketch
from dlviz.ui import components
from dlviz.ui.controls import plain_text
from dlviz.ui.state import Settings, touch

SAID = "pictures.said"  # one sentence on the picture that came last
OWN = "pictures.own"  # what this session has brought last, by their names
KEPT = 4
WAYS = {"draw": "Draw", "file": "File", "camera": "Camera"}
NOTE = "It stays in this server's memory for a while, and nowhere else. A link to it opens as long as it is there."


def keep_own() -> None:
    """Put what this session has brought back among the assets, should others have pushed it out."""
    for brought in st.session_state.get(OWN, {}).values():
        assets.put(brought)


def keep(array: np.ndarray) -> str:
    """Keep something among the assets for as long as this session brings no more than KEPT others; its name there."""
    name = assets.put(array)
    own = {**st.session_state.get(OWN, {}), name: assets.get(name)}
    st.session_state[OWN] = dict(list(own.items())[-KEPT:])
    return name


def show_pictures(settings: Settings, field: str, also: Mapping[str, Any]) -> None:
    """Three ways to bring a picture. It becomes the asset `field` of the view; `also` are settings that change with it."""

    def use(picture: np.ndarray, said: str) -> None:
        name = keep(picture)
        st.session_state[SAID] = said
        try:
            settings.edit({**also, field: name})
        except ParameterError as error:
            st.session_state[SAID] = f"{error} The picture keeps the settings before."

    name = settings.params.as_dict()[field]
    way = st.segmented_control(
        "How to bring it",
        list(WAYS),
        format_func=WAYS.__getitem__,
        default="draw",
        key=f"{settings.name}.way",
        required=True,
        on_change=touch,
    )
    left, right = st.columns([1, 1], gap="large")
    with left:
        {"draw": _draw, "file": _file, "camera": _camera}[way or "draw"](settings, assets.get(name) if name else None, use)
    with right:
        if said := st.session_state.get(SAID):
            st.info(plain_text(said))
        st.caption(NOTE)


Use = Callable[[np.ndarray, str], None]


def _draw(settings: Settings, present: np.ndarray | None, use: Use) -> None:
    def edit(values: dict[str, Any]) -> None:
        touch()
        try:
            use(sketch.read(str(values.get("drawing", ""))), "")
        except sketch.UnreadableDrawing as error:
            st.session_state[SAID] = str(error)

    fits = present is not None and present.shape == (sketch.SIDE, sketch.SIDE)
    components.draw("sketch", sketch.sketch("drawing", present if fits else None), f"{settings.name}.sketch", edit)


def _file(settings: Settings, _: np.ndarray | None, use: Use) -> None:
    key = f"{settings.name}.file"
    types = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"]
    st.file_uploader("A picture of at most 10 MB", type=types, key=key, on_change=lambda: _bring(key, use))


def _camera(settings: Settings, _: np.ndarray | None, use: Use) -> None:
    key = f"{settings.name}.camera"
    st.camera_input("A snapshot", key=key, on_change=lambda: _bring(key, use))


def _bring(key: str, use: Use) -> None:
    """Take over what a widget has been given; what cannot be read is said in one sentence."""
    touch()
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        picture = read(file.getvalue())
    except UnreadablePicture as error:
        st.session_state[SAID] = f"{error} The picture stays as it was."
        return
    use(picture.pixels, picture.said)
