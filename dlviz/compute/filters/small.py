"""How much a picture excites a map of the small network of Learning filters, or a class; and that network in a form to take along.

It reads no files, so that a program of its own can take it along.
"""

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dlviz.nets.convolutional import Convolutional

LOGITS = ""  # in the place of a convolution's number: the classes
LISTS = ("kernels", "biases", "gains", "shifts", "means", "variances")


def excited(net: Convolutional, place: str, pictures: Tensor, paper: float = 0.0) -> Tensor:
    """The mean of every map after ReLU of a convolution, "1" the first; or with LOGITS every class's logit.

    (B, C) of pictures (B, 1 or 3, 28, 28), colours 0 to 255; `paper`: how bright the paper is, from 0 to 1, which the network sees as 0.
    """
    logits, maps = net.forward(pictures / 255 - paper)
    return logits if place == LOGITS else maps[int(place) - 1].mean((2, 3))


def packed(net: Convolutional) -> dict[str, Any]:
    """The network as plain data: every tensor as its sides and its bytes, float32, in base64."""
    lists = {name: [_packed(tensor) for tensor in getattr(net, name)] for name in LISTS}
    return lists | {"head": _packed(net.head), "head_bias": _packed(net.head_bias), "pool": net.pool, "reads": net.reads}


def unpacked(data: dict[str, Any]) -> Convolutional:
    """The network that `packed` wrote, to be asked, not to be trained."""
    lists = {name: [_unpacked(each) for each in data[name]] for name in LISTS}
    return Convolutional(
        **lists, head=_unpacked(data["head"]), head_bias=_unpacked(data["head_bias"]), pool=data["pool"], reads=data["reads"]
    )


def _packed(tensor: Tensor) -> tuple[list[int], str]:
    return list(tensor.shape), base64.b64encode(tensor.detach().numpy().tobytes()).decode()


def _unpacked(data: tuple[list[int], str]) -> Tensor:
    sides, text = data
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), np.float32).reshape(sides).copy())
