"""Many seeds: the ensemble is its members trained apart, and its shares are counted from them."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dlviz.compute import gather, run
from dlviz.compute.activations import network, seeds
from dlviz.compute.activations.classifier import fresh, load
from dlviz.compute.activations.seeds import SEEDS, Params, Result, compute, settings_of, train
from dlviz.compute.training import Batches, optimiser
from dlviz.fields import ParameterError
from dlviz.nets.ensemble import stack


def apart(params: Params, width: int, seed: int, steps: int) -> float:
    """The training loss of one member, trained alone in float64 with the network's own code."""
    settings = settings_of(params, width, seed)
    data, net = load(settings), fresh(settings, torch.float64)
    rows = torch.from_numpy(data.is_train)
    x, y = data.x[rows].double(), data.y[rows].double()
    how = optimiser(params.optimiser, net.parameters, params.learning_rate, params.momentum, 0.0)
    for _, batch in zip(range(steps), Batches(len(y), int(params.batch_size), seed), strict=False):
        for parameter in net.parameters:
            parameter.grad = None
        F.binary_cross_entropy_with_logits(net.forward(x[batch])[0][:, 0], y[batch]).backward()
        how.step()
    return F.binary_cross_entropy_with_logits(net.forward(x)[0][:, 0], y).item()


@pytest.mark.parametrize("how", ["sgd", "momentum", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("activation", ["tanh", "prelu"])
def test_members_are_separate_runs_in_float64_over_twenty_steps(how: str, activation: str) -> None:
    params = Params(activation=activation, optimiser=how, layers=2, learning_rate=0.1)
    *_, (losses, _) = train(params, 3, [0, 20], torch.float64)
    for seed in (0, 17, SEEDS - 1):
        assert losses[seed] == pytest.approx(apart(params, 3, seed, 20), rel=1e-9)


def test_a_member_is_the_other_views_network_from_that_seed() -> None:
    params = Params(widths=("4",), epochs=2)
    ensemble = run("activations.seeds", params)
    assert isinstance(ensemble, Result)
    for seed in (3, 40):
        alone = run(
            "activations.network",
            network.Params(activation="relu", widths=(4,), initialisation="he", seed=seed, epochs=2, learning_rate=params.learning_rate),
        )
        assert isinstance(alone, network.Result)
        assert ensemble.losses[-1, 0, seed] == pytest.approx(alone.losses[-1, 0], rel=1e-5)


def test_no_member_has_a_part_in_anothers_gradient() -> None:
    params = Params()
    net = stack([fresh(settings_of(params, 3, seed), torch.float64) for seed in range(4)])
    out, _ = net.forward(torch.randn(4, 6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))
    out[2].sum().backward()
    for parameter in net.parameters:
        assert parameter.grad is not None
        assert (parameter.grad[[0, 1, 3]] == 0).all()
    last = net.biases[-1].grad
    assert last is not None and last[2].item() == 6


def test_shares_and_quantiles_are_counted_from_the_members() -> None:
    result = run("activations.seeds", Params(widths=("2", "8"), epochs=30))
    assert isinstance(result, Result)
    facts = result.facts()
    for i, width in enumerate(("2", "8")):
        right = (result.accuracies[-1, i] == 1).sum()
        assert facts[f"solved_share[{width}]"].value == pytest.approx(right / SEEDS)
        assert facts[f"median_loss[{width}]"].value == pytest.approx(np.median(result.losses[-1, i].astype(float)))
        for name, share in (("low", 0.1), ("high", 0.9)):
            bound = facts[f"{name}_loss[{width}]"].value
            assert bound is not None and abs((result.losses[-1, i] <= bound).mean() - share) <= 1 / SEEDS
    assert facts["worst_share"].value == 0, "two lines cannot close around a disc"


def test_snapshots_so_far_are_the_beginning_of_the_result() -> None:
    params = Params(widths=("1", "2"), epochs=3)
    steps: list[Any] = []
    for snapshot in compute(params):
        steps.append(snapshot)
        if len(steps) == 4:
            break
    part, whole = gather("activations.seeds", params, steps), run("activations.seeds", params)
    assert isinstance(part, Result) and isinstance(whole, Result)
    np.testing.assert_array_equal(part.losses, whole.losses[:4])
    assert whole.losses.shape == (len(whole.steps), 2, SEEDS) and steps[0].of == whole.steps[-1] == 30


def test_a_run_is_not_too_long() -> None:
    assert seeds.MOST_STEPS == 20_000
    with pytest.raises(ParameterError, match="at most 250 epochs of 20 steps for 4 widths"):
        Params(batch_size=5, epochs=251)
