"""A decoder of the Llama family (Touvron et al. 2023), as it stands: SmolLM2-135M (Allal et al. 2025), 134,515,008 parameters.

    x += W_O [heads](rms(x));  x += W_down (silu(W_gate rms(x)) ⊙ W_up rms(x))
Positions turn queries and keys (RoPE, Su et al. 2021); several heads share keys and values; tokens are read out by their embeddings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from dlviz.nets.transformer.decoder import Decoder
from dlviz.nets.transformer.layer import Layer, at_least_float32, join_heads, split_heads
from dlviz.nets.transformer.maps import Embedding, Linear


@dataclass(frozen=True)
class Config:
    """The sizes of a Llama. As they stand: SmolLM2-135M's."""

    vocabulary: int = 49152
    width: int = 576
    inner: int = 1536  # hidden units of a feed-forward layer
    layers: int = 30
    heads: int = 9
    key_heads: int = 3  # heads of keys and values
    context: int = 8192
    theta: float = 100_000.0  # the slowest pair of a head turns once in about 2π·theta tokens
    epsilon: float = 1e-5


class RMSNorm(nn.Module):
    """x / √(mean(x²) + ε) ⊙ weight (Zhang & Sennrich 2019)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same shape."""
        return x * self.divisor(x) * self.weight

    def divisor(self, x: Tensor) -> Tensor:
        """What x is multiplied by, 1 / √(mean(x²) + ε), (..., 1)."""
        return torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon)


class Block(nn.Module):
    """Attention, then the gated feed-forward layer (SwiGLU, Shazeer 2020)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads, self.key_heads = config.heads, config.key_heads
        width, shared = config.width, config.width // config.heads * config.key_heads
        self.norm_attention = RMSNorm(width, config.epsilon)
        self.query, self.output = (Linear(width, width, bias=False) for _ in range(2))
        self.key, self.value = (Linear(width, shared, bias=False) for _ in range(2))
        self.norm_feed_forward = RMSNorm(width, config.epsilon)
        self.gate, self.up = (Linear(width, config.inner, bias=False) for _ in range(2))
        self.down = Linear(config.inner, width, bias=False)

    def forward(self, stream: Tensor, layer: Layer) -> Tensor:
        """The stream (B, T, width) with what both sublayers add."""
        assert layer.turns is not None
        x = self.norm_attention(stream)
        queries = turned(split_heads(self.query(x), self.heads), *layer.turns)
        keys = turned(split_heads(self.key(x), self.key_heads), *layer.turns)
        values = split_heads(self.value(x), self.key_heads)
        stream = stream + layer.adds("attention", self.output(join_heads(layer.attend(queries, keys, values))))
        x = self.norm_feed_forward(stream)
        hidden = functional.silu(self.gate(x)) * self.up(x)
        layer.kept.add("hidden", hidden)
        return stream + layer.adds("feed_forward", self.down(hidden))


class Llama(Decoder):
    """A Llama. The stream is float32 at least, whatever the weights are."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config, self.layers, self.heads, self.context = config, config.layers, config.heads, config.context
        self.embedding = Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width, config.epsilon)

    def embed(self, tokens: Tensor, start: int) -> Tensor:
        """Each token's vector; where it stands comes in by `turns`."""
        return at_least_float32(self.embedding(tokens))

    def turns(self, start: int, tokens: int) -> tuple[Tensor, Tensor]:
        """cos and sin of m·theta^(−2i/d) (T, d/2), for position m and pair i of a head's d numbers."""
        half = self.config.width // self.config.heads // 2
        speeds = self.config.theta ** -(torch.arange(half, dtype=torch.float64) / half)
        angles = torch.outer(torch.arange(start, start + tokens, dtype=torch.float64), speeds)
        dtype = torch.promote_types(self.embedding.weight.dtype, torch.float32)
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def norm_of(self, stream: Tensor) -> Tensor:
        normed: Tensor = self.norm(stream)
        return normed

    def share(self, parts: Tensor, stream: Tensor) -> Tensor:
        return parts * self.norm.divisor(stream) * self.norm.weight


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x (B, H, T, d), every pair (x_i, x_{i+d/2}) turned by its angle: q·k then depends on how far apart they stand, not on where."""
    first, second = at_least_float32(x).chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


THEIRS = {
    "embedding.": "token_embd.", "norm.": "output_norm.", "norm_attention": "attn_norm", "query": "attn_q", "key": "attn_k",
    "value": "attn_v", "output": "attn_output", "norm_feed_forward": "ffn_norm", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
}  # fmt: skip


def theirs(name: str) -> str:
    """What a parameter of ours is called in a GGUF file.

    >>> theirs("embedding.weight"), theirs("blocks.3.norm_attention.weight"), theirs("norm.weight")
    ('token_embd.weight', 'blk.3.attn_norm.weight', 'output_norm.weight')
    """
    if name.startswith("blocks."):
        _, number, part, rest = name.split(".")
        return f"blk.{number}.{THEIRS[part]}.{rest}"
    part, rest = name.split(".")
    return f"{THEIRS[part + '.']}{rest}"


def ours(weights: Mapping[str, Tensor], config: Config) -> dict[str, Tensor]:
    """The weights of a GGUF file by our names. KeyError if one is missing."""
    with torch.device("meta"):
        return {name: weights[theirs(name)] for name in Llama(config).state_dict()}
