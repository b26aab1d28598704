"""Three small experiments about attention: scores by width, similarity by offset, and generating with a KV cache or without."""

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from dlviz.nets.attending import allowed_pairs, attend, join_heads, rotate, sinusoids, split_heads

WIDTHS = tuple(2**power for power in range(10))  # numbers a head, 1 to 512
ROWS, KEYS = 1024, 8  # queries, and the keys that each chooses from
POSITION_KINDS = ("sinusoidal", "learned", "rope")
OFFSETS, STARTS, POSITION_WIDTH = 64, (0, 40), 64
CACHE_WIDTH, CACHE_HEADS, CACHE_TOKENS, REPEATS = 64, 4, 192, 3


def drawn(seed: int) -> torch.Generator:
    """A generator of its own, so that nobody else's draws matter."""
    return torch.Generator().manual_seed(seed)


def scores_by_width() -> Tensor:
    """Of random q and k with independent numbers of variance 1, for each of WIDTHS: the variance of q·k, and the mean largest weight
    among KEYS of softmax(q·k) and of softmax(q·k/√d). (3, widths) float64.

    Var(q·k) = Σ Var(q_i) Var(k_i) = d (Vaswani et al. 2017, footnote 4).
    """
    generator = drawn(1)
    query = torch.randn(ROWS, 1, WIDTHS[-1], generator=generator, dtype=torch.float64)
    key = torch.randn(ROWS, KEYS, WIDTHS[-1], generator=generator, dtype=torch.float64)
    scores = (query * key).cumsum(-1)[..., torch.tensor(WIDTHS) - 1]  # (rows, keys, widths): q·k of the first d numbers
    divided = scores / torch.tensor(WIDTHS, dtype=torch.float64).sqrt()
    top, top_divided = (torch.softmax(each, dim=1).amax(1).mean(0) for each in (scores, divided))
    return torch.stack((scores.square().mean((0, 1)), top, top_divided))


def similarity_by_offset(base: float) -> Tensor:
    """Cosine of what two places have, by how far they are apart, from each of STARTS: sinusoids, a table of random numbers as
    learned positions begin, and one vector turned by RoPE at both places. (3, starts, OFFSETS + 1) float64."""
    generator, offsets = drawn(2), torch.arange(OFFSETS + 1)
    table = torch.randn(max(STARTS) + OFFSETS + 1, POSITION_WIDTH, generator=generator, dtype=torch.float64)
    one = torch.randn(POSITION_WIDTH, generator=generator, dtype=torch.float64).expand(OFFSETS + 1, -1)

    def cosines(rows: Tensor) -> Tensor:
        return torch.cosine_similarity(rows[:1], rows, dim=-1)

    def of_place(kind: str, places: Tensor) -> Tensor:
        if kind == "learned":
            return table[places]
        return rotate(one, places, base) if kind == "rope" else sinusoids(places, POSITION_WIDTH, base)

    return torch.stack([torch.stack([cosines(of_place(kind, offsets + start)) for start in STARTS]) for kind in POSITION_KINDS])


@dataclass(frozen=True)
class Generated:
    """A sequence that one attention layer wrote, each output being the next input, and the seconds each token took."""

    tokens: Tensor  # (n, d)
    seconds: Tensor  # (n,)


def generate(cached: bool, tokens: int = CACHE_TOKENS) -> Generated:
    """Write `tokens` vectors with a causal layer in float64. Without a cache the whole layer is run anew for every token; with it only
    the newest token is projected, and keys and values of the others are remembered. Of REPEATS runs each token's shortest time."""
    generator = drawn(3)
    query, key, value = torch.randn(3, CACHE_WIDTH, CACHE_WIDTH, generator=generator, dtype=torch.float64) / math.sqrt(CACHE_WIDTH)
    first = torch.randn(1, CACHE_WIDTH, generator=generator, dtype=torch.float64)
    runs = []
    for _ in range(REPEATS):
        inputs, keys, values = first, first[:0], first[:0]
        seconds = []
        for _ in range(tokens):
            started = time.perf_counter()
            new = inputs[-1:] if cached else inputs  # (1 or t, d)
            keys = torch.cat((keys, new @ key)) if cached else new @ key  # (t, d)
            values = torch.cat((values, new @ value)) if cached else new @ value
            allowed = None if cached else allowed_pairs(len(new), len(keys), "causal")
            queries, *others = (split_heads(each, CACHE_HEADS) for each in (new @ query, keys, values))
            written = join_heads(attend(queries, others[0], others[1], allowed).output)[-1:]
            inputs = torch.cat((inputs, written / written.norm() * math.sqrt(CACHE_WIDTH)))
            seconds.append(time.perf_counter() - started)
        runs.append(seconds)
    return Generated(inputs[1:], torch.tensor(runs, dtype=torch.float64).amin(0))


def multiply_adds(cached: bool, tokens: int = CACHE_TOKENS, width: int = CACHE_WIDTH) -> int:
    """Multiply-adds of `generate`: 3 d² a projected token, 2 d for each pair of query and key.

    >>> multiply_adds(True, 2, 10), multiply_adds(False, 2, 10)
    (660, 1000)
    """
    steps = range(1, tokens + 1)
    return sum(3 * width**2 + 2 * t * width if cached else 3 * t * width**2 + 2 * t * t * width for t in steps)
