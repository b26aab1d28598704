"""What every part of a model does for one text: each head and each sublayer switched off by itself, a layer at a time."""

import threading
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dlviz.compute.attention.parts import Part
from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.bert import sentence_vector
from dlviz.nets.transformer.maps import unembed
from dlviz.nets.transformer.trace import ends, trace

SUBLAYERS = 2  # of a layer: attention, feed-forward


class Sweep:
    """The sweep of one text, or of two sentences whose similarity is asked. Several threads may work at it; what is done is kept.

    What is kept of a decoder is the stream of the last token and the logsumexp of its logits, so that any token can be asked for.
    """

    def __init__(self, network: Transformer, texts: Sequence[Tensor], mean: bool) -> None:
        self.network, self.texts, self.mean = network, texts, mean
        before = [trace(network, ids, ["stream"]) for ids in texts]
        self.said, self.streams = before[0].output[-1], [each.parts["stream"] for each in before]
        columns = network.heads + SUBLAYERS
        self.last = torch.full((network.layers, columns, self.streams[0].shape[-1]), torch.nan, dtype=self.streams[0].dtype)
        self.total = torch.full((network.layers, columns), torch.nan, dtype=torch.float64)
        self.alike = torch.full((network.layers, columns), torch.nan, dtype=torch.float64)
        self.taken: set[int] = set()
        self.done: set[int] = set()
        self._lock = threading.Lock()

    @property
    def work(self) -> int:
        """How much there is to do: layers that a pass goes through, all parts of a layer in one pass."""
        return self.network.layers * (self.network.layers + 1) // 2

    @property
    def worked(self) -> int:
        """How much of it is done."""
        return sum(self.network.layers - layer for layer in self.done)

    @property
    def finished(self) -> bool:
        """Whether every part has been switched off once."""
        return len(self.done) == self.network.layers

    def go_on(self) -> None:
        """Switch off the parts of the next layer: one that nobody works at, or else the next that is not done."""
        with self._lock:
            undone = [layer for layer in range(self.network.layers) if layer not in self.done]
            if not undone:
                return
            layer = next((layer for layer in undone if layer not in self.taken), undone[0])
            self.taken.add(layer)
        self._measure(layer)
        with self._lock:
            self.done.add(layer)

    def _measure(self, layer: int) -> None:
        network, heads = self.network, self.network.heads
        off = [Part(layer, column).off(heads, self.mean) for column in range(heads + SUBLAYERS)]
        with torch.no_grad():
            after = [ends(network, stream, off) for stream in self.streams]  # (parts, T, width) of each text
            if network.causal:
                self.last[layer] = after[0][:, -1]
                self.total[layer] = network.finish(after[0][:, -1:])[:, 0].double().logsumexp(-1)
            else:
                one, other = (torch.stack([sentence_vector(x.double()) for x in network.finish(end)]) for end in after)
                self.alike[layer] = (one * other).sum(-1)

    def logits(self, token: int) -> np.ndarray:
        """(2, L, H + 2): what each part's absence adds to a token's logit, and to the logarithm of its probability; nan: not known yet."""
        before, after = (logit_of(self.network, stream, token) for stream in (self.streams[0][-1, -1], self.last))
        change = after - before
        return np.asarray(torch.stack([change, change - (self.total - self.said.double().logsumexp(-1))]).numpy())

    def similarities(self) -> np.ndarray:
        """(2, L, H + 2): what each part's absence adds to the similarity of the two sentences; nan as above, and for all of the second."""
        one, other = (sentence_vector(stream[-1].double()) for stream in self.streams)
        return np.asarray(torch.stack([self.alike - one @ other, torch.full_like(self.alike, torch.nan)]).numpy())


def logit_of(network: Transformer, stream: Tensor, token: int) -> Tensor:
    """The logit (...,) of one token that is read from streams (..., width) after the last block of a decoder."""
    with torch.no_grad():
        row = network.embedding.weight[token : token + 1]
        return unembed(network.norm(stream), row)[..., 0].double()
