"""View By hand: one attention layer on a few tokens, with every number of every step, and what it does and does not depend on."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.attention.studies import BESIDE, facts_of, study
from dlviz.fields import ParameterError
from dlviz.nets.attending import allowed_pairs, sinusoids
from dlviz.nets.multihead import Layer, Passed, pass_through, stacked, times
from dlviz.nets.wordvectors import WIDEST, embed
from dlviz.results import Fact
from dlviz.results import Result as Base

REACH = 20.0  # a number that is edited is between -REACH and REACH
LEAST, MOST, LONGEST = 2, 6, 12  # tokens, and characters of a token
SHIFTED = 5  # places by which all tokens are moved to see whether a score depends on where they stand
MASKS = {"none": "none", "causal": "causal", "window": "window"}
POSITIONS = {"none": "none", "sinusoidal": "sine", "learned": "learned", "rope": "RoPE"}
# of the first two numbers: who looks for what, what is found, and what is handed over
QUERY = (1.0, 0.5, 0.0, 0.0, -0.5, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 0.5, -1.0)
KEY = (0.5, -0.5, 0.0, 0.5, 1.0, 1.0, 0.0, 0.0, 0.5, 0.0, -1.0, 0.5, 0.0, 0.0, 1.0, 1.0)
VALUE = (-1.0, 0.5, 0.5, 0.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.0, 1.0, -0.5, 0.5, 0.0, 0.0, 1.0)
OUTPUT = (1.0, 0.0, 0.5, 0.0, 0.0, 1.0, 0.0, -0.5, 0.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.0, 1.0)
LEARNED = (0.4, -0.2, 0.1, 0.3, -0.5, 0.6, 0.2, -0.1, 0.1, 0.5, -0.4, 0.2, 0.7, -0.3, 0.3, 0.5, -0.2, -0.6, 0.1, 0.4, 0.3, 0.2, -0.5, -0.3)


def _matrix(default: tuple[float, ...], label: str, **about: Any) -> Any:
    """The field for a matrix of WIDEST columns, row by row, of which a narrower picture uses the upper left corner."""
    return p.numbers(default, -REACH, REACH, 0.1, at_least=len(default), at_most=len(default), label=label, stage=True, **about)


@dataclass(frozen=True)
class Params(p.Params):
    """The tokens and their vectors, the layer's matrices, who may look where, positions, heads, and what stands beside."""

    words: str = p.text(
        "dog bites man", 60, label="Tokens", private=True, help="Two to six words. A word has the same vector wherever it stands."
    )
    mask: str = p.choice(
        "none", MASKS, label="Mask", when=("kind", "self"),
        help="causal: no token looks at a later one. window: of those before only the last few.",
    )  # fmt: skip
    window: float = p.number(2, 1, 5, 1, label="Window", when=("mask", "window"), help="So many tokens, the query's own included.")
    positions: str = p.choice(
        "none", POSITIONS, label="Positions", when=("kind", "self"),
        help="sine and learned are added to the vectors; RoPE turns queries and keys.",
    )  # fmt: skip
    width: str = p.choice("2", {"2": "2", "3": "3", "4": "4"}, label="Numbers a token")
    heads: str = p.choice("1", {"1": "1", "2": "2"}, label="Heads", when=("width", "4"), help="Two heads have two numbers each.")
    kind: str = p.choice(
        "self", {"self": "self", "cross": "cross"}, label="Attention", more=True, help="cross: keys and values of a second text."
    )
    others: str = p.text("le chien mord", 60, label="Second text", private=True, more=True, when=("kind", "cross"))
    padding: float = p.number(
        0, 0, 3, 1, label="Padding at the end", unit="tokens", more=True, help="The last keys are nobody's to look at."
    )
    base: float = p.number(
        10_000, 2, 100_000, 4, scale="log", label="Base of the angles", more=True, when=("positions", ("sinusoidal", "rope")),
        help="The slowest pair of numbers turns by about 1/base a place.",
    )  # fmt: skip
    query_gain: float = p.number(1, 0, 8, 0.5, label="Queries times", more=True)
    value_gain: float = p.number(1, 0, 8, 0.5, label="Values times", more=True)
    scaled: bool = p.switch(True, label="Divide by √d", stage=True)
    followed: float = p.number(1, 1, MOST, 1, label="Followed query", stage=True)
    head: float = p.number(1, 1, 2, 1, label="Shown head", stage=True, when=("heads", "2"))
    beside: str = p.choice("values", BESIDE, label="beside the layer", stage=True)
    vectors: str = p.text("", 600, label="Edited vectors", stage=True, private=True)
    query: tuple[float, ...] = _matrix(QUERY, "W_Q")
    key: tuple[float, ...] = _matrix(KEY, "W_K")
    value: tuple[float, ...] = _matrix(VALUE, "W_V")
    output: tuple[float, ...] = _matrix(OUTPUT, "W_O", when=("heads", "2"))
    learned: tuple[float, ...] = _matrix(LEARNED, "Learned positions", when=("positions", "learned"))

    def check(self) -> None:
        for name in ("words", "others"):
            words = getattr(self, name).split()
            if not LEAST <= len(words) <= MOST:
                raise ParameterError(name, getattr(self, name), f"{LEAST} to {MOST} words, not {len(words)}")
            if long := next((word for word in words if len(word) > LONGEST), None):
                raise ParameterError(name, long, f"words of at most {LONGEST} letters")
        if self.padding >= len(self.sources()):
            raise ParameterError("padding", self.padding, f"fewer than the {len(self.sources())} tokens that are looked at")
        if self.kind == "self" and self.mask == "window" and int(self.padding) >= int(self.window):
            raise ParameterError("padding", self.padding, "fewer than the window, or the last query would look nowhere: 0/0")
        if self.by_position() == "rope" and self.head_width() % 2:
            raise ParameterError("positions", "rope", "an even number of numbers a head, because RoPE turns pairs of them")
        try:
            self.edited()
        except (ValueError, TypeError, RecursionError):
            raise ParameterError("vectors", self.vectors, f"words and their {WIDEST} numbers from {-REACH:g} to {REACH:g}") from None

    def tokens(self) -> list[str]:
        """The words that look."""
        return self.words.split()

    def sources(self) -> list[str]:
        """The words that are looked at."""
        return (self.others if self.kind == "cross" else self.words).split()

    def by_position(self) -> str:
        """How positions come in; not at all between two texts."""
        return self.positions if self.kind == "self" else "none"

    def head_count(self) -> int:
        """How many heads there are."""
        return int(self.heads) if self.width == "4" else 1

    def head_width(self) -> int:
        """Numbers that a head's query has."""
        return int(self.width) // self.head_count()

    def edited(self) -> dict[str, list[float]]:
        """The vectors that were changed, by word. ValueError or TypeError if the text says no such thing."""
        found = json.loads(self.vectors) if self.vectors else {}
        if not isinstance(found, dict) or (self.vectors and not found):
            raise TypeError
        for word, numbers in found.items():
            known = len(numbers) == WIDEST and all(type(number) in (int, float) and abs(number) <= REACH for number in numbers)
            if len(word) > LONGEST or not known:
                raise ValueError(word)
        return found

    def layer(self) -> Layer:
        """The layer with these settings, in float64."""
        d = int(self.width)

        def corner(numbers: tuple[float, ...]) -> Tensor:
            return torch.tensor(numbers, dtype=torch.float64).reshape(-1, WIDEST)[:d, :d].contiguous()

        layer = Layer(
            corner(self.query),
            corner(self.key),
            corner(self.value),
            corner(self.output) if self.head_count() > 1 else None,
            self.head_count(),
            None if self.scaled else 1.0,
            self.base if self.by_position() == "rope" else None,
        )
        return times(layer, self.query_gain, self.value_gain)

    def added(self, first_place: int = 0) -> Tensor:
        """What is added to the vectors for their positions, zeros if nothing is. (n, d) float64."""
        n, d = len(self.tokens()), int(self.width)
        if self.by_position() == "sinusoidal":
            return sinusoids(torch.arange(n) + first_place, d, self.base)
        if self.by_position() == "learned":
            return torch.tensor(self.learned, dtype=torch.float64).reshape(-1, WIDEST)[:n, :d]
        return torch.zeros(n, d, dtype=torch.float64)

    def allowed(self) -> Tensor:
        """Who may look at whom, bool (n, m)."""
        mask = self.mask if self.kind == "self" else "none"
        return allowed_pairs(len(self.tokens()), len(self.sources()), mask, int(self.window), int(self.padding))


@dataclass(frozen=True, eq=False)
class Result(Base):
    """All float64, rows are tokens: `vectors`, `added`, `inputs` (n, d), `sources` (m, d); `query` (n, d), `key`, `value` (m, d);
    `turned_query` (h, n, d/h), `turned_key` (h, m, d/h); `scores`, `scaled`, `masked`, `weights` (h, n, m); `joined`, `projected` (n, d).
    `gaps` (6,): how far outputs or scores move, as GAPS says; `study`: what stands beside the layer, see `studies.study`."""

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    vectors: np.ndarray
    added: np.ndarray
    inputs: np.ndarray
    sources: np.ndarray
    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    turned_query: np.ndarray
    turned_key: np.ndarray
    scores: np.ndarray
    scaled: np.ndarray
    masked: np.ndarray
    weights: np.ndarray
    joined: np.ndarray
    projected: np.ndarray
    gaps: np.ndarray
    study: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """Sizes, the followed query's row, and what the outputs depend on."""
        row = min(int(self.params.followed), len(self.inputs)) - 1
        head = int(self.params.head) - 1 if self.params.head_count() > 1 else 0
        weights, hidden = self.weights, np.isneginf(self.masked)
        logs = np.log(np.where(weights > 0, weights, 1))
        return {
            "tokens": Fact(float(len(self.inputs)), "tokens"),
            "sources": Fact(float(len(self.sources)), "tokens looked at"),
            "width": Fact(float(self.inputs.shape[1]), "numbers a token"),
            "heads": Fact(float(len(weights)), "heads"),
            "head_width": Fact(float(self.params.head_width()), "numbers a head, d"),
            "largest_score": Fact(float(np.abs(self.scores).max()), "largest |q·k|"),
            "row_sum_error": Fact(float(np.abs(weights.sum(-1) - 1).max()), "largest distance of a row's sum from 1"),
            "masked_pairs": Fact(float(hidden[0].sum()), "pairs hidden by the mask"),
            "masked_weight": Fact(float(weights[hidden].sum()), "weight on hidden pairs"),
            "entropy": Fact(float(-(weights * logs).sum(-1).mean()), "mean entropy of a row", "nats"),
            "top_weight": Fact(float(weights.max(-1).mean()), "mean largest weight of a row", "%"),
            "followed_top": Fact(float(weights[head, row].max()), "largest weight of the followed query", "%"),
            "output_length": Fact(float(np.linalg.norm(self.projected[row])), "length of the followed output"),
            **{f"weight[{j + 1}]": Fact(float(w), f"weight of token {j + 1}", "%") for j, w in enumerate(weights[head, row])},
            **{f"output[{i + 1}]": Fact(float(o), f"followed output, number {i + 1}") for i, o in enumerate(self.projected[row])},
            **{
                name: Fact(None if np.isnan(gap) else float(gap), label) for (name, label), gap in zip(GAPS.items(), self.gaps, strict=True)
            },
            **facts_of(self.params.beside, self.study),
        }


GAPS = {
    "value_doubling": "output with doubled values − twice the output",
    "query_doubling": "output with doubled queries − twice the output",
    "reversal": "largest change of a token's output if the order is reversed",
    "last_gap[1]": "change of the last token's output if the first two change places, one layer",
    "last_gap[2]": "the same after two layers",
    "shift": f"largest change of a score if all places move by {SHIFTED}",
}


def gaps(params: Params, layer: Layer, vectors: Tensor, sources: Tensor, passed: Passed) -> list[float]:
    """How far the outputs move if values or queries are doubled, tokens change places, or all places move on; nan: undefined."""
    allowed, own = params.allowed(), params.kind == "self"
    inputs = vectors + params.added()

    def largest(difference: Tensor) -> float:
        return difference.abs().max().item()

    def doubled(changed: Layer) -> float:
        return largest(pass_through(changed, inputs, sources, allowed).projected - 2 * passed.projected)

    found = [doubled(times(layer, value=2)), doubled(times(layer, query=2))]
    if not own:
        return found + [float("nan")] * 4
    backwards = vectors.flip(0) + params.added()
    found.append(largest(pass_through(layer, backwards, backwards, allowed).projected.flip(0) - passed.projected))
    swapped = vectors[[1, 0, *range(2, len(vectors))]] + params.added()
    for depth in (1, 2):
        last = stacked(layer, swapped, allowed, depth)[-1] - stacked(layer, inputs, allowed, depth)[-1]
        found.append(largest(last) if len(vectors) > 2 else float("nan"))
    moved = vectors + params.added(SHIFTED)
    shifted = pass_through(layer, moved, moved, allowed, SHIFTED).attention.scores - passed.attention.scores
    return [*found, float("nan") if params.by_position() == "learned" else largest(shifted)]


def compute(params: Params) -> Result:
    """The layer's pass with all its steps, in float64."""
    width, edited = int(params.width), params.edited()
    vectors = embed(params.tokens(), edited, width)
    inputs = vectors + params.added()
    sources = inputs if params.kind == "self" else embed(params.sources(), edited, width)
    layer = params.layer()
    passed = pass_through(layer, inputs, sources, params.allowed())
    steps = passed.attention
    arrays = (
        vectors, params.added(), inputs, sources, passed.query, passed.key, passed.value, passed.turned_query, passed.turned_key,
        steps.scores, steps.scaled, steps.masked, steps.weights, passed.joined, passed.projected,
        torch.tensor(gaps(params, layer, vectors, sources, passed), dtype=torch.float64),
        torch.from_numpy(study(params.beside, params.base)),
    )  # fmt: skip
    return Result(params, *(each.numpy() for each in arrays))
