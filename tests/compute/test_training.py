"""In training: torch.nn, trained beside it, sees the same; clipping is torch's; divergence is a result; same settings, same bytes."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from dlviz.compute import gather, run
from dlviz.compute.gradients.recording import look
from dlviz.compute.gradients.steps import clip_gradients, gradient_norms, warmed
from dlviz.compute.gradients.training import Params, Result, compute
from dlviz.compute.training import Batches
from dlviz.fields import ParameterError
from dlviz.nets.deep import Deep

SMALL: dict[str, Any] = {"depth": 4, "width": 6, "samples": 32, "batch_size": 16, "steps": 40}


def result_of(**settings: Any) -> Result:
    """The result of SMALL settings with these changes."""
    found = run("gradients.training", Params(**(SMALL | settings)))
    assert isinstance(found, Result)
    return found


def as_bytes(result: Result) -> list[bytes]:
    return [value.tobytes() for value in vars(result).values() if isinstance(value, np.ndarray)]


def with_gradients(*values: list[float]) -> list[torch.Tensor]:
    """Parameters that have these gradients."""
    found = []
    for row in values:
        parameter = torch.zeros(len(row), requires_grad=True)
        parameter.grad = torch.tensor(row)
        found.append(parameter)
    return found


def module_of(net: Deep) -> torch.nn.Sequential:
    """The same network as torch's own modules, for tanh without norms and skips."""
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight.data, linear.bias.data = weight.detach().clone(), bias.detach().clone()
        layers += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


# Between gradient and update -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [0.1, 1.0, 12.9, 13.1, 100.0])
def test_clipping_is_torchs(most: float) -> None:
    """Gradients (3, 4) and (12): their norm together is 13."""
    ours, theirs = with_gradients([3.0, 4.0], [12.0]), with_gradients([3.0, 4.0], [12.0])
    norms = gradient_norms(ours)
    acted = clip_gradients(ours, norms, most)
    total = torch.nn.utils.clip_grad_norm_(theirs, most)
    assert norms == [5.0, 12.0] and math.hypot(*norms) == pytest.approx(total.item(), rel=1e-6)
    assert acted is (most < 13)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-6, atol=0)


def test_norms_neither_underflow_nor_overflow() -> None:
    """Squares of 10⁻³⁰ and 10³⁰ have no place in float32; the norms themselves have."""
    assert gradient_norms(with_gradients([3e-30, 4e-30], [3e30, 4e30], [0.0])) == pytest.approx([5e-30, 5e30, 0.0], rel=1e-6, abs=0)


def test_a_gradient_that_is_no_number_stays_so_when_clipped() -> None:
    parameters = with_gradients([math.nan, 1.0])
    assert clip_gradients(parameters, gradient_norms(parameters), 1.0) and parameters[0].grad is not None
    assert not parameters[0].grad.isfinite().any()


def test_the_rate_warms_up_in_equal_parts() -> None:
    rates = [warmed(0.3, step, 6) for step in range(1, 10)]
    np.testing.assert_allclose(np.diff(rates[:6]), 0.05)
    assert rates[5:] == [0.3] * 4 and warmed(0.3, 1, 0) == 0.3


# A run ---------------------------------------------------------------------------------------------------------------

SGD = {"optimiser": "sgd"}, lambda parameters: torch.optim.SGD(parameters, 0.1)
MOMENTUM = {"optimiser": "momentum", "momentum": 0.8}, lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.8)
ADAM = {"optimiser": "adam"}, lambda parameters: torch.optim.Adam(parameters, 0.1)


@pytest.mark.parametrize("clipping", [0, 0.3])
@pytest.mark.parametrize("warm_up", [0, 10])
@pytest.mark.parametrize(("named", "made"), [SGD, MOMENTUM, ADAM], ids=["sgd", "momentum", "adam"])
def test_torchs_own_modules_trained_beside_it_see_the_same(named: dict[str, Any], made: Any, warm_up: int, clipping: float) -> None:
    """nn.Linear and nn.Tanh, torch's optimiser, clip_grad_norm_ and LambdaLR, over the first 20 steps, before rounding has grown."""
    result = result_of(**named, warm_up=warm_up, clip=clipping)
    params, task = result.params, result.params.task()  # type: ignore[attr-defined]
    x, y = task.x.float(), task.y
    net = module_of(params.network(task, torch.float32))  # type: ignore[attr-defined]
    how = made(net.parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(how, lambda step: min(1, (step + 1) / warm_up) if warm_up else 1)
    linear = [layer for layer in net if isinstance(layer, torch.nn.Linear)][:-1]
    gradient, total, batch_loss = (result.each(name) for name in ("gradient", "total", "batch_loss"))
    for step, rows in zip(range(20), Batches(len(y), 16, int(params.as_dict()["seed"])), strict=False):
        how.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows])
        loss.backward()
        expected = [layer.weight.grad.norm().item() for layer in linear if layer.weight.grad is not None]
        np.testing.assert_allclose(gradient[step], expected, rtol=2e-4)
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), clipping or math.inf).item()
        assert total[step] == pytest.approx(norm, rel=2e-4) and batch_loss[step] == pytest.approx(loss.item(), rel=1e-4)
        assert result.each("clipped")[step] == (0 < clipping < norm)
        before = [layer.weight.detach().clone() for layer in linear]
        how.step()
        schedule.step()
        moves = [((layer.weight - was).norm() / was.norm()).item() for layer, was in zip(linear, before, strict=True)]
        np.testing.assert_allclose(result.update[step + 1], moves, rtol=1e-3, err_msg=f"step {step + 1}")
    outputs = torch.nn.functional.cross_entropy(net(x), y).item()
    assert result.loss[20] == pytest.approx(outputs, rel=1e-3)


def test_every_step_is_recorded_once_whatever_the_distance_of_the_pictures() -> None:
    """Of 140 steps every third has a picture, and the last, which comes two steps after the one before."""
    result = result_of(steps=140)
    assert list(result.steps) == [*range(0, 139, 3), 140] and list(result.taken) == [0, *[3] * 46, 2]
    assert result.each("total").shape == (140,) and result.each("gradient").shape == (140, 4)
    assert np.isfinite(result.each("gradient")).all() and np.isnan(result.gradient[0]).all() and np.isnan(result.update[0]).all()
    short = result_of(steps=20)
    np.testing.assert_array_equal(short.each("batch_loss"), result.each("batch_loss")[:20])


def test_what_the_whole_set_shows_is_what_the_network_does() -> None:
    params = Params(**(SMALL | {"activation": "relu", "initialisation": "he", "steps": 20}))
    task = params.task()
    net = params.network(task, torch.float32)
    net.biases[1].data[:3] = -100  # three of six units of layer 2 are off for every sample
    seen = look(net, task.x.float(), task.y)
    h, variances, dead = task.x.float(), [], []
    for weight, bias in zip(net.weights[:-1], net.biases[:-1], strict=True):
        z = h @ weight.T + bias
        h = z.clamp(min=0)
        variances.append(h.detach().double().numpy().var())
        dead.append((z <= 0).all(0).double().mean().item())
    np.testing.assert_allclose(seen["variance"], variances, rtol=1e-5)
    assert dead[1] >= 0.5 and seen["dead"].tolist() == dead
    p = torch.softmax(h @ net.weights[-1].T + net.biases[-1], 1)[torch.arange(32), task.y].detach()
    assert float(seen["loss"]) == pytest.approx(float(-p.log().mean()), rel=1e-5)
    assert float(seen["accuracy"]) == float((p > 0.5).double().mean())


def test_divergence_is_a_result_and_ends_the_run() -> None:
    result = result_of(activation="relu", weight_spread=6, learning_rate=10, depth=12, steps=240)
    facts = result.facts()
    at = facts["diverged_at_step"].value
    assert at is not None and result.steps[-1] < 240 and at <= result.steps[-1] < at + 4  # at the next picture
    assert np.isfinite(result.each("batch_loss")[: int(at) - 1]).all() and np.isfinite(result.each("total")[: int(at) - 1]).all()
    assert facts["train_loss"].value is None and facts["largest_norm"].value is not None and facts["dead_share"].value is None


def test_from_zeros_only_the_last_bias_moves() -> None:
    """tanh(0) = 0 multiplies the readout's gradient, and its zero weights multiply that of all before; two classes, two biases."""
    facts = result_of(initialisation="zeros").facts()
    assert facts["moved"].value == 2 and facts["gradient_first"].value == facts["gradient_last"].value == 0
    assert facts["update_median"].value is None and facts["update_largest_layer"].value is None


def test_under_batch_norm_sigma_w_changes_no_gradient_but_by_its_own_size() -> None:
    """∂L/∂W of a layer whose z is normalised is that of 2W, doubled: so its share of the last layer's stays."""
    one, other = (result_of(norm="batch", weight_spread=spread, steps=20, samples=64, batch_size=64) for spread in (1, 2))
    ratios = [result.facts()["gradient_ratio"].value for result in (one, other)]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-3)
    np.testing.assert_allclose(other.each("gradient")[0] * 2, one.each("gradient")[0], rtol=1e-3)
    assert (one.facts()["norms"].value, result_of(steps=20).facts()["norms"].value) == (4, 0)


def test_facts_are_what_their_names_say() -> None:
    result = result_of(clip=0.3)
    facts = {name: fact.value for name, fact in result.facts().items()}
    layers = np.median(result.update[1:], axis=0)
    assert facts["update_largest"] == layers.max() and facts["update_largest_layer"] == layers.argmax() + 1
    assert facts["update_smallest"] == layers.min() and facts["update_median"] == np.median(result.update[1:])
    total = result.each("total")
    assert facts["clipped_share"] == (total > 0.3).mean() and 0 < facts["clipped_share"] < 1
    assert facts["largest_norm"] == total.max() and facts["largest_norm_step"] == total.argmax() + 1
    assert facts["gradient_ratio"] == result.gradient[1, 0, 0] / result.gradient[1, 0, -1]
    assert facts["parameters"] == 2 * 6 + 6 + 3 * (36 + 6) + 6 * 2 + 2


# Runs among others ---------------------------------------------------------------------------------------------------


def test_same_settings_same_bytes_alone_and_beside_others() -> None:
    settings: list[dict[str, Any]] = [
        {"seed": 1}, {"seed": 2, "optimiser": "adam", "norm": "batch"}, {"seed": 3, "clip": 0.2, "warm_up": 10, "skip": "scaled"},
    ]  # fmt: skip
    alone = [as_bytes(result_of(**each)) for each in settings]
    with ThreadPoolExecutor(3) as threads:
        beside = list(threads.map(lambda each: as_bytes(result_of(**each)), settings * 2))
    assert beside == alone * 2


def test_snapshots_so_far_are_the_beginning_of_the_result() -> None:
    params = Params(**SMALL)
    seen = []
    for snapshot in compute(params):
        seen.append(snapshot)
        if len(seen) == 5:
            break
    part, whole = gather("gradients.training", params, seen), result_of()
    assert isinstance(part, Result)
    for name in ("steps", "loss", "gradient", "update", "dead", "taken"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:5])
    later = gather("gradients.training", params, seen[3:])
    assert isinstance(later, Result)
    np.testing.assert_array_equal(later.each("total"), whole.each("total")[2:4])


def test_a_run_is_not_too_long() -> None:
    with pytest.raises(ParameterError, match=r"steps is 2000.0: expected at most \d+ steps for 100 layers of 100 units"):
        Params(depth=100, width=100, steps=2000)
    with pytest.raises(ParameterError, match="depth is 30.0: expected fewer layers"):
        Params(depth=30, width=256, samples=512, batch_size=512, steps=20)
