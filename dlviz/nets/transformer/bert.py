"""An encoder like BERT (Devlin et al. 2019), as it stands: MiniLM-L6 (Wang et al. 2020; trained for sentences by Reimers & Gurevych).

    x = norm(x + W_O [heads](x));  x = norm(x + W_down gelu(W_up x))
Every token sees every other; positions are learned vectors; the output is a vector a token, their mean stands for the sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from dlviz.nets.transformer.base import Transformer
from dlviz.nets.transformer.layer import Layer, join_heads, split_heads
from dlviz.nets.transformer.maps import Embedding, Linear


@dataclass(frozen=True)
class Config:
    """The sizes of a BERT. As they stand: MiniLM-L6's, 22.6 million parameters without BERT's pooler, which has no use here."""

    vocabulary: int = 30522
    width: int = 384
    inner: int = 1536  # hidden units of a feed-forward layer
    layers: int = 6
    heads: int = 12
    context: int = 512
    epsilon: float = 1e-12


class Block(nn.Module):
    """Attention, then the feed-forward layer; each is added and the sum is normalised."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.query, self.key, self.value, self.output = (Linear(width, width) for _ in range(4))
        self.norm_attention = nn.LayerNorm(width, config.epsilon)
        self.up, self.down = Linear(width, config.inner), Linear(config.inner, width)
        self.norm_feed_forward = nn.LayerNorm(width, config.epsilon)

    def forward(self, stream: Tensor, layer: Layer) -> Tensor:
        """The stream (B, T, width) after both sublayers."""
        queries, keys, values = (split_heads(linear(stream), self.heads) for linear in (self.query, self.key, self.value))
        given = self.output(join_heads(layer.attend(queries, keys, values)))
        stream = self.norm_attention(stream + layer.adds("attention", given))
        hidden = functional.gelu(self.up(stream))
        layer.kept.add("hidden", hidden)
        return self.norm_feed_forward(stream + layer.adds("feed_forward", self.down(hidden)))


class Bert(Transformer):
    """Tokens (B, T) to contextual vectors (B, T, width)."""

    causal = False

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers, self.heads, self.context = config.layers, config.heads, config.context
        self.embedding = Embedding(config.vocabulary, config.width)
        self.positions = Embedding(config.context, config.width)
        self.sentence = Embedding(2, config.width)  # of the first sentence, and of a second one, which is never given here
        self.norm = nn.LayerNorm(config.width, config.epsilon)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))

    def embed(self, tokens: Tensor, start: int) -> Tensor:
        """Each token's vector plus its position's plus the first sentence's, normalised."""
        where = torch.arange(start, start + tokens.shape[1])
        return self.norm(self.embedding(tokens) + self.positions(where) + self.sentence.weight[0])

    def finish(self, stream: Tensor) -> Tensor:
        """The stream itself."""
        return stream


def sentence_vector(vectors: Tensor) -> Tensor:
    """The mean of the tokens' vectors (T, width), scaled to length 1: two sentences are as alike as their product says."""
    return functional.normalize(vectors.mean(0), dim=-1)


THEIRS = {
    "embedding": "embeddings.word_embeddings", "positions": "embeddings.position_embeddings",
    "sentence": "embeddings.token_type_embeddings", "norm": "embeddings.LayerNorm", "query": "attention.self.query",
    "key": "attention.self.key", "value": "attention.self.value", "output": "attention.output.dense",
    "norm_attention": "attention.output.LayerNorm", "up": "intermediate.dense", "down": "output.dense",
    "norm_feed_forward": "output.LayerNorm",
}  # fmt: skip


def theirs(name: str) -> str:
    """What a parameter of ours is called in a checkpoint of the package transformers.

    >>> theirs("blocks.2.key.bias"), theirs("norm.weight")
    ('encoder.layer.2.attention.self.key.bias', 'embeddings.LayerNorm.weight')
    """
    *place, part, rest = name.split(".")
    return f"encoder.layer.{place[1]}.{THEIRS[part]}.{rest}" if place else f"{THEIRS[part]}.{rest}"


def ours(weights: Mapping[str, Tensor], config: Config) -> dict[str, Tensor]:
    """The weights of such a checkpoint by our names. KeyError if one is missing."""
    with torch.device("meta"):
        return {name: weights[theirs(name)] for name in Bert(config).state_dict()}
