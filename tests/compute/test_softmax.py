"""Softmax, its Jacobian, entropy and overflow, against scipy and the laws that define them."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from dlviz.compute.activations.softmax import MOST, Params, Result, compute
from dlviz.fields import ParameterError
from tests.test_params import random_params


def draw(seed: int) -> Params:
    """Random logits of a size for which no probability is exactly 0 or 1, at any temperature from 0.3 on."""
    rng = random.Random(seed)
    params = random_params(Params, rng)
    assert isinstance(params, Params)
    return replace(params, logits=tuple(round(z / 200, 2) for z in params.logits), temperature=max(params.temperature, 0.3))


CASES = [draw(seed) for seed in range(25)]
EXTREME = [
    Params(logits=(1000, -1000)),
    Params(logits=(-1000,) * MOST, temperature=0.05),
    Params(logits=(1000, 1000, 1000), temperature=20),
    Params(logits=(0, 0), temperature=0.05),
    Params(logits=(999.99, 1000), temperature=0.05, chosen="2"),
]
every_case = pytest.mark.parametrize("params", CASES + EXTREME, ids=lambda params: f"{len(params.logits)} at {params.temperature:g}")


def scaled(params: Params) -> np.ndarray:
    return np.array(params.logits) / params.temperature


def value(result: Result, fact: str) -> float:
    found = result.facts()[fact].value
    assert found is not None
    return found


@every_case
def test_probabilities_equal_scipys(params: Params) -> None:
    found = compute(params).probabilities
    np.testing.assert_allclose(found, special.softmax(scaled(params)), rtol=1e-12, atol=1e-300)
    assert found.sum() == pytest.approx(1, abs=1e-15) and (found >= 0).all()


@every_case
def test_jacobian_is_diag_p_minus_pp_over_t(params: Params) -> None:
    """(diag(p) - ppᵀ)/T: symmetric, its rows sum to 0, no eigenvalue is negative, and each step uphill gains probability."""
    found, p = compute(params).jacobian, special.softmax(scaled(params))
    np.testing.assert_allclose(found, (np.diag(p) - np.outer(p, p)) / params.temperature, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found, found.T, atol=1e-15)
    np.testing.assert_allclose(found.sum(1), 0, atol=1e-14)
    assert np.linalg.eigvalsh(found).min() > -1e-14
    assert value(compute(params), "chosen_slope") == pytest.approx(
        p[params.index()] * (1 - p[params.index()]) / params.temperature, abs=1e-14
    )


def test_jacobian_predicts_a_small_step() -> None:
    """p(z + h) - p(z - h) = 2Jh + O(h³), column by column."""
    for params in CASES[:8]:
        h = 1e-4 * params.temperature
        for j in range(len(params.logits)):
            there, back = (np.array(params.logits) + sign * h * np.eye(len(params.logits))[j] for sign in (1, -1))
            moved = special.softmax(there / params.temperature) - special.softmax(back / params.temperature)
            np.testing.assert_allclose(moved / (2 * h), compute(params).jacobian[:, j], atol=1e-7)


@every_case
def test_entropy_in_nats_bits_and_classes(params: Params) -> None:
    """-Σ p ln p by scipy; perplexity is e^H, from 1 (certain) to the number of classes (undecided)."""
    result, p = compute(params), special.softmax(scaled(params))
    assert value(result, "entropy") == pytest.approx(stats.entropy(p), abs=1e-13)
    assert value(result, "entropy_bits") == pytest.approx(stats.entropy(p, base=2), abs=1e-13)
    assert 1 - 1e-12 <= value(result, "perplexity") <= len(p) + 1e-12
    assert value(result, "perplexity") == pytest.approx(math.prod(q**-q for q in p.tolist() if q > 0), rel=1e-10)


@pytest.mark.parametrize("shift", [-7.25, 0.5, 600.0])
def test_only_differences_matter(shift: float) -> None:
    """A constant added to every logit changes nothing; so does one factor on all logits and on the temperature."""
    for params in CASES:
        before, after = compute(params), compute(replace(params, logits=tuple(z + shift for z in params.logits)))
        np.testing.assert_allclose(after.probabilities, before.probabilities, rtol=1e-9)
        np.testing.assert_allclose(after.jacobian, before.jacobian, atol=1e-10)
        np.testing.assert_allclose(after.sweep[0], before.sweep[0] + shift, atol=1e-9)
    doubled = compute(Params(logits=(4, 2, 0, -2), temperature=2))
    np.testing.assert_allclose(doubled.probabilities, compute(Params()).probabilities, rtol=1e-15)


def test_permuting_the_logits_permutes_the_probabilities() -> None:
    for params in CASES:
        turned = replace(params, logits=params.logits[::-1], chosen=str(len(params.logits) - params.index()))
        np.testing.assert_allclose(compute(turned).probabilities[::-1], compute(params).probabilities, rtol=1e-14)
        assert value(compute(turned), "chosen_probability") == pytest.approx(value(compute(params), "chosen_probability"), rel=1e-14)


def test_temperature_flattens_and_its_limits_are_argmax_and_uniform() -> None:
    """Entropy rises with T; at T = 0.05 a lead of 1 leaves the rest e^-20; at T = 20 H = ln n - Var(z)/(2T²) + O(T^-3)."""
    logits = (2.0, 1.0, 0.0, -1.0)
    entropies = [value(compute(Params(logits=logits, temperature=t)), "entropy") for t in (0.05, 0.1, 0.3, 1, 3, 10, 20)]
    assert entropies == sorted(entropies)
    cold, hot = compute(Params(logits=logits, temperature=0.05)), compute(Params(logits=logits, temperature=20))
    assert 1 - cold.probabilities[0] == pytest.approx(math.exp(-20), rel=1e-6)
    assert value(hot, "entropy") == pytest.approx(math.log(4) - np.var(logits) / (2 * 20**2), abs=1e-5)
    assert [value(found, "winner") for found in (cold, hot)] == [1, 1]


@pytest.mark.parametrize("precision", ["float16", "float32", "float64"])
def test_the_naive_formula_overflows_where_exp_passes_the_largest_number(precision: str) -> None:
    """exp(z/T) is inf from z/T = ln(largest) on: 11.09, 88.72 and 709.78. Up to there naive and shifted formula agree."""
    edge = math.log(np.finfo(precision).max)
    below, above = math.floor(edge * 50) / 50 - 0.02, math.ceil(edge * 50) / 50 + 0.02
    for temperature in (0.5, 1.0, 1.25):
        fits = compute(Params(logits=(below * temperature, 0), temperature=temperature, precision=precision))
        fails = compute(Params(logits=(above * temperature, 0), temperature=temperature, precision=precision))
        assert np.isfinite(fits.naive_terms).all() and value(fits, "naive_undefined") == 0
        np.testing.assert_allclose(fits.naive, fits.shifted, rtol=5e-3, atol=1e-5)
        assert np.isinf(fails.naive_terms[0]) and np.isnan(fails.naive[0]) and fails.naive[1] == 0
        assert value(fails, "naive_undefined") == 1 and fails.facts()["naive_largest_term"].value is None
        assert value(fails, "shifted_sum") == pytest.approx(1, abs=1e-3)


def test_the_naive_formula_also_fails_without_an_infinite_term() -> None:
    """Twice e^88.7 overflows only in the sum, so all is x/inf = 0; e^-500 underflows, so all is 0/0. Shifted, both are 1/2."""
    summed, lost = compute(Params(logits=(88.7, 88.7))), compute(Params(logits=(-500, -500)))
    assert summed.naive.tolist() == [0, 0] and value(summed, "naive_undefined") == 0
    assert np.isnan(lost.naive).all() and value(lost, "naive_undefined") == 2
    assert summed.shifted.tolist() == lost.shifted.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("precision", ["float16", "float32", "float64"])
@pytest.mark.parametrize("params", EXTREME, ids=str)
def test_the_shifted_formula_never_fails(params: Params, precision: str) -> None:
    """Shifted, the largest term is 1 and the sum between 1 and n, in every format and at every extreme."""
    found = compute(replace(params, precision=precision))
    tolerance = {"float16": 1e-2, "float32": 1e-4, "float64": 1e-12}[precision]
    if precision == "float64" or abs(params.logits[0] - params.logits[1]) != 1000 - 999.99:  # 999.99 needs 17 bits
        np.testing.assert_allclose(found.shifted, found.probabilities, atol=tolerance)
    assert found.shifted.sum() == pytest.approx(1, abs=tolerance)


@pytest.mark.parametrize("gap", [-30, -2, -0.5, 0, 0.5, 2, 30])
def test_two_classes_are_the_sigmoid_of_the_difference(gap: float) -> None:
    for temperature in (0.5, 1, 4):
        found = compute(Params(logits=(gap + 3, 3), temperature=temperature))
        assert found.probabilities[0] == pytest.approx(special.expit(gap / temperature), rel=1e-12)
        assert value(found, "chosen_probability") == pytest.approx(value(found, "sigmoid_of_log_odds"), rel=1e-12)


@every_case
def test_a_difference_of_logits_is_odds(params: Params) -> None:
    """ln(p_i/p_j) = (z_i - z_j)/T for the followed class i and the strongest other class j."""
    found, i = compute(params), params.index()
    rival = max(z for j, z in enumerate(params.logits) if j != i)
    facts = found.facts()
    assert facts["logit_gap"].value == params.logits[i] - rival
    logs = special.log_softmax(scaled(params))
    log_odds = logs[i] - np.delete(logs, i).max()
    assert facts["log_odds"].value == pytest.approx(log_odds, abs=1e-9 * max(1, abs(log_odds)))
    odds = facts["odds"].value
    assert odds is None or odds == pytest.approx(math.exp(log_odds), rel=1e-6, abs=1e-300)
    assert (odds is None) == (log_odds > 709)


@every_case
def test_sweep_is_the_sigmoid_above_the_other_classes(params: Params) -> None:
    """p = σ((z - T logsumexp(others/T))/T), rising, from odds e^-6 to e^6, the other logits held."""
    z, p = compute(params).sweep
    others = np.delete(scaled(params), params.index())
    np.testing.assert_allclose(p, special.expit(z / params.temperature - special.logsumexp(others)), rtol=1e-9, atol=1e-15)
    assert (np.diff(p) > 0).all() and (np.diff(z) > 0).all()
    assert [p[0], p[60], p[-1]] == pytest.approx([special.expit(-6), 0.5, special.expit(6)], rel=1e-9)


def test_winner_ties_and_rival() -> None:
    """argmax picks the first of several largest; the rival is the strongest other class, whoever wins."""
    found = compute(Params(logits=(0, 3, 3, 1), chosen="4"))
    assert (value(found, "winner"), value(found, "ties"), value(found, "classes")) == (2, 2, 4)
    assert found.params.rival() == 1 and value(found, "logit_gap") == -2  # type: ignore[attr-defined]
    assert found.probabilities[1] == found.probabilities[2]
    assert Params(logits=(5, 1, 2)).rival() == 2 and Params(logits=(5, 5), chosen="2").rival() == 0


def test_classes_come_and_go_at_the_end() -> None:
    params = Params(logits=(4, 3), chosen="2")
    assert params.with_classes(4).logits == (4, 3, 0, 0) and params.with_classes(4).chosen == "2"
    assert Params(chosen="4").with_classes(2) == Params(logits=(2, 1), chosen="2")
    with pytest.raises(ParameterError, match="logits is"):
        params.with_classes(1)
    with pytest.raises(ParameterError, match="chosen is '3': expected a class from 1 to 2"):
        Params(logits=(1, 2), chosen="3")
