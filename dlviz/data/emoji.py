"""Emoji in colour: 815 of them in ten kinds, each drawn by three hands, shipped (`recipes/emoji.py` made the file; licences in NOTICE).

No emoji stands in both parts, in whatever style: what is held out is a thing that was never seen, not another drawing of one.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

FILE = Path(__file__).with_name("emoji.npz")
NAMES = ("faces", "hands", "people", "animals", "food", "vehicles", "places", "clothes", "sky", "signs")
STYLES = ("noto", "fluent", "twemoji")
TRAINING = 1962  # the first ones of the file; the other 483 are held out
Part = Literal["training", "held_out"]


@dataclass(frozen=True, eq=False)
class Emoji:
    """`images` uint8 (n, 3, 28, 28), red, green, blue on white paper; `labels` uint8 (n,), the place in NAMES; `styles` uint8 (n,), in
    STYLES; `codes` (n,), the emoji's code points such as "1f600". All read-only."""

    images: np.ndarray
    labels: np.ndarray
    styles: np.ndarray
    codes: np.ndarray


@cache
def _all() -> Emoji:
    with np.load(FILE, allow_pickle=False) as archive:
        emoji = Emoji(archive["images"], archive["labels"], archive["styles"], archive["codes"])
    for array in (emoji.images, emoji.labels, emoji.styles, emoji.codes):
        array.flags.writeable = False  # one copy serves every job of the process
    return emoji


@cache
def load(part: Part) -> Emoji:
    """The 1,962 pictures for training or the 483 held out, always the same and in the same order.

    >>> load("held_out").images.shape, NAMES[load("held_out").labels[0]]
    ((483, 3, 28, 28), 'animals')
    """
    rows = {"training": slice(None, TRAINING), "held_out": slice(TRAINING, None)}[part]
    every = _all()
    return Emoji(every.images[rows], every.labels[rows], every.styles[rows], every.codes[rows])
