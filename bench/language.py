"""What it costs to look inside SmolLM2-135M, which is fetched if it is not here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

import torch
import torch.nn.functional as functional
from torch import Tensor

from bench.ratios import Row, alternate, clocked
from dlviz.compute import language
from dlviz.compute.language import LanguageModel
from dlviz.nets.transformer.layer import Layer
from dlviz.nets.transformer.trace import trace
from dlviz.zoo.language import fetch

WORDS = (
    "The red car that John bought yesterday broke down on the highway, so he called his sister, who came with a rope "
    "and pulled him home before it was dark."
)
TOKENS = 32
ALLOWED = 600.0  # milliseconds


@cache
def smollm2() -> LanguageModel:
    """The model."""
    fetch("smollm2").wait(600)
    return language.model("smollm2")


def text() -> str:
    """The beginning of WORDS that has TOKENS tokens."""
    tokens = smollm2().read(WORDS)
    found = WORDS[: tokens.spans[TOKENS - 1][1]]
    assert len(smollm2().read(found)) == TOKENS
    return found


def fused(layer: Layer, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attention by torch's own kernel, which shows no patterns."""
    return functional.scaled_dot_product_attention(queries.to(values.dtype), keys.to(values.dtype), values, is_causal=True, enable_gqa=True)


@contextmanager
def without_patterns() -> Iterator[None]:
    """Inside, networks attend by torch's own kernel."""
    with patch.object(Layer, "attend", fused):
        yield


def compare_patterns(times: int) -> Row:
    """The pass that hands out the patterns of all 270 heads, against one in which attention is torch's fused kernel."""
    network, tokens = smollm2().network, language.tensor(smollm2().read(text()))

    def plain() -> None:
        with torch.no_grad(), without_patterns():
            network(tokens[None])

    found = alternate(2 * times, lambda: clocked(lambda: trace(network, tokens)), lambda: clocked(plain), warm=3)
    return Row("patterns", f"SmolLM2, {TOKENS} tokens, patterns of all heads: plain forward, fused attention", *found, bound=1.25)


def compare_text(times: int) -> Row:
    """From the text to the patterns of all heads, against 0.6 seconds."""
    words = text()

    def ours() -> None:
        trace(smollm2().network, language.tensor(smollm2().read(words)))

    found = alternate(2 * times, lambda: clocked(ours), lambda: ALLOWED, warm=3)
    return Row("text-to-patterns", f"SmolLM2, text of {TOKENS} tokens to patterns of all heads: 0.6 s", *found, bound=1)


ROWS: dict[str, Callable[[int], Row]] = {"patterns": compare_patterns, "text-to-patterns": compare_text}
