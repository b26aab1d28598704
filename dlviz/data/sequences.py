"""Tasks over time: what is seen at each of T steps, and what has to be said at the last of them. Every draw is made anew.

They ask for a memory: of the first symbol, of two marked numbers (Hochreiter & Schmidhuber 1997, experiment 4), of a whole
message (experiment 5 and Arjovsky et al. 2016, "copying memory"), or of the letters so far.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dlviz.data.words import WORDS

SYMBOLS = 4  # that a message is made of
MESSAGE = 4  # symbols to be copied, fewer where the sequence is shorter
LETTERS = " abcdefghijklmnopqrstuvwxyz"
NEAR = 0.04  # a sum this near counts as right, as in Hochreiter & Schmidhuber 1997


@dataclass(frozen=True, eq=False)
class Sequences:
    """`x` (T, n, inputs) float32: what is seen. `y` (r, n): what has to be said at the last r steps, classes or real numbers."""

    x: np.ndarray
    y: np.ndarray


def first(n: int, length: int, rng: np.random.Generator) -> Sequences:
    """One of four symbols, then noise made of four others; at the last step: which symbol came first?"""
    y = rng.integers(0, SYMBOLS, (1, n))
    noise = rng.integers(SYMBOLS, 2 * SYMBOLS, (length - 1, n))
    return Sequences(_one_hot(np.concatenate([y, noise]), 2 * SYMBOLS), y)


def adding(n: int, length: int, rng: np.random.Generator) -> Sequences:
    """Numbers from 0 to 1, one of each half of the sequence marked by a 1 beside it; at the last step: the sum of the two."""
    values, marks, half = rng.random((length, n)), np.zeros((length, n)), length // 2
    chosen = np.stack([rng.integers(0, half, n), rng.integers(half, length, n)])
    np.put_along_axis(marks, chosen, 1.0, 0)
    total = np.take_along_axis(values, chosen, 0).sum(0, keepdims=True)
    return Sequences(np.stack([values, marks], 2).astype(np.float32), total.astype(np.float32))


def copy(n: int, length: int, rng: np.random.Generator) -> Sequences:
    """A message, blanks, and from a cue on as many steps as the message has: say it again, in order."""
    said = min(MESSAGE, length // 2)
    y = rng.integers(0, SYMBOLS, (said, n))
    seen = np.full((length, n), SYMBOLS)  # blank
    seen[:said] = y
    seen[length - said :] = SYMBOLS + 1  # cue
    return Sequences(_one_hot(seen, SYMBOLS + 2), y)


def characters(n: int, length: int, rng: np.random.Generator) -> Sequences:
    """Words in a random order, joined by spaces, from anywhere within a word on; at every step: the next character."""
    longest = max(len(word) for word in WORDS)
    rows = []
    for _ in range(n):
        words = rng.choice(len(WORDS), length // 2 + longest)
        text = " ".join(WORDS[word] for word in words)
        start = rng.integers(0, longest)
        rows.append([LETTERS.index(letter) for letter in text[start : start + length + 1]])
    codes = np.array(rows).T  # (length + 1, n)
    return Sequences(_one_hot(codes[:-1], len(LETTERS)), codes[1:])


@dataclass(frozen=True)
class Task:
    """How its sequences are drawn, how many numbers are seen and said at a step, and whether what is said is a class."""

    draw: Callable[[int, int, np.random.Generator], Sequences]
    inputs: int
    outputs: int
    is_class: bool = True


TASKS = {
    "first": Task(first, 2 * SYMBOLS, SYMBOLS),
    "adding": Task(adding, 2, 1, is_class=False),
    "copy": Task(copy, SYMBOLS + 2, SYMBOLS),
    "characters": Task(characters, len(LETTERS), len(LETTERS)),
}


def chance(task: str, y: np.ndarray) -> float:
    """The share that is right without any memory: the commonest class of `y`, or 1 as the guess of every sum.

    A sum of two uniform numbers is within NEAR of 1 with probability 1 − (1 − NEAR)².
    """
    if not TASKS[task].is_class:
        return 1 - (1 - NEAR) ** 2
    return 1 / SYMBOLS if task != "characters" else float(np.bincount(y.ravel()).max() / y.size)


def _one_hot(codes: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[codes]
