"""What activation maximisation can ask, EfficientNet-Lite0 or the small network of Learning filters; and what a picture can start from."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dlviz import assets
from dlviz.compute.filters import learning, real, recognising, sets, trainings
from dlviz.compute.filters.excitation import excitations
from dlviz.compute.filters.small import excited
from dlviz.data import crops, digits
from dlviz.data.photographs import load
from dlviz.results import Progress

NOISE, OWN, DIGIT = "noise", "own", "digit"


@dataclass(frozen=True, eq=False)
class Asked:
    """A channel or class: `excite` gives (B, C) of pictures (B, 3 or 1, n, n), colours 0 to 255, its own value at `index`.

    `colours` A (3, 3) or (1, 1), as in `maximise`; `answers` (N, C) of the real pictures; `accuracy` of a network trained here, else nan.
    """

    excite: Callable[[Tensor], Tensor]
    index: int
    colours: Tensor
    answers: np.ndarray
    accuracy: float = float("nan")


def efficientnet(place: str, index: int, size: int, colours: str) -> Asked:
    """One of EfficientNet-Lite0's channels or classes, and the photographs at this size."""
    return Asked(lambda pictures: excitations(place, pictures), index, directions(colours), real.answers(place, size))


def small(settings: learning.Params, place: str, index: int) -> Generator[Progress, None, Asked]:
    """One of the small network's maps or classes, the network trained first if it is not kept, and the held-out pictures."""
    trained, plain = (yield from trainings.train(settings)), settings.as_dict()

    def excite(pictures: Tensor) -> Tensor:
        return excited(trained.net, place, pictures, recognising.paper_of(plain))

    return Asked(excite, index, torch.eye(recognising.depth_of(plain)), trainings.answers(trained, place), trained.accuracy)


def directions(colours: str) -> Tensor:
    """A (3, 3): the photographs' own directions for "decorrelated", else red, green and blue."""
    return torch.from_numpy(real.colours()) if colours == "decorrelated" else torch.eye(3)


def first(start: str, own: str, number: int, side: int, grey: bool) -> np.ndarray | None:
    """The picture that the ascent starts from, uint8 (side, side, 3), or (side, side, 1) in grey; None for noise.

    `start`: a photograph, a held-out digit of this number, or the asset `own`. What was brought and is gone is the cat.
    """
    if start == NOISE:
        return None
    if start == DIGIT:
        whole = digits.load("held_out").images[number]
    else:
        brought = assets.get(own) if start == OWN and own else None
        whole = load("cat" if start == OWN else start) if brought is None else brought
    square = crops.square(whole, min(whole.shape[:2]))
    picture = real.resized(square if square.ndim == 3 else np.repeat(square[:, :, None], 3, 2), side)
    return crops.grey(picture)[:, :, None] if grey else picture


def best_real(settings: learning.Params | None, side: int, best: Sequence[int]) -> np.ndarray:
    """These real pictures: photographs, or where there are settings held-out ones of the small network. uint8 (k, side, side, 3)."""
    if settings is None:
        return real.pictures(side)[list(best)]
    found = sets.images(settings.as_dict(), "held_out")[list(best)].transpose(0, 2, 3, 1)
    return np.ascontiguousarray(np.broadcast_to(found, (*found.shape[:3], 3)))


def names_of(settings: learning.Params | None, best: Sequence[int]) -> list[str]:
    """What these pictures are called."""
    if settings is None:
        return [real.NAMES[i] for i in best]
    names, truth = sets.NAMES[settings.data], sets.labels(settings.as_dict(), "held_out")
    kind = "digit " if settings.data == "digits" else ""
    return [f"{kind}{names[truth[i]]}, number {i}" for i in best]
