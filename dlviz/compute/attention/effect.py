"""View What it does: switch heads and sublayers off, set a weight by hand, and see what the model then says, beside where heads look."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute import language
from dlviz.compute.attention.doing import rank_correlation, ranks, rollout, value_weighted
from dlviz.compute.attention.parts import changes, read_weights
from dlviz.compute.attention.passes import asked, looks_of, next_tokens, places, similarities
from dlviz.compute.attention.sweep import SUBLAYERS, Sweep
from dlviz.compute.attention.switching import MEASURES, MOST_TOKENS, Params
from dlviz.compute.shelf import Shelf
from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.trace import Trace, trace
from dlviz.results import Fact, Snapshot
from dlviz.results import Result as Base
from dlviz.zoo import recorded

VIEW = "attention.effect"

LOOKERS = 10  # heads that look most
IDLE = {True: 0.1, False: 0.01}  # effects below which a head counts as idle: of a logit, of a similarity


@dataclass(frozen=True, eq=False)
class Result(Base):
    """Two passes over a text, everything on and with what is off or set by hand; index 0 and 1 of a first axis 2 is the one and the other.

    `pieces` (T,): the tokens, T at most MOST_TOKENS of the text's `tokens`; `real` (T,) those that stand for something in it. `maps`
    (L, H, T, T) uint8, 255 for `top`, everything on: weights or weights times values; of a rollout (L, 1, T, T). `opened`: layer and
    head from 0; `pair` (2, T, T) its map in both passes; `looker`, `looked`: tokens from 0. `looks` (L, H): how each head looks, with
    everything on; `carries` (L, H): the same weight times values; `rolled`: rollout between the two tokens up to the last layer.
    `effects` (2, L, H + 2): what switching off each head, each attention, each feed-forward layer alone adds to the logit of the token
    that is asked for, and to the logarithm of its probability; of an encoder to the similarity, and nan. nan: not known yet.
    `listed` (n,) next tokens with `logits` and `chances` (2, n), `chosen` the one asked for; `surprises` (2, T − 1) nats of every token
    after the first; empty for an encoder. `alike` (2,): similarity; nan for a decoder. `left_out`: what is off in no part of this model.
    `recorded`, `effects_recorded`: computed before, all of it because the model is not here, or the effects of single parts.
    """

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    pieces: tuple[str, ...]
    real: np.ndarray
    tokens: int
    causal: bool
    maps: np.ndarray
    top: float
    opened: tuple[int, int]
    pair: np.ndarray
    looker: int
    looked: int
    looks: np.ndarray
    carries: np.ndarray
    rolled: float
    effects: np.ndarray
    listed: tuple[str, ...]
    chosen: int
    logits: np.ndarray
    chances: np.ndarray
    surprises: np.ndarray
    alike: np.ndarray
    left_out: tuple[str, ...] = ()
    recorded: bool = False
    effects_recorded: bool = False

    @property
    def measured(self) -> np.ndarray:
        """(L, H + 2): the effects that are shown."""
        return np.asarray(self.effects[int(self.causal and self.params.measure == "probability")])

    @property
    def score(self) -> np.ndarray:
        """(2,) What the effects are changes of: logit or log probability of the token asked for, or the similarity."""
        if not self.causal:
            return self.alike
        return np.log(self.chances[:, self.chosen]) if self.params.measure == "probability" else self.logits[:, self.chosen]

    def provenance(self) -> str:
        cut = f", the first {len(self.pieces)} read" if self.tokens > len(self.pieces) else ""
        kept = " · effects of single parts: recorded" if self.effects_recorded and not self.recorded else ""
        return f"{language.TITLES[self.params.model]} · {self.tokens} tokens{cut}{kept}"

    def facts(self) -> dict[str, Fact]:
        """What the model says with and without, and how looking and doing agree over all heads."""
        before, after = self.score
        what = "similarity" if not self.causal else f"{MEASURES[self.params.measure]} of the token"
        off, length = self.params.parts(), len(self.pieces)
        alone = float(sum(self.measured[part.layer, part.column] for part in off))
        facts = {
            "tokens": Fact(self.tokens, "tokens"),
            "heads": Fact(self.looks.size, "heads"),
            "weights": Fact(self.looks.size * (length * (length + 1) // 2 if self.causal else length**2), "attention weights"),
            "parts_off": Fact(len(off), "parts off"),
            "before": _fact(before, f"{what}, everything on"),
            "after": _fact(after, f"{what}, as set"),
            "change": _fact(after - before, f"change of the {what.split(' of')[0]}"),
            "alone": _fact(alone, "each part alone, added up"),
            "apart": _fact(abs(after - before - alone), "how far that is from what they do together"),
            "opened_before": _fact(self.pair[0, self.looker, self.looked], "opened head: to the token looked at"),
            "opened_after": _fact(self.pair[1, self.looker, self.looked], "opened head: the same, as set"),
            "opened_looks": _fact(self.looks[self.opened], "opened head: looks"),
            "opened_effect": _fact(self.measured[self.opened], "opened head: effect when off"),
            "rolled": _fact(self.rolled, "rollout to the token looked at, all layers"),
        }  # fmt: skip
        none = np.full(2, np.nan)
        chance = self.chances[:, self.chosen] if self.causal else none
        loss = self.surprises.mean(1) if self.surprises.size else none
        facts |= {
            "p_before": _fact(chance[0], "probability, everything on", "%"),
            "p_after": _fact(chance[1], "probability, as set", "%"),
            "p_change": _fact(chance[1] - chance[0], "change of the probability", "%"),
            "loss_before": _fact(loss[0], "loss of the text, everything on", "nats"),
            "loss_after": _fact(loss[1], "loss of the text, as set", "nats"),
            "loss_change": _fact(loss[1] - loss[0], "change of the loss of the text", "nats"),
        }
        return facts | self._compared()

    def _compared(self) -> dict[str, Fact]:
        """How heads ranked by how they look compare with heads ranked by what they do; all undefined while effects are missing."""
        looks, effects = np.nan_to_num(self.looks).ravel(), abs(self.measured[:, : self.looks.shape[1]]).ravel()
        sublayers = abs(self.measured[:, self.looks.shape[1] :])
        known = bool(np.isfinite(effects).all()) and effects.size > 0
        order = np.argsort(-looks, kind="stable")
        strongest = int(effects.argmax()) if known else 0
        rank = len(looks) + 1 - ranks(looks)[strongest]
        numbers = {
            "rank_correlation": (rank_correlation(looks, effects), "rank correlation, looking and doing", ""),
            "rank_correlation_value": (rank_correlation(self.carries.ravel(), effects), "the same, weights times values", ""),
            "idle_below": (IDLE[self.causal], "idle: an effect below", ""),
            "idle": (float((effects[order[:LOOKERS]] < IDLE[self.causal]).sum()), f"idle of the {LOOKERS} that look most", "heads"),
            "most_looks": (looks[order[0]], "looks most: how much", ""),
            "most_looks_effect": (effects[order[0]], "looks most: its effect", ""),
            "strongest": (effects[strongest], "largest effect of a head", ""),
            "strongest_looks": (looks[strongest], "the head that does most: looks", ""),
            "strongest_rank": (rank, "the head that does most: its rank in looking", ""),
            "strongest_sublayer": (sublayers.max(), "largest effect of a sublayer", ""),
        }
        return {name: _fact(value if known else np.nan, label, unit) for name, (value, label, unit) in numbers.items()}


def _fact(value: float, label: str, unit: str = "") -> Fact:
    return Fact(float(value) if np.isfinite(value) else None, label, unit, rtol=1e-2)


SWEEPS: Shelf[Sweep] = Shelf(12)
PLAIN: Shelf[Trace] = Shelf(4)  # passes in which everything is on, at most 8 MB each
LOOKED: Shelf[Result] = Shelf(12)  # what a run has besides effects, for the pictures on its way


def missing(params: Params) -> str | None:
    """The model that has to be fetched before these settings can be computed; None if it is here, or the result was recorded."""
    return recorded.missing(VIEW, params, Result, params.model)


def built_on(params: Params) -> list[Params]:
    """What has to be recorded as well, so that another part can be switched off without a sweep."""
    return [params.of_sweep()]


def kept(params: Params) -> bool:
    """Whether the effects of single parts are there already."""
    found = SWEEPS.take(_sweep_key(params))
    return bool(found and found.finished) or recorded.find(VIEW, params.of_sweep(), Result) is not None


def compute(params: Params) -> Generator[Snapshot, None, Result]:
    """Both passes at once, then the effect of each part by itself, yielding what is known; the Result.

    ParameterError if nothing in the text can be read; MissingWeights if the model is not here. A result that was recorded is given where
    the model is not here, and says so; so are the effects of single parts, which take seconds, wherever they were recorded.
    """
    if made := recorded.instead(VIEW, params, Result, params.model):
        return replace(made, recorded=True)
    seen = look(params)
    if made := recorded.find(VIEW, params.of_sweep(), Result):
        return replace(seen, effects=made.effects, effects_recorded=True)
    sweep = sweep_of(params)
    while not sweep.finished:
        yield Snapshot(sweep.worked, sweep.work, {"effects": effects_of(sweep, params)})
        sweep.go_on()
    return replace(seen, effects=effects_of(sweep, params))


def gather(params: Params, snapshots: Sequence[Snapshot]) -> Result:
    """The latest of the snapshots as a Result."""
    return replace(look(params), effects=snapshots[-1].arrays["effects"])


def _sweep_key(params: Params) -> Params:
    return replace(params.of_sweep(), token="")


def sweep_of(params: Params) -> Sweep:
    """The sweep of this text, as far as it has come."""
    if (sweep := SWEEPS.take(_sweep_key(params))) is None:
        found = language.model(params.model)
        texts = [torch.tensor(found.read(text).ids[:MOST_TOKENS]) for text in texts_of(params)]
        SWEEPS.put(_sweep_key(params), sweep := Sweep(found.network, texts, params.mean))
    return sweep


def texts_of(params: Params) -> list[str]:
    """The text, and the second sentence where there is one."""
    return [params.text, params.other] if params.model == "minilm" else [params.text]


def effects_of(sweep: Sweep, params: Params) -> np.ndarray:
    """(2, L, H + 2), as the Result has them, of what the sweep knows by now."""
    if not sweep.network.causal:
        return sweep.similarities()
    return sweep.logits(asked(language.model(params.model), sweep.said, params.token))


def look(params: Params) -> Result:
    """Everything but the effects of single parts, which are nan."""
    if (made := LOOKED.take(params.canonical())) is None:
        LOOKED.put(params.canonical(), made := _look(params.canonical()))
    return made


def _look(params: Params) -> Result:
    found, shape = language.model(params.model), params.shape
    text = found.read(params.text)
    ids, causal = torch.tensor(text.ids[:MOST_TOKENS]), found.network.causal
    wanted = changes(params.parts(), shape[1], params.mean, read_weights(params.weights, shape, len(ids), causal))
    on, off = plain_pass(params, ids), trace(found.network, ids, ["values"], wanted)
    real = np.array([start < end for start, end in text.spans[:MOST_TOKENS]])
    pair = places(on.attention, real, int(params.looker), int(params.looked), causal)
    carried, rolled = value_weighted(found.network, on), rollout(on.attention)
    looks = looks_of(params.looks, on.attention, carried, ids.tolist(), pair)
    opened = params.head_opened() or (int(place) for place in np.unravel_index(np.nan_to_num(looks).argmax(), shape))
    layer, head = opened
    maps, *both = maps_of(found.network, params.shown, (on, off))
    top = float(maps.max()) if params.shown == "value" else 1.0
    at = (layer, 0 if params.shown == "rollout" else head)
    return Result(
        params=params,
        pieces=text.pieces[:MOST_TOKENS],
        real=real,
        tokens=len(text),
        causal=causal,
        maps=(255 * maps / top).round().to(torch.uint8).numpy(),
        top=top,
        opened=(layer, head),
        pair=torch.stack([each[at] for each in (maps, *both)]).numpy(),
        looker=pair[0],
        looked=pair[1],
        looks=looks,
        carries=carried[:, :, pair[0], pair[1]].numpy(),
        rolled=float(rolled[-1, pair[0], pair[1]]),
        effects=np.full((2, shape[0], shape[1] + SUBLAYERS), np.nan),
        left_out=params.left_out(),
        **(next_tokens(found, ids, (on.output, off.output), params.token) if causal else _similarities(params, found, (on, off))),
    )


def plain_pass(params: Params, ids: Tensor) -> Trace:
    """The pass in which everything is on."""
    name = (params.model, params.text)
    if (made := PLAIN.take(name)) is None:
        PLAIN.put(name, made := trace(language.model(params.model).network, ids, ["values"]))
    return made


def maps_of(network: Transformer, shown: str, passes: tuple[Trace, Trace]) -> list[Tensor]:
    """The maps (L, H, T, T) of MAPS in both passes; of a rollout (L, 1, T, T), after each layer."""
    if shown == "value":
        return [value_weighted(network, each) for each in passes]
    return [rollout(each.attention)[:, None] if shown == "rollout" else each.attention.double() for each in passes]


def _similarities(params: Params, found: language.LanguageModel, passes: tuple[Trace, Trace]) -> dict[str, Any]:
    """Those of both sentences; what is off is off in both, weights are set in the first."""
    ids = torch.tensor(found.read(params.other).ids[:MOST_TOKENS])
    wanted = changes(params.parts(), params.shape[1], params.mean)
    others = [trace(found.network, ids, (), each).output for each in (None, wanted)]
    return similarities((passes[0].output, passes[1].output), (others[0], others[1]))
