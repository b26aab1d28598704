"""Inputs of mean 0 and variance 1, and what they and LeCun's initialisation do to the signal on its way through the layers."""

import numpy as np
import pytest
import torch

from dlviz.compute import run
from dlviz.compute.activations import network
from dlviz.compute.activations.classifier import load
from dlviz.compute.activations.network import Params
from dlviz.data.points import draw, standard
from dlviz.nets.mlp import initial_weight
from dlviz.results import Facts


def facts_of(**settings: object) -> Facts:
    """The facts of a short run."""
    return run("activations.network", Params(epochs=1, **settings)).facts()  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_the_points_for_training_have_mean_0_and_variance_1_and_keep_their_places(share: float) -> None:
    data = load(Params(data="moons", inputs="standard", train_share=share, seed=3).as_dict())
    x, drawn = data.x.numpy().astype(np.float64), draw("moons", 200, 0.0, 3).x
    np.testing.assert_allclose(x[: data.trained].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(x[: data.trained].var(0), 1, rtol=1e-6)
    np.testing.assert_allclose(x * data.scale + data.centre, drawn, atol=1e-6)
    assert abs(x[data.trained :].mean(0)).max() > 1e-3, "the points for testing had a say"
    raw = load(Params(data="moons", shift=1.5, train_share=share, seed=3).as_dict())
    np.testing.assert_allclose(raw.x, drawn + 1.5, rtol=1e-6)
    np.testing.assert_allclose(raw.x.numpy() * raw.scale + raw.centre, drawn, atol=1e-6)


def test_a_shift_is_of_no_effect_on_them_and_a_level_column_goes_to_0() -> None:
    one, other = Params(inputs="standard", shift=2), Params(inputs="standard")
    assert one.canonical() == other and Params(shift=2).canonical() != Params()
    x = np.array([[1.0, 7.0], [3.0, 7.0]])
    centre, scale = standard(x)
    assert ((x - centre) / scale).tolist() == [[-1, 0], [1, 0]]


@pytest.mark.parametrize("into", [2, 16, 64])
def test_lecuns_initialisation_has_variance_one_over_n(into: int) -> None:
    weight = initial_weight(4000, into, "lecun", torch.Generator().manual_seed(1), torch.float64)
    assert float(weight.var()) == pytest.approx(1 / into, rel=0.05)


DEEP = {"inputs": "standard", "initialisation": "lecun", "widths": (32,) * 6}


def test_selu_keeps_mean_0_and_spread_1_and_others_do_not() -> None:
    """Mean 0 and variance 1 are SELU's fixed point (Klambauer et al. 2017); a layer of 32 units stays near it.

    Of 64 seeds the farthest went to a mean of 0.13 and spreads of 0.72 and 1.29, while tanh was below 0.4 and ReLU below 0.25.
    """
    for seed in range(8):
        facts = facts_of(activation="selu", seed=seed, **DEEP)
        values = {name: fact.value for name, fact in facts.items()}
        for layer in range(1, 7):
            mean, spread = values[f"mean_before[{layer}]"], values[f"spread_before[{layer}]"]
            assert mean is not None and abs(mean) < 0.2 and spread is not None and 0.65 < spread < 1.4, (seed, layer)
        assert values["largest_mean_before"] == max(abs(values[f"mean_before[{layer}]"] or 0) for layer in range(1, 7))
        spreads = [values[f"spread_before[{layer}]"] for layer in range(1, 7)]
        assert (values["least_spread_before"], values["largest_spread_before"]) == (min(spreads), max(spreads))  # type: ignore[type-var]
        for other in ("tanh", "relu"):
            least = facts_of(activation=other, seed=seed, **DEEP)["least_spread_before"].value
            assert least is not None and least < 0.45, (other, seed)


def test_means_and_spreads_before_training_are_those_of_torch_nn() -> None:
    params = Params(epochs=1, activation="selu", seed=5, **DEEP)  # type: ignore[arg-type]
    result = run("activations.network", params)
    assert isinstance(result, network.Result)
    row, at, values = torch.from_numpy(result.weights[0]).double(), 0, torch.from_numpy(result.x[result.is_train]).double()
    for layer, (into, out) in enumerate(zip([2, *[32] * 5], [32] * 6, strict=True)):
        weight, bias = row[at : at + into * out].reshape(out, into), row[at + into * out : at + into * out + out]
        values, at = torch.nn.functional.selu(torch.nn.functional.linear(values, weight, bias)), at + into * out + out
        facts = result.facts()
        assert facts[f"mean_before[{layer + 1}]"].value == pytest.approx(values.mean().item(), abs=1e-6)
        assert facts[f"spread_before[{layer + 1}]"].value == pytest.approx(values.std(correction=0).item(), rel=1e-6)
