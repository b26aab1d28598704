"""A stopwatch for activations: nanoseconds of one call, of a forward pass, and of forward and backward pass together.

time.perf_counter_ns around a block of calls, rather than torch.utils.benchmark.Timer: Timer sets the number of threads of the
whole process, and ends with one statement before it begins the next, so that a busy moment would hit one function alone.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.nets.activations import activation

KINDS = ("call", "forward", "both")  # a call on one element; forward, and forward + backward, on all elements
BLOCK = 500_000  # ns of calls that are timed together at least: far above the 100 ns that a look at the clock takes
MOST_CALLS = 1000
LIMIT = 10.0  # seconds after which no further round is begun, if there are LEAST
LEAST = 3
SHAPES = {"leaky_slope": 0.01, "prelu_slope": 0.25, "elu_alpha": 1.0, "swish_beta": 1.0}


def function(name: str, x: Tensor) -> Callable[[Tensor], Tensor]:
    """The named function as a network would call it: hard sigmoid in torch's one call, PReLU with a slope that is there already."""
    if name == "hard_sigmoid":
        return F.hardsigmoid
    if name == "prelu":
        slope = torch.full((1,), SHAPES["prelu_slope"], dtype=x.dtype, device=x.device)
        return lambda z: F.prelu(z, slope)
    return activation(name, SHAPES)


class Clock:
    """Times one thing to do; how many calls a block takes is settled, after a warm-up, when it is first read."""

    def __init__(self, act: Callable[[], object] | None, wait: Callable[[], object]) -> None:
        self.act, self.wait, self.calls = act, wait, 0

    def read(self) -> float:
        """Nanoseconds a call, averaged over one block; not a number if there is nothing to do."""
        if self.act is None:
            return float("nan")
        if not self.calls:
            took = self._block(1)
            if took < BLOCK:  # the first call may have been a slow one
                took = self._block(2)
            self.calls = max(1, min(MOST_CALLS, round(BLOCK / took)))
        return self._block(self.calls)

    def _block(self, calls: int) -> float:
        assert self.act is not None
        self.wait()
        start = time.perf_counter_ns()
        for _ in range(calls):
            self.act()
        self.wait()
        return (time.perf_counter_ns() - start) / calls


def clocks(names: Sequence[str], x: Tensor, wait: Callable[[], object]) -> list[Clock]:
    """One clock for each of KINDS and each function, function by function within a kind.

    What is timed includes making the output, and for the backward pass the gradient; the gradient of the output is given.
    """
    functions = [function(name, x) for name in names]
    one, leaf, given = x[:1].clone(), x.detach().requires_grad_(), torch.ones_like(x)

    def both(f: Callable[[Tensor], Tensor]) -> Callable[[], object] | None:
        if not f(leaf[:1]).requires_grad:
            return None  # the step function: autograd sees a constant
        return lambda: torch.autograd.grad(f(leaf), leaf, given)

    acts = [partial(f, one) for f in functions] + [partial(f, x) for f in functions]
    return [Clock(act, wait) for act in [*acts, *(both(f) for f in functions)]]


def measure(names: Sequence[str], elements: int, dtype: torch.dtype, devices: Sequence[str], rounds: int) -> Iterator[tuple[int, float]]:
    """Time every function on every device once a round, each round in a new order: what disturbs, disturbs all alike.

    What ran just before leaves its traces in cache and memory, so that a fixed order would favour some.
    Yields each measurement's place in an array (rounds, devices, KINDS, functions), and its nanoseconds a call.
    """
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(elements, generator=generator).to(dtype)
    all_clocks: list[Clock] = []
    for device in devices:
        # a GPU works on while Python goes on: only when it has finished is the time up
        wait = torch.cuda.synchronize if device == "cuda" else lambda: None
        all_clocks += clocks(names, drawn.to(device), wait)
    start = time.monotonic()
    for turn in range(rounds):
        if turn >= LEAST and time.monotonic() - start > LIMIT:
            return
        for place in torch.randperm(len(all_clocks), generator=generator).tolist():
            yield turn * len(all_clocks) + place, all_clocks[place].read()


def devices() -> tuple[str, ...]:
    """What there is to measure on: the CPU, and a GPU if torch can use one."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
