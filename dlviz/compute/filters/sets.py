"""The sets of pictures that Learning filters learns from. `settings` are those of the view.

Pictures are uint8 (n, C, 28, 28): one channel of ink on paper, or red, green and blue on white.
"""

import base64
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from dlviz.compute.filters import recognising as nets
from dlviz.data import animals, digits, emoji

DATA = {"digits": "Digits", "animals": "Animals", "emoji": "Emoji"}
NAMES = {"digits": tuple(str(digit) for digit in range(10)), "animals": animals.NAMES, "emoji": emoji.NAMES}
COUNTED = ("digits", "animals")  # sets with more pictures for training than one wants; of emoji there are only so many
SHOWN = 4  # held-out pictures that are watched
GREY = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)

Settings = Mapping[str, Any]


def images(settings: Settings, part: digits.Part) -> np.ndarray:
    """The pictures for training, as many as are set, or all that are held out: uint8 (n, C, 28, 28)."""
    found = _whole(settings, part).images[: _most(settings, part)]
    if settings["data"] != "emoji":
        return found[:, None]
    return found if settings["colour"] else np.rint(np.einsum("c,nchw->nhw", GREY, found))[:, None].astype(np.uint8)


def labels(settings: Settings, part: digits.Part) -> np.ndarray:
    """Their classes, uint8 (n,)."""
    return _whole(settings, part).labels[: _most(settings, part)]


def count(settings: Settings) -> int:
    """How many pictures there are for training."""
    return int(settings["pictures"]) if settings["data"] in COUNTED else emoji.TRAINING


def _whole(settings: Settings, part: digits.Part) -> Any:
    return {"digits": digits, "animals": animals, "emoji": emoji}[settings["data"]].load(part)


def _most(settings: Settings, part: digits.Part) -> int | None:
    return count(settings) if part == "training" else None


def load(settings: Settings, part: digits.Part) -> nets.Set:
    """The same as the networks see them."""
    truth = torch.from_numpy(labels(settings, part).astype(np.int64))
    return nets.Set(nets.seen(torch.from_numpy(np.array(images(settings, part))), settings), truth)


def shown(settings: Settings) -> list[int]:
    """Which held-out pictures are watched: the first ones of SHOWN different classes."""
    truth = labels(settings, "held_out")
    classes = list(dict.fromkeys(truth.tolist()))[:SHOWN]
    return [int(np.flatnonzero(truth == label)[0]) for label in classes]


def moved(settings: Settings, count: int = 8) -> np.ndarray:
    """The first training pictures as they are, and three times as training may see them: uint8 (4, count, C, 28, 28)."""
    x, generator = load(settings, "training").x[:count], torch.Generator().manual_seed(int(settings["seed"]))
    rows = [x, *(nets.shifted(x, int(settings["shift"]), generator) for _ in range(3))]
    return nets.unseen(torch.stack(rows), settings).numpy()


def material(settings: Settings) -> dict[str, Any]:
    """What a program of its own needs of them, packed: pictures for training, how many these are, then all that are held out."""
    return dict(_packed(settings["data"], settings["pictures"], settings["colour"]))


@lru_cache(maxsize=4)
def _packed(data: str, most: float, colour: bool) -> dict[str, Any]:
    settings = {"data": data, "pictures": most, "colour": colour}
    pictures, classes = (np.concatenate([of(settings, "training"), of(settings, "held_out")]) for of in (images, labels))
    return {"shape": list(pictures.shape), "training": count(settings), "images": pack(pictures), "labels": pack(classes)}


def pack(array: np.ndarray) -> str:
    """The bytes of an array, made short, as text for a program. Level 9 would be a hundredth shorter and take ten times as long."""
    return base64.b64encode(zlib.compress(array.tobytes(), 7)).decode()
