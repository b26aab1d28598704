"""A transformer of attention alone against torch's own attention, and the laws of its mask, its heads and its positions."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from dlviz.data.rows import TASKS
from dlviz.nets.attention_only import POSITIONS, AttentionOnly, new_attention_only, read_row, turned, turns

CODES = torch.tensor([[3, 1, 4, 1, 5, 9, 2], [6, 5, 3, 5, 8, 9, 7]])


def exact(positions: str = "learned", heads: int = 2, layers: int = 2) -> AttentionOnly:
    """A small one in float64."""
    net = new_attention_only(10, 8, 8, heads, layers, positions, torch.Generator().manual_seed(0))
    place = None if net.place is None else net.place.double()
    blocks = tuple(tuple(weight.double() for weight in layer) for layer in net.layers)
    return replace(net, embed=net.embed.double(), place=place, layers=blocks, unembed=net.unembed.double())


def test_a_layer_is_torchs_attention() -> None:
    net = exact("none", heads=2, layers=1)
    query, key, value, output = net.layers[0]
    x = net.embed[CODES]
    own = torch.nn.MultiheadAttention(8, 2, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        own.in_proj_weight.copy_(torch.cat([query.T, key.T, value.T]))
        own.out_proj.weight.copy_(output.T)
        mask = torch.ones(7, 7, dtype=torch.bool).triu(1)
        moved, weights = own(x, x, x, attn_mask=mask, average_attn_weights=False)
        logits, (seen,) = read_row(net, CODES)
    torch.testing.assert_close(logits, (x + moved) @ net.unembed)
    torch.testing.assert_close(seen, weights)


@pytest.mark.parametrize("positions", POSITIONS)
def test_two_layers_are_torchs_scaled_dot_products(positions: str) -> None:
    net = exact(positions)
    x = net.embed[CODES] + (0 if net.place is None else net.place[:7])
    for layer in net.layers:
        q, k, v = (each.view(2, 7, 2, 4).transpose(1, 2) for each in (x @ layer[0], x @ layer[1], x @ layer[2]))
        if net.rotary:
            q, k = (rotated(each) for each in (q, k))
        x = x + F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(2, 7, 8) @ layer[3]
    torch.testing.assert_close(read_row(net, CODES)[0], x @ net.unembed)


def rotated(x: Tensor) -> Tensor:
    """Rotary positions as products of complex numbers: x_i + i·x_{i + s/2} times exp(i·t·100^(−2i/s))."""
    size = x.shape[-1]
    pairs = torch.complex(*x.chunk(2, -1))
    angles = torch.outer(torch.arange(x.shape[-2], dtype=x.dtype), 100 ** (-2 * torch.arange(size // 2, dtype=x.dtype) / size))
    turned_pairs = pairs * torch.exp(1j * angles)
    return torch.cat([turned_pairs.real, turned_pairs.imag], -1)


@pytest.mark.parametrize("positions", POSITIONS)
def test_rows_sum_to_one_and_look_at_nothing_later(positions: str) -> None:
    _, seen = read_row(exact(positions), CODES)
    for attention in seen:
        torch.testing.assert_close(attention.sum(-1), torch.ones(2, 2, 7, dtype=torch.float64))
        assert (attention.triu(1) == 0).all()


@pytest.mark.parametrize("positions", POSITIONS)
def test_what_comes_later_changes_nothing_before_it(positions: str) -> None:
    net, other = exact(positions), CODES.clone()
    other[:, 4:] = torch.tensor([0, 1, 2])
    torch.testing.assert_close(read_row(net, CODES)[0][:, :4], read_row(net, other)[0][:, :4], rtol=0, atol=0)


def test_turned_vectors_know_only_how_far_apart_they_stand() -> None:
    q, k = torch.randn(2, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).unbind()
    turn = turns(12, 8, torch.float64)
    products = turned(q.expand(12, 8), turn) @ turned(k.expand(12, 8), turn).T
    for apart in range(-11, 12):
        diagonal = products.diagonal(apart)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
    torch.testing.assert_close(products.diagonal()[0], q @ k)


def test_a_head_that_is_off_is_one_whose_rows_of_the_output_matrix_are_zero() -> None:
    net = exact(heads=2)
    (q, k, v, output), second = net.layers
    cut = output.clone()
    cut[4:] = 0
    torch.testing.assert_close(read_row(net, CODES, [(0, 1)])[0], read_row(replace(net, layers=((q, k, v, cut), second)), CODES)[0])
    every = list(itertools.product(range(2), range(2)))
    torch.testing.assert_close(read_row(net, CODES, every)[0], (net.embed[CODES] + net.place[:7]) @ net.unembed)  # type: ignore[index]


def test_without_positions_an_unlayered_order_is_forgotten() -> None:
    """One causal layer without positions takes a weighted mean of what came before: the last place cannot tell its order."""
    net, swapped = exact("none", layers=1), CODES[:, [2, 0, 3, 1, 5, 4, 6]]
    torch.testing.assert_close(read_row(net, CODES)[0][:, -1], read_row(net, swapped)[0][:, -1])
    deeper = exact("none", layers=2)
    assert (read_row(deeper, CODES)[0][:, -1] - read_row(deeper, swapped)[0][:, -1]).abs().max() > 1e-3


def induction_by_hand(strength: float = 200.0) -> AttentionOnly:
    """A circuit written down: head 1.1 copies the symbol before into dimensions of its own, head 2.1 looks for the present one there.

    Dimensions: 24 of the symbol, 32 of the place, 24 of the symbol before, 24 of what is said.
    """
    width, symbol, place, before, said = 104, slice(0, 24), slice(24, 56), slice(56, 80), slice(80, 104)

    def moves(into: slice, out_of: slice, by: float = 1.0) -> Tensor:
        matrix = torch.zeros(width, width)
        matrix[out_of, into] = by * torch.eye(into.stop - into.start)
        return matrix

    embed, places, unembed = torch.zeros(24, width), torch.zeros(32, width), torch.zeros(width, 24)
    embed[:, symbol], places[:, place], unembed[said] = torch.eye(24), torch.eye(32), torch.eye(24)
    next_place = torch.zeros(width, width)
    next_place[place, place] = torch.eye(32).roll(1, 1)  # place j is found by the place after it
    first = (moves(place, place, strength), next_place, moves(before, symbol), moves(before, before))
    second = (moves(symbol, symbol, strength), moves(symbol, before), moves(said, symbol), moves(said, said))
    return AttentionOnly(embed, places, (first, second), unembed, heads=1, rotary=False)


def test_two_heads_written_by_hand_repeat_whatever_the_period() -> None:
    """Right wherever the present symbol is not the row's first, which has nothing before it and so stands for itself."""
    net = induction_by_hand()
    for period in (3, 7, 12, 24):
        rows = TASKS["repeat"].draw(np.array([period] * 5), np.random.default_rng(period))
        codes = torch.from_numpy(rows.codes)
        logits, (first, second) = read_row(net, codes)
        asked = torch.from_numpy(rows.asked) & (codes[:, :-1] != codes[:, :1])
        assert (logits.argmax(-1)[:, :-1] == codes[:, 1:])[asked].all()
        assert first.diagonal(-1, -2, -1).min() > 0.999
        for row, t in asked.nonzero().tolist():
            assert second[row, 0, t, t + 1 - period].item() == pytest.approx(1 / (t // period), abs=1e-3)  # shared by all rounds before
