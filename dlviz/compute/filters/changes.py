"""A trained network changed by hand: maps switched off, weights set, other numbers in its place.

Changes are JSON, as a link holds them: [layer, map] is a map that is always 0, [layer, place, value] a weight that is set, all counted
from 0. It reads no files, so that a program of its own can take it along.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlviz.nets.convolutional import Convolutional

LARGEST = 9.0  # a weight is set to a number between -LARGEST and LARGEST

Change = tuple[int, int] | tuple[int, int, float]


def read(text: str) -> list[Change]:
    """The changes that a text stands for, each once, in order. ValueError for any other text.

    >>> read("[[1,7,-1.50],[0,2],[0,2]]"), write(read("[[1,7,-1.50],[0,2]]"))
    ([(0, 2), (1, 7, -1.5)], '[[0,2],[1,7,-1.5]]')
    """
    try:
        entries = json.loads(text or "[]")
    except RecursionError:
        raise ValueError("Too many brackets.") from None
    if not isinstance(entries, list) or not all(_is_change(entry) for entry in entries):
        raise ValueError("Expected a list of [layer, map] and [layer, place, value].")
    last = {(len(entry), *entry[:2]): _change(entry) for entry in entries}
    return [last[which] for which in sorted(last)]


def write(changes: Sequence[Change]) -> str:
    """The text of these changes, empty if there are none."""
    return json.dumps(changes, separators=(",", ":")) if changes else ""


def _is_change(entry: Any) -> bool:
    whole = isinstance(entry, list) and len(entry) in (2, 3) and all(type(each) is int and each >= 0 for each in entry[:2])
    return whole and all(type(each) in (int, float) and abs(each) <= LARGEST for each in entry[2:])


def _change(entry: list[Any]) -> Change:
    """The change with its value as JSON writes it shortest: 1 rather than 1.0."""
    layer, place, *value = entry
    return (layer, place, int(value[0]) if float(value[0]).is_integer() else float(value[0])) if value else (layer, place)


def fitting(changes: Sequence[Change], kernels: Sequence[tuple[int, int]]) -> list[Change]:
    """Those that a network with these (maps, weights) of each convolution has a map or a weight for."""
    return [each for each in changes if each[0] < len(kernels) and each[1] < kernels[each[0]][len(each) - 2]]


def tensors_of(net: Convolutional) -> list[Tensor]:
    """Every number of the network: what is trained, then what batch norm followed."""
    return [*net.parameters, *net.means, *net.variances]


def filled(net: Convolutional, state: np.ndarray) -> Convolutional:
    """The network with these numbers in the place of its own. ValueError if there are too few or too many."""
    tensors = tensors_of(net)
    parts = torch.from_numpy(state.astype(np.float32)).split([tensor.numel() for tensor in tensors])
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.requires_grad_(False).copy_(part.reshape(tensor.shape))
    return net


def changed(net: Convolutional, changes: Sequence[Change]) -> Convolutional:
    """A folded network with its weights set and maps switched off: a map is 0 after ReLU if its kernel and its bias are."""
    for layer, place, *value in sorted(changes, key=len, reverse=True):  # weights first: what is off stays off
        if value:
            net.kernels[layer].view(-1)[place] = value[0]
        else:
            net.kernels[layer][place] = 0
            net.biases[layer][place] = 0
    return net
