"""Labelled points in the plane, two classes each, all within about [-1, 1]²."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Points:
    """`x` (n, 2) float64 and `y` (n,) of 0 and 1."""

    x: np.ndarray
    y: np.ndarray


def circle(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Class 1 in a disc of radius 0.45, class 0 in a ring from 0.65 to 0.95: only a closed curve parts them."""
    y = np.arange(n) % 2
    inner, outer = np.where(y == 1, 0.0, 0.65), np.where(y == 1, 0.45, 0.95)
    radius = np.sqrt(rng.uniform(inner**2, outer**2))  # uniform over the area
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), y


def xor(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four squares; class 1 where both coordinates have the same sign."""
    x = rng.uniform(0.08, 0.95, (n, 2)) * rng.choice([-1.0, 1.0], (n, 2))
    return x, (x[:, 0] * x[:, 1] > 0).astype(int)


def gauss(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two round clouds; a straight line parts them."""
    y = np.arange(n) % 2
    return rng.normal(0, 0.18, (n, 2)) + np.where(y == 1, 0.45, -0.45)[:, None], y


def moons(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other."""
    y = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], 1)
    lower = np.stack([0.5 - np.cos(angle), 0.25 - np.sin(angle)], 1)
    return 0.62 * np.where(y[:, None] == 1, upper, lower), y


def spiral(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two arms of one and three quarter turns."""
    y = np.arange(n) % 2
    along = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 1.75 * 2 * np.pi * along + np.pi * y
    return 0.95 * np.stack([along * np.cos(angle), along * np.sin(angle)], 1), y


def checkerboard(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sixteen squares of alternating class."""
    x = rng.uniform(-0.95, 0.95, (n, 2))
    cell = np.floor((x + 1) * 2).astype(int)
    return x, cell.sum(1) % 2


def standard(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and scale of each column of x (n, 2): (x - centre) / scale has mean 0 and variance 1.

    The scale is 1 where a column is everywhere the same.
    """
    scale = x.std(0)
    return x.mean(0), np.where(scale > 0, scale, 1.0)


DRAWS: dict[str, Draw] = {"circle": circle, "xor": xor, "gauss": gauss, "moons": moons, "spiral": spiral, "checkerboard": checkerboard}


def draw(name: str, n: int, noise: float, seed: int) -> Points:
    """n points of the named set, moved by normal noise of standard deviation `noise`. Same arguments, same bytes."""
    rng = np.random.default_rng(seed)
    x, y = DRAWS[name](n, rng)
    return Points(x + noise * rng.normal(size=x.shape), y)


def mixed(x: np.ndarray, y: np.ndarray, noise: float, seed: int) -> Points:
    """People's own points (n, 2) and classes (n,) in an order drawn from the seed, moved by normal noise."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    return Points(x[order] + noise * rng.normal(size=x.shape), y[order])
