"""The small network of Learning filters for views that ask it something: trained with the settings of that view, to the same numbers, and
changed as it was changed there.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

import numpy as np
import torch

from dlviz.compute.filters import changes, learning, sets
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters.learning import Params as Settings
from dlviz.compute.filters.small import excited
from dlviz.compute.filters.trying import brought, remade
from dlviz.compute.shelf import Shelf
from dlviz.fields import ParameterError, quote
from dlviz.nets.convolutional import Convolutional
from dlviz.results import Progress

KEPT = 4  # networks; the ones that were asked for least lately go first
TOLD = 20  # times that a training says how far it is
BATCH = 250  # pictures at a time


@lru_cache(maxsize=64)
def settings_of(text: str, name: str = "training") -> Settings:
    """The settings of Learning filters that a text such as "layers=3&norm=1&edits=[[0,2]]" names, all others at their defaults.

    ParameterError under `name` for what that view does not have, and for a weights file: that it is kept, no text can say.
    """
    specs, given = Settings.specs(), {}
    for field, value in parse_qsl(text, keep_blank_values=True):
        if field not in specs:
            raise ParameterError(name, text, f"settings of Learning filters as its link has them; {quote(field)} is none")
        given[field] = value
    if text and not given:
        raise ParameterError(name, text, "settings of Learning filters as its link has them, such as layers=3&norm=1")
    try:
        settings = Settings(**{field: specs[field].decode(field, value) for field, value in given.items()}).canonical()
    except ParameterError as error:
        raise ParameterError(name, text, f"settings that Learning filters can have, but {str(error).rstrip('.')}") from None
    if settings.weights:
        raise ParameterError(name, text, "settings without a weights file, which the tab The small CNN takes over")
    return settings


def text_of(settings: Settings) -> str:
    """The text that `settings_of` reads: what is not at its default, but for a weights file.

    >>> text_of(Settings(layers=3, norm=True, edits="[[0,2]]"))
    'layers=3&norm=1&edits=[[0,2]]'
    """
    specs = Settings.specs()
    differing = replace(settings, weights="").differing(Settings())
    return urlencode({name: specs[name].encode(getattr(settings.canonical(), name)) for name in differing}, safe="[],")


def usable(settings: Settings) -> Settings:
    """The same settings, without a weights file that is not kept any more or is not for such a network: then it stays as it was trained."""
    own = settings.canonical()
    return own if brought(own.weights, own.as_dict()) is not None else replace(own, weights="")


def done_to(settings: Settings) -> list[str]:
    """What was done to the network after its training, in words.

    >>> done_to(Settings(edits="[[0,2],[1,7,-0.5]]"))
    ['2 changes by hand']
    """
    count = len(changes.read(settings.canonical().edits))
    by_hand = [f"{count} {'change' if count == 1 else 'changes'} by hand"] if count else []
    return by_hand + (["weights from a file"] if usable(settings).weights else [])


@dataclass(frozen=True, eq=False)
class Trained:
    """A network as these settings made it, and its share of right answers on held-out pictures."""

    settings: Settings
    net: Convolutional
    accuracy: float


_shelf: Shelf[Trained] = Shelf(KEPT)


def train(settings: Settings) -> Generator[Progress, None, Trained]:
    """The network that these settings make, trained step by step as Learning filters does it, or at once if it is kept here or there."""
    trained = _recalled(settings.of_training())
    if trained is None:
        trained = yield from _learned(settings.of_training())
    _shelf.put(trained.settings, trained)
    own, plain = settings.canonical(), settings.as_dict()
    net = remade(trained.net, plain, own.weights, changes.read(own.edits))
    return trained if net is trained.net else Trained(own, net, nets.score(net, sets.load(plain, "held_out")).accuracy)


def _recalled(settings: Settings) -> Trained | None:
    """The network of these settings if it was asked before, or if Learning filters has just trained it."""
    if (kept := _shelf.take(settings)) is not None or (run := learning.SHELF.take(settings)) is None:
        return kept
    newest = run[-1].arrays
    return Trained(settings, changes.filled(nets.convolutional_net(settings.as_dict()), newest["state"]), float(newest["accuracies"][0]))


def _learned(settings: Settings) -> Generator[Progress, None, Trained]:
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
    return Trained(settings, net, nets.score(net, held_out).accuracy)


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
    """How much each held-out picture excites each map of a convolution, or each class: float32 (N, C), read-only."""
    plain = trained.settings.as_dict()
    pictures, paper = torch.from_numpy(sets.images(plain, "held_out").astype(np.float32)), nets.paper_of(plain)
    with torch.no_grad():
        found = torch.cat([excited(trained.net, place, batch, paper) for batch in pictures.split(BATCH)]).numpy()
    found.flags.writeable = False
    return found
