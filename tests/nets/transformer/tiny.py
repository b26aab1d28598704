"""Small random networks in float64, and what transformers makes of the same weights."""

import torch
from torch import Tensor, nn

from dlviz.nets.transformer import bert, gpt, llama
from dlviz.nets.transformer.base import Transformer, ready

LLAMA = llama.Config(vocabulary=50, width=24, inner=40, layers=2, heads=6, key_heads=2, context=64, theta=1000.0)
BERT = bert.Config(vocabulary=50, width=24, inner=40, layers=2, heads=3, context=64)
GPT = gpt.Config(vocabulary=50, width=24, layers=2, heads=3, context=64)


def drawn(network: Transformer, seed: int = 1) -> Transformer:
    """The network in float64 with weights drawn so large that attention is far from even."""
    generator = torch.Generator().manual_seed(seed)
    weights = {name: 0.5 * torch.randn(p.shape, generator=generator, dtype=torch.float64) for name, p in network.named_parameters()}
    weights |= {name: 1 + value for name, value in weights.items() if "norm" in name and name.endswith("weight")}
    return ready(network, weights)


def networks() -> dict[str, Transformer]:
    """One of each kind."""
    return {"llama": drawn(llama.Llama(LLAMA)), "bert": drawn(bert.Bert(BERT)), "gpt": drawn(gpt.GPT(GPT))}


def tokens(count: int = 9, texts: int = 1, seed: int = 2) -> Tensor:
    """Texts of random tokens (texts, count)."""
    return torch.randint(50, (texts, count), generator=torch.Generator().manual_seed(seed))


class ExactTurns(nn.Module):
    """cos and sin as transformers' Llama wants them, twice d/2 numbers, from complex units in float64; its own are float32 in any model."""

    def __init__(self, config: llama.Config) -> None:
        super().__init__()
        self.config = config

    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        d = self.config.width // self.config.heads
        exponents = torch.tensor([-2 * i / d for i in range(d // 2)], dtype=torch.float64)
        units = torch.polar(torch.ones(()).double(), position_ids[..., None] * self.config.theta**exponents)
        return units.real.repeat(1, 1, 2), units.imag.repeat(1, 1, 2)
