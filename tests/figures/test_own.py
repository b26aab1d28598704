"""The picture of a pasted network carries the result's own numbers, and one beside it only widens the axes."""

import numpy as np

from dlviz.compute.gradients.own import Params, compute
from dlviz.figures import gradients as figures
from dlviz.figures.own import layers
from dlviz.figures.payload import unpack

CODE = """torch.nn.Sequential(
    nn.Linear(8, 8),
    torch.nn.LayerNorm(8), nn.PReLU(),
    *[nn.Linear(8, 8)] * 2,
    nn.Sigmoid(), nn.Linear(8, 2))"""
RESULT = compute(Params(code=CODE))
DEEP = compute(Params(code="nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Sigmoid()) for _ in range(20)], nn.Linear(8, 2))"))


def test_the_picture_carries_the_results_own_numbers() -> None:
    header, arrays = unpack(figures.own((RESULT,)))
    for name in (
        "signal_gradient",
        "weight_gradient",
        "weight_norm",
        "variance",
        "spread",
        "mean",
        "dead",
        "saturated",
        "widths",
        "parameters",
    ):
        np.testing.assert_array_equal(arrays[name], getattr(RESULT, name))
    assert [row["name"] for row in header["rows"]] == [
        "Linear(8, 8)", "LayerNorm(8)", "PReLU()", "Linear(8, 8)", "Linear(8, 8)", "Sigmoid()", "Linear(8, 2)",
    ]  # fmt: skip
    assert [row["line"] for row in header["rows"]] == [2, 3, 3, 4, 4, 5, 5]
    assert [row["again"] for row in header["rows"]] == [False] * 4 + [True] + [False] * 2
    assert [row["weight"] for row in header["rows"]][:3] == ["W", "gains", "slopes"] and header["linear"] == [0, 3, 4, 6]


def test_the_axes_hold_every_value_of_both() -> None:
    alone, _ = unpack(figures.own((RESULT,)))
    beside, arrays = unpack(figures.own((RESULT, DEEP)))
    assert alone["most"] == 7 and beside["most"] == 41 and len(arrays["mean"]) == 7, "what stands beside is drawn too"
    for axis, names in (("gradients", ("signal_gradient", "weight_gradient")), ("signals", ("variance", "spread"))):
        low, high = beside[axis]
        assert low <= alone[axis][0] and high >= alone[axis][1] and low < alone[axis][0]
        for result in (RESULT, DEEP):
            values = np.concatenate([getattr(result, name) for name in names])
            values = values[np.isfinite(values)]
            assert 10.0**low <= values.min() and values.max() <= 10.0**high
    assert unpack(figures.own((DEEP, RESULT)))[0]["gradients"] == beside["gradients"]


def test_a_network_without_any_gradient_has_axes_all_the_same() -> None:
    dead = compute(Params(code="nn.Sequential(nn.LeakyReLU(0.0), nn.Softplus(100), nn.ReLU6(), nn.LayerNorm(4, elementwise_affine=False))"))
    header, _ = unpack(figures.own((dead,)))
    assert header["gradients"][1] >= header["gradients"][0] + 2


def test_the_table_has_every_layer_once_and_dashes_where_nothing_is() -> None:
    table = layers(RESULT)
    assert table["layer"][1] == "2. LayerNorm(8)" and all(len(column) == 7 for column in table.values())
    assert table["‖∂L/∂W‖"][5] == table["dead"][0] == "–" and table["dead"][5] == "0 %" and table["parameters"][0] == "72"


def test_a_long_layer_is_cut() -> None:
    (name,) = [
        row["name"] for row in unpack(figures.own((compute(Params(code=f"nn.Sequential(nn.Linear({'1 + ' * 11}1, 2))")),)))[0]["rows"]
    ]
    assert len(name) <= 49 and name.endswith("…")
