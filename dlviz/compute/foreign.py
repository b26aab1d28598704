"""Models from Hugging Face as language models among the others; the last few stay in memory."""

import logging
import threading
from collections import OrderedDict

from torch import nn

from dlviz.compute.language import LanguageModel
from dlviz.data.tokens import reader
from dlviz.nets.transformer.foreign import Foreign, NoMaps
from dlviz.zoo import MissingWeights, checkpoint, hub

MOST_KEPT = 2
MOST_PARAMETERS = checkpoint.MOST_PARAMETERS  # of those that are kept, together

log = logging.getLogger("dlviz.compute")
_one_at_a_time = threading.Lock()
_kept: OrderedDict[str, LanguageModel] = OrderedDict()


def model(name: str) -> LanguageModel:
    """The model that Hugging Face knows by this name. MissingWeights with a sentence if it is not here or cannot be shown."""
    found = hub.Repository(name)
    if why := found.refused():
        raise MissingWeights(why)
    with _one_at_a_time:  # or two who ask at once would each build one
        if name not in _kept:
            folder = found.folder()
            if folder is None:
                raise MissingWeights(f"{name} has not been fetched yet.")
            hub.used(folder)
            anatomy = checkpoint.examine(name, folder)
            _make_room(anatomy.parameters)
            foreign, tokenizer = checkpoint.load(name, folder, anatomy)
            try:
                network = Foreign(foreign, anatomy.layers, anatomy.heads, anatomy.context, anatomy.decoder)
            except NoMaps as error:
                raise MissingWeights(f"{name} ({anatomy.kind}) cannot be shown: {error}.") from error
            except Exception as error:  # whatever the architectures of strangers raise when they are asked
                log.warning("%s cannot be asked: %r", name, error)
                raise MissingWeights(f"{name} ({anatomy.kind}) cannot be shown: it fails on a few tokens.") from error
            _kept[name] = LanguageModel(name, network, reader(tokenizer))
        _kept.move_to_end(name)
        return _kept[name]


def size(network: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(parameter.numel() for parameter in network.parameters())


def _make_room(coming: int) -> None:
    """Let go of those that were asked longest ago."""
    while _kept and (len(_kept) >= MOST_KEPT or coming + sum(size(each.network) for each in _kept.values()) > MOST_PARAMETERS):
        _kept.popitem(last=False)
