"""Who writes what into a decoder's stream: attention heads and hidden units, and what that says about the next token.

H: heads, T: tokens, d: numbers a head.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.nets.transformer.decoder import Decoder
from dlviz.nets.transformer.layer import grouped


def said(network: Decoder, parts: Tensor, stream: Tensor, token: Tensor) -> Tensor:
    """What parts (..., width) of the final stream (..., width) add to the score of `token` (...): a number each (direct logit attribution).

    The last norm divides by one number, that of the whole stream; with it held, scores are linear, so those of all parts that the
    stream is the sum of, and what the norm's bias says, add up to the token's score.
    """
    with torch.no_grad():
        return (network.share(parts, stream) * network.embedding(token).to(stream.dtype)).sum(-1)


def written(network: Decoder, directions: Tensor, stream: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` tokens whose scores directions (n, width), parts of the final stream (width,), raise most, and by how much (n, count)."""
    with torch.no_grad():
        scores, tokens = network.unembed(network.share(directions, stream)).topk(count)
        return tokens, scores


def by_heads(network: Decoder, parts: Mapping[str, Tensor], layer: int, token: int) -> Tensor:
    """What each head of a layer adds to a token's stream, (H, width): its values, averaged by its weights, through its part of W_O.

    `parts` of a trace: attention and values. What all heads add, and W_O's bias if it has one, is what attention adds.
    """
    pattern, values = parts["attention"][layer, None, :, token, None], parts["values"][layer, None]  # (1, H, 1, T), (1, K, T, d)
    given = grouped(pattern, values)[0, :, 0]  # (H, d)
    out = network.blocks[layer].output.weight.to(given.dtype)
    return torch.einsum("whd,hd->hw", out.unflatten(1, given.shape), given)


@dataclass(frozen=True, eq=False)
class Units:
    """Hidden units by `numbers` (n,), from 0, with their `values` (n,) and what each `adds` (n, width) to the stream."""

    numbers: Tensor
    values: Tensor
    adds: Tensor


def strongest(network: Decoder, hidden: Tensor, layer: int, count: int) -> Units:
    """Those of a layer's hidden units `hidden` (inner,) that write the longest vectors, longest first."""
    down = network.blocks[layer].down.weight.to(hidden.dtype)  # (width, inner)
    numbers = (hidden.abs() * down.norm(dim=0)).topk(count).indices
    return Units(numbers, hidden[numbers], (down[:, numbers] * hidden[numbers]).T)


def weights(network: Decoder) -> tuple[int, int, int, int]:
    """How many numbers stand in the embedding, in all attention, in all feed-forward layers, and in the rest: norms and positions."""
    counts = {name: parameter.numel() for name, parameter in network.named_parameters()}

    def of(*parts: str) -> int:
        return sum(count for name, count in counts.items() if name.startswith("blocks.") and name.split(".")[2] in parts)

    found = counts["embedding.weight"], of("query", "key", "value", "output"), of("gate", "up", "down")
    return *found, sum(counts.values()) - sum(found)
