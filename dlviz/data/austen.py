"""Jane Austen's six novels, shipped (`recipes/austen.py` made the file; origin in NOTICE): one paragraph a line. Public domain."""

import lzma
from functools import cache
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("austen.txt.xz")
BETWEEN = "\n\f\n"  # two novels
TITLES = ("Emma", "Mansfield Park", "Northanger Abbey", "Persuasion", "Pride and Prejudice", "Sense and Sensibility")
HELD_OUT = 0.05  # of each novel, at its end
Part = Literal["training", "held_out"]


@cache
def novels() -> dict[str, str]:
    """The text of each novel by its title.

    >>> novels()["Pride and Prejudice"].count("Darcy") > 350
    True
    """
    return dict(zip(TITLES, lzma.decompress(FILE.read_bytes()).decode("utf-8").split(BETWEEN), strict=True))


def load(part: Part) -> tuple[str, ...]:
    """Of each novel the paragraphs for training, or those held out: the last that make up HELD_OUT of its characters."""
    found = []
    for text in novels().values():
        cut = text.index("\n", round((1 - HELD_OUT) * len(text))) + 1
        found.append(text[:cut] if part == "training" else text[cut:])
    return tuple(found)
