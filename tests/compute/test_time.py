"""Through time: torch.nn's cells as witnesses, closed forms of the gradient, clipping as torch clips, truncation, and its limits."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dlviz.compute import gather, run
from dlviz.compute.gradients import memory
from dlviz.compute.gradients.memory import cells_of, fresh, gradients, held_out, kept_at_marks, lengths_of, losses_of, said, score, training
from dlviz.compute.gradients.time import FRAMES, Params, Result, compute
from dlviz.compute.training import Clipping, optimiser, train
from dlviz.fields import ParameterError
from dlviz.nets.recurrent import GATES, Recurrent, new_cell, pieces, states, trace

EXACT = {"rtol": 0, "atol": 1e-12}
KINDS = ("rnn", "lstm", "gru")
SMALL: dict[str, Any] = {"length": 8, "hidden": 5, "batch_size": 4, "steps": 6}


def result_of(**settings: Any) -> Result:
    """The result of SMALL settings with these changes."""
    found = run("gradients.time", Params(**(SMALL | settings)))
    assert isinstance(found, Result)
    return found


def cell(kind: str, hidden: int = 6, inputs: int = 3, radius: float = 0.9, **more: Any) -> Recurrent:
    """A cell in float64 whose biases are not 0."""
    generator = torch.Generator().manual_seed(4)
    net = new_cell(kind, inputs, hidden, 2, radius, 1.0, 10, generator, **more).to(torch.float64)
    for tensor in net.parameters:
        if tensor.ndim == 1:
            tensor += torch.randn(tensor.shape, generator=generator, dtype=torch.float64) / 3
        tensor.requires_grad_()
    return net


def module_of(net: Recurrent) -> Any:
    """The same cell as torch's own module."""
    module = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[net.kind](net.into.shape[1], net.hidden, dtype=torch.float64)
    with torch.no_grad():
        module.weight_ih_l0.copy_(net.into)
        module.weight_hh_l0.copy_(net.across)
        module.bias_ih_l0.copy_(net.bias)
        module.bias_hh_l0.zero_()
        if net.kind == "gru":
            module.bias_hh_l0[2 * net.hidden :].copy_(net.inner)
    return module


def inputs(length: int = 12, n: int = 5, size: int = 3) -> Tensor:
    return torch.randn(length, n, size, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


# The cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_states_and_gradients_are_those_of_torch_nn(kind: str) -> None:
    """With copied weights, in float64, to 1e-12: both ways of running the cell, and what they send back into every weight."""
    net, x = cell(kind), inputs()
    module = module_of(net)
    out, last = module(x)
    seen = trace(net, x)
    torch.testing.assert_close(torch.stack(seen.hidden), out, **EXACT)
    torch.testing.assert_close(states(net, x), out, **EXACT)
    if kind == "lstm":
        torch.testing.assert_close(seen.memory[-1], last[1][0], **EXACT)
    theirs = torch.autograd.grad(out.square().sum(), [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0])
    for hidden in (torch.stack(seen.hidden), states(net, x)):
        ours = torch.autograd.grad(hidden.square().sum(), [net.into, net.across, net.bias])
        for mine, its in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, its, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_begins_as_it_says(kind: str) -> None:
    """Every recurrent block is the radius times an orthogonal matrix; the gate that keeps has its bias, chrono's lie in log [1, T − 1]."""
    for keep in (2.5, None):
        net = new_cell(kind, 3, 8, 2, 1.3, keep, 50, torch.Generator().manual_seed(1))
        for block in net.across.detach().double().split(8):
            torch.testing.assert_close(block @ block.T, 1.69 * torch.eye(8, dtype=torch.float64), rtol=0, atol=1e-5)
            assert float(torch.linalg.eigvals(block).abs().max()) == pytest.approx(1.3, rel=1e-5)
        bias = net.bias.detach().view(GATES[kind], 8)
        if kind == "rnn":
            assert not bias.any()
        elif keep is not None:
            assert (bias[1] == keep).all() and bias.count_nonzero() == 8
        else:
            assert bias[1].min() >= 0 and bias[1].max() <= np.log(49) and bias[1].std() > 0
            assert torch.equal(bias[0], -bias[1] if kind == "lstm" else torch.zeros(8))


@pytest.mark.parametrize("length", [1, 7, 12])
@pytest.mark.parametrize("truncation", [0, 1, 5, 12, 40])
def test_pieces_are_counted_from_the_last_step(length: int, truncation: int) -> None:
    x = torch.arange(length)
    parts = pieces(x, truncation)
    assert torch.equal(torch.cat(list(parts)), x) and all(len(part) for part in parts)
    if truncation:
        assert len(parts[-1]) == min(truncation, length) and all(len(part) == truncation for part in parts[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_gradient_is_that_of_a_start_that_is_held_fixed(kind: str) -> None:
    """The states do not change; the last step's gradient is the one of a cell that begins, k steps before, in a given state."""
    net, x = cell(kind), inputs()
    torch.testing.assert_close(states(net, x, 5), states(net, x), **EXACT)
    cut = torch.autograd.grad(states(net, x, 5)[-1].sum(), [net.into, net.across])
    with torch.no_grad():
        start = trace(net, x[:7])
    module = module_of(net)
    state = start.hidden[-1][None] if kind != "lstm" else (start.hidden[-1][None], start.memory[-1][None])
    theirs = torch.autograd.grad(module(x[7:], state)[0][-1].sum(), [module.weight_ih_l0, module.weight_hh_l0])
    for mine, its in zip(cut, theirs, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-12, atol=1e-12)
    whole = torch.autograd.grad(states(net, x)[-1].sum(), net.across)[0]
    assert not torch.allclose(whole, cut[1])


# What reaches the past ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.5])
def test_a_linear_cell_passes_on_radius_to_the_power_of_the_distance(radius: float) -> None:
    """∂h_T/∂h_t = R^(T−t), and R is the radius times an orthogonal matrix, so norms are exact; the dashed line is the same."""
    net = cell("rnn", radius=radius, activation=torch.nn.Identity())
    found = gradients(net, inputs(30), torch.zeros(1, 5, dtype=torch.long))
    expected = radius ** np.arange(29, -1, -1.0)
    for name in ("hidden", "memory", "direct"):
        np.testing.assert_allclose(found[name] / found[name][-1], expected, rtol=1e-5)  # R was drawn in float32


def test_tanh_of_tiny_inputs_is_linear() -> None:
    """Near 0 the slope of tanh is 1 − O(z²): states of 1e-5 leave the norms as they are to 1e-8 or so."""
    net = cell("rnn", radius=0.9)
    for tensor in (net.bias, net.read_bias):
        tensor.data.zero_()
    found = gradients(net, 1e-5 * inputs(30), torch.zeros(1, 5, dtype=torch.long))
    np.testing.assert_allclose(found["memory"] / found["memory"][-1], 0.9 ** np.arange(29, -1, -1.0), rtol=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_without_recurrent_weights_the_gates_alone_are_all_there_is(kind: str) -> None:
    """Then no gate depends on the state: ∂c_T/∂c_t is the product of the forget gates after t, ∂h_T/∂h_t that of the update gates."""
    net = cell(kind)
    net.across.data.zero_()
    found = gradients(net, inputs(20), torch.zeros(1, 5, dtype=torch.long))
    np.testing.assert_allclose(found["memory"], found["direct"], rtol=1e-12)
    gate = trace(net, inputs(20)).gates[-1]["forget" if kind == "lstm" else "update"]
    assert found["direct"][-2] < found["direct"][-1] and float(gate.detach().max()) < 1
    again = gradients(cell(kind), inputs(20), torch.zeros(1, 5, dtype=torch.long))
    assert not np.allclose(again["memory"], again["direct"], rtol=1e-3), "with recurrent weights more than that passes"


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_at_a_step_is_what_a_push_of_that_state_does_to_the_loss(kind: str) -> None:
    """One sequence at a time: central differences of the last step's loss, for every unit of the state at two steps."""
    net, x, y = cell(kind), inputs(9), torch.tensor([[1, 0, 1, 1, 0]])
    found = gradients(net, x, y)
    for t in (2, 6):
        norms = []
        for n in range(5):
            with torch.no_grad():
                start = trace(net, x[: t + 1, n : n + 1])
                pushed = []
                for unit in range(net.hidden):
                    losses = []
                    for by in (1e-5, -1e-5):
                        h, c = start.hidden[-1].clone(), start.memory[-1].clone()
                        (c if kind == "lstm" else h)[0, unit] += by
                        if kind == "lstm":  # h_t is made from c_t: a push of c_t moves it too
                            h = start.gates[-1]["output"] * torch.tanh(c)
                        state = (h[None], c[None]) if kind == "lstm" else h[None]
                        out = module_of(net)(x[t + 1 :, n : n + 1], state)[0][-1:]
                        losses.append(float(losses_of(said(net, out), y[:, n : n + 1]).sum()))
                    pushed.append((losses[0] - losses[1]) / 2e-5)
            norms.append(np.linalg.norm(pushed))
        assert found["memory"][t] == pytest.approx(np.sqrt(np.mean(np.square(norms))), rel=1e-6)


def test_nothing_is_left_on_the_weights_by_a_look() -> None:
    """No gradient, no hook, no graph; also when a look fails."""
    net = cell("gru")
    gradients(net, inputs(), torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(IndexError):
        gradients(net, inputs(), torch.full((1, 5), 9))
    for tensor in net.parameters:
        assert tensor.grad is None and tensor.grad_fn is None and not tensor._backward_hooks


def test_gates_are_seen_as_they_are() -> None:
    net, x = cell("lstm"), inputs()
    found = gradients(net, x, torch.zeros(1, 5, dtype=torch.long))["gates"]
    a = x[0, :1] @ net.into.T + net.bias  # the first step, from a state of 0
    blocks = torch.sigmoid(a.view(4, -1)).detach().numpy()
    np.testing.assert_allclose(found[:, 0], blocks[[1, 0, 3]], rtol=1e-12)
    assert found.shape == (3, 12, 6)


def test_gates_where_a_number_is_marked_and_elsewhere() -> None:
    """A bias alone gives σ(b) everywhere; an input weight of −8 from the mark gives σ(b − 8) where it is."""
    net = cell("gru", inputs=2)
    for tensor in (net.into, net.across, net.bias):
        tensor.data.zero_()
    net.bias.data[6:12] = 2.0
    net.into.data[6:12, 1] = -8.0
    x = torch.zeros(10, 3, 2, dtype=torch.float64)
    x[[1, 7], :, 1] = 1
    assert kept_at_marks(net, x) == pytest.approx((1 / (1 + np.exp(6)), 1 / (1 + np.exp(-2))), rel=1e-12)


# Training -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.0, 0.05, 1e6])
def test_clipping_is_torchs(limit: float) -> None:
    """Against torch.nn.utils.clip_grad_norm_ on the same gradients: the norm that is told, and every gradient after it."""
    generator = torch.Generator().manual_seed(3)
    mine = [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in ((3, 4), (5,), (2, 2, 2))]
    theirs = [tensor.detach().clone().requires_grad_() for tensor in mine]
    for tensors in (mine, theirs):
        sum((tensor**3).sum() for tensor in tensors).backward()  # type: ignore[union-attr]
    norm = torch.nn.utils.clip_grad_norm_(theirs, limit or float("inf"))
    clipping = Clipping(mine, limit)
    clipping()
    assert clipping.norms == [pytest.approx(float(norm), rel=1e-14)] and clipping.share == float(limit == 0.05)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, **EXACT)


def test_a_training_step_is_torchs_with_torchs_own_cell() -> None:
    """Three clipped steps of SGD against nn.GRU, nn.Linear and clip_grad_norm_, on the very same sequences."""
    settings = Params(**SMALL | {"cell": "gru", "optimiser": "sgd", "learning_rate": 0.5, "clip": 0.1}).as_dict()
    net = fresh("gru", settings)
    module, read = module_of(net).float(), torch.nn.Linear(net.hidden, len(net.read))
    module.bias_hh_l0.requires_grad_(False)
    with torch.no_grad():
        read.weight.copy_(net.read)
        read.bias.copy_(net.read_bias)
    seen: list[tuple[Tensor, Tensor]] = []
    draw = memory.drawn
    way = training(net, settings, Clipping(net.parameters, 0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "drawn", lambda *given: seen.append(draw(*given)) or seen[-1])
        for _ in range(3):
            next(way)
    parts = [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0, *read.parameters()]
    for x, y in seen:
        module.bias_hh_l0.requires_grad_()  # its last block is trained, the rest stands in bias_ih already
        loss = torch.nn.functional.cross_entropy(read(module(x)[0][-1]), y[0])
        found = torch.autograd.grad(loss, [*parts, module.bias_hh_l0])
        found[-1][: 2 * net.hidden] = 0
        scale = min(1.0, 0.1 / (float(torch.sqrt(sum((each**2).sum() for each in found))) + 1e-6))  # type: ignore[arg-type]
        with torch.no_grad():
            for tensor, gradient in zip([*parts, module.bias_hh_l0], found, strict=True):
                tensor -= 0.5 * scale * gradient
    torch.testing.assert_close(net.across, module.weight_hh_l0, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(net.inner, module.bias_hh_l0[2 * net.hidden :], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(net.read, read.weight, rtol=1e-4, atol=1e-6)


def test_the_loop_without_clipping_is_what_it_was() -> None:
    """One step of SGD on w² from 3 with rate 0.1: 3 − 0.1 · 6."""
    w = torch.tensor(3.0, requires_grad=True)
    steps = train(lambda factor: factor * w**2, [w], optimiser("sgd", [w], 0.1, 0.0, 0.0), [torch.tensor(1.0)])
    assert list(steps) == [1] and w.item() == pytest.approx(2.4)


def test_scores_are_cross_entropy_and_the_share_of_likeliest_classes() -> None:
    net, x = cell("rnn"), inputs()
    y = torch.tensor([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]])
    loss, right = score(net, x, y)
    out = module_of(net)(x)[0][-2:] @ net.read.T + net.read_bias
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(out.permute(0, 2, 1), y).item(), rel=1e-12)
    assert right == float((out.argmax(2) == y).double().mean())


# The view -------------------------------------------------------------------------------------------------------------


def test_the_same_settings_give_the_same_bytes_and_another_seed_others() -> None:
    for cell_name in (*KINDS, "all"):
        first, again, other = result_of(cell=cell_name), result_of(cell=cell_name), result_of(cell=cell_name, seed=2)
        for name, value in vars(first).items():
            if isinstance(value, np.ndarray):
                assert value.tobytes() == getattr(again, name).tobytes(), name
        assert first.memory.tobytes() != other.memory.tobytes()


def test_a_run_so_far_is_the_beginning_of_the_whole() -> None:
    params = Params(**SMALL | {"cell": "all"})
    way, seen = compute(params), []
    for _ in range(3):
        seen.append(next(way))
    so_far, whole = gather("gradients.time", params, seen), result_of(cell="all")
    assert isinstance(so_far, Result) and so_far.steps.tolist() == whole.steps[:3].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(so_far.memory, whole.memory[:3])
    assert len(whole.steps) == 7 and len(result_of(steps=100).steps) == FRAMES + 1


def test_a_cell_among_three_is_the_cell_alone_before_training() -> None:
    three = result_of(cell="all")
    for i, kind in enumerate(KINDS):
        alone = result_of(cell=kind)
        np.testing.assert_array_equal(three.memory[0, i], alone.memory[0, 0])
        assert three.facts()[f"reach_start[{kind}]"].value == alone.facts()["reach_start"].value
    assert three.facts()["accuracy"].value is None and three.gates.shape[1] == 0


def test_three_cells_are_tested_on_six_lengths_up_to_the_chosen_one() -> None:
    assert lengths_of(Params(cell="all", length=100).as_dict()) == [4, 8, 14, 28, 53, 100]
    assert lengths_of(Params(cell="all", length=2).as_dict()) == [2] and lengths_of(Params(length=77).as_dict()) == [77]
    assert cells_of(Params(cell="all").as_dict()) == KINDS
    tests = held_out(Params(cell="all", length=20).as_dict())
    assert [len(x) for x, _ in tests] == lengths_of(Params(cell="all", length=20).as_dict())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", ["first", "adding", "copy", "characters"])
def test_every_cell_runs_every_task_down_to_two_steps(kind: str, task: str) -> None:
    for length in (2, 9):
        result = result_of(cell=kind, task=task, length=length, steps=2)
        assert np.isfinite(result.losses).all() and 0 <= result.facts()["accuracy"].value <= 1  # type: ignore[operator]
        assert result.memory.shape == (3, 1, length) and (result.memory[..., -1] > 0).all()


def test_a_run_that_diverges_says_where_and_ends() -> None:
    result = result_of(activation="identity", radius=2, length=60, optimiser="sgd", learning_rate=1, steps=100)
    at = result.facts()["diverged_at_step"].value
    assert at is not None and at == result.steps[-1] < 100 and result.facts()["reach"].value is None
    assert result.facts()["reach_start"].value == pytest.approx(2.0**59, rel=1e-4)


def test_gradients_below_what_float32_can_hold_are_measured() -> None:
    """0.2^199 = 8·10⁻¹⁴⁰, far below float32's smallest number."""
    result = result_of(activation="identity", radius=0.2, length=200, steps=1)
    assert result.facts()["reach_start"].value == pytest.approx(0.2**199, rel=1e-4)
    assert result.facts()["factor_start"].value == pytest.approx(0.2, rel=1e-5)


def test_the_parameters_are_those_of_the_formulas() -> None:
    """k blocks of (inputs + hidden + 1) × hidden, GRU's inner bias, and the reading (hidden + 1) × outputs."""
    for kind, blocks in GATES.items():
        expected = blocks * 5 * (8 + 5 + 1) + (5 if kind == "gru" else 0) + 4 * 6
        assert result_of(cell=kind, steps=1).facts()["parameters"].value == expected


def test_gates_have_no_say_in_a_cell_without() -> None:
    assert Params(gate_start="chrono", forget_bias=3).canonical() == Params()
    assert Params(cell="lstm", forget_bias=3).canonical() == Params(cell="lstm", forget_bias=3)
    assert Params(cell="gru", gate_start="chrono", forget_bias=3).canonical() == Params(cell="gru", gate_start="chrono")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"length": 1}, "2 to 200"),
        ({"length": 200, "steps": 1000}, "at most 300"),
        ({"length": 200, "hidden": 64, "batch_size": 128}, "at most 29"),
        ({"cell": "elman"}, "one of rnn, lstm, gru, all"),
        ({"radius": -1}, "0 to 2"),
        ({"clip": float("nan")}, "0 to 10"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError) as told:
        Params(**settings)
    assert words in str(told.value) and "\n" not in str(told.value)
