"""One layer's attention: torch's own gives the same, rows sum to one, nothing ahead is seen, and what is edited is what was asked for."""

import math

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from dlviz.nets.transformer.changes import Changes
from dlviz.nets.transformer.layer import Kept, Layer, grouped, later
from dlviz.nets.transformer.maps import unembed

T, HEADS, D = 7, 6, 5


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def attended(causal: bool, key_heads: int = HEADS, changes: tuple[Changes, ...] = (), values: Tensor | None = None) -> tuple[Tensor, Kept]:
    """Two texts' attention and everything kept of it; without values of their own, random ones."""
    kept = Kept(("attention", "scores", "queries", "keys", "values"))
    given = draw(2, key_heads, T, D, seed=3) if values is None else values
    return Layer(0, causal, kept, changes).attend(draw(2, HEADS, T, D, seed=1), draw(2, key_heads, T, D, seed=2), given), kept


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("key_heads", [6, 3, 2, 1])
def test_attention_is_torchs(causal: bool, key_heads: int) -> None:
    out, kept = attended(causal, key_heads)
    q, k, v = (kept.tensors[name][0] for name in ("queries", "keys", "values"))
    theirs = functional.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
    torch.testing.assert_close(out, theirs, rtol=0, atol=1e-14)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_and_its_patterns_are_those_of_torchs_layer(causal: bool) -> None:
    """Its projections are the identity, so that queries, keys and values are what it is given."""
    width = HEADS * D
    module = nn.MultiheadAttention(width, HEADS, bias=False, batch_first=True, dtype=torch.float64)
    module.in_proj_weight.data = torch.eye(width, dtype=torch.float64).repeat(3, 1)
    module.out_proj.weight.data = torch.eye(width, dtype=torch.float64)
    out, kept = attended(causal)
    q, k, v = (kept.tensors[name][0].transpose(1, 2).flatten(2) for name in ("queries", "keys", "values"))
    theirs, patterns = module(q, k, v, attn_mask=later(T, T) if causal else None, average_attn_weights=False)
    torch.testing.assert_close(out.transpose(1, 2).flatten(2), theirs, rtol=0, atol=1e-14)
    torch.testing.assert_close(kept.tensors["attention"][0], patterns, rtol=0, atol=1e-14)


def test_rows_sum_to_one_and_nothing_ahead_is_seen_at_all() -> None:
    pattern = attended(True)[1].tensors["attention"][0]
    torch.testing.assert_close(pattern.sum(-1), torch.ones(2, HEADS, T, dtype=torch.float64), rtol=0, atol=1e-15)
    assert torch.equal(pattern.triu(1), torch.zeros_like(pattern)) and (pattern.tril() > 0).sum() == 2 * HEADS * T * (T + 1) / 2
    assert (attended(False)[1].tensors["attention"][0] > 0).all()


def test_scores_are_products_of_queries_and_keys_before_mask_and_softmax() -> None:
    tensors = attended(True)[1].tensors
    q, k, scores = (tensors[name][0] for name in ("queries", "keys", "scores"))
    assert scores[1, 4, 2, 6].item() == pytest.approx(float(q[1, 4, 2] @ k[1, 4, 6]) / math.sqrt(D), abs=1e-14)
    row = scores[1, 4, 2, :3].exp()
    torch.testing.assert_close(tensors["attention"][0][1, 4, 2, :3], row / row.sum(), rtol=0, atol=1e-15)


def test_attention_is_linear_in_the_values() -> None:
    a, b = draw(2, HEADS, T, D, seed=5), draw(2, HEADS, T, D, seed=6)
    together = attended(True, values=2 * a - 3 * b)[0]
    torch.testing.assert_close(together, 2 * attended(True, values=a)[0] - 3 * attended(True, values=b)[0], rtol=0, atol=1e-13)


def test_every_head_of_a_group_uses_the_same_keys() -> None:
    left, right = draw(1, 6, 4, 3), draw(1, 2, 3, 5)
    torch.testing.assert_close(grouped(left, right), left @ right.repeat_interleave(3, 1), rtol=0, atol=1e-15)


def test_a_weight_set_by_hand_leaves_the_others_their_proportions() -> None:
    plain = attended(True)[1].tensors["attention"][0]
    edit = Changes(weights=((0, 2, 4, 1, 0.9),))
    out, kept = attended(True, changes=(Changes(), edit))
    pattern = kept.tensors["attention"][0]
    row, was = pattern[1, 2, 4], plain[1, 2, 4]
    assert row[1].item() == 0.9 and row.sum().item() == pytest.approx(1, abs=1e-15)
    others = [0, 2, 3, 4]
    torch.testing.assert_close(row[others] / row[others].sum(), was[others] / was[others].sum(), rtol=0, atol=1e-14)
    assert torch.equal(pattern[0], plain[0]) and int((pattern != plain).any(-1).sum()) == 1
    torch.testing.assert_close(out[1, 2, 4], row @ kept.tensors["values"][0][1, 2], rtol=0, atol=1e-15)


def test_a_token_that_sees_only_itself_may_see_less_but_there_is_nothing_else() -> None:
    row = attended(True, changes=(Changes(weights=((0, 0, 0, 0, 0.25),)),) * 2)[1].tensors["attention"][0][0, 0, 0]
    assert row.tolist() == [0.25, *[0.0] * (T - 1)]


@pytest.mark.parametrize("mean", [False, True])
def test_a_head_that_is_switched_off_gives_nothing_or_its_mean(mean: bool) -> None:
    plain = attended(True)[0]
    out = attended(True, changes=(Changes(heads=((0, 3), (1, 2)), mean=mean), Changes()))[0]
    expected = plain[0, 3].mean(0).expand(T, D) if mean else torch.zeros(T, D, dtype=torch.float64)
    torch.testing.assert_close(out[0, 3], expected, rtol=0, atol=1e-15)
    rest = [head for head in range(HEADS) if head != 3]
    assert torch.equal(out[0, rest], plain[0, rest]) and torch.equal(out[1], plain[1])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (Changes(heads=((2, 0),)), "There is no layer 2: they count from 0 to 1"),
        (Changes(heads=((0, 6),)), "There is no head 6: they count from 0 to 5"),
        (Changes(attention=(-1,)), "There is no layer -1"),
        (Changes(feed_forward=(5,)), "There is no layer 5"),
        (Changes(weights=((0, 0, 7, 0, 0.5),)), "There are no tokens 7 and 0"),
        (Changes(weights=((0, 0, 1, 2, 0.5),)), "Token 1 cannot look at token 2, which comes later"),
        (Changes(weights=((0, 0, 2, 1, 1.5),)), "An attention weight of 1.5 is not between 0 and 1"),
        (Changes(weights=((0, 0, 2, 1, math.nan),)), "An attention weight of nan"),
    ],
)
def test_changes_of_what_is_not_there_are_refused_with_a_sentence(changes: Changes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        changes.check(2, HEADS, T, causal=True)


def test_logits_of_short_weights_are_not_rounded_to_them() -> None:
    stream, embedding = draw(3, 8).float(), draw(2500, 8, seed=1).bfloat16()
    exact = stream.double() @ embedding.double().T
    torch.testing.assert_close(unembed(stream, embedding).double(), exact, rtol=0, atol=1e-5)
    assert (functional.linear(stream.bfloat16(), embedding).double() - exact).abs().max() > 1e-3
