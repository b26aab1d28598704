"""Linear maps and embeddings without a first draw of their weights: these are read from a file, or drawn by `gpt.new`.

torch.nn's draw theirs from the generator of the whole process, which other viewers share, and take seconds over it.
"""

import torch
import torch.nn.functional as functional
from torch import Tensor, nn


class Linear(nn.Module):
    """x Wᵀ + b, in the weights' own number format, which may be a shorter one than that of x."""

    def __init__(self, inside: int, out: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, inside))
        self.bias = nn.Parameter(torch.empty(out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(..., inside) to (..., out)."""
        return functional.linear(x.to(self.weight.dtype), self.weight, self.bias)


class Embedding(nn.Module):
    """A vector for each number."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, width))

    def forward(self, numbers: Tensor) -> Tensor:
        """(...) to (..., width)."""
        return functional.embedding(numbers, self.weight)


def unembed(stream: Tensor, embedding: Tensor, rows: int = 1024) -> Tensor:
    """Logits: the stream times every token's embedding, in the stream's number format.

    A few rows at a time, so that widening short weights costs no memory and logits are not rounded to the few digits of bfloat16.
    """
    if embedding.dtype == stream.dtype:
        return functional.linear(stream, embedding)
    return torch.cat([functional.linear(stream, part.to(stream.dtype)) for part in embedding.split(rows)], -1)
