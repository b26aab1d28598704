"""What attention does beside what it looks at: weights times what they carry, rollout, the loss of a text, and how two orders agree."""

import numpy as np
import torch
from torch import Tensor

from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.trace import Trace


def value_weighted(network: Transformer, seen: Trace) -> Tensor:
    """‖α_ij v_j W_O^h‖ (L, H, T, T): how long the vector is that token i takes from token j (Kobayashi et al. 2020).

    Of a trace that has kept "values"; W_O^h are the columns of the output projection that belong to head h.
    """
    attention, heads = seen.attention.double(), seen.attention.shape[1]
    lengths = []
    for block, values in zip(network.blocks, seen.parts["values"], strict=True):
        out = block.output.weight.to(values.dtype).unflatten(1, (heads, -1))
        carried = values.repeat_interleave(heads // len(values), 0)  # (H, T, d): heads in a row share keys and values
        lengths.append(torch.einsum("whd,htd->htw", out, carried).double().norm(dim=-1))
    return attention * torch.stack(lengths)[:, :, None]


def rollout(attention: Tensor) -> Tensor:
    """Rollout (L, T, T) up to each layer: how much of token j is mixed into token i by then, if a block kept half of itself.

    A'_l = ½ mean over heads of A_l + ½ I, rows divided by their sums; R_l = A'_l R_{l−1} (Abnar & Zuidema 2020).
    """
    mixed = 0.5 * attention.double().mean(1) + 0.5 * torch.eye(attention.shape[-1], dtype=torch.float64)
    mixed = mixed / mixed.sum(-1, keepdim=True)
    rolled = [mixed[0]]
    for layer in mixed[1:]:
        rolled.append(layer @ rolled[-1])
    return torch.stack(rolled)


def surprise(logits: Tensor, ids: Tensor) -> Tensor:
    """−log p of each token after the first, given those before it (T − 1,), in nats: their mean is the loss of the text."""
    chances = logits[:-1].double().log_softmax(-1)
    return -chances.gather(-1, ids[1:, None])[:, 0]


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's: Pearson's correlation of the ranks, equal values sharing theirs. nan where all values of one are equal.

    >>> rank_correlation(np.array([1, 2, 3]), np.array([10, 100, 1000]))
    1.0
    """
    left, right = (ranks(values) - (len(values) + 1) / 2 for values in (one, other))
    size = np.sqrt((left**2).sum() * (right**2).sum())
    return float((left * right).sum() / size) if size > 0 else float("nan")


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value, the smallest 1; equal ones share the mean of theirs.

    >>> ranks(np.array([3.0, 1.0, 3.0]))
    array([2.5, 1. , 2.5])
    """
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[where])
