"""Curves, properties and neuron of the view Curve, against closed forms, mpmath, scipy and torch.nn.functional."""

import math
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import integrate, optimize
from scipy.special import logit
from scipy.stats import norm

from dlviz.compute.activations import curve
from dlviz.compute.activations.properties import properties
from dlviz.compute.derivatives import derivatives
from dlviz.nets.activations import ACTIVATIONS
from dlviz.nets.expression import parse

SLOPE, ALPHA, BETA = 0.3, 1.7, -1.4  # of leaky ReLU and PReLU, of ELU, of Swish: far from their defaults
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017, appendix A1

Form = Callable[[Any, Any], Any]


def logistic(x: Any, m: Any) -> Any:
    """1/(1 + e^-x), without overflow on either side."""
    return 1 / (1 + m.exp(-x)) if x > -700 else m.exp(x)


def bend(x: Any) -> Any:
    """The argument of tanh in GELU's approximation (Hendrycks & Gimpel 2016)."""
    return mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)


# name -> f(x, m), with m either math or mpmath; written from the papers, not from torch
FORMS: dict[str, Form] = {
    "identity": lambda x, m: x,
    "step": lambda x, m: 1 if x > 0 else 0,
    "sigmoid": logistic,
    "tanh": lambda x, m: m.tanh(x),
    "relu": lambda x, m: x if x > 0 else 0,
    "leaky_relu": lambda x, m: x if x > 0 else SLOPE * x,
    "gelu": lambda x, m: x * (1 + m.erf(x / m.sqrt(2))) / 2,
    "silu": lambda x, m: x * logistic(x, m),
    "hard_sigmoid": lambda x, m: 0 if x < -3 else 1 if x > 3 else (x + 3) / 6,
    "softplus": lambda x, m: x + m.log1p(m.exp(-x)) if x > 0 else m.log1p(m.exp(x)),
    "prelu": lambda x, m: x if x > 0 else SLOPE * x,
    "elu": lambda x, m: x if x > 0 else ALPHA * m.expm1(x),
    "selu": lambda x, m: SELU_SCALE * (x if x > 0 else SELU_ALPHA * m.expm1(x)),
    "gelu_tanh": lambda x, m: x * (1 + m.tanh(m.sqrt(2 / m.pi) * (x + 0.044715 * x * x * x))) / 2,
    "swish": lambda x, m: x * logistic(BETA * x, m),
    "mish": lambda x, m: x * m.tanh(m.log1p(m.exp(x)) if x < 700 else x),
    "hardswish": lambda x, m: 0 if x < -3 else x if x > 3 else x * (x + 3) / 6,
}
# the jump of the slope at 0, and the places of all kinks and jumps
JUMPS = {"relu": 1.0, "leaky_relu": 1 - SLOPE, "prelu": 1 - SLOPE, "elu": 1 - ALPHA, "selu": SELU_SCALE * (1 - SELU_ALPHA)}
KINKS = (-3.0, 0.0, 3.0)
BENT = dict(leaky_slope=SLOPE, prelu_slope=SLOPE, elu_alpha=ALPHA, swish_beta=BETA)
EVERYWHERE = (-8.3, -4.1, -2.9, -1.3, -0.4, -0.01, 0.02, 0.7, 1.9, 3.3, 5.7, 7.9)
every_function = pytest.mark.parametrize("name", ACTIVATIONS)


def all_functions(**settings: Any) -> curve.Params:
    """The settings that draw every function there is."""
    more = tuple(name for name in ACTIVATIONS if name not in curve.FRONT)
    return curve.Params(functions=curve.FRONT, more_functions=more, **(BENT | settings))


def slope_of(name: str, x: Any, order: int = 1) -> Any:
    """The derivative of the closed form, by mpmath's differences with 30 digits."""
    with mpmath.workdps(30):
        return mpmath.diff(lambda t: FORMS[name](t, mpmath), mpmath.mpf(x), order)


@pytest.fixture(scope="module")
def result() -> curve.Result:
    """Every function, computed once."""
    return curve.compute(all_functions())


def facts_of(name: str, expression: str = "") -> dict[str, float]:
    """The properties of one function, or of a typed one."""
    return properties(parse(expression) if expression else all_functions().function(name), 0.05)


@every_function
def test_f_and_its_slopes_equal_the_papers_formula(name: str) -> None:
    """f, f' and f'' by autograd against closed forms differentiated with 30 digits, on both sides of every kink."""
    x = torch.tensor(EVERYWHERE, dtype=torch.float64)
    found = derivatives(all_functions().function(name), x)
    for order in range(3):
        expected = [float(slope_of(name, point, order)) for point in EVERYWHERE]
        np.testing.assert_allclose(found[order], expected, rtol=1e-9, atol=1e-12)


def test_f_equals_torch_nn_functional_on_the_whole_table(result: curve.Result) -> None:
    x = torch.from_numpy(result.x)
    expected = {
        "sigmoid": torch.sigmoid(x),
        "tanh": torch.tanh(x),
        "relu": F.relu(x),
        "leaky_relu": F.leaky_relu(x, SLOPE),
        "gelu": F.gelu(x),
        "silu": F.silu(x),
        "hard_sigmoid": F.hardsigmoid(x),
        "softplus": F.softplus(x),
        "prelu": F.leaky_relu(x, SLOPE),
        "elu": F.elu(x, ALPHA),
        "selu": F.selu(x),
        "gelu_tanh": F.gelu(x, approximate="tanh"),
        "swish": F.silu(BETA * x) / BETA,
        "mish": F.mish(x),
        "hardswish": F.hardswish(x),
        "identity": x,
        "step": torch.heaviside(x, torch.zeros(1, dtype=x.dtype)),
    }
    assert set(expected) == set(result.names)
    for name, values in expected.items():
        np.testing.assert_allclose(result.curves[result.names.index(name), 0], values, rtol=0, atol=1e-14, err_msg=name)


def test_gelu_and_its_slopes_are_made_of_the_normal_distribution(result: curve.Result) -> None:
    """f = xΦ(x), f' = Φ(x) + xφ(x), f'' = (2 - x²)φ(x)."""
    f, df, ddf = result.curves[result.names.index("gelu")]
    x = result.x
    np.testing.assert_allclose(f, x * norm.cdf(x), rtol=0, atol=1e-14)
    np.testing.assert_allclose(df, norm.cdf(x) + x * norm.pdf(x), rtol=0, atol=1e-14)
    np.testing.assert_allclose(ddf, (2 - x * x) * norm.pdf(x), rtol=0, atol=1e-14)


@every_function
def test_every_row_of_the_table_is_the_integral_of_the_next(name: str, result: curve.Result) -> None:
    """By Simpson's rule between the kinks, over the whole table; one step is left out on each side of a kink."""
    curves, x = result.curves[result.names.index(name)], result.x
    half, third = (len(x) - 1) // 2, 3 * curve.STEPS_PER_UNIT
    edges = [0, half - third, half, half + third, len(x) - 1]
    for order in (0, 1):
        for left, right in zip(edges, edges[1:], strict=False):
            inner = slice(left + 1, right)  # an even number of strides
            gained = integrate.simpson(curves[order + 1, inner], x=x[inner])
            assert gained == pytest.approx(curves[order, right - 1] - curves[order, left + 1], abs=1e-8)


def test_table_is_symmetric_holds_zero_and_covers_span_and_neuron() -> None:
    for span, half in ((2, 10), (17, 17)):
        x = curve.compute(curve.Params(span=span)).x
        assert x[0] == -half and x[-1] == half and len(x) == 2 * 100 * half + 1
        assert [Fraction(value).limit_denominator(100) for value in x[:300:7]] == [Fraction(k, 100) - half for k in range(0, 300, 7)]


def gaussian_mean(function: Callable[[float], float]) -> float:
    """E[function(z)] by scipy's adaptive quadrature, split at the kinks."""
    edges = (-12.0, *KINKS, 12.0)
    pieces = zip(edges, edges[1:], strict=False)
    return sum(integrate.quad(lambda z: function(z) * norm_pdf(z), a, b, epsabs=1e-11)[0] for a, b in pieces)


def slope_second_moment(name: str) -> float:
    """E[f'(z)²] by 60-point Gauss-Legendre between the kinks, with the slope of the closed form."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    edges, total = (-12.0, *KINKS, 12.0), 0.0
    for a, b in zip(edges, edges[1:], strict=False):
        z = (a + b) / 2 + (b - a) / 2 * nodes
        total += (b - a) / 2 * sum(w * float(slope_of(name, x)) ** 2 * norm.pdf(x) for x, w in zip(z, weights, strict=True))
    return total


def norm_pdf(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


@every_function
def test_moments_equal_scipys_quadrature(name: str) -> None:
    found = facts_of(name)
    assert found["mean"] == pytest.approx(gaussian_mean(lambda z: FORMS[name](z, math)), abs=1e-9)
    assert found["second_moment"] == pytest.approx(gaussian_mean(lambda z: FORMS[name](z, math) ** 2), abs=1e-9)
    assert found["slope_second_moment"] == pytest.approx(slope_second_moment(name), abs=1e-9)
    assert found["gain"] == pytest.approx(found["second_moment"] ** -0.5, rel=1e-12)


HALF_NORMAL = 1 / math.sqrt(2 * math.pi)  # E[max(0, z)]
EXP_BELOW_0 = math.exp(0.5) * norm.cdf(-1)  # E[e^z; z < 0], by completing the square
MOMENTS = {
    ("identity", "mean"): 0,
    ("identity", "second_moment"): 1,
    ("identity", "slope_second_moment"): 1,
    ("step", "mean"): 0.5,
    ("step", "second_moment"): 0.5,
    ("step", "slope_second_moment"): 0,
    ("relu", "mean"): HALF_NORMAL,
    ("relu", "second_moment"): 0.5,
    ("relu", "slope_second_moment"): 0.5,
    ("relu", "gain"): math.sqrt(2),  # He et al. 2015, eq. 10
    ("leaky_relu", "mean"): (1 - SLOPE) * HALF_NORMAL,
    ("leaky_relu", "second_moment"): (1 + SLOPE**2) / 2,
    ("leaky_relu", "slope_second_moment"): (1 + SLOPE**2) / 2,
    ("prelu", "gain"): math.sqrt(2 / (1 + SLOPE**2)),  # He et al. 2015, eq. 15
    ("sigmoid", "mean"): 0.5,  # σ(-z) = 1 - σ(z)
    ("tanh", "mean"): 0,
    ("gelu", "mean"): 1 / (2 * math.sqrt(math.pi)),  # Stein: E[zΦ(z)] = E[φ(z)] = N(0 | 0, 2)
    ("silu", "mean"): gaussian_mean(lambda z: logistic(z, math) * (1 - logistic(z, math))),  # Stein: E[zσ(z)] = E[σ'(z)]
    ("elu", "mean"): HALF_NORMAL + ALPHA * (EXP_BELOW_0 - 0.5),
    ("elu", "second_moment"): 0.5 + ALPHA**2 * (math.exp(2) * norm.cdf(-2) - 2 * EXP_BELOW_0 + 0.5),
    ("elu", "slope_second_moment"): 0.5 + ALPHA**2 * math.exp(2) * norm.cdf(-2),
    ("selu", "mean"): 0,  # the fixed point for which SELU's two numbers were chosen
    ("selu", "second_moment"): 1,
    ("selu", "gain"): 1,
    ("hard_sigmoid", "slope_second_moment"): (2 * norm.cdf(3) - 1) / 36,
}


@pytest.mark.parametrize(("name", "moment"), MOMENTS, ids=str)
def test_moments_equal_closed_forms(name: str, moment: str) -> None:
    assert facts_of(name)[moment] == pytest.approx(MOMENTS[name, moment], abs=1e-8)


# name -> the x with |f'(x)| = t, for t = 0.05: |f'| is below t beyond it, on both sides
BEYOND = {"sigmoid": math.log((1 + math.sqrt(0.8)) / (1 - math.sqrt(0.8))), "tanh": math.atanh(math.sqrt(0.95)), "hard_sigmoid": 3.0}
SATURATED = {name: 2 * norm.cdf(-x) for name, x in BEYOND.items()} | {
    "relu": 0.5,
    "identity": 0,
    "step": 1,
    "elu": norm.cdf(math.log(0.05 / ALPHA)),  # αe^x = t
    "softplus": norm.cdf(math.log(0.05 / 0.95)),  # σ(x) = t
}


@pytest.mark.parametrize("name", SATURATED)
def test_saturated_share_equals_its_closed_form(name: str) -> None:
    assert facts_of(name)["saturated_share"] == pytest.approx(SATURATED[name], abs=1e-6)


@pytest.mark.parametrize("name", ["gelu", "silu", "gelu_tanh", "mish", "hardswish"])
def test_lowest_value_equals_scipys_minimum(name: str) -> None:
    best = optimize.minimize_scalar(lambda x: FORMS[name](x, math), bounds=(-3, 0), method="bounded", options={"xatol": 1e-10})
    found = facts_of(name)
    assert found["lowest"] == pytest.approx(best.fun, abs=1e-12) and found["lowest_at"] == pytest.approx(best.x, abs=1e-5)
    assert found["highest"] == found["highest_at"] == math.inf


@pytest.mark.parametrize("name", ["gelu", "silu", "gelu_tanh", "mish"])
def test_largest_slope_equals_scipys_maximum(name: str) -> None:
    best = optimize.minimize_scalar(lambda x: -float(slope_of(name, x)), bounds=(0.5, 4), method="bounded", options={"xatol": 1e-9})
    found = facts_of(name)
    assert found["largest_slope"] == pytest.approx(-best.fun, abs=1e-11) and found["largest_slope_at"] == pytest.approx(best.x, abs=1e-4)


def test_extremes_that_can_be_derived() -> None:
    """Sigmoid 1/4 at 0; tanh exactly 1 at 0; hardswish -3/8 at -3/2; GELU steepest at √2 and flattest at -√2, where f'' = (2 - x²)φ = 0."""
    sigmoid, tanh, gelu, hardswish = (facts_of(name) for name in ("sigmoid", "tanh", "gelu", "hardswish"))
    assert (sigmoid["largest_slope"], sigmoid["largest_slope_at"]) == (0.25, 0)
    assert (tanh["largest_slope"], tanh["largest_slope_at"], tanh["lowest"], tanh["highest"]) == (1, 0, -1, 1)
    assert (tanh["lowest_at"], tanh["highest_at"]) == (-math.inf, math.inf)
    root = math.sqrt(2)
    assert gelu["largest_slope"] == pytest.approx(norm.cdf(root) + root * norm.pdf(root), abs=1e-13)
    assert gelu["smallest_slope"] == pytest.approx(norm.cdf(-root) - root * norm.pdf(root), abs=1e-13)
    assert gelu["largest_slope_at"] == pytest.approx(root, abs=1e-5)
    assert (hardswish["lowest"], hardswish["lowest_at"]) == (pytest.approx(-0.375, abs=1e-14), pytest.approx(-1.5, abs=1e-7))


@every_function
def test_range_monotony_and_saturation_follow_from_the_formula(name: str) -> None:
    """The range from the limits and a fine grid of the closed form; the sides from its slope at ±10⁴."""
    found = facts_of(name)
    grid = [FORMS[name](x / 64, math) for x in range(-40 * 64, 40 * 64 + 1)]
    for extreme, sign in (("lowest", -1), ("highest", 1)):
        best = max(sign * value for value in grid)
        if best > 10:  # a slope of at least 1/4 that goes on for ever
            assert found[extreme] == sign * math.inf
        else:
            assert sign * found[extreme] == pytest.approx(best, abs=1e-3) and sign * found[extreme] >= best - 1e-12
    rising = all(b >= a - 1e-15 for a, b in zip(grid, grid[1:], strict=False))
    assert (found["rises"], found["falls"]) == (float(rising), 0.0)
    for side, x in (("saturates_left", -1e4), ("saturates_right", 1e4)):
        assert found[side] == float(abs(slope_of(name, x)) < 1e-6), side


@every_function
def test_the_slopes_jump_at_0_equals_its_closed_form(name: str) -> None:
    assert facts_of(name)["slope_jump_at_0"] == pytest.approx(JUMPS.get(name, 0.0), abs=5e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0, 3.0])
def test_elu_is_smooth_at_0_for_alpha_1_alone(alpha: float) -> None:
    found = properties(curve.Params(elu_alpha=alpha, more_functions=("elu",)).function("elu"), 0.05)
    assert found["slope_jump_at_0"] == pytest.approx(1 - alpha, abs=1e-8)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x/(1 + abs(x))", {"lowest": -1, "highest": 1, "saturates_left": 1, "saturates_right": 1}),
        ("0 - x", {"rises": 0, "falls": 1, "lowest": -math.inf, "highest": math.inf, "largest_slope": -1, "mean": 0, "gain": 1}),
        ("3", {"rises": 1, "falls": 1, "lowest": 3, "highest": 3, "largest_slope": 0, "mean": 3, "second_moment": 9}),
        ("x**3", {"mean": 0, "second_moment": 15, "slope_second_moment": 27, "gain": 15**-0.5}),  # E[z⁶] = 15, 9E[z⁴] = 27
        ("sin(x)", {"lowest": -1, "highest": 1, "largest_slope": 1, "smallest_slope": -1, "second_moment": (1 - math.exp(-2)) / 2}),
        (
            "exp(x)",
            {"lowest": 0, "highest": math.inf, "mean": math.exp(0.5), "second_moment": math.exp(2), "slope_second_moment": math.exp(2)},
        ),
        ("erf(x)", {"largest_slope": 2 / math.sqrt(math.pi), "slope_second_moment": 4 / (math.pi * math.sqrt(5))}),
        ("log(abs(x))", {"lowest": -math.inf, "highest": math.inf, "mean": -0.6351814227307391}),  # -(γ + ln 2)/2
        ("1/x", {"mean": math.nan, "second_moment": math.nan, "gain": math.nan, "lowest": -math.inf, "highest": math.inf}),
        ("exp(x*x/4)", {"mean": math.sqrt(2), "second_moment": math.nan, "gain": math.nan}),  # E[e^(z²/2)] is infinite
        ("where(x > 0.3, 1, 0)", {"mean": norm.sf(0.3), "second_moment": norm.sf(0.3), "saturated_share": 1}),
        ("abs(x)", {"slope_jump_at_0": 2, "mean": 2 * HALF_NORMAL, "lowest": 0, "lowest_at": 0, "smallest_slope": -1}),
    ],
)
def test_properties_of_typed_functions_equal_what_calculus_says(expression: str, expected: dict[str, float]) -> None:
    found = facts_of("", expression)
    for name, value in expected.items():
        tolerance = 2e-4 if expression == "x/(1 + abs(x))" else 1e-7  # its ends are approached as slowly as 1/x
        assert found[name] == pytest.approx(value, abs=tolerance, nan_ok=True), name


def test_float32_sigmoid_is_exactly_1_from_24_ln_2_on() -> None:
    """1 + e^-x rounds to 1 in float32 when e^-x <= 2^-24, half the gap above 1: from x = 24 ln 2 = 16.6355… on, 16.64 on the table."""
    result = curve.compute(curve.Params(functions=("sigmoid",), span=20, precision="float32"))
    end = math.ceil(24 * math.log(2) * 100) / 100
    assert result.exact_end("sigmoid") == end == 16.64
    beyond = result.x >= end
    assert (result.curves[0, 0, beyond] == 1).all() and (result.curves[0, 1, beyond] == 0).all()
    assert result.curves[0, 0, result.x < end].max() < 1
    in_float64 = curve.compute(curve.Params(functions=("sigmoid",), span=20))
    assert in_float64.exact_end("sigmoid") is None and in_float64.facts()["exact_end"].value is None


@pytest.mark.parametrize("name", [*ACTIVATIONS, curve.OWN])
def test_pytorchs_gain_is_calculate_gain_and_nan_where_pytorch_has_none(name: str) -> None:
    known = {"identity": "linear", "leaky_relu": "leaky_relu"} | {same: same for same in ("sigmoid", "tanh", "relu", "selu")}
    found = curve.torch_gain(name, all_functions(expression="x"))
    if name in known:
        assert found == torch.nn.init.calculate_gain(known[name], SLOPE if name == "leaky_relu" else None)
    else:
        assert math.isnan(found)
        with pytest.raises(ValueError, match="Unsupported"):
            torch.nn.init.calculate_gain(name)


def test_output_shares_are_the_distribution_of_f(result: curve.Result) -> None:
    """f(z) of bounded functions is all there; identity has the normal's own bins; ReLU and step have their atom at 0."""
    edges = np.linspace(-3, 3, curve.BINS + 1)
    shares = dict(zip(result.names, result.outputs, strict=True))
    each = 1.5 / curve.INPUTS
    for name in ("sigmoid", "tanh", "hard_sigmoid", "step"):
        assert shares[name].sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(shares["identity"], np.diff(norm.cdf(edges)), atol=each)
    np.testing.assert_allclose(shares["sigmoid"][30:40], np.diff(norm.cdf(logit(np.linspace(0, 1, 11)))), atol=each)
    assert shares["relu"][30] == pytest.approx(norm.cdf(0.1), abs=each) and shares["relu"][:30].sum() == 0
    half = (curve.INPUTS + 1) // 2  # of the inputs, the middle one being 0
    assert (shares["step"][[30, 40]] == [half / curve.INPUTS, (half - 1) / curve.INPUTS]).all()


def neuron_settings(rng: random.Random) -> tuple[curve.Params, Fraction]:
    """A random neuron on the sliders' stops, and its z in exact arithmetic."""
    tenths = {name: rng.randint(-20, 20) for name in ("input_1", "weight_1", "input_2", "weight_2", "bias")}
    w1, x1, w2, x2, b = (Fraction(tenths[name], 10) for name in ("weight_1", "input_1", "weight_2", "input_2", "bias"))
    return all_functions(**{name: value / 10 for name, value in tenths.items()}), w1 * x1 + w2 * x2 + b


def test_every_neurons_z_is_exactly_on_the_table(result: curve.Result) -> None:
    rng, places = random.Random(12), set(result.x.tolist())
    for _ in range(1000):
        params, z = neuron_settings(rng)
        assert params.pre_activation() == float(z) and params.pre_activation() in places
    assert replace(params, input_1=2, weight_1=2, input_2=2, weight_2=2, bias=2).pre_activation() == 10 == result.x[-1]


def test_the_neuron_uses_the_marked_function() -> None:
    """z, f(z), f'(z), f''(z) by the closed form, for a random neuron with each of four functions."""
    rng = random.Random(13)
    for name in ("sigmoid", "mish", "selu", "gelu_tanh"):
        params, z = neuron_settings(rng)
        found = curve.compute(replace(params, functions=("tanh", "sigmoid"), focus=name))
        expected = [float(z), *(float(slope_of(name, float(z), order)) for order in range(3))]
        np.testing.assert_allclose(found.neuron, expected, rtol=1e-9, atol=1e-12)
        facts = found.facts()
        assert [facts[fact].value for fact in ("pre_activation", "output", "slope_here")] == found.neuron[:3].tolist()


@pytest.mark.parametrize(("precision", "digits"), [("float32", 24), ("bfloat16", 8), ("float16", 11)])
def test_curves_are_computed_in_the_chosen_number_format(precision: str, digits: int) -> None:
    """Every value of tanh has at most that many binary digits, and lies within two roundings of the true one."""
    found = curve.compute(curve.Params(functions=("tanh",), focus="tanh", precision=precision))
    mantissa = np.frexp(found.curves[0, 0])[0] * 2**digits
    normal = np.abs(found.curves[0, 0]) > 1e-4
    assert (mantissa == np.round(mantissa)).all() and len(np.unique(found.curves[0, 0])) > 100
    x = np.frexp(found.x)
    x = np.ldexp(np.round(x[0] * 2**digits) / 2**digits, x[1])  # the table's x in that format
    np.testing.assert_allclose(found.curves[0, 0][normal], np.tanh(x)[normal], rtol=2.0 ** (2 - digits))
    in_float64 = curve.compute(curve.Params(functions=("tanh",), focus="tanh"))
    assert (found.table == in_float64.table).all() and (found.outputs == in_float64.outputs).all()


def test_typed_functions_go_the_way_of_built_in_ones() -> None:
    """Written by hand, mish, leaky ReLU and swish have the same curves, properties and outputs as the built-in ones."""
    for name, expression in (("mish", "x*tanh(softplus(x))"), ("leaky_relu", f"max(x, {SLOPE}*x)"), ("swish", f"x*sigmoid({BETA}*x)")):
        found = curve.compute(all_functions(expression=expression, focus="own"))
        i, smooth = found.names.index(name), found.x != 0
        np.testing.assert_allclose(found.curves[-1][:, smooth], found.curves[i][:, smooth], atol=1e-8)
        np.testing.assert_allclose(found.table[-1], found.table[i], atol=1e-7)
        np.testing.assert_array_equal(found.outputs[-1], found.outputs[i])


def test_largest_difference_is_that_of_what_is_seen() -> None:
    """max(1.5x, x) against PReLU with slope 1.5: they differ by |x|/2 on both sides, so by span/2 in what is drawn."""
    for span in (4, 8):
        params = curve.Params(
            functions=(), more_functions=("prelu",), prelu_slope=1.5, expression="max(1.5*x, x)", focus="prelu", span=span
        )
        assert curve.compute(params).facts()["largest_difference[own]"].value == pytest.approx(span / 2, abs=1e-12)


def test_facts_without_a_value_are_undefined_and_counted() -> None:
    """1/x is undefined at one of the 2001 x; log(x) at 0 and at the 1000 below."""
    params = curve.Params(functions=(), expression="1/x", focus="own", bias=0, weight_1=0, weight_2=0)
    facts = curve.compute(params).facts()
    assert facts["output"].value is None and facts["gain"].value is None and facts["undefined_share"].value == pytest.approx(1 / 2001)
    assert curve.compute(replace(params, expression="log(x)")).facts()["undefined_share[own]"].value == pytest.approx(1001 / 2001)


def test_the_marked_function_is_always_one_that_is_drawn() -> None:
    assert curve.Params(functions=("tanh", "relu"), focus="gelu").canonical().focus == "tanh"
    assert curve.Params(functions=(), expression="x", focus="gelu").canonical().focus == "own"
    assert curve.Params(functions=("gelu",), expression="x", focus="own").canonical().focus == "own"


def as_bytes(found: curve.Result) -> list[bytes]:
    return [array.tobytes() for array in (found.x, found.curves, found.table, found.neuron, found.torch_gains, found.outputs)]


def test_equal_settings_give_equal_bytes_in_any_thread_after_any_work() -> None:
    settings = [all_functions(), all_functions(precision="float32", span=20), curve.Params(expression="sin(x)*exp(x/3)", focus="own")]
    first = [as_bytes(curve.compute(params)) for params in settings]
    with ThreadPoolExecutor(3) as threads:
        again = list(threads.map(lambda params: as_bytes(curve.compute(params)), settings[::-1] * 2))
    assert again == first[::-1] * 2


def test_math_and_mpmath_agree_on_the_forms_used_here() -> None:
    """The oracle itself: both evaluations of every closed form, away from and at the kinks."""
    modules: tuple[ModuleType, Any] = (math, mpmath)
    for name, form in FORMS.items():
        for x in (*EVERYWHERE, *KINKS):
            assert float(form(x, modules[0])) == pytest.approx(float(form(mpmath.mpf(x), modules[1])), abs=1e-14), name
