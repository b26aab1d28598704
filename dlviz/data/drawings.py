"""Drawn digits brought into the form of MNIST, so that a network meets what it was trained on."""

import numpy as np
from PIL import Image

SIDE = 28  # pixels of a digit
BOX = 20  # pixels of the longer side of its ink
MIDDLE = 14.0  # row and column, counted from 0, that the centre of mass comes nearest to


def centred(drawing: np.ndarray) -> np.ndarray:
    """The drawing as MNIST made its digits, uint8 (28, 28): ink scaled to 20 pixels, its centre of mass in the middle.

    `drawing` is uint8 (h, w), 255 is ink; an empty one stays empty. Whole pixels only, as the digits themselves were moved
    (LeCun, Cortes and Burges, The MNIST database of handwritten digits).
    """
    rows, columns = (np.flatnonzero(drawing.max(axis)) for axis in (1, 0))
    page = np.zeros((SIDE, SIDE), np.uint8)
    if not len(rows):
        return page
    ink = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(scale * side)) for side in ink.shape)
    small = np.array(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)) if scale != 1 else ink
    mass = max(1.0, float(small.sum()))
    down = small.sum(1) @ np.arange(height) / mass
    across = small.sum(0) @ np.arange(width) / mass
    top, left = (_start(MIDDLE - place, side) for place, side in ((down, height), (across, width)))
    page[top : top + height, left : left + width] = small
    return page


def _start(place: float, side: int) -> int:
    """The nearest whole pixel to begin at, so that `side` pixels stay on the page."""
    return max(0, min(SIDE - side, round(place)))
