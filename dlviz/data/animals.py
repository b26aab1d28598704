"""Animal silhouettes in the form of MNIST: 9,716 different ones, shipped (`recipes/animals.py` made the file; licence in NOTICE).

No picture occurs twice, but some are nearly alike, such as one animal in two positions on the page; so a network's accuracy
on the held-out part is a little kinder than on animals drawn by somebody else.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

FILE = Path(__file__).with_name("animals.npz")
NAMES = ("bear", "bird", "cat", "cow", "dog", "elephant", "giraffe", "horse", "sheep", "zebra")
HELD_OUT = 2000  # the last ones of the shuffled file
Part = Literal["training", "held_out"]


@dataclass(frozen=True, eq=False)
class Animals:
    """`images` uint8 (n, 28, 28), 255 where the animal is; `labels` uint8 (n,), the place in NAMES. Both read-only."""

    images: np.ndarray
    labels: np.ndarray


@cache
def _all() -> Animals:
    with np.load(FILE, allow_pickle=False) as archive:
        animals = Animals(archive["images"], archive["labels"])
    for array in (animals.images, animals.labels):
        array.flags.writeable = False  # one copy serves every job of the process
    return animals


@cache
def load(part: Part) -> Animals:
    """The 7,716 silhouettes for training or the 2,000 held out, always the same and in the same order.

    >>> [NAMES[k] for k in load("held_out").labels[:3]]
    ['horse', 'dog', 'cow']
    """
    rows = {"training": slice(None, -HELD_OUT), "held_out": slice(-HELD_OUT, None)}[part]
    return Animals(_all().images[rows], _all().labels[rows])
