"""A network of another library as a `Transformer`: it says its attention and its stream, and nothing between them.

Queries, keys and scores have no common name among the networks of transformers, and some turn or scale them on the way; so what
this network keeps are weights and streams alone.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dlviz.nets.transformer.base import NOTHING, Transformer
from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.layer import Kept, Memory

PROBE = 4  # tokens that a new network is tried on


class NoMaps(ValueError):
    """Why a network's attention cannot be shown, as the end of a sentence."""


class Foreign(Transformer):
    """Tokens (B, T) to logits (B, T, vocabulary) if it is `causal`, a decoder, else to contextual vectors (B, T, width).

    NoMaps unless it gives a weight for every pair of tokens, in rows that sum to 1, and none to later tokens if it is a decoder. The
    stream after the last block is given as the library has it: most networks normalise it first.
    """

    def __init__(self, network: nn.Module, layers: int, heads: int, context: int, causal: bool) -> None:
        super().__init__()
        self.network, self.layers, self.heads, self.context, self.causal = network, layers, heads, context, causal
        with torch.no_grad():
            patterns = self._asked(torch.arange(1, min(PROBE, context) + 1)[None]).attentions
        tokens = min(PROBE, context)
        if [getattr(pattern, "shape", None) for pattern in patterns or ()] != [(1, heads, tokens, tokens)] * layers:
            raise NoMaps("it does not give a weight for every pair of tokens in every layer")
        if any(bool((pattern.sum(-1) - 1).abs().max() > 1e-3) for pattern in patterns):
            raise NoMaps("the weights that a token gives do not sum to 1")
        if causal == any(bool(pattern.triu(1).any()) for pattern in patterns):
            raise NoMaps("its mask is not that of a decoder" if causal else "its mask is not that of an encoder")

    def forward(self, tokens: Tensor, kept: Kept | None = None, changes: Sequence[Changes] = (), memory: Memory | None = None) -> Tensor:
        """The output; "attention" and "stream" are kept if they are wanted. ValueError for too many tokens, and for changes and memory."""
        if changes or memory is not None:
            raise ValueError("Nothing can be changed or remembered in a network of another library.")
        if not 0 < tokens.shape[1] <= self.context:
            raise ValueError(f"{tokens.shape[1]} tokens: expected 1 to {self.context}.")
        given, kept = self._asked(tokens), kept or Kept(NOTHING)
        for name, tensors in (("attention", given.attentions), ("stream", given.hidden_states)):
            for tensor in tensors:
                kept.add(name, tensor)
        output: Tensor = given.logits if self.causal else given.last_hidden_state
        return output

    def _asked(self, tokens: Tensor) -> Any:
        """What the network says of tokens, none of which is padding."""
        return self.network(
            input_ids=tokens, attention_mask=torch.ones_like(tokens), output_attentions=True, output_hidden_states=True, use_cache=False
        )
