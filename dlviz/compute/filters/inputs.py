"""The pictures that One convolution is tried on: a digit, a photograph, a pattern, or one that was brought."""

import numpy as np

from dlviz import assets
from dlviz.data import crops, digits, patterns, photographs

SIDE = 64  # pixels of a side at most, so that each can be seen
SHOWN = ("cat", "coffee", "astronaut", "camera", "rocket", "coins", "bricks", "palace", "flower")
OWN = "own"
PHOTOGRAPHS = {slug: photographs.PHOTOGRAPHS[slug].title for slug in SHOWN}
INPUTS = {"digit": "Handwritten digit"} | PHOTOGRAPHS | {slug: name for slug, (name, _) in patterns.PATTERNS.items()} | {OWN: "Your own"}
CROPPED = (*PHOTOGRAPHS, OWN)  # what can be larger than SIDE, and can have colours


def picture(name: str, digit: int, asset: str, zoom: float, across: float, down: float) -> np.ndarray:
    """The picture, uint8 (n, n) in grey or (n, n, 3) in colour, n at most SIDE. What was brought and is gone is a digit."""
    if name in PHOTOGRAPHS:
        return crops.square(photographs.load(name), SIDE, zoom, across, down)
    if name in patterns.PATTERNS:
        return patterns.PATTERNS[name][1]()
    brought = assets.get(asset) if name == OWN and asset else None
    return digits.load("held_out").images[digit] if brought is None else crops.square(brought, SIDE, zoom, across, down)


def side(name: str, asset: str, zoom: float) -> int:
    """How many pixels a side that picture has, without making it."""
    if name in PHOTOGRAPHS:
        return SIDE
    if name in patterns.PATTERNS:
        return len(patterns.PATTERNS[name][1]())
    brought = assets.get(asset) if name == OWN and asset else None
    return 28 if brought is None else min(SIDE, max(1, round(min(brought.shape[:2]) / zoom)))


def channels(pixels: np.ndarray, colour: str) -> np.ndarray:
    """The picture as a layer sees it, uint8 (C, n, n): one channel in grey, else red, green and blue where there are colours."""
    if colour == "grey" or pixels.ndim == 2:
        return crops.grey(pixels)[None]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))
