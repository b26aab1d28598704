"""The parts of a transformer that can be switched off, and the weights that can be set by hand, as they are written in settings.

Layers, heads and tokens count from 1 here: "24.5" is head 5 of layer 24, "a3" the attention of layer 3, "f1" the feed-forward layer of
layer 1; "24.5:5>4=0.3" lets token 5 give token 4 a weight of 0.3 in head 24.5.
"""

import re
from dataclasses import dataclass

from dlviz.fields import ParameterError
from dlviz.nets.transformer.changes import Changes

HEAD = re.compile(r"(\d{1,2})\.(\d{1,2})")
SUBLAYER = re.compile(r"([af])(\d{1,2})")
WEIGHT = re.compile(r"(\d{1,2})\.(\d{1,2}):(\d{1,2})>(\d{1,2})=(0|1|0?\.\d{1,4}|1\.0{1,4})")
EXPECTED = "parts such as 24.5 (a head), a3 (attention of layer 3) or f1 (feed-forward of layer 1), with spaces between"
EXPECTED_WEIGHTS = "weights such as 24.5:5>4=0.3, which lets token 5 give token 4 a weight of 0.3 in head 24.5"


@dataclass(frozen=True, order=True)
class Part:
    """A part of a layer: `column` is its head, or the number of heads for its attention and one more for its feed-forward layer."""

    layer: int
    column: int

    def name(self, heads: int) -> str:
        """As settings write it."""
        if self.column < heads:
            return f"{self.layer + 1}.{self.column + 1}"
        return f"{'af'[self.column - heads]}{self.layer + 1}"

    def off(self, heads: int, mean: bool) -> Changes:
        """The pass in which this part alone is switched off."""
        return changes([self], heads, mean)


def changes(off: list[Part], heads: int, mean: bool, weights: list[tuple[int, int, int, int, float]] | None = None) -> Changes:
    """The pass in which these parts are off and these weights set by hand."""
    return Changes(
        heads=tuple((part.layer, part.column) for part in off if part.column < heads),
        attention=tuple(part.layer for part in off if part.column == heads),
        feed_forward=tuple(part.layer for part in off if part.column == heads + 1),
        weights=tuple(weights or ()),
        mean=mean,
    )


def words(text: str) -> list[str]:
    """What stands between spaces and commas."""
    return text.replace(",", " ").split()


def read_parts(text: str, shape: tuple[int, int]) -> list[Part]:
    """The parts that a model of `shape` (layers, heads) has, in order, each once; others are left out. ParameterError for no parts."""
    layers, heads = shape
    found = set()
    for word in words(text):
        if head := HEAD.fullmatch(word):
            layer, column = int(head[1]) - 1, int(head[2]) - 1
            known = column < heads
        elif sublayer := SUBLAYER.fullmatch(word):
            layer, column, known = int(sublayer[2]) - 1, heads + "af".index(sublayer[1]), True
        else:
            raise ParameterError("off", word, EXPECTED)
        if known and 0 <= layer < layers and column >= 0:
            found.add(Part(layer, column))
    return sorted(found)


def write_parts(parts: list[Part], heads: int) -> str:
    """The parts as settings write them.

    >>> write_parts(read_parts("f1, 2.1 a1 9.9", (3, 2)), 2)
    'a1 f1 2.1'
    """
    return " ".join(part.name(heads) for part in parts)


def opened_head(opened: str, off: list[Part], shape: tuple[int, int]) -> tuple[int, int] | None:
    """Layer and head, from 0, of the head that is opened, or else of the only head that is off; None if there is neither."""
    heads = [part for part in off if part.column < shape[1]]
    found = read_parts(opened, shape) or (heads if len(heads) == 1 else [])
    return (found[0].layer, found[0].column) if found else None


def read_weights(text: str, shape: tuple[int, int], tokens: int, causal: bool) -> list[tuple[int, int, int, int, float]]:
    """(layer, head, query, key, weight) from 0 of those that are there; of one place the last counts. ParameterError for no weights.

    >>> read_weights("2.1:3>1=.25", (2, 2), 3, True)
    [(1, 0, 2, 0, 0.25)]
    """
    found: dict[tuple[int, int, int, int], float] = {}
    for word in words(text):
        if not (match := WEIGHT.fullmatch(word)):
            raise ParameterError("weights", word, EXPECTED_WEIGHTS)
        layer, head, query, key = (int(number) - 1 for number in match.groups()[:4])
        there = 0 <= layer < shape[0] and 0 <= head < shape[1] and 0 <= query < tokens and 0 <= key < tokens
        if there and not (causal and key > query):
            found[layer, head, query, key] = float(match[5])
    return [(*place, weight) for place, weight in sorted(found.items())]
