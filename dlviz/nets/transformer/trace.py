"""Everything that one text does inside a transformer, and what changes when something in it is switched off.

L: layers, H: heads, K: heads of keys and values, T: tokens, d: numbers a head.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.layer import Kept, at_least_float32

PARTS = {
    "attention": "(L, H, T, T) attention weights: row i says how much token i takes from each token",
    "scores": "(L, H, T, T) QKᵀ/√d before the mask and the softmax",
    "queries": "(L, H, T, d) queries, turned to their positions where these are rotary",
    "keys": "(L, K, T, d) keys, turned likewise",
    "values": "(L, K, T, d) values",
    "stream": "(L + 1, T, width) the stream before the first block and after each",
    "attention_adds": "(L, T, width) what attention adds to the stream",
    "feed_forward_adds": "(L, T, width) what the feed-forward layer adds to the stream",
    "hidden": "(L, T, inner) hidden units of the feed-forward layers",
}
PATTERNS = ("attention",)
MOST_TOKENS = 512  # of a trace: 270 patterns of as many tokens are 280 MB


@dataclass(frozen=True, eq=False)
class Trace:
    """A pass over one text. `output` (T, n): logits of the next token, or contextual vectors; `parts`: what was asked for, by name."""

    output: Tensor
    parts: Mapping[str, Tensor]

    @property
    def attention(self) -> Tensor:
        """Attention weights (L, H, T, T), which are always there."""
        return self.parts["attention"]


def trace(network: Transformer, tokens: Tensor, parts: Collection[str] = PATTERNS, changes: Changes | None = None) -> Trace:
    """What the network does with tokens (T,): its attention, and of PARTS those asked for. The output is that of a plain pass, to the bit.

    KeyError for an unknown part; ValueError for more than MOST_TOKENS, and as `Transformer.forward` has it.
    """
    if len(tokens) > MOST_TOKENS:
        raise ValueError(f"A trace of {len(tokens)} tokens: expected at most {MOST_TOKENS}.")
    kept = Kept({*PATTERNS, *parts})
    if unknown := kept.wanted - PARTS.keys():
        raise KeyError(f"There is no {sorted(unknown)} in a trace: there are {list(PARTS)}.")
    with torch.no_grad():
        output = network(tokens[None], kept, [changes] if changes else ())[0]
        return Trace(output, {name: at_least_float32(torch.cat(found)) for name, found in kept.tensors.items()})


def outputs(network: Transformer, tokens: Tensor, changes: Sequence[Changes], at_once: int = 16) -> Iterator[Tensor]:
    """The last token's output (n,) for every change by itself, in order. For what each head of a network does for a text.

    Passes start at the first layer that is changed, from a stream that is computed once, and take `at_once` changes together.
    """
    stream = trace(network, tokens, ["stream"]).parts["stream"]
    order = sorted(range(len(changes)), key=lambda i: first_layer(changes[i], network.layers))
    found: dict[int, Tensor] = {}
    given = 0
    for start in range(0, len(order), at_once):
        numbers = order[start : start + at_once]
        last = ends(network, stream, [changes[i] for i in numbers])[:, -1:]
        with torch.no_grad():
            found.update(zip(numbers, network.finish(last)[:, 0], strict=True))
        while given in found:
            yield found.pop(given)
            given += 1


def ends(network: Transformer, stream: Tensor, changes: Sequence[Changes]) -> Tensor:
    """The stream after the last block (n, T, width) for each of n changes by itself, in one pass for all of them.

    `stream` (L + 1, T, width), as a trace keeps it: the pass starts at the first layer in which anything is changed.
    """
    first = min(first_layer(change, network.layers) for change in changes)
    with torch.no_grad():
        return network.run(stream[first].expand(len(changes), -1, -1), first, changes=changes)


def first_layer(changes: Changes, layers: int) -> int:
    """The first layer in which something is changed; `layers` if there is none."""
    return min(changes.layers, default=layers)
