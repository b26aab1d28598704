"""Scaled dot-product attention with every step kept, its masks, positions and heads.

Notation: n queries, m keys and values, d numbers a token, h heads, each with d/h numbers. Rows are tokens: q = x W.
Vaswani et al. 2017, Attention Is All You Need, equation 1; positions after section 3.5 there, and Su et al. 2021, RoFormer.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Attention:
    """What attention goes through, each (..., n, m) but `output` (..., n, width of the values)."""

    scores: Tensor  # q·k
    scaled: Tensor  # q·k / √d
    masked: Tensor  # -inf where a query must not look
    weights: Tensor  # softmax of each row
    output: Tensor  # the values, averaged with the weights


def attend(query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None = None, scale: float | None = None) -> Attention:
    """softmax(q kᵀ · scale) v, with every step. `scale` is 1/√(width of q) if None; `allowed` (n, m) is False where not to look.

    A row that may look nowhere gives nan, as softmax over nothing does.

    >>> one = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> attend(one, one, one, torch.ones(2, 2).tril().bool()).weights[0].tolist()
    [1.0, 0.0]
    """
    scores = query @ key.transpose(-1, -2)  # (..., n, m)
    scaled = scores * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    masked = scaled if allowed is None else scaled.masked_fill(~allowed, -math.inf)
    weights = torch.softmax(masked, dim=-1)  # every row sums to 1
    return Attention(scores, scaled, masked, weights, weights @ value)


def allowed_pairs(queries: int, keys: int, mask: str = "none", window: int = 1, padding: int = 0) -> Tensor:
    """Which key each query may look at, bool (queries, keys).

    "causal": none that comes later. "window": of those only the last `window`, itself included. `padding`: never the last so many keys.

    >>> allowed_pairs(3, 3, "window", window=2).int().tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    """
    back = torch.arange(queries)[:, None] - torch.arange(keys)  # how far before the query a key stands
    allowed = back >= 0 if mask in ("causal", "window") else torch.ones_like(back, dtype=torch.bool)
    if mask == "window":
        allowed = allowed & (back < window)
    return allowed & (torch.arange(keys) < keys - padding)


def split_heads(rows: Tensor, heads: int) -> Tensor:
    """(n, d) as (heads, n, d/heads): every head has its own columns."""
    return rows.unflatten(-1, (heads, -1)).transpose(-2, -3)


def join_heads(rows: Tensor) -> Tensor:
    """(heads, n, d/heads) as (n, d): what the heads found, side by side."""
    return rows.transpose(-2, -3).flatten(-2)


def frequencies(width: int, base: float) -> Tensor:
    """base^(-2i/width) for i = 0, 1, ..., one for each pair of numbers, in radians a position. (ceil(width/2),) float64."""
    return base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)


def sinusoids(places: Tensor, width: int, base: float = 10_000.0) -> Tensor:
    """sin(ω_i p), cos(ω_i p) for each place p, pair by pair. (n,) → (n, width) float64.

    >>> sinusoids(torch.tensor([0, 1]), 2).round(decimals=3).tolist()
    [[0.0, 1.0], [0.841, 0.54]]
    """
    angles = places[:, None].double() * frequencies(width, base)  # (n, pairs)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(-2)[:, :width]


def rotate(rows: Tensor, places: Tensor, base: float = 10_000.0) -> Tensor:
    """RoPE: pair i of the row at place p turned by the angle ω_i p. rows (..., n, width), width even.

    Turning both q and k leaves in q·k only the difference of their places.
    """
    angles = places[:, None].double() * frequencies(rows.shape[-1], base)  # (n, pairs)
    sine, cosine = angles.sin().to(rows), angles.cos().to(rows)
    even, odd = rows[..., 0::2], rows[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)
