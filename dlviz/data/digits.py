"""Handwritten digits: 10,000 of MNIST, shipped (`recipes/digits.py` made the file; origin and licence in NOTICE)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

FILE = Path(__file__).with_name("digits.npz")
TRAINING = 8000  # the first ones of the shuffled file; the other 2,000 are held out
CLASSES, PIXELS = 10, 784
Part = Literal["training", "held_out"]


@dataclass(frozen=True, eq=False)
class Digits:
    """`images` uint8 (n, 28, 28), 0 is paper and 255 ink; `labels` uint8 (n,), the digit from 0 to 9. Both read-only."""

    images: np.ndarray
    labels: np.ndarray


@cache
def _all() -> Digits:
    with np.load(FILE, allow_pickle=False) as archive:
        digits = Digits(archive["images"], archive["labels"])
    for array in (digits.images, digits.labels):
        array.flags.writeable = False  # one copy serves every job of the process
    return digits


@cache
def load(part: Part) -> Digits:
    """The 8,000 digits for training or the 2,000 held out, always the same and in the same order.

    >>> load("training").images.shape, load("held_out").labels[:5].tolist()
    ((8000, 28, 28), [6, 1, 1, 7, 4])
    """
    rows = {"training": slice(None, TRAINING), "held_out": slice(TRAINING, None)}[part]
    return Digits(_all().images[rows], _all().labels[rows])


def draw(n: int, seed: int) -> Digits:
    """n different digits for training, drawn by the seed: 0 to 9 in turn, so every class as often as any other, up to one.

    >>> draw(12, 1).labels.tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    """
    rng, whole = np.random.default_rng(seed), load("training")
    rounds = -(-n // CLASSES)
    rows = np.stack([rng.permutation(np.flatnonzero(whole.labels == label))[:rounds] for label in range(CLASSES)], axis=1)
    chosen = rows.ravel()[:n]
    return Digits(whole.images[chosen], whole.labels[chosen])
