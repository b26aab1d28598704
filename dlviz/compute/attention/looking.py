"""What heads look at: scores of attention maps, each a mean over a text's tokens, and maps made small."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as functional
from torch import Tensor

from dlviz.data.tokens import Tokens
from dlviz.fields import ParameterError
from dlviz.nets.transformer.base import Transformer

MOST_TOKENS = 256  # of which maps are made at once
MOST_WEIGHTS = 400 * MOST_TOKENS**2  # of all heads together: 210 MB in float64
SCORES = {
    "previous": "previous token",
    "first": "first token",
    "induction": "induction",
    "duplicate": "same token before",
    "entropy": "entropy",
    "distance": "distance",
}


def most_tokens(network: Transformer) -> int:
    """How many tokens a network reads at once: MOST_TOKENS; fewer if its context is shorter, or it has so many heads that their maps
    would not fit into a small host's memory."""
    return min(MOST_TOKENS, network.context, math.isqrt(MOST_WEIGHTS // (network.layers * network.heads)))


def scores(attention: Tensor, ids: Sequence[int]) -> dict[str, Tensor]:
    """Of every head (L, H), for attention (L, H, T, T) over tokens `ids` (T,): the means over all tokens but the first of

    previous: the weight on the token before; first: on the first token; induction: on what followed the same token wherever it
    stood before, over the tokens that did (Olsson et al. 2022, prefix matching); duplicate: on the same token where it stood
    before, likewise; entropy: of the row, in bits; distance: how many tokens away the weight lies. nan where there is no such token.
    """
    attention, tokens = attention.double(), torch.tensor(ids)
    length = len(tokens)
    same = (tokens[:, None] == tokens[None]).tril(-1)  # (t, j): token t stood at j before
    after = functional.pad(same, (1, 0))[:, :length]  # (t, j): what stands at j followed it
    apart = (torch.arange(length)[:, None] - torch.arange(length)).abs()
    rows, nowhere = attention[..., 1:, :], torch.full(attention.shape[:2], math.nan, dtype=torch.float64)
    if length < 2:
        return dict.fromkeys(SCORES, nowhere)
    return {
        "previous": attention.diagonal(-1, -2, -1).mean(-1),
        "first": rows[..., 0].mean(-1),
        "induction": _share(attention, after, nowhere),
        "duplicate": _share(attention, same, nowhere),
        "entropy": torch.special.entr(rows).sum(-1).mean(-1) / math.log(2),
        "distance": (rows * apart[1:]).sum(-1).mean(-1),
    }


def _share(attention: Tensor, wanted: Tensor, nowhere: Tensor) -> Tensor:
    """The mean weight on the wanted places (T, T), over the tokens that have some."""
    some = wanted.any(-1)
    return (attention * wanted).sum(-1)[..., some].mean(-1) if some.any() else nowhere


def pooled(attention: Tensor, size: int) -> Tensor:
    """Maps (L, H, T, T) as (L, H, size, size): the largest weight of each part, or the maps themselves where they are no larger."""
    if attention.shape[-1] <= size:
        return attention
    return functional.adaptive_max_pool2d(attention, size)


def places(text: Tokens, word: str, looked: str) -> tuple[int, list[int]] | None:
    """The last token of the word that looks, and those of the word looked at; None without both. ParameterError as `tokens_of`."""
    return (tokens_of(text, word, "word")[-1], tokens_of(text, looked, "looked")) if word and looked else None


def tokens_of(text: Tokens, word: str, field: str) -> list[int]:
    """The tokens of a word. ParameterError, naming the field, if it is not among these tokens, those that are read."""
    try:
        return list(text.tokens_of(word))
    except ValueError:
        raise ParameterError(field, word, f"a word among the {len(text)} tokens that are read") from None
