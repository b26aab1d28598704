"""Tasks over a row of symbols: each symbol is to be said before it is seen, where it follows from what was seen before.

A task can be drawn at several lengths: how long a stretch is that repeats, how many numbers are added, how much is copied. It is
trained at some of them and tested at more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwx"
DIGITS = 10
MOST_SUMMANDS = 5
SUMS = DIGITS + 2  # code of the sum 0; before it stand the digits, "+" and "="
BAR = len(LETTERS)  # code of "|", between what is given and what is to be said
REPEATED = 32  # symbols of a row with a repeat


@dataclass(frozen=True, eq=False)
class Rows:
    """`codes` (n, T) int64, and `asked` (n, T − 1): whether symbol t + 1 follows from symbols 0 to t."""

    codes: np.ndarray
    asked: np.ndarray


@dataclass(frozen=True)
class Task:
    """How rows are drawn from their lengths (n,), what the codes stand for, and what the length is the length of.

    `trained` and `tested`: lengths, of each of which `held_out` rows are tested. `mixed`: one draw may hold rows of several lengths.
    """

    draw: Callable[[np.ndarray, np.random.Generator], Rows]
    symbols: Sequence[str]
    measure: str
    trained: tuple[int, ...]
    tested: tuple[int, ...]
    mixed: bool = False
    held_out: int = 12


def repeat(lengths: np.ndarray, rng: np.random.Generator) -> Rows:
    """A stretch of different letters, of each row's own length, over and over.

    When the second round begins nobody can know: from its second letter on, every letter is asked.
    """
    stretch = rng.permuted(np.tile(np.arange(len(LETTERS)), (len(lengths), 1)), axis=1)
    codes = np.take_along_axis(stretch, np.arange(REPEATED) % lengths[:, None], 1)
    return Rows(codes, np.arange(1, REPEATED) > lengths[:, None])


def add(lengths: np.ndarray, rng: np.random.Generator) -> Rows:
    """Digits joined by "+", then "=", then their sum, which is one symbol and is asked."""
    n, summands = len(lengths), _one(lengths)
    codes = np.full((n, 2 * summands + 1), DIGITS)  # "+"
    codes[:, 0:-1:2] = digits = rng.integers(0, DIGITS, (n, summands))
    codes[:, -2] = DIGITS + 1  # "="
    codes[:, -1] = SUMS + digits.sum(1)
    return Rows(codes, np.arange(2 * summands)[None].repeat(n, 0) == 2 * summands - 1)


def answer(how: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, np.random.Generator], Rows]:
    """Different letters, a bar, and `how` of the letters (n, length): after the bar every letter is asked."""

    def draw(lengths: np.ndarray, rng: np.random.Generator) -> Rows:
        n, length = len(lengths), _one(lengths)
        given = rng.permuted(np.tile(np.arange(len(LETTERS)), (n, 1)), axis=1)[:, :length]
        codes = np.concatenate([given, np.full((n, 1), BAR), how(given)], 1)
        return Rows(codes, np.arange(2 * length)[None].repeat(n, 0) >= length)

    return draw


def _one(lengths: np.ndarray) -> int:
    """The length that all rows have. ValueError if they have several."""
    (length,) = set(lengths.tolist())
    return int(length)


PERIODS, LONGEST = tuple(range(4, 13)), 12
_LETTERS_AND_BAR = (*LETTERS, "|")
_NUMBERS = tuple(str(i) for i in range(DIGITS))
_SUMS = tuple(str(i) for i in range(MOST_SUMMANDS * (DIGITS - 1) + 1))
_TESTED = (2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24)
TASKS = {
    "repeat": Task(repeat, tuple(LETTERS), "letters before the repeat", PERIODS, _TESTED, mixed=True),
    "one_period": Task(repeat, tuple(LETTERS), "letters before the repeat", (LONGEST,), _TESTED, mixed=True),
    "add": Task(add, (*_NUMBERS, "+", "=", *_SUMS), "numbers added", (2,), (1, 2, 3, 4, MOST_SUMMANDS), held_out=100),
    "copy": Task(answer(lambda given: given), _LETTERS_AND_BAR, "letters", tuple(range(2, 9)), tuple(range(1, 13))),
    "reverse": Task(answer(lambda given: given[:, ::-1]), _LETTERS_AND_BAR, "letters", tuple(range(2, 9)), tuple(range(1, 13))),
    "sort": Task(answer(lambda given: np.sort(given, 1)), _LETTERS_AND_BAR, "letters", tuple(range(2, 9)), tuple(range(1, 13))),
}
MOST = REPEATED  # symbols of the longest row of any task
