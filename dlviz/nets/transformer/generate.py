"""Text that a decoder goes on with, token by token, with what it has read remembered."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.layer import Memory

Choice = Callable[[Tensor], int]  # logits (vocabulary,) to a token


def greedy(logits: Tensor) -> int:
    """The most probable token; of several the first."""
    return int(logits.argmax())


def generate(network: Transformer, tokens: Tensor, choose: Choice = greedy, remember: bool = True) -> Iterator[tuple[int, Tensor]]:
    """One token after another with the logits (vocabulary,) it was chosen from, until the context is full. tokens (T,).

    Without `remember` every step reads the whole text again: the same tokens, and T times the work.
    """
    memory = Memory() if remember else None
    unread = text = tokens
    while len(text) <= network.context:
        with torch.no_grad():  # never around the yield: it would stay on in the caller
            start = memory.length if memory else 0
            stream = network.run(network.embed(unread[None], start), memory=memory)
            logits = network.finish(stream[:, -1:])[0, 0]
        chosen = choose(logits)
        yield chosen, logits
        text = torch.cat([text, torch.tensor([chosen])])
        unread = text[-1:] if remember else text
