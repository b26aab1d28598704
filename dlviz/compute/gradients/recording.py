"""What is recorded while a deep network is trained: a little of every step, and more of some."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.derivatives import derivatives
from dlviz.compute.gradients.steps import clip_gradients, gradient_norms, warmed
from dlviz.nets.deep import Deep


@dataclass
class Recorder:
    """Stands between each step's gradient and its update: measures the gradient, clips it if `most` > 0, and sets the rate.

    `gradient` holds a row of ‖∂L/∂W‖ of the blocks for each step, before clipping; `total` the norm over all parameters,
    `clipped` whether clipping acted, `losses` the mini-batch's loss. Of the steps in `wanted` the weights before them are kept.
    """

    net: Deep
    how: torch.optim.Optimizer
    rate: float
    warm_up: int
    most: float
    wanted: Collection[int]
    gradient: list[list[float]] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    clipped: list[bool] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)
    before: list[Tensor] = field(default_factory=list)
    step: int = 0

    def __post_init__(self) -> None:
        self.parameters = self.net.parameters

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """The mean cross-entropy of a mini-batch, which is kept."""
        loss = F.cross_entropy(self.net.forward(x)[0], y)
        self.losses.append(loss.detach())
        return loss

    def prepare(self) -> None:
        """Between a step's gradient and its update."""
        self.step += 1
        norms = gradient_norms(self.parameters)
        self.gradient.append(norms[: self.net.depth])
        self.total.append(math.hypot(*norms))
        self.clipped.append(self.most > 0 and clip_gradients(self.parameters, norms, self.most))
        for group in self.how.param_groups:
            group["lr"] = warmed(self.rate, self.step, self.warm_up)
        if self.step in self.wanted:
            self.before = [weight.detach().clone() for weight in self.net.weights[:-1]]

    def update(self) -> np.ndarray:
        """‖ΔW‖/‖W‖ of each block in the newest step of `wanted`, (depth,): what its update has really done. 0/0 is nan."""
        if not self.before:
            return np.full(self.net.depth, np.nan)
        pairs = zip(self.net.weights[:-1], self.before, strict=True)
        moves = np.array([[_norm(weight.detach().double() - before), _norm(before)] for weight, before in pairs])
        with np.errstate(invalid="ignore", divide="ignore"):
            return moves[:, 0] / moves[:, 1]

    def take(self, room: int) -> dict[str, np.ndarray]:
        """What was recorded of each step since the last time, in arrays with `room` rows; `taken` says how many are filled."""
        taken = len(self.total)
        rows = {
            "gradient": np.array(self.gradient).reshape(taken, self.net.depth),
            "total": np.array(self.total),
            "clipped": np.array(self.clipped, dtype=np.float64),
            "batch_loss": torch.stack(self.losses).double().numpy() if taken else np.zeros(0),
        }
        for kept in (self.gradient, self.total, self.clipped, self.losses):
            kept.clear()
        padded = {name: np.pad(row, [(0, room - taken)] + [(0, 0)] * (row.ndim - 1), constant_values=np.nan) for name, row in rows.items()}
        return padded | {"taken": np.array(taken)}


def look(net: Deep, x: Tensor, y: Tensor) -> dict[str, np.ndarray]:
    """What the network does with the whole set, x (n, in) with classes y (n,), in one forward pass.

    `loss` and `accuracy` (); `variance` (depth,) of what leaves each block, and `dead` (depth,), the share of its units whose
    slope f' is 0 at every sample.
    """
    with torch.no_grad():
        out, blocks = net.forward(x)
        h = torch.stack([block.h for block in blocks]).flatten(1).double()  # (depth, n·width)
        z = torch.stack([block.before for block in blocks])  # (depth, n, width)
        variance = h.var(1, correction=0)
        loss, right = F.cross_entropy(out.double(), y), (out.argmax(1) == y).double().mean()
    dead = (derivatives(net.activation, z, order=1)[1] == 0).all(1).double().mean(1)
    dead[~z.isfinite().flatten(1).all(1)] = torch.nan  # nothing can be said of them
    return {"loss": loss.numpy(), "accuracy": right.numpy(), "variance": variance.numpy(), "dead": dead.numpy()}


def moved(net: Deep, start: Tensor) -> np.ndarray:
    """How many of the parameters are not what they were, ()."""
    return (flat(net) != start).sum().double().numpy()


def flat(net: Deep) -> Tensor:
    """A copy of all parameters as one row."""
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters])


def _norm(values: Tensor) -> float:
    return float(torch.linalg.vector_norm(values, dtype=torch.float64))
