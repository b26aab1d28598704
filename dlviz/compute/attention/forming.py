"""A transformer of attention alone in training on a task over rows of symbols, and what its heads do by then."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.compute.training import optimiser, train
from dlviz.data.rows import MOST, TASKS, Rows, Task
from dlviz.nets.attention_only import AttentionOnly, new_attention_only, read_row

Head = tuple[int, int]  # layer, head, both from 0


def task_of(settings: Mapping[str, Any]) -> Task:
    """The task that is trained."""
    if settings["task"] == "repeat":
        return TASKS["repeat" if settings["periods"] == "varied" else "one_period"]
    return TASKS[settings["other"] if settings["task"] == "other" else settings["task"]]


def fresh(settings: Mapping[str, Any]) -> AttentionOnly:
    """The network before training."""
    generator, task = torch.Generator().manual_seed(int(settings["seed"])), task_of(settings)
    width, heads, layers = int(settings["width"]), int(settings["heads"]), int(settings["layers"])
    return new_attention_only(len(task.symbols), MOST, width, heads, layers, settings["positions"], generator)


def heads_off(settings: Mapping[str, Any]) -> list[Head]:
    """The heads that are switched off while the network is looked at; those that it does not have are none of them."""
    named = [(int(layer) - 1, int(head) - 1) for layer, head in (name.split(".") for name in settings["off"])]
    return [(layer, head) for layer, head in named if layer < settings["layers"] and head < settings["heads"]]


def drawn(task: Task, n: int, lengths: Collection[int], rng: np.random.Generator) -> Rows:
    """n new rows, each of one of the lengths; all of the same one where the task cannot mix them."""
    return task.draw(np.broadcast_to(rng.choice(list(lengths), n if task.mixed else 1), (n,)), rng)


def held_out(settings: Mapping[str, Any]) -> list[Rows]:
    """Rows of every length that is tested, drawn apart from all training rows."""
    task = task_of(settings)
    return [drawn(task, task.held_out, [length], np.random.default_rng([int(settings["seed"]), 1, length])) for length in task.tested]


def answers(net: AttentionOnly, rows: Rows, off: Collection[Head] = ()) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Logits (asked, symbols) of all symbols that are asked, the right ones (asked,), and the attention of every layer."""
    codes, asked = torch.from_numpy(np.ascontiguousarray(rows.codes)), torch.from_numpy(rows.asked)
    logits, seen = read_row(net, codes, off)
    return logits[:, :-1][asked], codes[:, 1:][asked], seen


def training(net: AttentionOnly, settings: Mapping[str, Any]) -> Iterator[int]:
    """One step after another, each on new rows; it never ends by itself."""
    task, rng = task_of(settings), np.random.default_rng([int(settings["seed"]), 0])

    def batches() -> Iterator[Rows]:
        while True:
            yield drawn(task, int(settings["batch_size"]), task.trained, rng)

    def loss(rows: Rows) -> Tensor:
        logits, right, _ = answers(net, rows)
        return F.cross_entropy(logits, right)

    return train(loss, net.parameters, optimiser("adam", net.parameters, settings["learning_rate"], 0.9, 0.0), batches())


@dataclass(frozen=True, eq=False)
class Look:
    """What a network does by now. `accuracies` and `losses` (tested lengths,); `prefix` and `previous` (layers, H), see `scores`."""

    losses: np.ndarray
    accuracies: np.ndarray
    prefix: np.ndarray
    previous: np.ndarray


def look(net: AttentionOnly, settings: Mapping[str, Any], tests: list[Rows], off: Collection[Head] = ()) -> Look:
    """Losses and accuracies at every length that is tested, and the scores of the heads at those it is trained at."""
    task, found, marks = task_of(settings), [], []
    with torch.no_grad():
        for length, rows in zip(task.tested, tests, strict=True):
            logits, right, seen = answers(net, rows, off)
            found.append((F.cross_entropy(logits, right).item(), (logits.argmax(-1) == right).double().mean().item()))
            if length in task.trained:
                marks.append(scores(torch.stack(seen, 1), rows))
    prefix, previous = np.mean(marks, 0)
    losses, accuracies = np.array(found).T
    return Look(losses, accuracies, prefix, previous)


def scores(seen: Tensor, rows: Rows) -> np.ndarray:
    """Two scores of every head, (2, layers, H), for attention (n, layers, H, T, T).

    Prefix matching: from the places where a symbol is asked, the attention that goes to what followed the present symbol wherever
    it stood before; the mean over the places where it did (Olsson et al. 2022, In-context learning and induction heads); nan if
    there are none. Previous symbol: the mean attention from each place to the one before it.
    """
    codes, asked = torch.from_numpy(np.ascontiguousarray(rows.codes)), torch.from_numpy(rows.asked)
    follows = (codes[:, :-1, None] == codes[:, None, :-1]).tril(-1)  # (n, t, j): symbol t stood at j before t, so j + 1 is matched
    wanted = asked & follows.any(-1)
    matched = (seen[..., :-1, 1:] * follows[:, None, None]).sum(-1) * wanted[:, None, None]  # (n, layers, H, T − 1)
    prefix = matched.sum((0, -1)) / wanted.sum()
    return torch.stack([prefix, seen.diagonal(-1, -2, -1).mean((0, -1))]).double().numpy()


def without(net: AttentionOnly, settings: Mapping[str, Any], tests: list[Rows], off: Collection[Head] = ()) -> np.ndarray:
    """The share that is right at the trained lengths when one more head is switched off, for every head (layers, H)."""
    task = task_of(settings)
    trained = [rows for length, rows in zip(task.tested, tests, strict=True) if length in task.trained]
    found = np.zeros((len(net.layers), net.heads))
    with torch.no_grad():
        for layer, head in np.ndindex(found.shape):
            shares = [right(net, rows, {*off, (layer, head)}) for rows in trained]
            found[layer, head] = np.mean(shares)
    return found


def right(net: AttentionOnly, rows: Rows, off: Collection[Head] = ()) -> float:
    """The share of asked symbols that are right."""
    logits, wanted, _ = answers(net, rows, off)
    return (logits.argmax(-1) == wanted).double().mean().item()
