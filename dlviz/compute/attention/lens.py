"""What a decoder's stream would say if it were read out early. L: layers, T: tokens."""

from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.nets.transformer.decoder import Decoder

LIKELIEST = 5  # tokens that are named where the stream is read
ROWS = 256  # streams that are read at once: 50 MB of logits


@dataclass(frozen=True, eq=False)
class Lens:
    """The stream (L + 1, T) read out before the first block and after each (logit lens, nostalgebraist 2020).

    `tokens` and `probabilities` (L + 1, T, LIKELIEST): the likeliest next tokens there. `final` (T,): the likeliest at the end; its
    probability `of_final` and its place in the order, `rank`, from 1, are (L + 1, T).
    """

    tokens: Tensor
    probabilities: Tensor
    final: Tensor
    of_final: Tensor
    rank: Tensor


def lens(network: Decoder, stream: Tensor) -> Lens:
    """The stream (L + 1, T, width) read out everywhere, by the final norm and the unembedding."""
    layers, length, _ = stream.shape
    with torch.no_grad():
        final = network.finish(stream[-1:])[0].argmax(-1)
        wanted = final.repeat(layers)  # rows go layer by layer
        found: list[tuple[Tensor, ...]] = []
        for rows, of in zip(stream.flatten(0, 1).split(ROWS), wanted.split(ROWS), strict=True):
            logits = network.finish(rows[None])[0]
            chances = logits.softmax(-1)
            score = logits.gather(1, of[:, None])
            likeliest = chances.topk(LIKELIEST)
            found.append((likeliest.indices, likeliest.values, chances.gather(1, of[:, None])[:, 0], (logits > score).sum(1) + 1))
    tokens, probabilities, of_final, rank = (torch.cat(part).unflatten(0, (layers, length)) for part in zip(*found, strict=True))
    return Lens(tokens, probabilities, final, of_final, rank)
