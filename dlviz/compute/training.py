"""The only training loop: a generator that yields after every step, so that the caller owns pace, pictures and stop."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

Batch = TypeVar("Batch")
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


@dataclass
class Clipping:
    """Makes the gradient of all parameters together no longer than `limit`, 0: leaves it; keeps in `norms` how long each was before."""

    parameters: Sequence[Tensor]
    limit: float
    norms: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        """Scale by limit / (norm + 1e-6) where that is below 1, as torch.nn.utils.clip_grad_norm_ does (Pascanu et al. 2013)."""
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        self.norms.append(norm.item())
        if self.limit:
            torch._foreach_mul_(gradients, torch.clamp(self.limit / (norm + 1e-6), max=1.0))

    @property
    def share(self) -> float:
        """The share of steps so far at which it has acted; 0 if it is off or none was taken."""
        return sum(norm > self.limit for norm in self.norms) / len(self.norms) if self.limit and self.norms else 0.0


def train(
    loss: Callable[[Batch], Tensor], parameters: Sequence[Tensor], how: torch.optim.Optimizer, batches: Iterable[Batch],
    before_step: Callable[[], None] | None = None,
) -> Iterator[int]:  # fmt: skip
    """Take one optimiser step after another on loss(batch), yielding the number of steps taken so far; it ends with the batches.

    `before_step` is called between the backward pass and the step, such as a Clipping.
    """
    for step, batch in enumerate(batches, start=1):
        for parameter in parameters:
            parameter.grad = None
        loss(batch).backward()
        if before_step is not None:
            before_step()
        how.step()
        yield step
