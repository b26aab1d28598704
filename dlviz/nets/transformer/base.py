"""What all transformers here have in common: tokens are embedded, blocks write into the stream one after another, and it is read out."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.layer import Kept, Layer, Memory

NOTHING: Collection[str] = ()


class Transformer(nn.Module):
    """Tokens (B, T) to the output (B, T, n): logits of the next token for a decoder, contextual vectors for an encoder.

    `layers` of `heads` each; `context`: the most tokens it can read; `causal`: whether a token sees only those before it.
    """

    causal: bool
    layers: int
    heads: int
    context: int
    blocks: nn.ModuleList

    def embed(self, tokens: Tensor, start: int) -> Tensor:
        """The stream (B, T, width) in which the first block finds the tokens, the first of which is at position `start`."""
        raise NotImplementedError

    def turns(self, start: int, tokens: int) -> tuple[Tensor, Tensor] | None:
        """Cosines and sines of the rotary positions, if this network has them."""
        return None

    def finish(self, stream: Tensor) -> Tensor:
        """The output (B, T, n) that is read from the stream."""
        raise NotImplementedError

    def forward(self, tokens: Tensor, kept: Kept | None = None, changes: Sequence[Changes] = (), memory: Memory | None = None) -> Tensor:
        """The output. What `kept` asks for is kept; `changes`: none, or one for every text; `memory`: tokens go on from there.

        ValueError if there is no token, more than `context`, or a change of what is not there.
        """
        start = memory.length if memory else 0
        if not 0 < tokens.shape[1] <= self.context - start:
            raise ValueError(f"{start + tokens.shape[1]} tokens: expected 1 to {self.context}.")
        return self.finish(self.run(self.embed(tokens, start), 0, kept, changes, memory))

    def run(
        self, stream: Tensor, first: int = 0, kept: Kept | None = None, changes: Sequence[Changes] = (), memory: Memory | None = None
    ) -> Tensor:
        """The stream after the last block, from the stream before block `first`."""
        kept = kept or Kept(NOTHING)
        start, tokens = memory.length if memory else 0, stream.shape[1]
        for change in changes:
            change.check(self.layers, self.heads, tokens if memory is None else self.context, self.causal)
            if change.mean and start:
                raise ValueError("A mean over all tokens needs all of them in one pass.")
        turns = self.turns(start, tokens)
        kept.add("stream", stream)
        for number in range(first, self.layers):
            stream = self.blocks[number](stream, Layer(number, self.causal, kept, changes, memory, turns))
            kept.add("stream", stream)
        return stream


def ready(network: Transformer, weights: dict[str, Tensor]) -> Transformer:
    """The network with these weights, which it shares, ready to be asked, not to be trained. RuntimeError if some are missing or wrong."""
    network.load_state_dict(weights, assign=True)
    return network.requires_grad_(False).eval()


def empty(network: type[Transformer], *arguments: object) -> Transformer:
    """The network without memory for its weights, for `ready` to fill."""
    with torch.device("meta"):
        return network(*arguments)
