"""A small GPT (Radford et al. 2019, GPT-2): learned positions, norms before each sublayer, GELU, tied embeddings.

x += W_O [heads](norm(x));  x += W_down gelu(W_up norm(x))
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from dlviz.nets.transformer.decoder import Decoder
from dlviz.nets.transformer.layer import Layer, at_least_float32, join_heads, split_heads
from dlviz.nets.transformer.maps import Embedding, Linear


@dataclass(frozen=True)
class Config:
    """The sizes of a GPT. As they stand: those of the network trained on Jane Austen's novels."""

    vocabulary: int = 2048
    width: int = 192
    layers: int = 6
    heads: int = 6
    context: int = 256


class Block(nn.Module):
    """Attention, then the feed-forward layer, four times as wide inside."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.output = (Linear(width, width) for _ in range(4))
        self.up, self.down = Linear(width, 4 * width), Linear(4 * width, width)

    def forward(self, stream: Tensor, layer: Layer) -> Tensor:
        """The stream (B, T, width) with what both sublayers add."""
        x = self.norm_attention(stream)
        queries, keys, values = (split_heads(linear(x), self.heads) for linear in (self.query, self.key, self.value))
        stream = stream + layer.adds("attention", self.output(join_heads(layer.attend(queries, keys, values))))
        hidden = functional.gelu(self.up(self.norm_feed_forward(stream)))
        layer.kept.add("hidden", hidden)
        return stream + layer.adds("feed_forward", self.down(hidden))


class GPT(Decoder):
    """A small GPT."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers, self.heads, self.context = config.layers, config.heads, config.context
        self.embedding = Embedding(config.vocabulary, config.width)
        self.positions = Embedding(config.context, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)

    def embed(self, tokens: Tensor, start: int) -> Tensor:
        """Each token's vector plus its position's."""
        return at_least_float32(self.embedding(tokens) + self.positions(torch.arange(start, start + tokens.shape[1])))

    def norm_of(self, stream: Tensor) -> Tensor:
        normed: Tensor = self.norm(stream)
        return normed

    def share(self, parts: Tensor, stream: Tensor) -> Tensor:
        spread = torch.rsqrt(stream.var(-1, unbiased=False, keepdim=True) + self.norm.eps)
        return (parts - parts.mean(-1, keepdim=True)) * spread * self.norm.weight


def new(config: Config, generator: torch.Generator) -> GPT:
    """An untrained GPT: weights normal with 0.02, what writes into the stream divided by √(2·layers), biases 0 (GPT-2's)."""
    network = GPT(config)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 2:
                written = name.endswith(("output.weight", "down.weight"))
                parameter.normal_(0, 0.02 / (math.sqrt(2 * config.layers) if written else 1), generator=generator)
            elif name.endswith("bias"):
                parameter.zero_()
    return network
