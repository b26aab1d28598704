"""By hand: gradients in closed form, equal to autograd's; finite differences obey their laws; the update is what it says."""

import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlviz.compute.gradients.by_hand import REACH, Params, Result, compute
from dlviz.compute.gradients.examples import EXAMPLES
from dlviz.fields import ParameterError
from dlviz.results import Fact
from tests.test_params import random_params

TEXTS = ("(a*b + c).tanh()", "max(a, b)*a", "log(a)/b", "a**0.5 - sin(b)/a", "relu(a - b)*c", "exp(exp(a))", "")


def facts(**settings: Any) -> dict[str, Fact]:
    return compute(Params(**settings)).facts()


def value(found: dict[str, Fact], name: str) -> float:
    """A fact that is defined."""
    number = found[name].value
    assert number is not None, name
    return number


def test_a_product_swaps_and_a_sum_copies() -> None:
    found = facts(example="product", product=(3, -2, 4))
    assert [value(found, f"gradient[{name}]") for name in "abc"] == [-2, 3, 1] and value(found, "loss") == -2


def test_a_reused_leaf_adds_up() -> None:
    """d/da (a b + sin a) = b + cos a."""
    found = facts(example="reuse", reuse=(1.25, -0.5))
    assert value(found, "gradient[a]") == pytest.approx(-0.5 + math.cos(1.25), rel=1e-15)
    assert {value(found, "path[1]"), value(found, "path[2]")} == {-0.5, math.cos(1.25)}


@pytest.mark.parametrize(("b", "slope"), [(-2.0, 0), (2.0, 1)])
def test_a_gate_is_open_or_closed(b: float, slope: float) -> None:
    """d/dw (relu(w x + b) - t)² = 2 (relu - t) · [w x + b > 0] · x."""
    found = facts(example="gate", gate=(0.5, 1.5, b, 2))
    out = max(0.0, 0.5 * 1.5 + b)
    assert value(found, "gradient[w]") == pytest.approx(2 * (out - 2) * slope * 1.5)
    assert value(found, "gradient[t]") == pytest.approx(-2 * (out - 2))
    assert value(found, "zero_gradients") == (0 if slope else 3)


def test_a_chain_multiplies_its_slopes() -> None:
    """h1 = tanh(w1 x), h2 = tanh(w2 h1), L = tanh(w3 h2); dL/dw1 = (1 - L²) w3 (1 - h2²) w2 (1 - h1²) x."""
    w3, w2, w1, x = 1.1, -0.7, 0.9, 0.6
    h1 = math.tanh(w1 * x)
    h2 = math.tanh(w2 * h1)
    out = math.tanh(w3 * h2)
    found = facts(example="chain", chain=(w3, w2, w1, x))
    assert value(found, "gradient[w1]") == pytest.approx((1 - out**2) * w3 * (1 - h2**2) * w2 * (1 - h1**2) * x, rel=1e-13)


def test_the_network_in_matrices() -> None:
    """L = (v · tanh(W x) - t)²: with d = 2 (v·h - t), dL/dv = d h, dL/dW = d (v (1 - h²)) xᵀ, dL/dx = d Wᵀ (v (1 - h²)), dL/dt = -d."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        v, weights, x, t = rng.normal(size=2).round(2), rng.normal(size=(2, 2)).round(2), rng.normal(size=2).round(2), 0.7
        given = (v[0], weights[0, 0], x[0], weights[0, 1], x[1], v[1], weights[1, 0], weights[1, 1], t)
        found = facts(network=tuple(map(float, given)))
        h = np.tanh(weights @ x)
        d = 2 * (v @ h - t)
        into = d * v * (1 - h**2)
        expected = {"t": -d, "v1": d * h[0], "v2": d * h[1]}
        expected |= {f"w{1 + 2 * i + j}": into[i] * x[j] for i in range(2) for j in range(2)}
        expected |= {f"x{j + 1}": (weights.T @ into)[j] for j in range(2)}
        for name, gradient in expected.items():
            assert value(found, f"gradient[{name}]") == pytest.approx(gradient, rel=1e-11, abs=1e-14), name


def test_ours_is_autograds_to_the_last_digit_for_random_settings() -> None:
    rng = random.Random(21)
    for _ in range(150):
        result = compute(random_params(Params, rng, TEXTS))  # type: ignore[arg-type]
        ours = result.gradients[list(result.params.graph().leaves.values())]
        np.testing.assert_array_equal(ours, result.autograd)
        assert result.facts()["largest_disagreement"].value == 0


def test_the_sum_over_paths_is_the_gradient() -> None:
    for slug, example in EXAMPLES.items():
        for name in Params(example=slug).values():
            found = facts(example=slug, followed=name)
            assert value(found, "path_sum") == pytest.approx(value(found, f"gradient[{name}]"), rel=1e-12, abs=1e-15), (slug, name)
        assert example.followed in ("", *Params(example=slug).values())


def test_a_leaf_has_one_path_for_each_time_it_is_typed() -> None:
    """Also where equal parts are one node: each of the thirteen stands in the maximum, and a tie shares the gradient by halves."""
    assert value(facts(example="own", expression="(a + b)*(a + b)*a", followed="a"), "paths") == 3
    assert value(facts(example="own", expression="a" + ".max(a)" * 12), "paths") == 13


def errors(params: Params, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and absolute errors of one kind of finite difference."""
    result = compute(params)
    truth = result.gradients[params.graph().leaves[params.leaf()]]
    return result.steps, np.abs(getattr(result, kind) - truth)


@pytest.mark.parametrize(("kind", "order", "coefficient", "low"), [("ahead", 1, 1 / 2, 1e-5), ("central", 2, 1 / 6, 1e-3)])
def test_truncation_grows_as_h_or_h_squared(kind: str, order: int, coefficient: float, low: float) -> None:
    """Of sin: ½|sin a| h for the forward difference, ⅙|cos a| h² for the central one; the next term is smaller by h/2 or so."""
    a = 0.9
    steps, wrong = errors(Params(example="own", expression="sin(a)", own=(a,)), kind)
    within = (steps >= low) & (steps <= 2e-2)
    slope = np.polyfit(np.log(steps[within]), np.log(wrong[within]), 1)[0]
    assert slope == pytest.approx(order, abs=0.02)
    expected = coefficient * (math.sin(a) if order == 1 else math.cos(a)) * steps[within] ** order
    np.testing.assert_allclose(wrong[within], expected, rtol=0.02)


@pytest.mark.parametrize("kind", ["ahead", "central"])
def test_rounding_is_bounded_by_the_unit_over_h_and_reaches_a_tenth_of_it(kind: str) -> None:
    """Below h = 1e-9 truncation is less than 1e-9; L = 1000 + sin a is known to half a unit in its last place, 2⁻⁴³ / 2."""
    steps, wrong = errors(Params(example="own", expression="1000 + sin(a)", own=(0.9,)), kind)
    small = steps < 1e-9
    unit = 2.0**-43  # between 512 and 1024 neighbouring numbers are 2⁻⁴³ apart
    assert (wrong[small] <= 1.5 * unit / steps[small] + 2).all()
    assert np.median(wrong[small & (steps > 1e-12)] * steps[small & (steps > 1e-12)]) > unit / 20


def test_the_best_step_is_near_the_root_of_the_rounding_unit() -> None:
    """2 √(ε|L| / 2|L″|) for the forward difference; the measured one is within a factor of 30 of it, and far better than its ends."""
    found = facts(example="own", expression="exp(a)", own=(1,))
    expected = 2 * math.sqrt(2**-53 / 2)
    assert expected / 30 < value(found, "best_forward_step") < expected * 30
    assert value(found, "best_central_step") > value(found, "best_forward_step")
    assert value(found, "best_central_error") < value(found, "best_forward_error") < 1e-6


def test_a_step_that_vanishes_beside_the_leaf_gives_zero() -> None:
    """2 + 10⁻¹⁶ is 2 in float64, so the forward difference is 0 and its error the whole gradient."""
    found = facts(example="reuse", reuse=(2, 0.5), h=1e-16)
    assert value(found, "forward_difference") == value(found, "central_difference") == 0
    assert value(found, "forward_error") == abs(value(found, "gradient"))


def test_higher_derivatives_of_the_chart_are_those_of_the_exponential() -> None:
    result = compute(Params(example="own", expression="exp(a)*b", own=(0.5, 2)))
    np.testing.assert_allclose(result.higher, 2 * math.exp(0.5), rtol=1e-14)


def test_the_update_moves_weights_only_and_keeps_its_promise_for_small_steps() -> None:
    """L(w - η g) = L - η‖g‖² + O(η²): halving η halves the relative gap between change and promise."""
    before, gaps = compute(Params()), []
    for rate in (0.002, 0.001):
        result = compute(Params(learning_rate=rate))
        found = result.facts()
        gaps.append(1 - value(found, "loss_change") / value(found, "promised_change"))
        for name, node in result.params.graph().leaves.items():
            moved = before.values[node] if name[0] in "xt" else before.values[node] - rate * before.gradients[node]
            assert result.updated[node] == moved, name
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.02) and abs(gaps[1]) < 0.02
    assert value(facts(learning_rate=10), "loss_change") > 0


def test_the_update_leaves_inputs_and_targets_alone() -> None:
    found = facts(example="own", expression="x*x + t", own=(3, 1))
    assert value(found, "loss_after") == value(found, "loss") == 10 and value(found, "promised_change") == 0


@pytest.mark.parametrize(
    ("expression", "own", "undefined"), [("a*log(b)", (1, -1), 2), ("a/b", (1, 0), 1), ("sqrt(a)", (-1,), 1), ("0*log(a)", (0,), 2)]
)
def test_what_is_not_defined_is_a_result(expression: str, own: tuple[float, ...], undefined: int) -> None:
    found = facts(example="own", expression=expression, own=own)
    assert value(found, "undefined_nodes") == undefined and found["loss"].value is None and found["gradient"].value is None
    assert found["forward_error"].value is None and found["path_sum"].value is None and found["largest_disagreement"].value == 0


def test_leaves_keep_their_values_by_expression() -> None:
    params = Params(example="product", product=(1, 2, 3), network=(9,) * 9)
    assert params.values() == {"a": 1, "b": 2, "c": 3}
    assert params.canonical().network == EXAMPLES["network"].values, "what is not shown does not make another result"
    own = Params(example="own", expression="c*b*a", own=(7,))
    assert own.values() == {"c": 7, "b": -1, "a": 1.5}, "missing ones are the default's, by their place"


def test_the_followed_leaf_is_one_that_is_there() -> None:
    assert Params().leaf() == "w1" and Params(followed="x2").leaf() == "x2" and Params(followed="q").leaf() == "w1"
    assert Params(example="own", expression="b*a", followed="w1").leaf() == "b"


def test_settings_out_of_range_are_refused() -> None:
    for wrong in (
        {"product": (REACH + 1, 0, 0)},
        {"product": (1, 2)},
        {"h": 0},
        {"h": 2},
        {"product": (math.nan, 0, 0)},
        {"followed": "abc"},
    ):
        with pytest.raises(ParameterError):
            replace(Params(example="product"), **wrong)  # type: ignore[arg-type]
    for example in ("own", "network"):
        with pytest.raises(ParameterError, match="expression is 'import os'"):
            Params(example=example, expression="import os")


def test_a_result_comes_back_from_its_archive() -> None:
    result = compute(Params(example="own", expression="log(a)", own=(-1,)))
    back = Result.from_npz(result.to_npz("gradients.by_hand"), "gradients.by_hand")
    np.testing.assert_array_equal(back.gradients, result.gradients)
    assert back.params == result.params
