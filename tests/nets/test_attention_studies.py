"""The experiments beside the layer: variances as the law says, offsets in closed form, and a cache that changes nothing but the time."""

import math

import pytest
import torch
import torch.nn.functional as functional
from torch.utils.flop_counter import FlopCounterMode

from dlviz.nets import attention_studies as studies


def test_the_variance_of_scores_is_the_width_and_softmax_saturates_unless_they_are_divided() -> None:
    variance, top, divided = studies.scores_by_width()
    assert (variance / torch.tensor(studies.WIDTHS)).tolist() == pytest.approx([1] * len(studies.WIDTHS), abs=0.1)
    assert (top.diff() > 0).all() and top[-1] > 0.9
    # eight normal scores of variance 1: the mean largest weight, from a draw of its own
    scores = torch.randn(100_000, studies.KEYS, generator=torch.Generator().manual_seed(77))
    assert divided[-4:].tolist() == pytest.approx([torch.softmax(scores, 1).amax(1).mean().item()] * 4, abs=0.02)


def test_similarities_of_sinusoids_and_rope_in_closed_form() -> None:
    """Sinusoids: the mean of cos(ω k). RoPE: its mean with the squared lengths of the vector's pairs as weights."""
    sines, table, rope = studies.similarity_by_offset(500.0)
    frequencies = torch.tensor([500 ** (-2 * i / 64) for i in range(32)], dtype=torch.float64)
    expected = torch.cos(torch.arange(studies.OFFSETS + 1)[:, None] * frequencies).mean(-1)
    for start in range(2):
        torch.testing.assert_close(sines[start], expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(rope[0], rope[1], rtol=0, atol=1e-12)
    assert rope[:, 0].tolist() == pytest.approx([1, 1]) and (rope <= 1 + 1e-12).all()
    assert (table[0] - table[1]).abs().max() > 0.3 and table[:, 1:].abs().max() < 0.5  # 64 random numbers: about 1/8


def test_with_and_without_a_cache_the_same_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is what torch's causal attention over the whole prefix writes."""
    monkeypatch.setattr(studies, "REPEATS", 1)
    without, kept = studies.generate(False, 24), studies.generate(True, 24)
    torch.testing.assert_close(kept.tokens, without.tokens, rtol=0, atol=1e-11)
    generator = torch.Generator().manual_seed(3)
    weights = torch.randn(3, 64, 64, generator=generator, dtype=torch.float64) / 8
    rows = torch.randn(1, 64, generator=generator, dtype=torch.float64)
    for _ in range(24):
        heads = (each.unflatten(-1, (4, 16)).transpose(0, 1) for each in rows @ weights)
        written = functional.scaled_dot_product_attention(*heads, is_causal=True)[:, -1].flatten()
        rows = torch.cat((rows, (8 * written / written.norm())[None]))
    torch.testing.assert_close(without.tokens, rows[1:], rtol=0, atol=1e-10)
    assert without.seconds.shape == kept.seconds.shape == (24,) and (kept.seconds > 0).all()


@pytest.mark.parametrize("cached", [False, True])
def test_multiply_adds_are_those_that_torch_counts(cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "REPEATS", 1)
    with FlopCounterMode(display=False) as counter:
        studies.generate(cached, 12)
    assert counter.get_total_flops() == 2 * studies.multiply_adds(cached, 12)


def test_what_a_cache_saves_grows_with_the_text() -> None:
    """Without it the work grows with the third power of the length, with it with the second."""
    ratio = [studies.multiply_adds(cached, 4000) / studies.multiply_adds(cached, 2000) for cached in (False, True)]
    assert [math.log2(each) for each in ratio] == pytest.approx([3, 2], abs=0.15)
