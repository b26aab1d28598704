"""A recurrent cell in training on a task over time, and what reaches its past: the gradient of the last step's loss, step by step back."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.training import Clipping, optimiser, train
from dlviz.data.sequences import NEAR, TASKS
from dlviz.nets.recurrent import Recurrent, new_cell, states, trace

MEASURED = 32  # sequences over which the gradient is averaged
TESTED = 256  # sequences that loss and accuracy are of; no training step has seen them
ALL = "all"  # stands for every cell, each trained on sequences of several lengths
CELLS = ("rnn", "lstm", "gru")
LENGTHS = 6  # that all three cells are compared at
STRIPS = {"rnn": ("state",), "lstm": ("forget", "input", "output"), "gru": ("update", "reset")}
KEEPS = {"lstm": "forget", "gru": "update"}  # the gate through which a cell hands its memory on
Pair = tuple[Tensor, Tensor]


def cells_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells that are trained."""
    return CELLS if settings["cell"] == ALL else (settings["cell"],)


def lengths_of(settings: Mapping[str, Any]) -> list[int]:
    """The lengths that are trained and tested: the one that was chosen, or up to LENGTHS in a geometric row that ends there."""
    last = int(settings["length"])
    row = np.geomspace(min(4, last), last, LENGTHS) if settings["cell"] == ALL else [last]
    return sorted({round(float(length)) for length in row})


def fresh(kind: str, settings: Mapping[str, Any]) -> Recurrent:
    """The cell before training; cells of one seed see the same sequences."""
    task, generator = TASKS[settings["task"]], torch.Generator().manual_seed(int(settings["seed"]))
    keep = None if settings["gate_start"] == "chrono" else settings["forget_bias"]
    activation = torch.tanh if kind != "rnn" or settings["activation"] == "tanh" else torch.nn.Identity()
    hidden, length = int(settings["hidden"]), int(settings["length"])
    return new_cell(kind, task.inputs, hidden, task.outputs, settings["radius"], keep, length, generator, activation)


def drawn(settings: Mapping[str, Any], n: int, length: int, rng: np.random.Generator) -> Pair:
    """n new sequences of the task: x (T, n, inputs), and y (r, n) for the last r steps."""
    made = TASKS[settings["task"]].draw(n, length, rng)
    return torch.from_numpy(made.x), torch.from_numpy(made.y)


def held_out(settings: Mapping[str, Any]) -> list[Pair]:
    """The sequences that are tested, TESTED of every length."""
    return [drawn(settings, TESTED, length, np.random.default_rng([int(settings["seed"]), 1, length])) for length in lengths_of(settings)]


def said(net: Recurrent, hidden: Tensor) -> Tensor:
    """What is read from hidden states (r, n, hidden): (r, n, out)."""
    return hidden @ net.read.T + net.read_bias


def losses_of(out: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of classes, squared error of real numbers: (r, n) for what is said (r, n, out)."""
    if y.is_floating_point():
        return (out[..., 0] - y) ** 2
    return F.cross_entropy(out.flatten(0, 1), y.flatten(), reduction="none").view(y.shape)


def training(net: Recurrent, settings: Mapping[str, Any], clipping: Clipping) -> Iterator[int]:
    """One step after another, each on new sequences, of a length drawn anew if there are several; it never ends by itself."""

    def batches() -> Iterator[Pair]:
        rng, lengths = np.random.default_rng([int(settings["seed"]), 0]), lengths_of(settings)
        while True:
            yield drawn(settings, int(settings["batch_size"]), lengths[rng.integers(len(lengths))], rng)

    def loss(batch: Pair) -> Tensor:
        x, y = batch
        return losses_of(said(net, states(net, x, int(settings["truncation"]))[-len(y) :]), y).mean()

    how = optimiser(settings["optimiser"], net.parameters, settings["learning_rate"], settings["momentum"], 0.0)
    return train(loss, net.parameters, how, batches(), clipping)


def score(net: Recurrent, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Mean loss, and the share that is right: the likeliest class, or a number within NEAR."""
    with torch.no_grad():
        out = said(net, states(net, x)[-len(y) :])
        right = (out[..., 0] - y).abs() < NEAR if y.is_floating_point() else out.argmax(-1) == y
        return losses_of(out, y).mean().item(), right.double().mean().item()


def gradients(net: Recurrent, x: Tensor, y: Tensor) -> dict[str, np.ndarray]:
    """What of the last step's loss reaches every step t, in float64, back through all steps whatever the truncation of training.

    `hidden` and `memory` (T,): ‖∂L_T/∂h_t‖ and ‖∂L_T/∂s_t‖, where s is c of LSTM and h of the others; norms of each sequence's own
    gradient, root mean square over sequences. `direct` (T,): ‖∂L_T/∂s_T ⊙ ∏ k‖, the product of the gates k that keep, from t + 1 to
    T, as if they were all there is; without such gates ‖∂L_T/∂s_T‖ ρ^(T−t), ρ the spectral radius. `gates` (strips, T, hidden) of the
    first sequence: from 0 to 1, RNN's states from −1 to 1.
    """
    exact = net.to(torch.float64)
    for tensor in exact.parameters:
        tensor.requires_grad_()  # else there is no graph
    seen = trace(exact, x.double())
    loss = losses_of(said(exact, seen.hidden[-1])[None], y[-1:].double() if y.is_floating_point() else y[-1:]).sum()
    wanted = [*seen.hidden, *(seen.memory if net.kind == "lstm" else [])]
    found = torch.stack(torch.autograd.grad(loss, wanted)).unflatten(0, (-1, len(x)))  # (1 or 2, T, n, hidden)
    with torch.no_grad():
        if net.kind in KEEPS:
            kept = torch.stack([gates[KEEPS[net.kind]] for gates in seen.gates])  # (T, n, hidden)
            after = torch.cat([kept[1:], torch.ones_like(kept[:1])])  # at t: the gate of t + 1
            direct = length_of(found[-1, -1] * after.flip(0).cumprod(0).flip(0))
        else:
            direct = length_of(found[-1, -1:]) * spectral_radius(net) ** torch.arange(len(x) - 1, -1, -1, dtype=torch.float64)
        strips = [torch.stack([gates[name][0] for gates in seen.gates]) for name in STRIPS[net.kind] if name != "state"]
        strips = strips or [torch.stack([h[0] for h in seen.hidden])]
        numbers = {"hidden": length_of(found[0]), "memory": length_of(found[-1]), "direct": direct, "gates": torch.stack(strips)}
        return {name: value.numpy() for name, value in numbers.items()}


def kept_at_marks(net: Recurrent, x: Tensor) -> tuple[float, float]:
    """The adding problem's question to a gated cell: the mean of the gate that keeps where a number is marked, and where none is."""
    with torch.no_grad():
        kept = torch.stack([gates[KEEPS[net.kind]] for gates in trace(net, x).gates]).mean(2)  # (T, n)
        marked = x[..., 1] == 1
        return kept[marked].mean().item(), kept[~marked].mean().item()


def length_of(gradient: Tensor) -> Tensor:
    """The norms of (T, n, hidden), root mean square over the sequences: (T,)."""
    return gradient.square().sum(2).mean(1).sqrt()


def spectral_radius(net: Recurrent) -> float:
    """The largest |eigenvalue| of the recurrent matrix, of gated cells that of the block of the candidate; nan where it is not finite."""
    block = net.across.detach()[{"rnn": 0, "lstm": 2, "gru": 2}[net.kind] * net.hidden :][: net.hidden].double().numpy()
    return float(np.abs(np.linalg.eigvals(block)).max()) if np.isfinite(block).all() else float("nan")
