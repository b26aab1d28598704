"""Two networks that learn to recognise small pictures, a convolutional one and its fully connected rival, and how they are trained.

It reads no files, so that a program of its own can take it along. `settings` are those of the view Learning filters.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.training import Batches, optimiser, train
from dlviz.nets.convolutional import Convolutional, build_convolutional, features_of
from dlviz.nets.mlp import MLP, build

CLASSES = 10
HIDDEN = (16, 16)  # the rival's widths, which a well-known film on neural networks made famous
PIXELS = 784


@dataclass(frozen=True)
class Set:
    """Pictures `x` (n, C, 28, 28), 0 is paper, and their classes `y` (n,). Ink of one channel is 1; where paper is white, black is -1."""

    x: Tensor
    y: Tensor


def depth_of(settings: Mapping[str, Any]) -> int:
    """The pictures' channels: red, green and blue, or one."""
    return 3 if settings["data"] == "emoji" and settings["colour"] else 1


def paper_of(settings: Mapping[str, Any]) -> float:
    """How bright the paper is: emoji stand on white, digits and animals are white on black."""
    return 1.0 if settings["data"] == "emoji" else 0.0


def seen(pixels: Tensor, settings: Mapping[str, Any]) -> Tensor:
    """Pictures of bytes as the networks see them: from black paper at 0 to white ink at 1, or from black at -1 to white paper at 0."""
    return pixels.float() / 255 - paper_of(settings)


def unseen(x: Tensor, settings: Mapping[str, Any]) -> Tensor:
    """The bytes that a network sees so."""
    return (255 * (x + paper_of(settings))).round().to(torch.uint8)


def channels_of(settings: Mapping[str, Any]) -> list[int]:
    """Channels of each convolution: the first has so many, every later one twice as many.

    >>> channels_of({"layers": 3.0, "channels": 8.0})
    [8, 16, 16]
    """
    first = int(settings["channels"])
    return [first] + [2 * first] * (int(settings["layers"]) - 1)


def convolutional_net(settings: Mapping[str, Any]) -> Convolutional:
    """A fresh convolutional network of these settings, drawn from their seed."""
    generator = torch.Generator().manual_seed(int(settings["seed"]))
    kernel = int(settings["kernel"])
    return build_convolutional(
        channels_of(settings), kernel, settings["pool"], settings["head"], settings["norm"], CLASSES, generator, depth=depth_of(settings)
    )


def rival_net(settings: Mapping[str, Any]) -> MLP:
    """A fresh fully connected network 784-16-16-10 with ReLU, drawn from the same seed; in colour it has 2352 inputs."""
    return build((PIXELS * depth_of(settings), *HIDDEN, CLASSES), torch.relu, "he", torch.Generator().manual_seed(int(settings["seed"])))


def logits_of(net: Convolutional | MLP, x: Tensor) -> Tensor:
    """What a network says about pictures (n, C, 28, 28), before the softmax: (n, CLASSES)."""
    return net.forward(x.flatten(1))[0] if isinstance(net, MLP) else net.forward(x)[0]


def shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each picture moved by whole pixels from -most to most, down and to the right, drawn evenly; what comes in is paper."""
    count, side = len(x), x.shape[-1]
    by = torch.randint(0, 2 * most + 1, (2, count), generator=generator)
    rows, columns = (torch.arange(side) + each[:, None] for each in by)  # (n, side), into the padded picture
    padded = F.pad(x, (most, most, most, most)).movedim(1, -1)
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]].movedim(-1, 1).contiguous()


def training(net: Convolutional | MLP, pictures: Set, settings: Mapping[str, Any], last: int) -> Iterator[int]:
    """One optimiser step after another on the mean cross-entropy, yielding how many were taken; it never ends by itself.

    Shifts and dropout's masks come from generators of their own, so that both networks see the same pictures in the same order.
    """
    seed, most, drop = int(settings["seed"]), int(settings["shift"]), settings["dropout"]
    shifts, masks = (torch.Generator().manual_seed(1000 * (seed + 1) + number) for number in (1, 2))
    rate = settings["learning_rate"]
    how = optimiser(settings["optimiser"], net.parameters, rate, 0.9, 0.0)

    def loss(rows: Tensor) -> Tensor:
        x = shifted(pictures.x[rows], most, shifts) if most else pictures.x[rows]
        if isinstance(net, MLP):
            logits = net.forward(x.flatten(1))[0]
        else:
            keep = None
            if drop:
                keep = (torch.rand(len(x), features_of(net), generator=masks) >= drop) / (1 - drop)
            logits = net.forward(x, training=True, keep=keep)[0]
        return F.cross_entropy(logits, pictures.y[rows])

    for step in train(loss, net.parameters, how, Batches(len(pictures.y), int(settings["batch_size"]), seed)):
        if settings["falling"]:
            for group in how.param_groups:
                group["lr"] = rate * max(0.0, 1 - step / last)
        yield step


def steps_of(settings: Mapping[str, Any], pictures: int) -> int:
    """Steps of a whole run on so many pictures: epochs times mini-batches of an epoch."""
    return int(settings["epochs"]) * math.ceil(pictures / settings["batch_size"])


@dataclass(frozen=True)
class Score:
    """What a network makes of a set: mean cross-entropy, share of right answers, and its answers (n,)."""

    loss: float
    accuracy: float
    answers: Tensor


def score(net: Convolutional | MLP, pictures: Set, at_once: int = 250) -> Score:
    """The network's score on a set, batch norm as it was followed in training. Sums are taken in float64."""
    with torch.no_grad():
        logits = torch.cat([logits_of(net, part) for part in pictures.x.split(at_once)])
    loss = F.cross_entropy(logits.double(), pictures.y).item()
    answers = logits.argmax(1)
    return Score(loss, (answers == pictures.y).double().mean().item(), answers)


def confusion(y: Tensor, answers: Tensor) -> Tensor:
    """How many pictures of each class (row) were given each answer (column): int64 (CLASSES, CLASSES).

    >>> confusion(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]))[:2, :2].tolist()
    [[1, 1], [0, 1]]
    """
    return torch.bincount(y * CLASSES + answers, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def count(parameters: Sequence[Tensor]) -> int:
    """How many numbers these tensors hold."""
    return sum(parameter.numel() for parameter in parameters)


def likeness(a: Tensor, b: Tensor) -> float:
    """The cosine of the angle between two tensors as vectors: 1 the same direction, 0 nothing in common."""
    a, b = a.double().flatten(), b.double().flatten()
    return (a @ b / (a.norm() * b.norm())).item()


def smoothness(pictures: Tensor) -> float:
    """Correlation of each pixel with its right and lower neighbour, over all pictures (n, h, w): near 1 in strokes, 0 in noise."""
    pictures = pictures.double()
    near = torch.cat([torch.stack([pictures[:, :, :-1].flatten(), pictures[:, :, 1:].flatten()], 1),
                      torch.stack([pictures[:, :-1].flatten(), pictures[:, 1:].flatten()], 1)])  # fmt: skip
    return torch.corrcoef(near.T)[0, 1].item()
