"""View Heatmap: every head of a real language model over your text, one of them opened down to queries and keys."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from dlviz import params as p
from dlviz.compute import foreign, language
from dlviz.compute.attention.looking import SCORES, most_tokens, places, pooled, scores, tokens_of
from dlviz.fields import ParameterError
from dlviz.nets.transformer.trace import Trace, trace
from dlviz.results import Fact
from dlviz.results import Result as Base
from dlviz.zoo import checkpoint, hub, recorded

VIEW = "attention.heatmap"

MODELS = {**language.TITLES, "hub": "another"}
WHOLE = 64  # tokens up to which every head's map is sent whole
SMALL = 32  # side of the maps of longer texts
SORTS = {"layer": "layer", **SCORES}


@dataclass(frozen=True)
class Params(p.Params):
    """The text, the model, and which head is opened."""

    text: str = language.text_field(2000)
    model: str = p.choice("smollm2", MODELS, label="Model")
    repository: str = p.text(
        "",
        hub.LONGEST,
        label="Name on Hugging Face",
        when=("model", "hub"),
        private=True,
        placeholder="gpt2",
        help="A decoder or an encoder of text, with weights as safetensors.",
    )
    sort: str = p.choice("layer", SORTS, label="Heads in order of")
    layer: float = p.number(1, 1, checkpoint.MOST_LAYERS, 1, label="Opened: layer", stage=True)
    head: float = p.number(1, 1, checkpoint.MOST_HEADS, 1, label="Opened: head", stage=True)
    start: float = p.number(1, 1, 10_000, 1, label="Window: first token", stage=True)
    word: str = p.text("", 40, label="Word that looks", more=True, private=True)
    looked: str = p.text("", 40, label="Word looked at", more=True, private=True)
    other: str = p.lines(
        "",
        2000,
        label="Second text",
        more=True,
        private=True,
        prose=True,
        help="Where the word that looks stands in it too, its vectors are compared.",
    )

    def check(self) -> None:
        """The words stand in the text, and the head is one of the model's."""
        for name in ("word", "looked"):
            if (word := getattr(self, name)) not in self.text:
                raise ParameterError(name, word, "a word of the text")
        if self.other and self.word not in self.other:
            raise ParameterError("word", self.word, "a word that stands in the second text too")
        if self.repository and not hub.is_name(self.repository):
            raise ParameterError("repository", self.repository, "a name such as gpt2 or distilbert/distilbert-base-uncased")
        most_of = language.SHAPES.get(self.model, (checkpoint.MOST_LAYERS, checkpoint.MOST_HEADS))
        for name, value, most in zip(("layer", "head"), (self.layer, self.head), most_of, strict=True):
            if value > most:
                raise ParameterError(name, value, f"at most {most}, as {MODELS[self.model]} has")


@dataclass(frozen=True, eq=False)
class Result(Base):
    """`pieces` (T,): what each token that is read stands for, of the text's `tokens`. Where these are more, they are a `window`: the
    numbers of its first and its last token, and how many the text has, without what the model adds at the ends. `maps` (L, H, S, S)
    uint8, 255 for 1: whole, S = T, or pooled to S = SMALL by the largest weight. `scores` (6, L, H) in the order of SCORES. Of the
    `opened` head, counted from 1: `attention` and `before` (T, T), QKᵀ/√d before the mask, and `queries`, `keys` (T, d); the last three
    are empty for a network of another library, which gives its weights only. `to` (L, H): what the word
    that looks gives the word looked at, no rows without both. `cosines` (L + 1,) of the word's vector in both texts before the first
    layer and after each; empty without a word. `probabilities` (5,) of `next` (5,), the likeliest
    next tokens; none for an encoder. `recorded`: whether this was computed before, because the model is not here.
    """

    VERSION: ClassVar[int] = 2
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    pieces: tuple[str, ...]
    tokens: int
    window: tuple[int, int, int]
    opened: tuple[int, int]
    causal: bool
    maps: np.ndarray
    scores: np.ndarray
    attention: np.ndarray
    before: np.ndarray
    queries: np.ndarray
    keys: np.ndarray
    to: np.ndarray
    cosines: np.ndarray
    next: tuple[str, ...]
    probabilities: np.ndarray
    recorded: bool = False

    def score(self, name: str) -> np.ndarray:
        """One score of every head, (L, H)."""
        return np.asarray(self.scores[list(SCORES).index(name)])

    def provenance(self) -> str:
        return f"{self.params.repository or MODELS[self.params.model]} · {self.tokens} tokens"

    def facts(self) -> dict[str, Fact]:
        """How much goes to the first token, the clearest heads, and what the opened head does."""
        opened = self.opened[0] - 1, self.opened[1] - 1
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
        facts["next"] = _fact(self.probabilities[0] if self.causal else np.nan, "probability of the likeliest next token", "%")
        if self.to.size:
            facts |= {
                "to_most": _fact(self.to.max(), "from word to word, the head that gives most", "%"),
                "to_mean": _fact(self.to.mean(), "from word to word, mean of all heads", "%"),
            }
        if len(self.cosines):
            facts |= {
                "cosine_first": _fact(self.cosines[0], "cosine before layer 1"),
                "cosine_least": _fact(self.cosines.min(), "least cosine"),
            }
        return facts


def _fact(value: float, label: str, unit: str = "") -> Fact:
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=1e-2)


def missing(params: Params) -> str | None:
    """The model that has to be fetched before these settings can be computed; None if it is here, or the result was recorded."""
    if params.model == "hub":
        found = hub.Repository(params.repository)
        return None if found.is_here() else found.name
    return recorded.missing(VIEW, params, Result, params.model)


def model(params: Params) -> language.LanguageModel:
    """The model that these settings ask for. MissingWeights if it is not here."""
    return foreign.model(params.repository) if params.model == "hub" else language.model(params.model)


def compute(params: Params) -> Result:
    """The model's maps over the text. ParameterError if nothing in it can be read; MissingWeights if the model is not here.

    A result that was recorded is given where the model is not here, and says so. Of a model from Hugging Face, whose size no setting
    can know, the opened head is the last there is if it has fewer; and so is the window of a text that is shorter.
    """
    if params.model != "hub" and (made := recorded.instead(VIEW, params, Result, params.model)):
        return replace(made, recorded=True)
    found = model(params)
    text = found.read(params.text)
    first, read = text.window(int(params.start), most_tokens(found.network))
    seen = trace(found.network, language.tensor(read), ["scores", "queries", "keys"])
    layer, head = min(int(params.layer), found.network.layers) - 1, min(int(params.head), found.network.heads) - 1
    at = places(read, params.word, params.looked)
    likely, words = _next(found, seen.output[-1])
    side = len(read) if len(read) <= WHOLE else SMALL
    return Result(
        params=params,
        pieces=read.pieces,
        tokens=len(text),
        window=(first, first + len(read.own) - 1, len(text.own)),
        opened=(layer + 1, head + 1),
        causal=found.network.causal,
        maps=(255 * pooled(seen.attention, side)).round().to(torch.uint8).numpy(),
        scores=torch.stack(list(scores(seen.attention, read.ids).values())).numpy(),
        attention=seen.attention[layer, head].double().numpy(),
        before=_of_head(seen, "scores", layer, head),
        queries=_of_head(seen, "queries", layer, head),
        keys=_of_head(seen, "keys", layer, head),
        to=seen.attention[:, :, at[0], at[1]].sum(-1).double().numpy() if at else np.zeros((0, 0)),
        cosines=cosines(found, params),
        next=words,
        probabilities=likely.numpy(),
    )


def _of_head(seen: Trace, part: str, layer: int, head: int) -> np.ndarray:
    """What a trace has of one head, which may share its keys with others; empty if the network does not tell."""
    if part not in seen.parts:
        return np.zeros((0, 0))
    of_layer = seen.parts[part][layer]
    shared = seen.attention.shape[1] // len(of_layer)  # heads of queries to one of keys
    return np.asarray(of_layer[head // shared].double().numpy())


def _next(found: language.LanguageModel, logits: torch.Tensor) -> tuple[torch.Tensor, tuple[str, ...]]:
    """The likeliest next tokens of a decoder, and their probabilities."""
    if not found.network.causal:
        return torch.zeros(0), ()
    likely, numbers = logits.double().softmax(-1).topk(5)
    return likely, tuple(found.text([number]) for number in numbers.tolist())


def cosines(found: language.LanguageModel, params: Params) -> np.ndarray:
    """The cosine of the word's vector in both texts before the first layer and after each, (L + 1,); empty without word or second text.

    Of a word that is several tokens, the last counts: in a decoder it alone has seen the whole word. The second text's window is its first.
    """
    if not (params.word and params.other):
        return np.zeros(0)
    vectors = []
    for text, start in ((params.text, int(params.start)), (params.other, 1)):
        _, read = found.read(text).window(start, most_tokens(found.network))
        stream = trace(found.network, language.tensor(read), ["stream"]).parts["stream"]
        vectors.append(stream[:, tokens_of(read, params.word, "word")[-1]].double())
    return np.asarray(torch.cosine_similarity(*vectors, dim=-1).numpy())
