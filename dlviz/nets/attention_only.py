"""A transformer of attention alone: no feed-forward layers, no norms, so that all a layer can do is move what stands elsewhere.

x_t: residual stream (n, T, d), W_Q, W_K, W_V, W_O (d, d) of a layer, cut into H heads of d/H columns (rows of W_O).
Elhage et al. 2021, A mathematical framework for transformer circuits.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

POSITIONS = {"learned": "learned", "rotary": "RoPE", "none": "none"}
BASE = 100.0  # of RoPE's wavelengths: the rows are short


@dataclass(frozen=True, eq=False)
class AttentionOnly:
    """`embed` (symbols, d), `place` (most, d) or None, `layers` of (W_Q, W_K, W_V, W_O), `unembed` (d, symbols)."""

    embed: Tensor
    place: Tensor | None
    layers: tuple[tuple[Tensor, Tensor, Tensor, Tensor], ...]
    unembed: Tensor
    heads: int
    rotary: bool

    @property
    def parameters(self) -> list[Tensor]:
        """All tensors that are trained."""
        return [
            self.embed,
            *([] if self.place is None else [self.place]),
            *(weight for layer in self.layers for weight in layer),
            self.unembed,
        ]


def new_attention_only(
    symbols: int, most: int, width: int, heads: int, layers: int, positions: str, generator: torch.Generator
) -> AttentionOnly:
    """A fresh one for rows of at most `most` symbols; every weight is normal with variance 1/d. `heads` divides `width`."""

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).div_(math.sqrt(width)).requires_grad_()

    embed, place = drawn(symbols, width), drawn(most, width) if positions == "learned" else None
    blocks = tuple((drawn(width, width), drawn(width, width), drawn(width, width), drawn(width, width)) for _ in range(layers))
    return AttentionOnly(embed, place, blocks, drawn(width, symbols), heads, positions == "rotary")


def read_row(net: AttentionOnly, codes: Tensor, off: Collection[tuple[int, int]] = ()) -> tuple[Tensor, list[Tensor]]:
    """Logits (n, T, symbols) of every next symbol, and each layer's attention (n, H, T, T), for codes (n, T).

    Row t of an attention says how much position t takes from each position up to t. What the heads in `off` (layer, head, from
    0) would write is left out. softmax(QKᵀ/√(d/H) + mask)V W_O is added to the stream, layer by layer.
    """
    n, length = codes.shape
    x = net.embed[codes] if net.place is None else net.embed[codes] + net.place[:length]
    size = x.shape[-1] // net.heads
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    turn = turns(length, size, x.dtype) if net.rotary else None
    seen = []
    for number, (query, key, value, output) in enumerate(net.layers):
        q, k, v = ((x @ weight).view(n, length, net.heads, size).transpose(1, 2) for weight in (query, key, value))  # (n, H, T, d/H)
        if turn is not None:
            q, k = turned(q, turn), turned(k, turn)
        scores = (q @ k.transpose(-1, -2) / math.sqrt(size)).masked_fill(later, -math.inf)
        seen.append(scores.softmax(-1))
        heads = seen[-1] @ v  # (n, H, T, d/H)
        if gone := [head for layer, head in off if layer == number]:
            heads = heads.index_fill(1, torch.tensor(gone), 0.0)
        x = x + heads.transpose(1, 2).reshape(n, length, -1) @ output
    return x @ net.unembed, seen


def turns(length: int, size: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and sines (length, size/2) of the angles t · BASE^(−2i/size) of rotary positions t = 0, 1, …"""
    angle = torch.arange(length, dtype=dtype)[:, None] * BASE ** (-torch.arange(0, size, 2, dtype=dtype) / size)
    return angle.cos(), angle.sin()


def turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Each vector (…, T, size) with its pairs (i, i + size/2) turned by the angles of its place.

    A product of two turned vectors depends on how far apart they stand, not on where (Su et al. 2021, equation 34).
    """
    (cos, sin), (one, other) = turn, x.chunk(2, -1)
    return torch.cat([one * cos - other * sin, one * sin + other * cos], -1)
