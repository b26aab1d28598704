"""What becomes of a trained network under changes by hand, and of one that was loaded in its place, on all held-out pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlviz import assets
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters import sets
from dlviz.compute.filters.changes import Change, changed, filled, tensors_of
from dlviz.nets.convolutional import Convolutional, folded


def packed(state: np.ndarray) -> np.ndarray:
    """A network's numbers as the bytes under which the assets keep them."""
    return state.astype("<f4").view(np.uint8)


def brought(name: str, settings: Mapping[str, Any]) -> np.ndarray | None:
    """The numbers of the file that was loaded, float32; None if it is not kept any more, or is not for a network of these settings."""
    kept = assets.get(name) if name else None
    wanted = 4 * nets.count(tensors_of(nets.convolutional_net(settings)))
    return kept.view("<f4") if kept is not None and kept.shape == (wanted,) else None


def underneath(trained: Convolutional, settings: Mapping[str, Any], weights: str) -> tuple[Convolutional, bool]:
    """The network that changes by hand are made to, batch norm folded in, and whether it is that of a file: else it is the trained one."""
    loaded = brought(weights, settings)
    return folded(trained if loaded is None else filled(nets.convolutional_net(settings), loaded)), loaded is not None


def remade(trained: Convolutional, settings: Mapping[str, Any], weights: str, changes: Sequence[Change]) -> Convolutional:
    """The network that the viewer has made of a trained one, by a file or by hand; the trained one itself if nothing was done to it."""
    base, loaded = underneath(trained, settings, weights)
    return changed(base, changes) if changes or loaded else trained


def attempt(
    settings: Mapping[str, Any], trained: np.ndarray, answers: np.ndarray, weights: str, changes: Sequence[Change]
) -> dict[str, Any]:
    """What a Result says of the network that the viewer has made of the trained one, which gave these answers.

    `plain`: the numbers of the network before the changes, batch norm folded in. `changed_accuracy` on all held-out pictures, and
    `other_answers` there than the trained network gives; `loaded`: whether a file stands in the place of what was trained.
    """
    held_out, net = sets.load(settings, "held_out"), filled(nets.convolutional_net(settings), trained)
    base, loaded = underneath(net, settings, weights)
    told = {"plain": _flat(base), "loaded": loaded}
    after = theirs = torch.from_numpy(answers.astype(np.int64))
    if changes or loaded:
        if settings["norm"]:  # folded sums round otherwise
            theirs = nets.score(folded(net), held_out).answers
        after = nets.score(changed(base, changes), held_out).answers
    right = (after == held_out.y).double().mean().item()
    return told | {"changed_accuracy": right, "other_answers": int((after != theirs).sum())}


def _flat(net: Convolutional) -> np.ndarray:
    return torch.cat([tensor.flatten() for tensor in net.parameters]).numpy().copy()
