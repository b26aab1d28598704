"""The picture of Depth: what the component reads is the result, and pictures beside each other have the same axes."""

import numpy as np
import pytest

from dlviz.compute.gradients.depth import MAP_BIAS, Params, compute
from dlviz.figures.gradients import depth, singular
from dlviz.figures.payload import unpack


def test_the_payload_is_the_result() -> None:
    result = compute(Params(depth=7, skip="plain"))
    header, arrays = unpack(depth((result,)))
    for name in ("weight_gradient", "signal_gradient", "mean", "variance", "square", "dead", "through_rest", "slope"):
        np.testing.assert_array_equal(arrays[name], getattr(result, name))
    np.testing.assert_array_equal(arrays["per_sample"].reshape(7, 3), result.per_sample)
    np.testing.assert_allclose(arrays["chi"].reshape(header["map"]["shape"]), np.log10(result.map_chi), rtol=1e-5, atol=1e-6)
    assert header["layers"] == header["longest"] == 7 and header["rest"] is True and header["rests"] is None


def test_the_predicted_line_has_the_slope_chi_and_ends_at_the_last_layer() -> None:
    result = compute(Params(depth=9))
    line = unpack(depth((result,)))[1]["predicted"]
    assert line[-1] == result.signal_gradient[-1]
    np.testing.assert_allclose((line[:-1] / line[1:]) ** 2, result.predicted_chi[:-1], rtol=1e-9)


def test_the_place_where_signals_rest_lies_on_the_axis() -> None:
    result = compute(Params(depth=3))
    header = unpack(depth((result,)))[0]
    assert 10 ** header["rests"] == pytest.approx(result.fixed_square, rel=1e-12)
    assert header["ranges"]["signal"][0] < header["rests"] < header["ranges"]["signal"][1]


def test_the_third_row_has_ratio_mean_and_shares_on_axes_that_hold_them() -> None:
    result = compute(Params(depth=6, activation="relu", width=8))
    header, arrays = unpack(depth((result,)))
    np.testing.assert_allclose(arrays["ratio"] * result.weight_norm, result.weight_gradient)
    np.testing.assert_array_equal(arrays["mean_size"] ** 2, result.mean**2)
    for kind, names in {"update": ("ratio",), "signal": ("mean_size", "variance"), "shares": ("dead", "saturated")}.items():
        low, high = header["ranges"][kind]
        shown = np.concatenate([arrays[name] for name in names])
        assert (np.log10(shown[shown > 0]) > low).all() and (np.log10(shown[shown > 0]) < high).all()
    unmoved = unpack(depth((compute(Params(initialisation="zeros", depth=3)),)))[1]
    assert np.isnan(unmoved["ratio"]).all()


def test_two_pictures_have_the_same_axes_that_hold_both() -> None:
    one, other = compute(Params(depth=20)), compute(Params(depth=10, activation="tanh"))
    first, second = unpack(depth((one, other)))[0], unpack(depth((other, one)))[0]
    assert first["ranges"] == second["ranges"] and first["longest"] == second["longest"] == 20
    low, high = first["ranges"]["gradient"]
    for result in (one, other):
        logs = np.log10([result.signal_gradient.min(), result.weight_gradient.max()])
        assert low < logs[0] and logs[1] < high


def test_what_is_zero_or_not_finite_does_not_reach_the_axes() -> None:
    for params in (Params(initialisation="zeros"), Params(depth=100, activation="identity", weight_spread=12, samples=8)):
        ranges = unpack(depth((compute(params),)))[0]["ranges"]
        assert all(np.isfinite(edge) for pair in ranges.values() for edge in pair)


def test_the_edge_is_where_chi_is_one() -> None:
    """For ReLU that is σ_w = √2, whatever σ_b."""
    edge = np.array(unpack(depth((compute(Params(activation="relu")),)))[0]["map"]["edge"])
    np.testing.assert_allclose(edge[:, 0], np.sqrt(2), rtol=2e-3)
    np.testing.assert_allclose(edge[:, 1], MAP_BIAS, atol=1e-4)


def test_the_map_shows_where_the_network_stands() -> None:
    here = unpack(depth((compute(Params(initialisation="he", width=256)),)))[0]["map"]["here"]
    assert here == [pytest.approx(np.sqrt(2), rel=0.01), 0.0]


def test_the_chart_of_singular_values_has_those_that_a_logarithm_has() -> None:
    result = compute(Params(depth=3, width=12, activation="relu", jacobian=True))
    rows = singular(result).to_dict()["data"]["values"]
    assert [row["value"] for row in rows] == [value for value in result.singular.tolist() if value > 0]
