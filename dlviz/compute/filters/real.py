"""The real pictures that a channel is tried on: the packaged photographs, each as a whole and in four quarters."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dlviz.compute.filters.excitation import excitations
from dlviz.data import crops
from dlviz.data.photographs import PHOTOGRAPHS, load

PARTS = {  # zoom, left to right, top to bottom
    "": (1, 0.5, 0.5),
    "upper left": (2, 0.0, 0.0),
    "upper right": (2, 1.0, 0.0),
    "lower left": (2, 0.0, 1.0),
    "lower right": (2, 1.0, 1.0),
}
NAMES = tuple(f"{photograph.title}, {part}" if part else photograph.title for photograph in PHOTOGRAPHS.values() for part in PARTS)
BATCH = 8  # pictures at a time: quicker than all at once, whose maps do not fit into a cache


def resized(pixels: np.ndarray, n: int) -> np.ndarray:
    """A square picture (m, m, 3) with n pixels a side, uint8: bilinear, averaging where it is made smaller."""
    square = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float()
    if pixels.shape[0] != n:
        square = functional.interpolate(square, (n, n), mode="bilinear", antialias=True, align_corners=False)
    return np.ascontiguousarray(square[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy())


def photograph(slug: str, part: str, n: int) -> np.ndarray:
    """One of them, uint8 (n, n, 3)."""
    whole = load(slug)
    return resized(crops.square(whole, min(whole.shape[:2]), *PARTS[part]), n)


@lru_cache(maxsize=3)
def pictures(n: int) -> np.ndarray:
    """All of them in the order of NAMES, uint8 (N, n, n, 3), read-only."""
    every = np.stack([photograph(slug, part, n) for slug in PHOTOGRAPHS for part in PARTS])
    every.flags.writeable = False
    return every


@lru_cache(maxsize=32)
def answers(layer: str, n: int) -> np.ndarray:
    """How much each of them excites each channel of a layer, or each class: float32 (N, C), read-only."""
    with torch.no_grad():
        found = torch.cat([excitations(layer, batch) for batch in ready(pictures(n)).split(BATCH)]).numpy()
    found.flags.writeable = False
    return found


def ready(every: np.ndarray) -> Tensor:
    """Pictures uint8 (N, n, n, 3) as float32 (N, 3, n, n)."""
    return torch.from_numpy(every.copy()).permute(0, 3, 1, 2).float()


@lru_cache(maxsize=1)
def colours() -> np.ndarray:
    """A (3, 3), whose columns are uncorrelated directions of the photographs' colours, as long as the spread along them. float32.

    The covariance of red, green and blue over all pixels is U Λ Uᵀ; A = U √Λ, scaled so that its squares sum to 3, as those of the
    identity do. The first column is brightness. (Olah, Mordvintsev and Schubert 2017 take the same step with ImageNet's colours.)
    """
    pixels = np.concatenate([load(slug).reshape(-1, 3)[::7] for slug in PHOTOGRAPHS]).astype(np.float64)
    spread, directions = np.linalg.eigh(np.cov(pixels.T))
    matrix = (directions * np.sqrt(spread))[:, ::-1]
    matrix = matrix * np.sign(matrix[0]) / np.sqrt(spread.mean())
    return np.ascontiguousarray(matrix, dtype=np.float32)
