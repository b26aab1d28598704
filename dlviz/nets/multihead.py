"""A whole attention layer: projections to queries, keys and values, RoPE, heads side by side, and the output projection."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dlviz.nets.attending import Attention, attend, join_heads, rotate, split_heads


@dataclass(frozen=True)
class Layer:
    """The layer's weights, each (d, d), for rows: q = x W. Without `output` the heads' outputs stay as they are, side by side."""

    query: Tensor
    key: Tensor
    value: Tensor
    output: Tensor | None = None
    heads: int = 1
    scale: float | None = None  # 1/√(numbers a head has) if None
    rope_base: float | None = None  # None: queries and keys are not turned


@dataclass(frozen=True)
class Passed:
    """What a pass leaves behind: `query` (n, d), `key` and `value` (m, d); `turned_query` and `turned_key` by heads; the heads'
    `attention`; `joined` and `projected` (n, d)."""

    query: Tensor
    key: Tensor
    value: Tensor
    turned_query: Tensor
    turned_key: Tensor
    attention: Attention
    joined: Tensor
    projected: Tensor


def pass_through(layer: Layer, inputs: Tensor, context: Tensor, allowed: Tensor, first_place: int = 0) -> Passed:
    """Attention from `inputs` (n, d) to `context` (m, d); both are the same for self-attention. `allowed` (n, m).

    `first_place` is the position of the first row, which only RoPE asks for.
    """
    query, key, value = inputs @ layer.query, context @ layer.key, context @ layer.value
    queries, keys, values = (split_heads(each, layer.heads) for each in (query, key, value))  # (h, n or m, d/h)
    if layer.rope_base is not None:
        queries = rotate(queries, torch.arange(len(inputs)) + first_place, layer.rope_base)
        keys = rotate(keys, torch.arange(len(context)) + first_place, layer.rope_base)
    attention = attend(queries, keys, values, allowed, layer.scale)
    joined = join_heads(attention.output)
    projected = joined if layer.output is None else joined @ layer.output
    return Passed(query, key, value, queries, keys, attention, joined, projected)


def times(layer: Layer, query: float = 1.0, value: float = 1.0) -> Layer:
    """The same layer with its queries or its values so many times as long."""
    return replace(layer, query=query * layer.query, value=value * layer.value)


def stacked(layer: Layer, inputs: Tensor, allowed: Tensor, depth: int) -> Tensor:
    """x ← x + attention(x), `depth` times with the same weights, each token beside what it was. (n, d)."""
    for _ in range(depth):
        inputs = inputs + pass_through(layer, inputs, inputs, allowed).projected
    return inputs
