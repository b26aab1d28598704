"""The view Depth: facts as they are defined, bad settings, precision, and equal bytes from equal settings."""

import threading

import numpy as np
import pytest
import torch

from dlviz.compute.gradients.architecture import MOST_WEIGHTS
from dlviz.compute.gradients.depth import Params, Result, compute
from dlviz.fields import ParameterError


def value(result: Result, name: str) -> float:
    found = result.facts()[name].value
    assert found is not None
    return found


def test_the_factor_is_what_the_reach_is_made_of() -> None:
    result = compute(Params(depth=12))
    assert value(result, "factor") ** 11 == pytest.approx(value(result, "reach"), rel=1e-9)
    assert 10 ** value(result, "log_reach") == pytest.approx(value(result, "reach"), rel=1e-9)
    parts = value(result, "weights_factor") * value(result, "slope_factor") * value(result, "rest_factor")
    assert parts == pytest.approx(value(result, "factor"), rel=1e-6)


def test_all_zero_weights_have_no_gradient_to_speak_of() -> None:
    facts = compute(Params(initialisation="zeros")).facts()
    assert facts["reach"].value is None and facts["factor"].value is None and facts["underflow_share"].value == 0
    assert facts["loss"].value == pytest.approx(np.log(2))


def test_numbers_that_run_over_are_a_result() -> None:
    result = compute(Params(depth=100, activation="identity", weight_spread=12, samples=8))
    assert result.facts()["square_growth"].value is None and not np.isfinite(result.square[-1])


def test_float16_loses_what_float64_has_and_a_loss_scale_brings_it_back() -> None:
    """In float16 nothing below 2^-25 is anything but 0: the share of entries of ∂L/∂W that float64 finds below it is what is lost."""
    lost, saved = (compute(Params(depth=10, precision="float16", loss_scale=scale)) for scale in (1, 65536))
    assert lost.underflow[0] > 0.9 and (np.diff(lost.underflow) <= 0.05).all() and saved.underflow.max() < 0.01
    assert np.isnan(compute(Params(depth=10)).underflow).all()


def test_singular_values_are_those_of_the_product_of_all_layers() -> None:
    """An orthogonal linear network with gain 1: every singular value of its Jacobian is 1; with σ_w normal, those of W_L…W_1."""
    linear = Params(activation="identity", width=16, depth=6, jacobian=True, precision="float64")
    np.testing.assert_allclose(compute(Params(**linear.as_dict() | {"initialisation": "orthogonal"})).singular, 1, rtol=1e-9)
    net = linear.network(linear.task(), torch.float64)
    product = torch.linalg.multi_dot([weight.detach() for weight in reversed(net.weights[:-1])])
    np.testing.assert_allclose(compute(linear).singular, torch.linalg.svdvals(product).numpy(), rtol=1e-9)


def test_the_map_says_what_a_real_wide_network_does() -> None:
    """χ at the map's nearest point to σ_w = 1.5, σ_b = 0.5, against ‖∂L/∂z‖² of a network of 600 units there, in its last layers."""
    result = compute(Params(activation="tanh", weight_spread=1.5, bias_spread=0.5, depth=20, width=600, samples=32, precision="float64"))
    row, column = 5, int(np.abs(result.map_weight - 1.5).argmin())
    measured = (result.signal_gradient[8:-1] / result.signal_gradient[9:]) ** 2
    assert np.exp(np.log(measured).mean()) == pytest.approx(result.map_chi[row, column], rel=0.06)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"depth": 100, "width": 1024}, "at most 282 units for 100 layers"),
        ({"depth": 100, "width": 200, "samples": 512}, "at most 200 samples"),
        ({"jacobian": True, "width": 300}, "at most 256 units"),
        ({"jacobian": True, "norm": "batch"}, "does not couple the samples"),
        ({"activation": "gelu", "initialisation": "xavier", "gain": "torch"}, "calculate_gain knows"),
        ({"depth": 1}, "a number from 2 to 100"),
    ],
)
def test_a_network_that_cannot_be_had_is_refused_in_a_sentence(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Params(**settings)  # type: ignore[arg-type]


def test_the_largest_network_fits() -> None:
    assert Params(depth=100, width=282, samples=8).width ** 2 * 100 <= MOST_WEIGHTS


def test_equal_settings_give_equal_bytes_in_any_thread_whatever_ran_before() -> None:
    params, found = Params(norm="layer", skip="plain", data="spiral"), []

    def one(before: Params) -> None:
        compute(before)
        found.append(compute(params))

    threads = [threading.Thread(target=one, args=(Params(seed=seed),)) for seed in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = compute(params)
    for other in found:
        for name in ("weight_gradient", "signal_gradient", "variance", "histogram", "through_slope"):
            assert getattr(other, name).tobytes() == getattr(alone, name).tobytes()


def test_fields_without_effect_do_not_change_the_settings() -> None:
    he = Params(initialisation="he", weight_spread=3, bias_spread=1, loss_scale=100).canonical()
    assert (he.weight_spread, he.bias_spread, he.loss_scale) == (1.0, 0.0, 1.0)
