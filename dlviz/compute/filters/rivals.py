"""Three networks that read digits, trained on the same mini-batches, and what becomes of their answers when a digit is moved.

It reads no files, so that a program of its own can take it along. Pictures are (n, 1, 28, 28), 0 is paper and 1 ink. A shift is two
whole numbers, pixels to the right and down; what comes in at the edge is paper, and what leaves the frame is lost.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.training import Batches, optimiser, train
from dlviz.nets.convolutional import Convolutional, build_convolutional, folded

SIDE, DIGITS = 28, 10
REACH = 8  # pixels that a digit is moved at most, each way
DISTANCES = tuple(range(REACH + 1))  # at which the whole held-out set is read
DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up
HIDDEN = 64  # units of the fully connected network
CHANNELS = (8, 16, 32)
BATCH = 32
AT_ONCE = 100  # pictures read together: their maps stay in the processor's cache, which halves the time
RIVALS = {"mlp": "fully connected", "flatten": "CNN, flatten head", "global": "CNN, global pooling"}


@dataclass
class Perceptron:
    """A fully connected network with one hidden layer of ReLU: weights (64, 784) and (10, 64), biases (64,) and (10,)."""

    weights: list[Tensor]
    biases: list[Tensor]

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors, and all are trained."""
        return [*self.weights, *self.biases]

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, 10) for pictures (n, 1, 28, 28)."""
        return F.linear(torch.relu(F.linear(x.flatten(1), self.weights[0], self.biases[0])), self.weights[1], self.biases[1])


Network = Perceptron | Convolutional


def fresh(name: str, seed: int) -> Network:
    """One of RIVALS before training, drawn from the seed. Both CNNs have batch norm, max pooling, and the same kernels to begin with."""
    generator = torch.Generator().manual_seed(seed)
    if name != "mlp":
        return build_convolutional(CHANNELS, 3, "max", name, True, DIGITS, generator, SIDE)
    shapes = ((HIDDEN, SIDE * SIDE), (DIGITS, HIDDEN))
    weights = [torch.randn(out, into, generator=generator) * math.sqrt(2 / into) for out, into in shapes]  # He et al. 2015, eq. 10
    net = Perceptron(weights, [torch.zeros(out) for out, _ in shapes])
    for parameter in net.parameters:
        parameter.requires_grad_()
    return net


def permutation(seed: int) -> Tensor:
    """A fixed order of the 784 pixels, drawn from the seed: place i gets the pixel that stood at order[i]."""
    return torch.randperm(SIDE * SIDE, generator=torch.Generator().manual_seed(seed))


def order_of(settings: Mapping[str, Any]) -> Tensor | None:
    """The order in which these settings hand the pixels to the networks; None: as they are."""
    return permutation(int(settings["permutation"])) if settings["shuffled"] else None


def handed(x: Tensor, order: Tensor | None) -> Tensor:
    """Pictures as the networks get them: their pixels in another order, if there is one. Whatever moves a digit comes before this."""
    return x if order is None else x.flatten(1)[:, order].reshape(x.shape)


def moved(x: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Every picture of (n, 1, h, w) moved by its own shift, `across` (n,) to the right and `down` (n,) of at most REACH pixels.

    >>> dot = torch.zeros(1, 1, 3, 3); dot[0, 0, 1, 0] = 1
    >>> moved(dot, torch.tensor([2]), torch.tensor([-1]))[0, 0].tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    padded = F.pad(x, (REACH, REACH, REACH, REACH))[:, 0]
    rows = REACH - down[:, None] + torch.arange(x.shape[2])  # (n, h), into the padded picture
    columns = REACH - across[:, None] + torch.arange(x.shape[3])
    return padded[torch.arange(len(x))[:, None, None], rows[:, :, None], columns[:, None, :]][:, None]


def logits(net: Network, x: Tensor, training: bool = False) -> Tensor:
    """What a network says about pictures, before the softmax: (n, 10)."""
    return net.forward(x) if isinstance(net, Perceptron) else net.forward(x, training)[0]


def training(net: Network, x: Tensor, y: Tensor, settings: Mapping[str, Any]) -> Iterator[int]:
    """One step of Adam after another on the mean cross-entropy, its rate falling in a straight line to 0 over the set steps.

    With augmentation each picture is moved by a shift drawn anew, evenly from all of at most so many pixels each way. Mini-batches
    and shifts come from generators of their own, so that all networks see the same pictures in the same order.
    """
    seed, most, order = int(settings["seed"]), int(settings["augmentation"]), order_of(settings)
    shifts = torch.Generator().manual_seed(seed + 1000)

    def loss(rows: Tensor) -> Tensor:
        pictures = x[rows]
        if most:
            across, down = torch.randint(-most, most + 1, (2, len(rows)), generator=shifts)
            pictures = moved(pictures, across, down)
        return F.cross_entropy(logits(net, handed(pictures, order), True), y[rows])

    rate, last = settings["learning_rate"], int(settings["steps"])
    how = optimiser("adam", net.parameters, rate, 0.0, 0.0)
    for step in train(loss, net.parameters, how, Batches(len(y), BATCH, seed)):
        for group in how.param_groups:
            group["lr"] = rate * max(0.0, 1 - step / last)
        yield step


def reader(net: Network) -> Callable[[Tensor], Tensor]:
    """The network's logits for pictures that it is not trained on, as a function of the pictures.

    The same as `logits` but for rounding, in a quarter of the time: batch norm is folded in, and the maps stay in oneDNN's own order
    from layer to layer, where torch has it. Max pooling and ReLU may change places, for both keep what is largest largest.
    """
    if isinstance(net, Perceptron):
        return net.forward
    plain = folded(net)
    if not torch.backends.mkldnn.is_available():
        return lambda x: plain.forward(x)[0]
    layers = [(kernel.to_mkldnn(), bias.to_mkldnn()) for kernel, bias in zip(plain.kernels, plain.biases, strict=True)]

    def read(x: Tensor) -> Tensor:
        maps = x.contiguous().to_mkldnn()
        for kernel, bias in layers:
            maps = torch.relu(F.max_pool2d(F.conv2d(maps, kernel, bias, padding=1), 2))
        last = maps.to_dense()
        features = last.mean((2, 3)) if plain.reads == "global" else last.flatten(1)
        return F.linear(features, plain.head, plain.head_bias)

    return read


def probabilities(net: Network, x: Tensor) -> Tensor:
    """The probability of every digit, softmax in float64: (n, 10)."""
    with torch.no_grad():
        read = reader(net)
        return torch.cat([read(part) for part in x.split(AT_ONCE)]).double().softmax(1)


def everywhere(net: Network, picture: Tensor, order: Tensor | None) -> Tensor:
    """The probabilities of every digit for one picture (28, 28) at each shift: (17, 17, 10), rows downward, columns to the right."""
    steps = torch.arange(-REACH, REACH + 1)
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    pictures = moved(picture.expand(steps.numel() ** 2, 1, SIDE, SIDE), across.flatten(), down.flatten())
    return probabilities(net, handed(pictures, order)).reshape(len(steps), len(steps), DIGITS)


def away(x: Tensor, distance: int) -> Tensor:
    """The set with every digit moved so far: the first to the right, the second down, then left, up, and so on in turn."""
    across, down = (distance * torch.tensor(DIRECTIONS))[torch.arange(len(x)) % len(DIRECTIONS)].T
    return moved(x, across, down)


def accuracy(net: Network, x: Tensor, y: Tensor) -> float:
    """The share of pictures whose most probable digit is the right one."""
    return (probabilities(net, x).argmax(1) == y).double().mean().item()


def cut_off(x: Tensor, moved: Tensor) -> int:
    """How many pictures of a set have lost ink at the edge by being moved."""
    return int((moved.sum((1, 2, 3)) < x.sum((1, 2, 3)) - 1e-4).sum())
