"""View Heatmap: every head of a real language model over your text, one of them opened down to queries and keys."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute import language
from dlviz.compute.attention.looking import SCORES, pooled, scores
from dlviz.fields import ParameterError
from dlviz.nets.transformer.trace import trace
from dlviz.results import Fact
from dlviz.results import Result as Base

MODELS = language.TITLES
SHAPES = {"smollm2": (30, 9), "minilm": (6, 12), "austen": (6, 6)}  # layers, heads a layer
MOST_TOKENS = 256  # of which maps are made
WHOLE = 64  # tokens up to which every head's map is sent whole
SMALL = 32  # side of the maps of longer texts
SORTS = {"layer": "layer", **SCORES}


@dataclass(frozen=True)
class Params(p.Params):
    """The text, the model, and which head is opened."""

    text: str = p.lines("The capital of France is", 2000, label="Your text", private=True)
    model: str = p.choice("smollm2", MODELS, label="Model")
    sort: str = p.choice("layer", SORTS, label="Heads in order of")
    layer: float = p.number(1, 1, 30, 1, label="Opened: layer", stage=True)
    head: float = p.number(1, 1, 12, 1, label="Opened: head", stage=True)
    other: str = p.lines("", 2000, label="Second text", more=True, private=True, help="Where a word stands in both texts, its vectors are compared.")
    word: str = p.text("", 40, label="Word", more=True, private=True)

    def check(self) -> None:
        """The head is one of the model's."""
        for name, value, most in zip(("layer", "head"), (self.layer, self.head), SHAPES[self.model], strict=True):
            if value > most:
                raise ParameterError(name, value, f"at most {most}, as {MODELS[self.model]} has")


@dataclass(frozen=True, eq=False)
class Result(Base):
    """`pieces` (T,): what each token stands for; T is at most MOST_TOKENS of the text's `tokens`. `maps` (L, H, S, S) uint8, 255 for
    1: whole, S = T, or pooled to S = SMALL by the largest weight. `scores` (6, L, H) in the order of SCORES. Of the opened head:
    `attention` and `before` (T, T), QKᵀ/√d before the mask, and `queries`, `keys` (T, d). `cosines` (L + 1,) of the word's vector
    in both texts before the first layer and after each; empty without a word. `probabilities` (5,) of `next` (5,), the likeliest
    next tokens; none for an encoder.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    pieces: tuple[str, ...]
    tokens: int
    causal: bool
    maps: np.ndarray
    scores: np.ndarray
    attention: np.ndarray
    before: np.ndarray
    queries: np.ndarray
    keys: np.ndarray
    cosines: np.ndarray
    next: tuple[str, ...]
    probabilities: np.ndarray

    def score(self, name: str) -> np.ndarray:
        """One score of every head, (L, H)."""
        return np.asarray(self.scores[list(SCORES).index(name)])

    def facts(self) -> dict[str, Fact]:
        """How much goes to the first token, the clearest heads, and what the opened head does."""
        opened = int(self.params.layer) - 1, int(self.params.head) - 1
        facts = {
            "tokens": Fact(self.tokens, "tokens"),
            "heads": Fact(self.score("first").size, "heads"),
            "first_mean": _fact(self.score("first").mean(), "to the first token, mean of all heads", "%"),
            "previous_best": _fact(self.score("previous").max(), "previous token, clearest head"),
            "induction_best": _fact(self.score("induction").max(), "induction, clearest head"),
            "entropy_mean": _fact(self.score("entropy").mean(), "entropy of a row, mean of all heads", "bits"),
        }  # fmt: skip
        facts |= {f"opened_{name}": _fact(self.score(name)[opened], f"opened head: {label}") for name, label in SCORES.items()}
        rows = self.attention.sum(1)
        facts["row_error"] = _fact(abs(rows - 1).max(), "rows differ from 1 by at most")
        facts["later"] = _fact(np.triu(self.attention, 1).sum(), "weight on later tokens")
        if len(self.probabilities):
            facts["next"] = _fact(self.probabilities[0], "probability of the likeliest next token", "%")
        if len(self.cosines):
            facts |= {"cosine_first": _fact(self.cosines[0], "cosine before layer 1"), "cosine_least": _fact(self.cosines.min(), "least cosine")}
        return facts


def _fact(value: float, label: str, unit: str = "") -> Fact:
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=1e-2)


def compute(params: Params) -> Result:
    """The model's maps over the text. ParameterError if nothing in it can be read; MissingWeights if the model is not here."""
    found = language.model(params.model)
    text = found.read(params.text)
    ids = text.ids[:MOST_TOKENS]
    seen = trace(found.network, torch.tensor(ids), ["scores", "queries", "keys"])
    layer, head = int(params.layer) - 1, int(params.head) - 1
    shared = seen.parts["queries"].shape[1] // seen.parts["keys"].shape[1]  # heads of queries to one of keys
    side = len(ids) if len(ids) <= WHOLE else SMALL
    likely, words = torch.zeros(0), ()
    if found.network.causal:
        likely, numbers = seen.output[-1].double().softmax(-1).topk(5)
        words = tuple(found.text([number]) for number in numbers.tolist())
    return Result(
        params=params,
        pieces=text.pieces[:MOST_TOKENS],
        tokens=len(text),
        causal=found.network.causal,
        maps=(255 * pooled(seen.attention, side)).round().to(torch.uint8).numpy(),
        scores=torch.stack(list(scores(seen.attention, ids).values())).numpy(),
        attention=seen.attention[layer, head].double().numpy(),
        before=seen.parts["scores"][layer, head].double().numpy(),
        queries=seen.parts["queries"][layer, head].double().numpy(),
        keys=seen.parts["keys"][layer, head // shared].double().numpy(),
        cosines=cosines(found, params),
        next=words,
        probabilities=likely.numpy(),
    )


def cosines(found: language.LanguageModel, params: Params) -> np.ndarray:
    """The cosine of the word's vector in both texts before the first layer and after each, (L + 1,); empty without word or second text.

    Of a word that is several tokens, the last counts: in a decoder it alone has seen the whole word.
    """
    if not (params.word and params.other):
        return np.zeros(0)
    vectors = []
    for name in ("text", "other"):
        read = found.read(getattr(params, name))
        if params.word not in read.text:
            raise ParameterError("word", params.word, "a word that stands in both texts")
        at = read.tokens_of(params.word)[-1]
        if at >= MOST_TOKENS:
            raise ParameterError("word", params.word, f"a word among the first {MOST_TOKENS} tokens of both texts")
        vectors.append(trace(found.network, torch.tensor(read.ids[:MOST_TOKENS]), ["stream"]).parts["stream"][:, at].double())
    return np.asarray(torch.cosine_similarity(*vectors, dim=-1).numpy())
