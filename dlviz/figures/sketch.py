"""The pad to draw a small grey picture on: what the component `sketch` needs to know, and how its drawing is read."""

import base64
import binascii

import numpy as np

from dlviz.figures.payload import pack

SIDE = 28  # pixels, as MNIST's digits have
BRUSH = 1.1  # pixels from the middle of a stroke to where its ink fades


class UnreadableDrawing(ValueError):
    """What came from the pad is no drawing."""


def sketch(field: str, pixels: np.ndarray | None) -> bytes:
    """The pad with a drawing, uint8 (SIDE, SIDE), or an empty one."""
    drawn = np.zeros((SIDE, SIDE), np.uint8) if pixels is None else pixels
    return pack({"name": "dlviz-drawing", "field": field, "side": SIDE, "brush": BRUSH}, pixels=drawn)


def read(text: str) -> np.ndarray:
    """The drawing that the pad reported in base64, uint8 (SIDE, SIDE). UnreadableDrawing for anything else."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise UnreadableDrawing("The drawing could not be read.") from error
    if len(data) != SIDE * SIDE:
        raise UnreadableDrawing(f"The drawing has {len(data)} pixels: expected {SIDE} × {SIDE}.")
    return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)
