"""A run that goes on with another activation: every picture is seen with the one it had, and PReLU's slopes come and go."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from dlviz.compute import run
from dlviz.compute.activations.network import Params, Result
from dlviz.figures.activations import network as draw_network
from dlviz.figures.payload import Clip, unpack

SMALL: dict[str, Any] = {"points": 60, "widths": (4, 3), "batch_size": 30}  # one step an epoch
BEFORE = {"batch_size": 30}  # what a leg has otherwise than the defaults


def result_of(**settings: Any) -> Result:
    """The result of SMALL settings with these changes."""
    found = run("activations.network", Params(**(SMALL | settings)))
    assert isinstance(found, Result)
    return found


def branch(steps: int, before: dict[str, Any], **settings: Any) -> Result:
    """So many steps with the settings before, then three with these."""
    return result_of(history=json.dumps([[steps, BEFORE | before, []]]), epochs=3, **settings)


SEEN = ("losses", "accuracies", "histogram", "dead", "saturated", "mean", "spread")


@pytest.mark.parametrize("before", [{"activation": "relu"}, {"activation": "leaky_relu", "leaky_slope": 0.3}, {"activation": "prelu"}])
def test_pictures_before_a_branch_are_those_of_the_run_that_it_leaves(before: dict[str, Any]) -> None:
    whole, left = result_of(epochs=6, **before), branch(3, before, activation="tanh")
    for name in SEEN:
        np.testing.assert_allclose(getattr(left, name)[:3], getattr(whole, name)[:3], rtol=1e-12, err_msg=name)
    assert not np.allclose(left.losses[3], whole.losses[3]), "from the branch on it is another network"
    if before["activation"] == "prelu":
        np.testing.assert_array_equal(left.weights[:3], whole.weights[:3])


def test_a_branch_to_prelu_begins_with_slopes_of_a_quarter_and_trains_them() -> None:
    """At its first step PReLU is leaky ReLU of slope 0.25; two gradient steps by torch.nn.PReLU lead to the same slopes."""
    prelu, leaky = branch(3, {}, activation="prelu"), branch(3, {}, activation="leaky_relu", leaky_slope=0.25)
    for name in SEEN:
        np.testing.assert_allclose(getattr(prelu, name)[:4], getattr(leaky, name)[:4], rtol=1e-6, err_msg=name)
    slopes = prelu.learned_slopes()
    assert slopes.shape == (7, 2) and (slopes[:4] == 0.25).all() and (slopes[4:] != 0.25).all()
    rows, at, module = torch.from_numpy(leaky.weights[3]).double(), 0, torch.nn.Sequential()
    for into, out in ((2, 4), (4, 3), (3, 1)):
        linear = torch.nn.Linear(into, out, dtype=torch.float64)
        linear.weight.data = rows[at : at + into * out].reshape(out, into)
        linear.bias.data = rows[at + into * out : at + into * out + out]
        module.extend([linear, torch.nn.PReLU(init=0.25, dtype=torch.float64)])
        at += into * out + out
    module = module[:-1]
    x, y = (torch.from_numpy(values[prelu.is_train]).double() for values in (prelu.x, prelu.y))
    how = torch.optim.SGD(module.parameters(), lr=0.46)
    for _ in range(2):
        how.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(module(x)[:, 0], y).backward()
        how.step()
    np.testing.assert_allclose(slopes[5], [module[1].weight.item(), module[3].weight.item()], rtol=1e-5)
    assert prelu.facts()["parameters"].value == leaky.weights.shape[1] + 2


def test_a_branch_from_prelu_drops_its_slopes() -> None:
    left = branch(3, {"activation": "prelu"}, activation="relu")
    facts = left.facts()
    assert facts["parameters"].value == left.weights.shape[1] - 2 == 4 * 3 + 3 * 5 + 4
    assert "learned_slope[1]" not in facts and left.learned_slopes().shape[1] == 0
    again = result_of(
        history=json.dumps([[3, BEFORE | {"activation": "prelu"}, []], [2, BEFORE | {"activation": "relu"}, []]]),
        epochs=3,
        activation="prelu",
    )
    assert (again.learned_slopes()[:2] != 0.25).any() and (again.learned_slopes()[3:6] == 0.25).all(), "they begin anew"
    kept = branch(3, {"activation": "prelu"}, activation="prelu", learning_rate=1)
    assert (kept.learned_slopes()[3] != 0.25).all(), "from PReLU to PReLU they stay"


def test_the_picture_has_every_parts_activation() -> None:
    result = result_of(
        history=json.dumps([[0, BEFORE | {"activation": "prelu"}, []], [2, BEFORE, []], [2, BEFORE | {"activation": "prelu"}, []]]),
        epochs=3, activation="relu",
    )  # fmt: skip
    header, arrays = unpack(draw_network((result,), Clip("a", 7, True)))
    first, dots = header["panels"][0], [panel for panel in header["panels"] if panel["kind"] == "dots"]
    assert header["begins"] == [0, 0, 2, 4] and result.part_of().tolist() == [1, 1, 2, 2, 3, 3, 3, 3]
    assert [part["slopes"] for part in first["parts"]] == [True, False, True, False] and first["slopes"]
    tables = arrays["table"].reshape(-1, first["table"]["places"])
    x = np.linspace(-16, 16, tables.shape[1])
    np.testing.assert_allclose(tables[first["parts"][1]["table"]], np.tanh(x), atol=1e-6)
    np.testing.assert_allclose(tables[first["parts"][3]["table"]], np.maximum(x, 0), atol=1e-6)
    z = -6 + 12 * (np.arange(48) + 0.5) / 48
    learned = result.networks().slopes[1][3, 0].item()  # at the last picture of the part
    for curve, expected in zip(dots[1]["curves"][1:], (np.tanh(z), np.where(z > 0, z, learned * z), np.maximum(z, 0)), strict=True):
        np.testing.assert_allclose(curve, expected, atol=1e-6)
