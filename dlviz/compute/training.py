"""The only training loop: a generator that yields after every step, so that the caller owns pace, pictures and stop."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

OPTIMISERS = {"sgd": "SGD", "momentum": "SGD with momentum", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}


@dataclass(frozen=True)
class Batches:
    """Mini-batches of a training set, shuffled anew each epoch by an own generator: the same seed, the same order."""

    n: int
    size: int
    seed: int

    def __iter__(self) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        while True:
            yield from torch.randperm(self.n, generator=generator).split(self.size)


def optimiser(name: str, parameters: Sequence[Tensor], learning_rate: float, momentum: float, decay: float) -> torch.optim.Optimizer:
    """torch's optimiser of this name. `decay` is the L2 penalty's factor (decoupled for AdamW). KeyError for an unknown name."""
    chosen, own = {
        "sgd": (torch.optim.SGD, {}),
        "momentum": (torch.optim.SGD, {"momentum": momentum}),
        "rmsprop": (torch.optim.RMSprop, {}),
        "adam": (torch.optim.Adam, {}),
        "adamw": (torch.optim.AdamW, {}),
    }[name]
    return chosen(parameters, lr=learning_rate, weight_decay=decay, foreach=True, **own)


def train(loss: Callable[[Tensor], Tensor], parameters: Sequence[Tensor], how: torch.optim.Optimizer, batches: Batches) -> Iterator[int]:
    """Take one optimiser step after another on loss(rows), yielding the number of steps taken so far; it never ends by itself."""
    for step, rows in enumerate(batches, start=1):
        for parameter in parameters:
            parameter.grad = None
        loss(rows).backward()
        how.step()
        yield step
