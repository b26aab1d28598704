"""Expectations under N(0, 1): exact for polynomials, right across kinks and jumps, and nan where there is none."""

import math

import pytest
import torch
from scipy.stats import norm

from dlviz.compute.quadrature import normal_mean


@pytest.mark.parametrize("power", range(0, 13))
def test_moments_of_the_normal_are_double_factorials(power: int) -> None:
    """E[z^(2k)] = (2k - 1)!! and E[z^(2k+1)] = 0."""
    expected = 0 if power % 2 else math.prod(range(1, power, 2))
    assert normal_mean(lambda z: z**power) == pytest.approx(expected, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("place", [-3.7, -1 / 3, 0.0, 0.123456789, 1.0, math.pi, 8.0])
def test_jumps_and_kinks_may_lie_anywhere(place: float) -> None:
    """E[z > a] = Φ(-a); E[max(0, z - a)] = φ(a) - aΦ(-a); E[|z - a|] = 2φ(a) + a(2Φ(a) - 1)."""
    assert normal_mean(lambda z: (z > place).double()) == pytest.approx(norm.sf(place), abs=1e-9)
    assert normal_mean(lambda z: torch.relu(z - place)) == pytest.approx(norm.pdf(place) - place * norm.sf(place), abs=1e-9)
    expected = 2 * norm.pdf(place) + place * (2 * norm.cdf(place) - 1)
    assert normal_mean(lambda z: (z - place).abs()) == pytest.approx(expected, abs=1e-9)


def test_many_jumps_at_once() -> None:
    """A staircase with a step every 0.37: E[floor(z/h)] is the sum of the tails, since floor(y) counts the steps passed."""
    h = 0.37
    expected = sum(norm.sf(k * h) for k in range(1, 40)) - sum(norm.cdf(k * h) for k in range(0, -40, -1))
    assert normal_mean(lambda z: torch.floor(z / h)) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("frequency", [1, 5, 20, 100])
def test_oscillations(frequency: int) -> None:
    """E[cos(kz)] = e^(-k²/2)."""
    assert normal_mean(lambda z: torch.cos(frequency * z)) == pytest.approx(math.exp(-(frequency**2) / 2), abs=1e-9)


@pytest.mark.parametrize("rate", [0.5, 1, 2, 3, 5])
def test_large_values(rate: float) -> None:
    """E[e^(kz)] = e^(k²/2), to nine digits however large it is."""
    assert normal_mean(lambda z: torch.exp(rate * z)) == pytest.approx(math.exp(rate**2 / 2), rel=1e-9)


def test_poles_that_can_be_integrated() -> None:
    """E[ln|z|] = -(γ + ln 2)/2; E[|z|^(-1/4)] = 2^(-1/8) Γ(3/8)/√π."""
    assert normal_mean(lambda z: z.abs().log()) == pytest.approx(-(0.5772156649015329 + math.log(2)) / 2, abs=1e-8)
    assert normal_mean(lambda z: z.abs() ** -0.25) == pytest.approx(2**-0.125 * math.gamma(3 / 8) / math.sqrt(math.pi), abs=1e-7)


UNDEFINED = {
    "1/z": lambda z: 1 / z,
    "1/z²": lambda z: 1 / z**2,
    "1/(z - 0.3)": lambda z: 1 / (z - 0.3),
    "1/(z - 0.3)²": lambda z: 1 / (z - 0.3) ** 2,
    "tan z": torch.tan,
    "√z": torch.sqrt,
    "z/0": lambda z: z / 0,
    "nan below 0": lambda z: torch.where(z > 0, z, math.nan),
    "e^(z²/2)": lambda z: torch.exp(z * z / 2),
    "e^(0.6 z²)": lambda z: torch.exp(0.6 * z * z),
    "e^(z²)": lambda z: torch.exp(z * z),
}


@pytest.mark.parametrize("name", UNDEFINED)
def test_where_there_is_no_finite_expectation_it_is_nan(name: str) -> None:
    """Poles of order 1 and more, functions undefined on an interval, and those that outgrow the normal density."""
    assert math.isnan(normal_mean(UNDEFINED[name]))
