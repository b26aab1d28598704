"""View Learning filters: a small convolutional network learns digits or animals, beside a fully connected rival; its kernels watched."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters import sets
from dlviz.compute.training import OPTIMISERS
from dlviz.fields import ParameterError
from dlviz.nets.convolutional import HEADS, POOLS, Convolutional
from dlviz.nets.mlp import MLP
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base

FRAMES = 30  # pictures of one run
SHARE = 200  # held-out pictures that every frame is scored on; the last frame on all of them
KERNELS = {str(k): f"{k} × {k}" for k in (3, 5, 7)}
MOST_WORK = 4e10  # multiply-adds of all forward passes in training: some ten seconds
SIDE = 28


@dataclass(frozen=True)
class Params(p.Params):
    """The pictures, the convolutional network, and how both networks are trained."""

    data: str = p.choice("digits", sets.DATA, label="Pictures")
    layers: float = p.number(2, 1, 3, 1, label="Convolutions")
    channels: float = p.number(8, 2, 12, 2, label="Channels", help="Of the first convolution; later ones have twice as many.")
    head: str = p.choice("flatten", HEADS, label="Head", help="What it reads: every value of the last maps, or each map's mean.")
    norm: bool = p.switch(False, label="Batch norm")
    learning_rate: float = p.number(0.01, 0.0001, 0.1, 3, scale="log", label="Learning rate")
    kernel: str = p.choice("5", KERNELS, label="Kernel size", more=True)
    pool: str = p.choice("max", POOLS, label="After each convolution", more=True)
    dropout: float = p.number(0, 0, 0.8, 0.1, label="Dropout", more=True, help="Share of what the head reads that each step leaves out.")
    shift: float = p.number(
        0, 0, 4, 1, label="Shifts in training", unit="pixels", more=True, help="Each picture is moved by so many at most."
    )
    optimiser: str = p.choice("adam", OPTIMISERS, label="Optimiser", more=True)
    falling: bool = p.switch(True, label="Learning rate falls to 0", more=True, help="In a straight line over the run.")
    batch_size: float = p.number(25, 5, 200, 5, label="Batch size", more=True)
    epochs: float = p.number(1, 1, 8, 1, label="Epochs", more=True)
    pictures: float = p.number(3000, 500, 7500, 500, label="Training pictures", more=True, when=("data", sets.COUNTED))
    colour: bool = p.switch(True, label="In colour", more=True, when=("data", "emoji"), help="Otherwise both networks see them in grey.")
    seed: float = p.number(1, 0, 99, 1, label="Seed", more=True)

    def check(self) -> None:
        """The run is not longer than MOST_WORK."""
        per_epoch = self.multiply_adds() * sets.count(self.as_dict())
        if self.epochs * per_epoch > MOST_WORK:
            most = int(MOST_WORK // per_epoch)
            advice = f"at most {most} for so large a network and so many pictures" if most else "a smaller network or fewer pictures"
            raise ParameterError("epochs", self.epochs, advice)

    def multiply_adds(self) -> float:
        """Multiply-adds of all convolutions for one picture."""
        total, side, into = 0, SIDE, nets.depth_of(self.as_dict())
        for out in nets.channels_of(self.as_dict()):
            total += into * out * int(self.kernel) ** 2 * side**2
            into, side = out, side if self.pool == "none" else side // 2
        return float(total)

    def sides(self) -> list[int]:
        """The side of each layer's maps, before pooling."""
        return [SIDE if self.pool == "none" else SIDE // 2**layer for layer in range(int(self.layers))]


@dataclass(frozen=True, eq=False)
class Result(Base):
    """A run as it went, one entry a frame: `steps` (t,), `kernels` (t, k) of all convolutions, `rival` (t, 16, C·784) its first weights.

    `maps` uint8 (t, m): SHOWN pictures, each layer's maps after ReLU, 255 at `highs` (t, SHOWN, layers); `chances` (t, 2, SHOWN, 10) of
    each class by network and rival; `losses` and `accuracies` (t, 2) of both on SHARE held-out pictures, at the end on all;
    `confusion` (t, 10, 10) the same for the network. When it is done: `state` every number of the network, `answers` (n,) of the
    network, `training` accuracy and that of the rival (2,) on training pictures, `ink_smoothness` the correlation of these pictures'
    neighbouring pixels.
    """

    VERSION: ClassVar[int] = 2
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    steps: np.ndarray
    kernels: np.ndarray
    rival: np.ndarray
    maps: np.ndarray
    highs: np.ndarray
    chances: np.ndarray
    losses: np.ndarray
    accuracies: np.ndarray
    confusion: np.ndarray
    state: np.ndarray
    answers: np.ndarray
    training: np.ndarray
    ink_smoothness: float

    def facts(self) -> dict[str, Fact]:
        """How good both became, how many numbers they have, and what became of their first weights."""
        params, confused = self.params, self.confusion[-1] * (1 - np.eye(nets.CLASSES))
        fresh, rival = nets.convolutional_net(params.as_dict()), nets.rival_net(params.as_dict())
        size = fresh.kernels[0].numel()
        first, last = torch.from_numpy(self.kernels[0, :size]), torch.from_numpy(self.kernels[-1, :size])
        before, after = torch.from_numpy(self.rival[0]), torch.from_numpy(self.rival[-1])
        return {
            "accuracy": _fact(self.accuracies[-1, 0], "right on held-out pictures", "%"),
            "rival_accuracy": _fact(self.accuracies[-1, 1], "the rival's", "%"),
            "loss": _fact(self.losses[-1, 0], "held-out loss", "nats"),
            "rival_loss": _fact(self.losses[-1, 1], "the rival's", "nats"),
            "training_accuracy": _fact(self.training[0], "right on training pictures", "%"),
            "rival_training_accuracy": _fact(self.training[1], "the rival's", "%"),
            "first_accuracy": _fact(self.accuracies[0, 0], "right before training", "%"),
            "scored": Fact(float(self.confusion[-1].sum()), "held-out pictures"),
            "errors": Fact(float(confused.sum()), "wrong", rtol=0.1),
            "largest_confusion": Fact(float(confused.max()), "times the most frequent error", rtol=0.5),
            "parameters": Fact(float(nets.count(fresh.parameters)), "parameters"),
            "head_parameters": Fact(float(nets.count([fresh.head, fresh.head_bias])), "of them in the head"),
            "rival_parameters": Fact(float(nets.count(rival.parameters)), "the rival's parameters"),
            "inputs": Fact(float(rival.weights[0].shape[1]), "numbers that a picture is"),
            "steps": Fact(float(self.steps[-1]), "steps"),
            "multiply_adds": Fact(params.multiply_adds(), "multiply-adds of the convolutions"),
            "kernels_kept": _fact(nets.likeness(first, last), "cosine between first kernels before and after"),
            "rival_smoothness": _fact(nets.smoothness(after.reshape(-1, SIDE, SIDE)), "correlation of neighbours in the rival's weights"),
            "ink_smoothness": _fact(self.ink_smoothness, "correlation of neighbours in the pictures"),
            "rival_untouched": _fact(float((before == after).double().mean()), "rival's first weights that never moved", "%"),
        }


def _fact(value: float, label: str, unit: str = "") -> Fact:
    """A number that another machine's rounding may move, for training amplifies it; None if it is not finite."""
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=0.1)


def tensors_of(net: Convolutional) -> list[Tensor]:
    """Every number of the network: what is trained, then what batch norm followed."""
    return [*net.parameters, *net.means, *net.variances]


def trained(result: Result) -> Convolutional:
    """The network as it was at the end of the run. ValueError if it has not ended."""
    return with_numbers(result.params, result.state)


def with_numbers(params: Params, state: np.ndarray) -> Convolutional:
    """A network of these settings with these numbers. ValueError if there are too few or too many."""
    net = nets.convolutional_net(params.as_dict())
    tensors = tensors_of(net)
    parts = torch.from_numpy(state.astype(np.float32)).split([tensor.numel() for tensor in tensors])
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.requires_grad_(False).copy_(part.reshape(tensor.shape))
    return net


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Train both networks on the same batches, yielding about FRAMES frames at even distances; returns the Result."""
    settings = params.as_dict()
    pictures, held_out = sets.load(settings, "training"), sets.load(settings, "held_out")
    net, rival = nets.convolutional_net(settings), nets.rival_net(settings)
    last = nets.steps_of(settings, len(pictures.y))
    ways = [nets.training(each, pictures, settings, last) for each in (net, rival)]
    wanted = {round(i * last / FRAMES) for i in range(FRAMES)}
    share = nets.Set(held_out.x[:SHARE], held_out.y[:SHARE])
    watched = held_out.x[sets.shown(settings)]
    frames = [Snapshot(0, last, look(net, rival, share, watched))]
    yield frames[-1]
    for step in range(1, last + 1):
        for way in ways:
            next(way)
        if step in wanted and step < last:
            frames.append(Snapshot(step, last, look(net, rival, share, watched)))
            yield frames[-1]
    frames.append(Snapshot(last, last, look(net, rival, held_out, watched) | end(net, rival, pictures)))
    yield frames[-1]
    return gather(params, frames)


def look(net: Convolutional, rival: MLP, scored: nets.Set, watched: Tensor) -> dict[str, np.ndarray]:
    """One frame: weights, maps of the watched pictures, and both networks' scores."""
    scores = [nets.score(each, scored) for each in (net, rival)]
    with torch.no_grad():
        logits, maps = net.forward(watched)
        chances = torch.stack([logits, nets.logits_of(rival, watched)]).softmax(2)
        highs = torch.stack([layer.amax((1, 2, 3)) for layer in maps], 1)  # (SHOWN, layers)
        levels = [(255 * layer / highs[:, i, None, None, None].clamp_min(1e-12)).round() for i, layer in enumerate(maps)]
        return weights_seen(net, rival) | {
            "maps": torch.cat([layer.flatten(1) for layer in levels], 1).flatten().nan_to_num().to(torch.uint8).numpy(),
            "highs": highs.numpy(),
            "chances": chances.numpy(),
            "losses": np.array([each.loss for each in scores], np.float32),
            "accuracies": np.array([each.accuracy for each in scores]),
            "confusion": nets.confusion(scored.y, scores[0].answers).numpy().astype(np.float32),
            "answers": scores[0].answers.numpy().astype(np.uint8),
        }


def weights_seen(net: Convolutional, rival: MLP) -> dict[str, np.ndarray]:
    """Copies of every kernel, and of the rival's first weights."""
    with torch.no_grad():
        return {"kernels": torch.cat([kernel.flatten() for kernel in net.kernels]).numpy(), "rival": rival.weights[0].numpy().copy()}


def end(net: Convolutional, rival: MLP, pictures: nets.Set) -> dict[str, np.ndarray]:
    """What is only kept of the end of a run: every number of the network, and how well the training pictures are known."""
    some = nets.Set(pictures.x[:1000], pictures.y[:1000])
    with torch.no_grad():
        state = torch.cat([tensor.flatten() for tensor in tensors_of(net)]).numpy()
    known = np.array([nets.score(each, some).accuracy for each in (net, rival)])
    return {"state": state, "training": known, "ink_smoothness": np.array(nets.smoothness(pictures.x.flatten(0, 1)))}


def gather(params: Params, frames: Sequence[Snapshot]) -> Result:
    """The frames of a run so far as one Result."""
    names = ("kernels", "rival", "maps", "highs", "chances", "losses", "accuracies", "confusion")
    rows = {name: np.stack([frame.arrays[name] for frame in frames]) for name in names}
    newest = frames[-1].arrays
    state, known = newest.get("state", np.zeros(0, np.float32)), newest.get("training", np.full(2, np.nan))
    answers = newest["answers"] if len(state) else np.zeros(0, np.uint8)
    smooth = float(newest.get("ink_smoothness", np.nan))
    return Result(
        params, np.array([frame.step for frame in frames]), **rows, state=state, answers=answers, training=known, ink_smoothness=smooth
    )


def material(params: Params) -> dict[str, Any]:
    """What a program of its own needs besides the settings: the pictures."""
    return sets.material(params.as_dict())
