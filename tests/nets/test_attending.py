"""Attention: torch's own, its laws, masks and positions in closed form."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from dlviz.nets.attending import allowed_pairs, attend, frequencies, join_heads, rotate, sinusoids, split_heads
from dlviz.nets.multihead import Layer, pass_through, stacked, times

MASKS = (("none", 1, 0), ("causal", 1, 0), ("window", 2, 0), ("none", 1, 2), ("causal", 1, 1))


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layers(seed: int, d: int = 4) -> Iterator[Layer]:
    """Random layers of one head and of two, with an output projection."""
    for heads in (1, 2):
        query, key, value, output = draw(seed, 4, d, d)
        yield Layer(query, key, value, output, heads)


@pytest.mark.parametrize(("mask", "window", "padding"), MASKS)
@pytest.mark.parametrize("scale", [None, 1.0, 0.3])
def test_attention_is_torchs(mask: str, window: int, padding: int, scale: float | None) -> None:
    query, key, value = draw(1, 3, 2, 5, 4)  # two heads of five rows
    allowed = allowed_pairs(5, 5, mask, window, padding)
    ours = attend(query, key, value, allowed, scale)
    torchs = functional.scaled_dot_product_attention(query, key, value, allowed, scale=scale)
    torch.testing.assert_close(ours.output, torchs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("mask", "window", "padding"), MASKS)
def test_a_layer_is_torchs_multihead_attention_with_the_same_weights(mask: str, window: int, padding: int) -> None:
    """Outputs, and the weights of every head. torch multiplies x Wᵀ, and stacks W_Q, W_K and W_V."""
    inputs, allowed = draw(2, 5, 4), allowed_pairs(5, 5, mask, window, padding)
    for layer in layers(3):
        assert layer.output is not None
        torchs = nn.MultiheadAttention(4, layer.heads, bias=False, batch_first=True, dtype=torch.float64)
        with torch.no_grad():
            torchs.in_proj_weight.copy_(torch.cat((layer.query.T, layer.key.T, layer.value.T)))
            torchs.out_proj.weight.copy_(layer.output.T)
            expected, weights = torchs(inputs, inputs, inputs, attn_mask=~allowed, average_attn_weights=False)
        passed = pass_through(layer, inputs, inputs, allowed)
        torch.testing.assert_close(passed.projected, expected, rtol=1e-11, atol=1e-12)
        torch.testing.assert_close(passed.attention.weights, weights, rtol=1e-11, atol=1e-13)


def test_cross_attention_is_torchs() -> None:
    inputs, context = draw(4, 3, 4), draw(5, 6, 4)
    for layer in layers(6):
        assert layer.output is not None
        torchs = nn.MultiheadAttention(4, layer.heads, bias=False, batch_first=True, dtype=torch.float64)
        with torch.no_grad():
            torchs.in_proj_weight.copy_(torch.cat((layer.query.T, layer.key.T, layer.value.T)))
            torchs.out_proj.weight.copy_(layer.output.T)
            expected = torchs(inputs, context, context)[0]
        passed = pass_through(layer, inputs, context, allowed_pairs(3, 6))
        torch.testing.assert_close(passed.projected, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("mask", "window", "padding"), MASKS)
def test_rows_sum_to_one_and_what_is_hidden_has_exactly_nothing(mask: str, window: int, padding: int) -> None:
    query, key, value = 5 * draw(7, 3, 6, 4)
    allowed = allowed_pairs(6, 6, mask, window, padding)
    steps = attend(query, key, value, allowed)
    torch.testing.assert_close(steps.weights.sum(-1), torch.ones(6, dtype=torch.float64), rtol=0, atol=1e-14)
    assert (steps.weights[~allowed] == 0).all() and (steps.weights[allowed] > 0).all()
    assert torch.equal(steps.masked[allowed], steps.scaled[allowed]) and steps.masked[~allowed].isneginf().all()


def test_who_may_look_where() -> None:
    ones = np.ones((5, 5), bool)
    np.testing.assert_array_equal(allowed_pairs(5, 5, "causal"), np.tril(ones))
    for window in (1, 2, 3, 5):
        np.testing.assert_array_equal(allowed_pairs(5, 5, "window", window), np.tril(ones) & np.triu(ones, 1 - window))
    assert allowed_pairs(2, 4, padding=3).sum(0).tolist() == [2, 0, 0, 0]


def test_a_row_that_may_look_nowhere_is_not_a_number() -> None:
    one = torch.ones(2, 2, dtype=torch.float64)
    weights = attend(one, one, one, torch.tensor([[True, True], [False, False]])).weights
    assert weights[0].tolist() == [0.5, 0.5] and weights[1].isnan().all()


def test_attention_is_linear_in_its_values_and_in_nothing_else() -> None:
    inputs, everybody = draw(8, 5, 4), allowed_pairs(5, 5)
    for layer in layers(9):
        before = pass_through(layer, inputs, inputs, everybody).projected
        assert torch.equal(pass_through(times(layer, value=2), inputs, inputs, everybody).projected, 2 * before)
        doubled = pass_through(times(layer, query=2), inputs, inputs, everybody).projected
        assert (doubled - 2 * before).abs().max() > 0.1 and (doubled - before).abs().max() > 0.1
    query, key, one, other = draw(10, 4, 5, 4)
    together = attend(query, key, 3 * one - other).output
    torch.testing.assert_close(together, 3 * attend(query, key, one).output - attend(query, key, other).output, rtol=1e-12, atol=1e-13)


def test_without_mask_and_positions_outputs_are_permuted_with_the_tokens() -> None:
    """Equivariance, also of a stack; with a causal mask it fails, and with RoPE."""
    inputs, everybody, causal = draw(11, 5, 4), allowed_pairs(5, 5), allowed_pairs(5, 5, "causal")
    order = torch.tensor([3, 0, 4, 1, 2])
    for layer in layers(12):
        for depth in (1, 3):
            before = stacked(layer, inputs, everybody, depth)
            torch.testing.assert_close(stacked(layer, inputs[order], everybody, depth), before[order], rtol=1e-10, atol=1e-10)
        assert (stacked(layer, inputs[order], causal, 1) - stacked(layer, inputs, causal, 1)[order]).abs().max() > 0.1
        turned = Layer(layer.query, layer.key, layer.value, layer.output, layer.heads, rope_base=100)
        assert (stacked(turned, inputs[order], everybody, 1) - stacked(turned, inputs, everybody, 1)[order]).abs().max() > 0.01


def test_in_a_causal_stack_the_last_token_knows_the_order_from_the_second_layer_on() -> None:
    """And whatever comes later changes no earlier row, at any depth."""
    inputs, causal = draw(13, 5, 4), allowed_pairs(5, 5, "causal")
    swapped, changed = inputs[[2, 0, 3, 1, 4]], inputs.clone()
    changed[4] += 1
    for layer in layers(14):
        last = [(stacked(layer, swapped, causal, depth) - stacked(layer, inputs, causal, depth))[-1].abs().max() for depth in (1, 2)]
        assert last[0] < 1e-12 and last[1] > 1e-3
        assert torch.equal(stacked(layer, changed, causal, 3)[:4], stacked(layer, inputs, causal, 3)[:4])


def test_in_a_stack_each_token_stays_beside_what_it_is_given() -> None:
    """x + attention(x): with values of zero nothing is given; with equal tokens each is given its own value, so x (1 + W_V) twice."""
    inputs, everybody, zero = draw(17, 3, 2), allowed_pairs(3, 3), torch.zeros(2, 2, dtype=torch.float64)
    assert torch.equal(stacked(Layer(zero, zero, zero), inputs, everybody, 3), inputs)
    same, value = inputs[:1].expand(3, 2), draw(18, 2, 2)
    onward = torch.eye(2, dtype=torch.float64) + value
    torch.testing.assert_close(stacked(Layer(zero, zero, value), same, everybody, 2), same @ onward @ onward)


def test_heads_are_split_and_joined_again() -> None:
    rows = torch.arange(24.0).reshape(3, 8)
    halves = split_heads(rows, 2)
    assert torch.equal(halves[0], rows[:, :4]) and torch.equal(halves[1], rows[:, 4:]) and torch.equal(join_heads(halves), rows)


def test_ropes_scores_depend_on_the_offset_alone() -> None:
    query, key = draw(15, 2, 1, 8)

    def score(p: int, r: int) -> float:
        return (rotate(query, torch.tensor([p]), 100) @ rotate(key, torch.tensor([r]), 100).T).item()

    for p, r in ((0, 3), (5, 2), (7, 7)):
        assert [score(p + shift, r + shift) for shift in (1, 20, 300)] == pytest.approx([score(p, r)] * 3, abs=1e-11)
    assert abs(score(0, 3) - score(3, 0)) > 1e-3 and score(4, 4) == pytest.approx((query @ key.T).item())


def test_rope_turns_pairs_as_complex_numbers_are_turned() -> None:
    rows, places = draw(16, 6, 4), torch.tensor([0, 1, 2, 5, 9, 40])
    pairs = torch.view_as_complex(rows.unflatten(-1, (2, 2)).contiguous())
    turned = pairs * torch.exp(1j * places[:, None] * torch.tensor([1.0, 100**-0.5], dtype=torch.float64))
    torch.testing.assert_close(rotate(rows, places, 100), torch.view_as_real(turned).flatten(-2), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(rotate(rows, places).norm(dim=-1), rows.norm(dim=-1), rtol=1e-13, atol=0)


def test_sinusoids_are_those_of_the_paper() -> None:
    """PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) the cosine; their product is the sum of cos(ω k) over the pairs."""
    rows = sinusoids(torch.arange(50), 6)
    for p, i in ((0, 0), (3, 1), (49, 2)):
        angle = p / 10_000 ** (2 * i / 6)
        assert rows[p, 2 * i].item() == pytest.approx(math.sin(angle)) and rows[p, 2 * i + 1].item() == pytest.approx(math.cos(angle))
    for k in (0, 1, 17):
        expected = torch.cos(k * frequencies(6, 10_000)).sum()
        assert ((rows[: 50 - k] * rows[k:]).sum(-1) - expected).abs().max() < 1e-12


def test_an_odd_width_has_a_sine_without_its_cosine() -> None:
    assert sinusoids(torch.arange(4), 3, 50).shape == (4, 3)
    torch.testing.assert_close(
        sinusoids(torch.arange(4), 3, 50)[:, 2], torch.sin(torch.arange(4) * 50 ** (-2 / 3)).double(), rtol=1e-6, atol=0
    )
