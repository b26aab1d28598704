"""Small pictures made by a formula, each to show one thing that a filter does."""

from collections.abc import Callable

import numpy as np

SIDE = 32


def dot() -> np.ndarray:
    """One white pixel on black: a filter's answer to it is the filter itself, turned round or not. uint8 (21, 21)."""
    picture = np.zeros((21, 21), np.uint8)
    picture[10, 10] = 255
    return picture


def edge() -> np.ndarray:
    """Dark at the left, bright at the right, nothing else. uint8 (32, 32)."""
    return np.repeat(np.where(np.arange(SIDE) < SIDE // 2, 51, 204)[None], SIDE, 0).astype(np.uint8)


def stripes() -> np.ndarray:
    """White and black columns in turn, the finest there are: half as bright as white on average. uint8 (32, 32)."""
    return np.repeat(np.where(np.arange(SIDE) % 2, 0, 255)[None], SIDE, 0).astype(np.uint8)


def rings() -> np.ndarray:
    """Rings that grow finer outwards, up to 0.44 rings a pixel at the sides: cos(pi r² 0.44 / 32) around the middle. uint8 (64, 64)."""
    place = np.arange(2 * SIDE) - (2 * SIDE - 1) / 2
    squares = place[:, None] ** 2 + place[None] ** 2
    return np.rint(127.5 + 127.5 * np.cos(np.pi * squares * 0.44 / SIDE)).astype(np.uint8)


PATTERNS: dict[str, tuple[str, Callable[[], np.ndarray]]] = {
    "dot": ("A dot", dot),
    "edge": ("An edge", edge),
    "stripes": ("Fine stripes", stripes),
    "rings": ("Rings", rings),
}
