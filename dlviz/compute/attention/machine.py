"""View The whole machine: one text on its way through a decoder, from tokens to the next one, with what stands at every station."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute import language
from dlviz.compute.attention.lens import Lens, lens
from dlviz.compute.attention.writing import by_heads, said, strongest, weights, written
from dlviz.compute.shelf import Shelf
from dlviz.data.tokens import Tokens
from dlviz.nets.transformer.decoder import Decoder
from dlviz.nets.transformer.trace import Trace, trace
from dlviz.results import Fact
from dlviz.results import Result as Base
from dlviz.zoo import recorded

VIEW = "attention.machine"
MODELS = {name: language.TITLES[name] for name in ("smollm2", "austen")}
STATIONS = {
    "tokens": "tokens", "embedding": "embedding", "attention": "attention", "feed_forward": "feed-forward",
    "unembedding": "unembedding", "next": "next token",
}  # fmt: skip
MOST_TOKENS = 32  # columns: the first of a longer text
UNITS, WRITES, SCORED = 8, 4, 10  # hidden units that are shown, tokens that each writes, tokens whose scores are shown
PARTS = ("stream", "attention_adds", "feed_forward_adds", "hidden", "values")


@dataclass(frozen=True)
class Params(p.Params):
    """The text, the model, and which station is open."""

    text: str = language.text_field(2000)
    model: str = p.choice("smollm2", MODELS, label="Model", help="Decoders, which write text. Encoders have no next token.")
    station: str = p.choice("attention", STATIONS, label="Station", stage=True)
    layer: float = p.number(24, 1, 30, 1, label="Layer", stage=True)
    token: float = p.number(0, 0, MOST_TOKENS, 1, label="Token followed (0: the last)", stage=True)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """T: tokens, MOST_TOKENS at most of the text's `tokens`. `layer`, `token`: the opened ones, from 0; where Params name more than there
    are, the last. `words`: what the numbers in `lens`, `final`, `scored` and `writes` stand for.

    Of every layer and token: `lens`, `lens_chances` (L + 1, T, 5), the likeliest next tokens where the stream is read early; `final` (T,)
    the likeliest at the end, with `chance` and `rank` (L + 1, T) of it; `maps` (L, H, T, T) uint8, 255 for 1; `lengths` (L + 1, T) of the
    stream and `added` (2, L, T) of what attention and feed-forward add; `adds` (2, L, T), what these add to the score of the final token,
    `starts` (T,), what the embedding does, and `score` (T,) itself. `embedded` (T, width).
    Of the opened layer and token: `stream` (4, width): before, plus attention, plus feed-forward, after; `head_adds` (H,) to the score;
    `units` (8,), the hidden units that write most, `values` of these and `unit_adds` to the score, `writes` and `write_scores` (8, 4),
    the tokens each raises most. Of the opened token: `scored`, `scores`, `chances` (10,) of the likeliest, and `total`, the logarithm of
    the sum of all e^score. `sizes`: width, hidden units, numbers a head, heads of keys, known tokens; `weights`: numbers in the embedding,
    in all attention, all feed-forward, and the rest.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    tokens: int
    layer: int
    token: int
    words: tuple[str, ...]
    lens: np.ndarray
    lens_chances: np.ndarray
    final: np.ndarray
    chance: np.ndarray
    rank: np.ndarray
    maps: np.ndarray
    lengths: np.ndarray
    added: np.ndarray
    adds: np.ndarray
    starts: np.ndarray
    score: np.ndarray
    embedded: np.ndarray
    stream: np.ndarray
    head_adds: np.ndarray
    units: np.ndarray
    values: np.ndarray
    unit_adds: np.ndarray
    writes: np.ndarray
    write_scores: np.ndarray
    scored: np.ndarray
    scores: np.ndarray
    chances: np.ndarray
    total: float
    sizes: tuple[int, ...]
    weights: tuple[int, ...]
    recorded: bool = False

    def provenance(self) -> str:
        return f"{MODELS[self.params.model]} · {self.tokens} tokens"

    def decided(self) -> int:
        """The layer after which the followed token's answer is the likeliest for good; 0: before the first."""
        first = np.flatnonzero(self.rank[:, self.token] != 1)
        return int(first[-1]) + 1 if len(first) else 0

    def facts(self) -> dict[str, Fact]:
        """Of the followed token: when its answer stands fast and who wrote it; how long vectors become; where the weights are."""
        attention, feed_forward = self.adds[:, :, self.token]
        lengths, weights = self.lengths, np.array(self.weights) / sum(self.weights)
        rest = np.delete(lengths, 0, axis=1)
        late = max(1, len(feed_forward) // 10)
        late_label = f"what the last {late} feed-forward layers add" if late > 1 else "what the last feed-forward layer adds"
        longer = lengths[:, 0].max() / np.median(rest) if rest.size else np.nan
        return {
            "tokens": Fact(self.tokens, "tokens"),
            "layers": Fact(len(attention), "layers"),
            "next": _fact(self.chances[0], "probability of the likeliest next token", "%"),
            "score": _fact(self.score[self.token], "its score"),
            "decided": Fact(self.decided(), "likeliest from this layer on"),
            "rank_before": Fact(int(self.rank[-2, self.token]), "its place in the order before the last layer"),
            "attention_most": _fact(attention.max(), "most that one attention layer adds to its score"),
            "attention_layer": Fact(int(attention.argmax()) + 1, "attention that adds most: layer"),
            "feed_forward_most": _fact(feed_forward.max(), "most that one feed-forward layer adds"),
            "feed_forward_layer": Fact(int(feed_forward.argmax()) + 1, "feed-forward that adds most: layer"),
            "feed_forward_late": _fact(feed_forward[-late:].sum(), late_label),
            "opened_attention": _fact(attention[self.layer], "what the opened attention adds"),
            "opened_feed_forward": _fact(feed_forward[self.layer], "what the opened feed-forward adds"),
            "head_most": _fact(self.head_adds.max(), "most that one head of the opened layer adds"),
            "unit_most": _fact(abs(self.values[0]), "the unit of the opened layer that writes most: its value"),
            "grows": _fact(lengths[-1, self.token] / lengths[0, self.token], "times longer at the end than at the start"),
            "first_longer": _fact(longer, "longest vector of token 1 against the median of the others"),
            "embedding_weights": _fact(weights[0], "of all weights: embedding", "%"),
            "attention_weights": _fact(weights[1], "of all weights: attention", "%"),
            "feed_forward_weights": _fact(weights[2], "of all weights: feed-forward", "%"),
        }  # fmt: skip


def _fact(value: float, label: str, unit: str = "") -> Fact:
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=1e-2)


@dataclass(frozen=True, eq=False)
class Reading:
    """A text read by a network, whichever station is open."""

    text: Tokens
    seen: Trace
    lens: Lens


_readings: Shelf[Reading] = Shelf(8)


def missing(params: Params) -> str | None:
    """The model that has to be fetched before these settings can be computed; None if it is here, or the result was recorded."""
    return None if made_before(params) else recorded.missing(VIEW, params, Result, params.model)


def made_before(params: Params) -> Result | None:
    """What was recorded for these settings, or for another station, where the same stands. None if the model is here."""
    found = (recorded.instead(VIEW, replace(params, station=station), Result, params.model) for station in STATIONS)
    return next((replace(made, params=params, recorded=True) for made in found if made), None)


def read(params: Params) -> tuple[language.LanguageModel, Reading]:
    """The model and what it does with the text. ParameterError if nothing in it can be read; MissingWeights if the model is not here."""
    found = language.model(params.model)
    if (known := _readings.take((params.model, params.text))) is None:
        text = found.read(params.text)
        seen = trace(found.network, torch.tensor(text.ids[:MOST_TOKENS]), PARTS)
        known = Reading(text, seen, lens(decoder(found), seen.parts["stream"]))
        _readings.put((params.model, params.text), known)
    return found, known


def decoder(found: language.LanguageModel) -> Decoder:
    """The model's network, which must be one that writes."""
    assert isinstance(found.network, Decoder)
    return found.network


def compute(params: Params) -> Result:
    """One text through the machine, and what stands at the opened station. ParameterError and MissingWeights as `read` has them.

    A result that was recorded is given where the model is not here, and says so.
    """
    if made := made_before(params):
        return made
    found, known = read(params)
    network, parts, early = decoder(found), known.seen.parts, known.lens
    length = parts["stream"].shape[1]
    layer = min(int(params.layer), network.layers) - 1
    token = (int(params.token) or length) - 1 if params.token <= length else length - 1
    units = strongest(network, parts["hidden"][layer, token], layer, UNITS)
    last, answer = parts["stream"][-1, token], early.final[token]
    writes, write_scores = written(network, units.adds, last, WRITES)
    scores = known.seen.output[token].double()
    likely = scores.topk(SCORED)
    numbers, (shown, finals, scored, raised) = _words(early.tokens, early.final, likely.indices, writes)
    adds = torch.stack([parts["attention_adds"], parts["feed_forward_adds"]])
    stream, first = parts["stream"], parts["stream"][0]
    return Result(
        params=params,
        pieces=known.text.pieces[:length],
        ids=known.text.ids[:length],
        tokens=len(known.text),
        layer=layer,
        token=token,
        words=tuple(found.text([number]) for number in numbers),
        lens=shown,
        lens_chances=early.probabilities.numpy(),
        final=finals,
        chance=early.of_final.numpy(),
        rank=early.rank.numpy(),
        maps=(255 * known.seen.attention).round().to(torch.uint8).numpy(),
        lengths=stream.norm(dim=-1).numpy(),
        added=adds.norm(dim=-1).numpy(),
        adds=said(network, adds, stream[-1], early.final).numpy(),
        starts=said(network, first, stream[-1], early.final).numpy(),
        score=known.seen.output.gather(1, early.final[:, None])[:, 0].numpy(),
        embedded=first.numpy(),
        stream=torch.stack([stream[layer, token], adds[0, layer, token], adds[1, layer, token], stream[layer + 1, token]]).numpy(),
        head_adds=said(network, by_heads(network, parts, layer, token), last, answer).numpy(),
        units=units.numbers.numpy(),
        values=units.values.numpy(),
        unit_adds=said(network, units.adds, last, answer).numpy(),
        writes=raised,
        write_scores=write_scores.numpy(),
        scored=scored,
        scores=likely.values.numpy(),
        chances=scores.softmax(-1)[likely.indices].numpy(),
        total=scores.logsumexp(-1).item(),
        sizes=(stream.shape[2], parts["hidden"].shape[2], parts["values"].shape[3], parts["values"].shape[1], scores.shape[0]),
        weights=weights(network),
    )


def _words(*numbers: Tensor) -> tuple[list[int], list[np.ndarray]]:
    """All tokens that occur, each once, and for each of the arrays the places of its tokens in that list."""
    known, places = torch.cat([each.flatten() for each in numbers]).unique(return_inverse=True)
    parts = places.split([each.numel() for each in numbers])
    return known.tolist(), [part.view(each.shape).numpy() for part, each in zip(parts, numbers, strict=True)]
