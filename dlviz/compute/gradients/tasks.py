"""What the deep networks of this topic are given: inputs and two or more classes."""

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlviz.data import digits, points

NORMAL, DIGITS = "normal", "digits"
DATA = {NORMAL: "normal noise", "circle": "circle", "moons": "moons", "spiral": "spiral", DIGITS: "handwritten digits"}


@dataclass(frozen=True, eq=False)
class Task:
    """`x` (n, in) float64 with mean 0 and variance 1 or drawn so; `y` (n,) of 0 to classes - 1."""

    x: Tensor
    y: Tensor
    classes: int


def inputs(data: str, width: int) -> int:
    """How many numbers a sample has: `width` of normal noise, the pixels of a digit, two of a point."""
    return {NORMAL: width, DIGITS: digits.PIXELS}.get(data, 2)


def classes(data: str) -> int:
    """How many classes there are."""
    return digits.CLASSES if data == DIGITS else 2


def load(data: str, n: int, width: int, seed: int) -> Task:
    """n samples. "normal": standard normal inputs of `width` numbers with random classes.

    "digits": the pixels of handwritten digits, (ink − mean) / standard deviation with those of all pixels together, as is usual:
    a pixel that is nearly always paper would be blown up by its own. Else: points in the plane, each coordinate standardised.
    """
    if data == NORMAL:
        generator = torch.Generator().manual_seed(seed)
        return Task(torch.randn(n, width, generator=generator, dtype=torch.float64), torch.randint(2, (n,), generator=generator), classes=2)
    if data == DIGITS:
        drawn = digits.draw(n, seed)
        x, y = drawn.images.reshape(n, digits.PIXELS) / 255, drawn.labels
        x = (x - x.mean()) / x.std()
    else:
        spread = points.draw(data, n, 0.0, seed)
        x, y = (spread.x - spread.x.mean(0)) / spread.x.std(0), spread.y
    return Task(torch.from_numpy(x), torch.from_numpy(y.astype(np.int64)), classes(data))


def pictures(data: str, n: int, seed: int) -> dict[str, Any]:
    """What a program of its own needs of the data: the digits that `load` draws, uint8, packed; of other data nothing."""
    if data != DIGITS:
        return {}
    drawn = digits.draw(n, seed)
    return {name: base64.b64encode(zlib.compress(getattr(drawn, name).tobytes(), 9)).decode() for name in ("images", "labels")}
