"""What can stand beside the layer: how scores grow with the width, how alike places are by offset, and what a KV cache saves."""

from functools import cache

import numpy as np

from dlviz.nets.attention_studies import (
    CACHE_TOKENS,
    CACHE_WIDTH,
    POSITION_KINDS,
    WIDTHS,
    generate,
    multiply_adds,
    scores_by_width,
    similarity_by_offset,
)
from dlviz.results import Fact

BESIDE = {"values": "values", "scaling": "why √d", "offsets": "by offset", "cache": "KV cache"}
NOTHING = np.zeros((0, 0))


@cache
def _scores() -> np.ndarray:
    """Always the same draws, so made once a process."""
    return scores_by_width().numpy()


@cache
def _measured() -> np.ndarray:
    """Seconds a token without and with a cache, and the largest difference of what they wrote; measured once a process. (3, tokens)."""
    without, kept = generate(False), generate(True)
    gap = (without.tokens - kept.tokens).abs().amax(-1)
    return np.stack([each.numpy() for each in (without.seconds, kept.seconds, gap)])


def study(beside: str, base: float) -> np.ndarray:
    """The numbers of a study, float64: `scaling` (3, widths), `offsets` (6, offsets), two starts a kind, `cache` (3, tokens)."""
    if beside == "scaling":
        return _scores()
    if beside == "offsets":
        return similarity_by_offset(base).flatten(0, 1).numpy()
    return _measured() if beside == "cache" else NOTHING


def facts_of(beside: str, numbers: np.ndarray) -> dict[str, Fact]:
    """The named numbers of a study; none beside the values."""
    if beside == "scaling":
        found = {}
        for d, variance, top, divided in zip(WIDTHS, *numbers, strict=True):
            found[f"variance[{d}]"] = Fact(float(variance), f"variance of q·k, d = {d}")
            found[f"top[{d}]"] = Fact(float(top), f"mean largest weight, d = {d}", "%")
            found[f"top_divided[{d}]"] = Fact(float(divided), f"mean largest weight after ÷ √d, d = {d}", "%")
        return found
    if beside == "offsets":
        found = {}
        for kind, (one, other) in zip(POSITION_KINDS, numbers.reshape(len(POSITION_KINDS), 2, -1), strict=True):
            found[f"start_gap[{kind}]"] = Fact(float(np.abs(one - other).max()), f"{kind}: largest difference between the two starts")
            found |= {f"{kind}[{k}]": Fact(float(one[k]), f"{kind}: similarity {k} places apart") for k in (1, 4, 16, 64)}
        return found
    return _cache_facts(numbers) if beside == "cache" else {}


def _cache_facts(numbers: np.ndarray) -> dict[str, Fact]:
    without, kept, gap = numbers
    last = slice(3 * CACHE_TOKENS // 4, None)
    return {
        "cache_tokens": Fact(float(CACHE_TOKENS), "tokens written"),
        "seconds_without": Fact(float(without.sum()), "all tokens without a cache", "s", rtol=9),
        "seconds_with": Fact(float(kept.sum()), "all tokens with a cache", "s", rtol=9),
        "times_faster": Fact(float(without.sum() / kept.sum()), "without : with a cache, time", rtol=9),
        "last_times_faster": Fact(float(np.median(without[last]) / np.median(kept[last])), "the same for the last quarter", rtol=9),
        "cache_gap": Fact(float(gap.max()), "largest difference of what they wrote", rtol=9),
        "times_fewer": Fact(multiply_adds(False) / multiply_adds(True), "without : with a cache, multiply-adds"),
        "cache_bytes": Fact(2.0 * 8 * CACHE_TOKENS * CACHE_WIDTH, "keys and values kept at the end", "bytes"),
    }
