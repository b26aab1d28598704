"""Scores of attention maps by their definitions: closed forms for uniform attention and for heads that do one thing."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from dlviz.compute.attention.looking import MOST_WEIGHTS, SCORES, most_tokens, places, pooled, scores
from dlviz.data.tokens import Tokens
from dlviz.fields import ParameterError
from dlviz.nets.transformer.base import Transformer


def uniform(length: int) -> Tensor:
    """A causal head that takes the same from everything before it, (1, 1, T, T)."""
    lower = torch.ones(length, length, dtype=torch.float64).tril()
    return (lower / lower.sum(-1, keepdim=True))[None, None]


def looks_back(length: int, by: int) -> Tensor:
    """A head that gives everything to the token `by` places back, and to the first where there is none."""
    rows = torch.zeros(length, length, dtype=torch.float64)
    rows[torch.arange(length), (torch.arange(length) - by).clamp(0)] = 1.0
    return rows[None, None]


def test_uniform_attention_has_closed_forms() -> None:
    """Row t of T, t = 2 … T, has weights 1/t: log₂ t bits, and a mean distance of (t − 1)/2."""
    length = 9
    found = {name: value.item() for name, value in scores(uniform(length), range(length)).items()}
    inverse = sum(1 / t for t in range(2, length + 1)) / (length - 1)
    assert found["previous"] == pytest.approx(inverse) and found["first"] == pytest.approx(inverse)
    assert found["entropy"] == pytest.approx(sum(math.log2(t) for t in range(2, length + 1)) / (length - 1))
    assert found["distance"] == pytest.approx(sum((t - 1) / 2 for t in range(2, length + 1)) / (length - 1))
    assert math.isnan(found["induction"]) and math.isnan(found["duplicate"])  # no token comes twice


def test_a_head_that_does_one_thing_scores_one_there() -> None:
    ids = [5, 6, 7, 8, 5, 6, 7, 8]
    back = {by: {name: value.item() for name, value in scores(looks_back(8, by), ids).items()} for by in (1, 3, 4, 7)}
    assert back[1]["previous"] == 1 and back[1]["entropy"] == 0 and back[1]["distance"] == 1
    assert back[4]["duplicate"] == 1 and back[3]["induction"] == 1 and back[7]["first"] == 1
    assert back[4]["induction"] == 0 and back[3]["duplicate"] == 0 and back[1]["induction"] == 0


def test_both_earlier_appearances_count() -> None:
    """a b a c a: the last a may look at two earlier ones, and at what followed them, b and c."""
    rows = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    rows[..., 0] = 1
    rows[0, 0, 2] = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])  # the second a: all on b
    rows[0, 0, 4] = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.0])
    found = scores(rows, [1, 2, 1, 3, 1])
    assert found["duplicate"].item() == pytest.approx((0.0 + 0.1 + 0.3) / 2)
    assert found["induction"].item() == pytest.approx((1.0 + 0.2 + 0.4) / 2)


def test_one_token_has_no_scores() -> None:
    found = scores(torch.ones(2, 3, 1, 1), [7])
    assert set(found) == set(SCORES) and all(value.shape == (2, 3) and value.isnan().all() for value in found.values())


def test_a_pooled_map_keeps_the_largest_weight_of_each_part() -> None:
    maps = torch.rand(2, 2, 64, 64, generator=torch.Generator().manual_seed(0))
    small = pooled(maps, 32)
    expected = maps.numpy().reshape(2, 2, 32, 2, 32, 2).max((3, 5))
    np.testing.assert_array_equal(small.numpy(), expected)
    assert pooled(maps, 64) is maps


def test_words_are_found_by_their_tokens() -> None:
    text = Tokens("the cart, the car", (1, 2, 3, 1, 2), ((0, 3), (4, 8), (8, 9), (10, 13), (14, 17)), ("a", "b", "c", "d", "e"))
    assert places(text, "cart", "the") == (1, [0])
    assert places(text, "", "the") is None
    with pytest.raises(ParameterError, match="word is 'dog'"):
        places(text, "dog", "the")


@pytest.mark.parametrize(("layers", "heads", "context"), [(30, 9, 8192), (6, 12, 512), (24, 16, 1024), (12, 12, 40), (48, 32, 4096)])
def test_all_heads_maps_fit_into_memory(layers: int, heads: int, context: int) -> None:
    """As many tokens as are wanted, as the network reads, or as fit: one more would be too many."""
    network = Transformer()
    network.layers, network.heads, network.context = layers, heads, context
    most = most_tokens(network)
    assert most <= min(256, context) and layers * heads * most**2 <= MOST_WEIGHTS
    assert most == min(256, context) or layers * heads * (most + 1) ** 2 > MOST_WEIGHTS
