"""In a network: the closed forms, torch.nn as a witness, and the same bytes whatever else runs."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from dlviz.compute import gather, run
from dlviz.compute.activations import network
from dlviz.compute.activations.classifier import FLAT, load, portraits
from dlviz.compute.activations.network import Params, Result, compute
from dlviz.data import points
from dlviz.data.own import encode
from dlviz.fields import ParameterError
from dlviz.nets.activations import ACTIVATIONS
from dlviz.nets.mlp import build, initial_weight

SMALL: dict[str, Any] = {"epochs": 3, "points": 60, "widths": (4, 3)}


def result_of(**settings: Any) -> Result:
    """The result of SMALL settings with these changes."""
    found = run("activations.network", Params(**(SMALL | settings)))
    assert isinstance(found, Result)
    return found


def as_bytes(result: Result) -> list[bytes]:
    return [value.tobytes() for value in vars(result).values() if isinstance(value, np.ndarray)]


def places(result: Result) -> list[tuple[int, int, int]]:
    """Of each layer: where in a row of `weights` its weight begins, its bias, and what comes after its bias. Counted here anew."""
    widths, found, at = [2, *(int(width) for width in result.params.widths), 1], [], 0
    for layer, (into, out) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
        found.append((at, at + into * out, at + into * out + out))
        at += into * out + out + (result.params.activation == "prelu" and layer < len(widths) - 2)
    return found


def module_of(result: Result, picture: int) -> torch.nn.Sequential:
    """The network of one picture as torch's own modules, in float64."""
    widths, layers = [2, *(int(width) for width in result.params.widths), 1], []
    for layer, (start, bias, end) in enumerate(places(result)):
        linear = torch.nn.Linear(widths[layer], widths[layer + 1], dtype=torch.float64)
        row = torch.from_numpy(result.weights[picture].astype(np.float64))
        linear.weight.data, linear.bias.data = row[start:bias].reshape(linear.weight.shape), row[bias:end]
        layers += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


# The network and its data --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", points.DRAWS)
def test_points_are_of_two_classes_and_repeat(name: str) -> None:
    first, again, other = (points.draw(name, 400, 0.0, seed) for seed in (3, 3, 4))
    assert first.x.tobytes() == again.x.tobytes() != other.x.tobytes()
    assert 120 < first.y.sum() < 280 and set(first.y) == {0, 1}
    assert np.abs(first.x).max() < 1.2


def test_the_data_sets_are_what_their_names_say() -> None:
    disc, xor = points.draw("circle", 500, 0.0, 1), points.draw("xor", 500, 0.0, 1)
    assert ((np.hypot(*disc.x.T) < 0.55) == (disc.y == 1)).all()
    assert ((xor.x.prod(1) > 0) == (xor.y == 1)).all()
    board = points.draw("checkerboard", 500, 0.0, 1)
    assert ((np.floor((board.x + 1) * 2).sum(1) % 2) == board.y).all()
    spread = points.draw("gauss", 4000, 0.3, 1).x - points.draw("gauss", 4000, 0.0, 1).x
    assert spread.std() == pytest.approx(0.3, rel=0.05), "noise is a standard deviation"


@pytest.mark.parametrize("into", [2, 16, 64])
def test_initialisations_have_their_variances(into: int) -> None:
    def variance(name: str, out: int = 4000) -> float:
        return float(initial_weight(out, into, name, torch.Generator().manual_seed(1), torch.float64).var())

    assert variance("he") == pytest.approx(2 / into, rel=0.05)
    assert variance("small") == pytest.approx(1e-4, rel=0.05)
    assert variance("zeros") == 0
    # a uniform distribution on ±a has variance a²/3, so that Xavier's is 2/(in + out)
    assert variance("xavier") == pytest.approx(2 / (into + 4000), rel=0.05)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5)])
def test_orthogonal_weights_keep_lengths(shape: tuple[int, int]) -> None:
    w = initial_weight(*shape, "orthogonal", torch.Generator().manual_seed(2), torch.float64)
    product = w @ w.T if shape[0] < shape[1] else w.T @ w
    torch.testing.assert_close(product, torch.eye(min(shape), dtype=torch.float64))


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
def test_the_forward_pass_and_its_gradients_are_torch_nns(activation: str) -> None:
    """In float64, against torch.nn.Linear and central differences of the loss."""
    function = (lambda z: torch.nn.functional.prelu(z, net.slopes[0])) if activation == "prelu" else None
    generator = torch.Generator().manual_seed(5)
    chosen = network.function_of({"activation": activation, "leaky_slope": 0.1})
    net = build([2, 5, 1], chosen, "he", generator, 0.25 if activation == "prelu" else None, torch.float64)
    x = torch.randn(7, 2, dtype=torch.float64, generator=generator)
    out, hidden = net.forward(x)
    z = torch.nn.functional.linear(x, net.weights[0], net.biases[0])
    torch.testing.assert_close(hidden[0], z)
    torch.testing.assert_close(out, torch.nn.functional.linear((function or chosen)(z), net.weights[1], net.biases[1]))
    out.square().sum().backward()
    for parameter in net.parameters:
        with torch.no_grad():
            for i in range(parameter.numel()):
                sums = []
                for step in (1e-6, -2e-6):
                    parameter.view(-1)[i] += step
                    sums.append(float(net.forward(x)[0].square().sum()))
                parameter.view(-1)[i] += 1e-6
                assert parameter.grad is not None
                assert float(parameter.grad.view(-1)[i]) == pytest.approx((sums[0] - sums[1]) / 2e-6, rel=1e-4, abs=1e-5)


def test_ones_own_points_are_the_data_in_an_order_of_the_seed() -> None:
    x = np.array([[0.1, 0.2], [-0.3, 0.4], [0.5, -0.6], [-0.7, -0.8], [1.0, -1.1]])
    text = encode(x, np.array([0, 1, 0, 1, 1]))
    first, other = result_of(data="own", own=text, seed=1), result_of(data="own", own=text, seed=2)
    for result in (first, other):
        found = {(round(float(a), 2), round(float(b), 2)): int(c) for (a, b), c in zip(result.x, result.y, strict=True)}
        assert found == {(0.1, 0.2): 0, (-0.3, 0.4): 1, (0.5, -0.6): 0, (-0.7, -0.8): 1, (1.0, -1.1): 1}
        assert result.is_train.sum() == 2
    assert first.x.tolist() != other.x.tolist()
    for wrong in ("garbage", encode(x, np.ones(5))):
        with pytest.raises(ParameterError, match=r"^own is .*: expected"):
            Params(own=wrong)


# The run -------------------------------------------------------------------------------------------------------------


def test_losses_and_accuracies_are_torch_nns_of_every_picture() -> None:
    result = result_of()
    x, y = torch.from_numpy(result.x).double(), torch.from_numpy(result.y).double()
    for picture in range(len(result.steps)):
        out = module_of(result, picture)(x)[:, 0]
        for which, rows in enumerate((result.is_train, ~result.is_train)):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(out[rows], y[rows])
            assert result.losses[picture, which] == pytest.approx(loss.item(), rel=1e-5)
            assert result.accuracies[picture, which] == pytest.approx(((out > 0) == (y > 0.5))[rows].double().mean().item())


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "rmsprop", "adam", "adamw"])
def test_one_step_is_the_optimisers_own(optimiser: str) -> None:
    """Full batch, one step, against torch.optim on torch.nn modules in float64; with an L1 and an L2 penalty."""
    result = result_of(optimiser=optimiser, batch_size=200, epochs=1, learning_rate=0.1, l2=0.02, l1=0.03)
    module, rows = module_of(result, 0), torch.from_numpy(result.is_train)
    x, y = torch.from_numpy(result.x).double()[rows], torch.from_numpy(result.y).double()[rows]
    kind, own = {
        "sgd": (torch.optim.SGD, {}), "momentum": (torch.optim.SGD, {"momentum": 0.9}), "rmsprop": (torch.optim.RMSprop, {}),
        "adam": (torch.optim.Adam, {}), "adamw": (torch.optim.AdamW, {}),
    }[optimiser]  # fmt: skip
    steps = kind(module.parameters(), lr=0.1, weight_decay=0.02, **own)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(module(x)[:, 0], y)
    (loss + 0.03 * sum(layer.weight.abs().sum() for layer in module[::2])).backward()
    steps.step()
    expected = torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
    np.testing.assert_allclose(result.weights[-1], expected.numpy(), atol=2e-5)


def test_dead_and_saturated_are_counted_over_the_whole_training_set() -> None:
    edits = [[0, 0, -1, -99], [0, 1, -1, 99], [0, 2, -1, 99]]  # ReLU: a unit that no point reaches, and two that all points pass
    result = result_of(activation="relu", widths=(4,), history=json.dumps([[0, {}, edits]]), epochs=1, learning_rate=0.001)
    assert result.dead[0, 0] == 0.25
    start, bias, end = places(result)[0]
    w, b = result.weights[0, start:bias].reshape(-1, 2), result.weights[0, bias:end]
    z = result.x[result.is_train] @ w.T + b
    assert result.saturated[0, 0] == pytest.approx((z <= 0).mean())
    assert result.histogram[0, 0].sum() == pytest.approx(1) and result.histogram[0, 0, 0] >= 0.25
    tanh = result_of(epochs=1)
    start, bias, end = places(tanh)[0]
    z = tanh.x[tanh.is_train] @ tanh.weights[0, start:bias].reshape(-1, 2).T + tanh.weights[0, bias:end]
    assert tanh.saturated[0, 0] == pytest.approx((1 / np.cosh(z) ** 2 < FLAT).mean())
    assert tanh.mean[0, 0] == pytest.approx(np.tanh(z).mean(), abs=1e-6) and tanh.spread[0, 0] == pytest.approx(np.tanh(z).std(), rel=1e-5)


def test_a_linear_network_is_logistic_regression_whatever_its_depth() -> None:
    """Its best loss is the convex problem's, found here by Newton's method."""
    result = result_of(activation="identity", widths=(4, 4), data="moons", noise=0.3, epochs=300, batch_size=200, learning_rate=0.46)
    x = np.column_stack([result.x, np.ones(len(result.y))])[result.is_train].astype(float)
    y, w = result.y[result.is_train].astype(float), np.zeros(3)
    for _ in range(20):
        p = 1 / (1 + np.exp(-x @ w))
        w -= np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + 1e-9 * np.eye(3), x.T @ (p - y))
    p = 1 / (1 + np.exp(-x @ w))
    best = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    assert best - 1e-6 <= result.losses[:, 0].min() <= best + 0.02


def test_zeros_never_break_symmetry_and_centred_inputs_do_not_zigzag() -> None:
    facts = result_of(initialisation="zeros", widths=(6, 6), data="xor", epochs=20).facts()
    assert facts["alike[1]"].value == facts["alike[2]"].value == 0
    shifted, centred = (
        run("activations.network", Params(data="gauss", widths=(4,), shift=shift, batch_size=200, epochs=60)).facts()["detour"].value
        for shift in (2, 0)
    )
    assert shifted is not None and centred is not None and shifted > 2 and 1 <= centred < 1.1


def test_a_loss_that_is_not_finite_ends_the_run_and_is_told() -> None:
    params = Params(activation="leaky_relu", widths=(8, 8, 8), initialisation="he", learning_rate=4.6)
    result = run("activations.network", params)
    assert isinstance(result, Result)
    facts = result.facts()
    assert facts["diverged_at_step"].value == result.steps[-1] < 600 and facts["train_loss"].value is None


# Legs, edits, and repetition -----------------------------------------------------------------------------------------


def test_a_branch_goes_on_from_its_step_with_other_settings() -> None:
    whole = result_of(epochs=6, batch_size=30)  # one step an epoch
    split = result_of(epochs=3, batch_size=30, history='[[3,{"batch_size":30},[]]]')
    np.testing.assert_array_equal(whole.weights[3], split.weights[3])
    other = result_of(epochs=3, batch_size=30, learning_rate=1, history='[[3,{"batch_size":30},[]]]')
    np.testing.assert_array_equal(other.weights[:4], whole.weights[:4])
    start = result_of(epochs=3, batch_size=30, learning_rate=1)
    assert (other.weights[4] != whole.weights[4]).any() and (start.weights[1] != other.weights[1]).any()


def test_a_weight_set_by_hand_is_seen_at_its_step_and_trained_on_from() -> None:
    edited = result_of(epochs=3, batch_size=30, history='[[2,{"batch_size":30},[[1,2,3,5.5],[0,1,-1,-2]]]]')
    plain = result_of(epochs=5, batch_size=30)
    start, bias, _ = places(edited)[1]
    changed = np.flatnonzero(edited.weights[2] != plain.weights[2])
    assert set(changed) == {start + 2 * 4 + 3, places(edited)[0][1] + 1}
    assert edited.weights[2][start + 11] == 5.5 and edited.weights[2][places(edited)[0][1] + 1] == -2
    assert edited.weights[3][start + 11] != 5.5 and bias > start
    assert list(edited.steps) == [0, 1, 2, 3, 4, 5]


WRONG = {
    "no JSON": "[[1,", "no list": "{}", "an empty list": "[]", "no leg": "[1]",
    "a step that is no number": '[["1",{},[]]]', "a negative step": "[[-1,{},[]]]",
    "an unknown setting": '[[1,{"points":20},[]]]', "a wrong setting": '[[1,{"learning_rate":99},[]]]',
    "no such layer": "[[1,{},[[9,0,0,1]]]]",
    "no such unit": "[[1,{},[[0,4,0,1]]]]", "no such source": "[[1,{},[[0,0,2,1]]]]", "an infinite weight": "[[1,{},[[0,0,0,Infinity]]]]",
    "a weight in words": '[[1,{},[[0,0,0,"1"]]]]', "not a number": "[[1,{},[[0,0,0,NaN]]]]", "too many steps": "[[99999,{},[]]]",
    "too many legs": json.dumps([[1, {}, []]] * 7), "deep": "[" * 1400,
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_history_is_one_sentence(text: str) -> None:
    with pytest.raises(ParameterError, match=r"^history is .*: expected .*\.$") as told:
        Params(**(SMALL | {"history": text}))
    assert len(str(told.value)) < 400


def test_a_run_is_not_too_long() -> None:
    Params(points=1000, train_share=0.9, batch_size=10, epochs=222)  # 90 steps an epoch: 19,980
    with pytest.raises(ParameterError, match="at most 222 epochs of 90 steps"):
        Params(points=1000, train_share=0.9, batch_size=10, epochs=223)


def test_same_settings_same_bytes_alone_and_beside_others() -> None:
    settings = [
        {"seed": seed, "optimiser": how, "activation": a}
        for seed, how, a in ((1, "sgd", "tanh"), (2, "adam", "relu"), (3, "rmsprop", "prelu"))
    ]
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
    part, whole = gather("activations.network", params, seen), result_of()
    assert isinstance(part, Result)
    for name in ("steps", "weights", "losses", "histogram"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:5])
    assert seen[0].of == whole.steps[-1] and sum(one.nbytes for one in seen) > 0


def test_prelu_learns_and_its_table_and_places_fit() -> None:
    result = result_of(activation="prelu", epochs=10, learning_rate=0.3)
    assert result.learned_slopes().shape == (len(result.steps), 2) and (result.learned_slopes()[0] == 0.25).all()
    assert (result.learned_slopes()[-1] != 0.25).all() and places(result)[-1][2] == result.weights.shape[1]
    np.testing.assert_array_equal(result.learned_slopes(), result.weights[:, [end for _, _, end in places(result)[:-1]]])
    for layer, (start, bias, end) in enumerate(places(result)[:-1]):
        rows = np.column_stack([result.weights[-1, start:bias].reshape(end - bias, -1), result.weights[-1, bias:end]])
        assert result.facts()[f"alike[{layer + 1}]"].value == pytest.approx((rows.max(0) - rows.min(0)).max())
    assert result_of().learned_slopes().shape[1] == 0


def test_a_table_says_f_between_its_entries_too() -> None:
    """What the browser draws units from: linear between entries 1/512 apart is within h²/8 · max|f''| of f."""
    for name in ("tanh", "gelu", "relu", "selu", "softplus", "hardswish"):
        table = result_of(activation=name).tables(16, 1 / 512)[0][0]
        z = torch.linspace(-7.9, 7.9, 4001, dtype=torch.float64) + 1 / 3000
        shown = np.interp(z.numpy(), np.linspace(-16, 16, len(table)), table)
        exact = network.function_of({"activation": name, "leaky_slope": 0.1})(z).numpy()
        assert np.abs(shown - exact).max() < 1 / 512**2 / 8 * 2, name


def test_portraits_of_many_moments_are_those_of_each_alone() -> None:
    result = result_of(epochs=7)
    data, settings = load(result.params.as_dict()), result.params.as_dict()
    for i in (0, 5, len(result.steps) - 1):
        alone = portraits(result.weights[i : i + 1], settings, data, False)
        for name, values in alone.items():
            np.testing.assert_allclose(getattr(result, name)[i], values[0], rtol=1e-6, err_msg=name)
