"""The small network of Learning filters for views that ask it something: trained with the settings of that view, to the same numbers."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

import numpy as np
import torch

from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters import sets
from dlviz.compute.filters.learning import Params as Settings
from dlviz.compute.filters.small import excited
from dlviz.compute.shelf import Shelf
from dlviz.fields import ParameterError, quote
from dlviz.nets.convolutional import Convolutional
from dlviz.results import Progress

KEPT = 4  # networks; the ones that were asked for least lately go first
TOLD = 20  # times that a training says how far it is
BATCH = 250  # pictures at a time


@lru_cache(maxsize=64)
def settings_of(text: str, name: str = "training") -> Settings:
    """The settings of Learning filters that a text such as "layers=3&norm=1" names, all others at their defaults.

    What was done to the network after its training is left out. ParameterError under `name` for what that view does not have, and for
    emoji: a picture in colour is not what this view climbs in.
    """
    specs, given = Settings.specs(), {}
    for field, value in parse_qsl(text, keep_blank_values=True):
        if field not in specs:
            raise ParameterError(name, text, f"settings of Learning filters as its link has them; {quote(field)} is none")
        given[field] = value
    if text and not given:
        raise ParameterError(name, text, "settings of Learning filters as its link has them, such as layers=3&norm=1")
    try:
        settings = Settings(**{field: specs[field].decode(field, value) for field, value in given.items()}).of_training()
    except ParameterError as error:
        raise ParameterError(name, text, f"settings that Learning filters can have, but {str(error).rstrip('.')}") from None
    if settings.data == "emoji":
        raise ParameterError(name, text, "digits or animals: the network of emoji sees another kind of picture")
    return settings


def text_of(settings: Settings) -> str:
    """The text that `settings_of` reads: what is not at its default.

    >>> text_of(Settings(layers=3, norm=True))
    'layers=3&norm=1'
    """
    specs = Settings.specs()
    return urlencode({name: specs[name].encode(getattr(settings, name)) for name in settings.of_training().differing(Settings())})


@dataclass(frozen=True, eq=False)
class Trained:
    """A network at the end of its training, the settings it was trained with, and its share of right answers on held-out pictures."""

    settings: Settings
    net: Convolutional
    accuracy: float


_shelf: Shelf[Trained] = Shelf(KEPT)


def train(settings: Settings) -> Generator[Progress, None, Trained]:
    """The network trained with these settings, step by step as Learning filters does it; at once if it is kept."""
    if (kept := _shelf.take(settings)) is not None:
        return kept
    plain = settings.as_dict()
    pictures, held_out = (sets.load(plain, part) for part in ("training", "held_out"))
    net, last = nets.convolutional_net(plain), nets.steps_of(plain, len(pictures.y))
    every = max(1, last // TOLD)
    for step in nets.training(net, pictures, plain, last):
        if step == last:
            break
        if step % every == 0:
            yield Progress(step, last, "training the small network, step")
    for tensor in net.parameters:
        tensor.requires_grad_(False)
    trained = Trained(settings, net, nets.score(net, held_out).accuracy)
    _shelf.put(settings, trained)
    return trained


def at_once(settings: Settings) -> Trained:
    """The same, for those who can wait."""
    way = train(settings)
    while True:
        try:
            next(way)
        except StopIteration as end:
            trained: Trained = end.value
            return trained


@lru_cache(maxsize=16)
def answers(trained: Trained, place: str) -> np.ndarray:
    """How much each held-out picture excites each map of a convolution, or each class: float32 (2000, C), read-only."""
    x = 255 * sets.load(trained.settings.as_dict(), "held_out").x
    with torch.no_grad():
        found = torch.cat([excited(trained.net, place, batch) for batch in x.split(BATCH)]).numpy()
    found.flags.writeable = False
    return found
