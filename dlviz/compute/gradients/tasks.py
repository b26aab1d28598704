"""What the deep networks of this topic are given: inputs and two or more classes."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dlviz.data import points

NORMAL = "normal"
DATA = {NORMAL: "normal noise", "circle": "circle", "moons": "moons", "spiral": "spiral"}


@dataclass(frozen=True, eq=False)
class Task:
    """`x` (n, in) float64, each column with mean 0 and variance 1 or drawn so; `y` (n,) of 0 to classes - 1."""

    x: Tensor
    y: Tensor
    classes: int


def load(data: str, n: int, width: int, seed: int) -> Task:
    """n samples. "normal": standard normal inputs of `width` numbers with random classes. Else: points in the plane, standardised."""
    if data == NORMAL:
        generator = torch.Generator().manual_seed(seed)
        return Task(torch.randn(n, width, generator=generator, dtype=torch.float64), torch.randint(2, (n,), generator=generator), classes=2)
    drawn = points.draw(data, n, 0.0, seed)
    x = (drawn.x - drawn.x.mean(0)) / drawn.x.std(0)
    return Task(torch.from_numpy(x), torch.from_numpy(drawn.y.astype(np.int64)), classes=2)
