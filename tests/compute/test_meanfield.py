"""Mean-field theory: closed forms, scipy's quadrature, and real wide networks."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from dlviz.compute.gradients.depth import Params, compute
from dlviz.compute.gradients.meanfield import COARSE, fixed_point, mean, predict, resting_place, slope_square, square
from dlviz.nets.activations import activation

Q = np.array([0.01, 0.5, 1.0, 7.0])


def test_relu_has_closed_forms() -> None:
    """E[ReLU(√q z)] = √(q/2π), E[ReLU²] = q/2, E[ReLU'²] = 1/2."""
    np.testing.assert_allclose(mean(torch.relu, Q), np.sqrt(Q / (2 * math.pi)), rtol=1e-12)
    np.testing.assert_allclose(square(torch.relu, Q), Q / 2, rtol=1e-12)
    np.testing.assert_allclose(slope_square(torch.relu, Q), 0.5, rtol=1e-12)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "selu", "hard_sigmoid"])
def test_expectations_are_those_of_scipy(name: str) -> None:
    """Where f has a kink elsewhere than at 0, as hard sigmoid at ±3, a panel that holds it costs four digits."""
    function = activation(name, {"elu_alpha": 1.0})
    for q, found, rough in zip(Q, square(function, Q), square(function, Q, COARSE), strict=True):

        def integrand(z: float, q: float = q) -> float:
            value = float(function(torch.tensor(math.sqrt(q) * z, dtype=torch.float64)))
            return value**2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

        wanted = quad(integrand, -12, 12, points=[-3 / math.sqrt(q), 0, 3 / math.sqrt(q)], limit=200)[0]
        assert found == pytest.approx(wanted, rel=1e-4 if name == "hard_sigmoid" else 1e-9) and rough == pytest.approx(wanted, rel=5e-3)


def test_he_is_the_edge_for_relu_and_one_for_tanh() -> None:
    """ReLU: χ = σ_w²/2 at every q, so 1 at σ_w = √2. tanh: q* = 0 below σ_w = 1, where χ = σ_w² (Poole et al. 2016)."""
    weight_square = np.array([0.5, 1.9, 2.0, 2.1])
    np.testing.assert_allclose(fixed_point(torch.relu, weight_square, np.array(0.3))[1], weight_square / 2, rtol=1e-9)
    q, chi = fixed_point(torch.tanh, np.array([0.25, 0.64]), np.array(0.0))
    np.testing.assert_allclose(chi, [0.25, 0.64], rtol=1e-3)
    assert (q < 1e-3).all()


def test_a_fixed_point_is_one() -> None:
    """q* = σ_w² E[f(√q* z)²] + σ_b² for sigmoids, whose q* is stable everywhere."""
    weight_square, bias_square = np.array([[1.0, 9.0, 100.0]]), np.array([[0.0], [1.0]])
    function = activation("sigmoid", {})
    q, _ = fixed_point(function, weight_square, bias_square)
    np.testing.assert_allclose(weight_square * square(function, q) + bias_square, q, rtol=1e-5)


@pytest.mark.parametrize(("name", "spread", "bias"), [("tanh", 1.5, 0.3), ("sigmoid", 2.0, 0.0), ("relu", 1.2, 0.5)])
def test_signals_come_to_rest_where_it_is_said(name: str, spread: float, bias: float) -> None:
    """ReLU: q* = σ_w² q*/2 + σ_b², so σ_b²/(1 − σ_w²/2). The prediction for sixty layers, whose σ_w differ a little, ends there."""
    settings = Params(activation=name, weight_spread=spread, bias_spread=bias, depth=60, width=200, samples=8)
    result = compute(settings)
    assert result.predicted_square[-1] == pytest.approx(result.fixed_square, rel=0.1)
    exact = resting_place(activation(name, {}), spread**2, bias**2)
    assert exact == pytest.approx(bias**2 / (1 - spread**2 / 2) if name == "relu" else result.fixed_square, rel=0.02)


@pytest.mark.parametrize(
    "settings",
    [{"activation": "tanh", "weight_spread": 0.5}, {"activation": "relu", "initialisation": "he"}, {"norm": "rms"}, {"skip": "plain"}],
)
def test_signals_that_fade_or_grow_or_are_held_have_no_place_of_rest(settings: dict[str, Any]) -> None:
    assert np.isnan(compute(Params(**({"activation": "sigmoid", "depth": 4, "samples": 8} | settings))).fixed_square)


def test_a_prediction_repeats_the_map() -> None:
    """ReLU and σ_w² = 2: q stays and χ is 1; with σ_w² = 1 q halves and χ is 1/2."""
    for weight_square, factor in ((2.0, 1.0), (1.0, 0.5)):
        found = predict(torch.relu, (0.0, 1.5), np.full(6, weight_square), 0.0, [False] * 6, 1.0)
        np.testing.assert_allclose(found.q, weight_square * 1.5 * factor ** np.arange(6), rtol=1e-9)
        np.testing.assert_allclose(found.chi[:-1], factor, rtol=1e-9)
        assert np.isnan(found.chi[-1])


def test_a_skip_adds_in_both_directions() -> None:
    """Identity f, s = 1/2: E[h²] grows by 1 + s² σ_w², and so does ‖∂L/∂h‖² on the way back."""
    found = predict(lambda z: z * 1, (0.0, 1.0), np.full(5, 1.6), 0.0, [True] * 5, 0.5)
    np.testing.assert_allclose(found.q, 1.6 * 1.4 ** np.arange(5), rtol=1e-9)
    np.testing.assert_allclose(found.chi[:-1], 1.4, rtol=1e-9)


def test_where_skips_carry_a_mean_the_way_back_is_not_predicted() -> None:
    """ReLU's outputs have a mean, and a W is not independent of the gradient that comes back along it."""
    found = predict(torch.relu, (0.0, 1.0), np.full(4, 2.0), 0.0, [True] * 4, 1.0)
    assert np.isnan(found.chi).all() and np.isfinite(found.q).all()


@pytest.mark.parametrize(("name", "spread"), [("tanh", 1.0), ("tanh", 1.5), ("sigmoid", 1.0), ("relu", math.sqrt(2))])
def test_a_wide_network_does_as_predicted(name: str, spread: float) -> None:
    """The factor a layer of ‖∂L/∂z‖ at width 600 is within 2 % of the mean-field value, and q stays near its prediction."""
    result = compute(Params(activation=name, weight_spread=spread, depth=20, width=600, samples=32, precision="float64"))
    facts = result.facts()
    assert facts["factor"].value == pytest.approx(facts["predicted_factor"].value, rel=0.02)
    np.testing.assert_allclose(result.square, result.predicted_square, rtol=0.35)


@pytest.mark.parametrize(("name", "spread"), [("tanh", 1.5), ("relu", math.sqrt(2))])
def test_what_is_predicted_asks_nothing_of_the_data_but_their_mean_square(name: str, spread: float) -> None:
    """Handwritten digits of 784 pixels, as like each other as they are, give the factor that normal noise gives."""
    settings = Params(activation=name, weight_spread=spread, depth=20, width=600, samples=32, precision="float64", data="digits")
    facts = compute(settings).facts()
    assert facts["factor"].value == pytest.approx(facts["predicted_factor"].value, rel=0.02)
    noise = Params(activation=name, weight_spread=spread, depth=20, width=100, samples=32)
    assert facts["predicted_factor"].value == pytest.approx(compute(noise).facts()["predicted_factor"].value, rel=0.05)


def test_a_wide_network_with_skips_does_as_predicted() -> None:
    result = compute(Params(activation="tanh", skip="own", skip_scale=0.5, depth=20, width=600, samples=32, precision="float64"))
    facts = result.facts()
    assert facts["factor"].value == pytest.approx(facts["predicted_factor"].value, rel=0.02) and facts["factor"].value > 1.01
    np.testing.assert_allclose(result.square, result.predicted_square, rtol=0.1)
