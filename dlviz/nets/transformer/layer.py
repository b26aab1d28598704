"""What every block asks of the pass it is part of: attention itself, what is kept of it, what is changed in it, what is remembered.

B: texts, H: heads, K: heads of keys and values, T: tokens, S: tokens that can be looked at, d: numbers a head.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from dlviz.nets.transformer.changes import SUBLAYERS, Changes


@dataclass
class Kept:
    """What a pass is asked to keep, by name, and what it has kept, one tensor a layer."""

    wanted: Collection[str]
    tensors: dict[str, list[Tensor]] = field(default_factory=dict)

    def add(self, name: str, tensor: Tensor) -> None:
        """Keep the tensor if it is wanted."""
        if name in self.wanted:
            self.tensors.setdefault(name, []).append(tensor)


@dataclass
class Memory:
    """The keys and values (B, K, S, d) of all tokens so far, by layer, so that a next token need not compute them again (KV cache)."""

    keys: dict[int, Tensor] = field(default_factory=dict)
    values: dict[int, Tensor] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """How many tokens are remembered."""
        return self.keys[0].shape[2] if self.keys else 0

    def extended(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Remember the new ones; all keys and values of the layer."""
        if layer in self.keys:
            keys, values = torch.cat([self.keys[layer], keys], 2), torch.cat([self.values[layer], values], 2)
        self.keys[layer], self.values[layer] = keys, values
        return keys, values


@dataclass
class Layer:
    """One layer of one pass. `changes`: none, or one for every text; `turns`: cosines and sines (T, d/2) of rotary positions."""

    number: int
    causal: bool
    kept: Kept
    changes: Sequence[Changes] = ()
    memory: Memory | None = None
    turns: tuple[Tensor, Tensor] | None = None

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """What each head gives (B, H, T, d): softmax(QKᵀ/√d, masked) V, at least in float32 (Vaswani et al. 2017, equation 1).

        queries (B, H, T, d); keys and values (B, K, T, d), each shared by H/K heads (grouped-query attention, Ainslie et al. 2023).
        """
        given = values.dtype
        queries, keys, values = (at_least_float32(x) for x in (queries, keys, values))
        for name, x in (("queries", queries), ("keys", keys), ("values", values)):
            self.kept.add(name, x)
        if self.memory is not None:
            keys, values = self.memory.extended(self.number, keys, values)
        scores = grouped(queries, keys.transpose(2, 3)) / math.sqrt(queries.shape[-1])  # (B, H, T, S)
        self.kept.add("scores", scores)
        if self.causal:
            scores = scores.masked_fill(later(*scores.shape[2:]), -math.inf)
        pattern = torch.softmax(scores, -1)
        if self.changes:
            pattern = torch.stack([change.edited(rows, self.number) for change, rows in zip(self.changes, pattern, strict=True)])
        self.kept.add("attention", pattern)
        return self._without_heads(grouped(pattern, values)).to(given)

    def adds(self, sublayer: str, y: Tensor) -> Tensor:
        """What "attention" or "feed_forward" adds to the stream (B, T, width), or what replaces it."""
        assert sublayer in SUBLAYERS
        off = [change if self.number in getattr(change, sublayer) else None for change in self.changes]
        if any(off):
            y = torch.stack([change.replaced(rows) if change else rows for change, rows in zip(off, y, strict=True)])
        self.kept.add(f"{sublayer}_adds", y)
        return y

    def _without_heads(self, given: Tensor) -> Tensor:
        """The heads' outputs with those replaced that are switched off."""
        off = [(text, head) for text, change in enumerate(self.changes) for layer, head in change.heads if layer == self.number]
        if off:
            given = given.clone()
        for text, head in off:
            given[text, head] = self.changes[text].replaced(given[text, head])
        return given


def at_least_float32(x: Tensor) -> Tensor:
    """The tensor in float32, or in float64 if it is in that."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def grouped(left: Tensor, right: Tensor) -> Tensor:
    """left (B, H, T, a) @ right (B, K, a, c), each of the K used by H/K heads in a row: (B, H, T, c)."""
    texts, heads, tokens, _ = left.shape
    groups = right.shape[1]
    product = left.reshape(texts, groups, heads // groups * tokens, -1) @ right
    return product.view(texts, heads, tokens, -1)


def later(tokens: int, seen: int) -> Tensor:
    """True where a key comes after the query (tokens, seen); the queries are the last of the tokens seen."""
    return torch.ones(tokens, seen, dtype=torch.bool).triu(seen - tokens + 1)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, T, heads·d) to (B, heads, T, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """(B, heads, T, d) to (B, T, heads·d)."""
    return x.transpose(1, 2).flatten(2)
