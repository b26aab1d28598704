"""A square part of a picture, made smaller by averaging areas, so that each of its pixels can be seen."""

import numpy as np

LUMINANCE = (0.299, 0.587, 0.114)  # how bright red, green and blue look (ITU-R BT.601)


def square(pixels: np.ndarray, side: int, zoom: float = 1, across: float = 0.5, down: float = 0.5) -> np.ndarray:
    """A square of the picture, uint8 (s, s) or (s, s, 3), s at most `side`.

    It is as large as fits, divided by `zoom`; `across` and `down` from 0 to 1 say where it lies. Each new pixel is the mean
    over the area it stands for.
    """
    height, width = pixels.shape[:2]
    edge = max(1, round(min(height, width) / zoom))
    top, left = round(down * (height - edge)), round(across * (width - edge))
    part = pixels[top : top + edge, left : left + edge]
    if edge <= side:
        return np.array(part)
    weights = _means(edge, side)  # (side, edge)
    mean = np.einsum("ij,jk...,lk->il...", weights, part.astype(np.float64), weights, optimize=True)
    return np.rint(mean).astype(np.uint8)


def grey(pixels: np.ndarray) -> np.ndarray:
    """A colour picture (h, w, 3) by its luminance, uint8 (h, w); a grey one as it is."""
    return pixels if pixels.ndim == 2 else np.rint(pixels @ np.array(LUMINANCE)).astype(np.uint8)


def _means(old: int, new: int) -> np.ndarray:
    """Row i has the share of each old pixel in new pixel i; rows sum to 1. (new, old)."""
    starts = np.arange(new)[:, None] * old / new
    covered = np.minimum(starts + old / new, np.arange(old) + 1) - np.maximum(starts, np.arange(old))
    return np.clip(covered, 0, 1) * new / old
