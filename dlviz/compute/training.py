"""The only training loop: a generator that yields after every step, so that the caller owns pace, pictures and stop."""

import math
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


def gradient_norms(parameters: Sequence[Tensor]) -> list[float]:
    """‖∂L/∂θ‖ of every parameter, squares summed in float64: float32 would make 0 of a norm below 10⁻²³ and ∞ of one above 10¹⁹."""
    gradients = [parameter.grad for parameter in parameters]
    return torch.stack(torch._foreach_norm(gradients, 2, torch.float64)).tolist()  # type: ignore[arg-type, no-any-return]


def clip(parameters: Sequence[Tensor], norms: Sequence[float], most: float) -> bool:
    """Shorten all gradients together, in place, so that their total norm is at most `most`; whether that was needed.

    g ↦ g · most / (‖g‖ + 10⁻⁶), if that is shorter (Pascanu et al. 2013, arXiv:1211.5063, algorithm 1). `norms` are each gradient's.
    """
    factor = most / (math.hypot(*norms) + 1e-6)
    if factor >= 1:
        return False
    torch._foreach_mul_([parameter.grad for parameter in parameters], factor)  # type: ignore[misc]
    return True


def warmed(learning_rate: float, step: int, warm_up: int) -> float:
    """The rate of a step, counted from 1: it rises in equal parts and is whole from step `warm_up` on.

    >>> [warmed(0.1, step, 4) for step in (1, 2, 4, 5)], warmed(0.1, 1, 0)
    ([0.025, 0.05, 0.1, 0.1], 0.1)
    """
    return learning_rate * min(1.0, step / warm_up) if warm_up else learning_rate


def as_it_is(step: int) -> None:
    """What happens between a step's gradient and its update, if nothing else is asked for: nothing."""


def train(
    loss: Callable[[Tensor], Tensor], parameters: Sequence[Tensor], how: torch.optim.Optimizer, batches: Batches,
    prepare: Callable[[int], None] = as_it_is,
) -> Iterator[int]:  # fmt: skip
    """Take one optimiser step after another on loss(rows), yielding the number of steps taken so far; it never ends by itself.

    `prepare` is called with the number of a step when its gradients are there, before they are used: to clip, to measure.
    """
    for step, rows in enumerate(batches, start=1):
        for parameter in parameters:
            parameter.grad = None
        loss(rows).backward()
        prepare(step)
        how.step()
        yield step
