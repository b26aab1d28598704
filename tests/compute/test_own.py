"""Your network: its numbers against a plain PyTorch backward of the very same network, and against what theory says of it."""

import math
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from dlviz import catalog, lessons
from dlviz.compute.gradients import own
from dlviz.compute.gradients.own import Params, Result, compute
from dlviz.fields import ParameterError
from dlviz.nets.layers import LAYERS, assemble
from dlviz.nets.sequential import read
from dlviz.ui.link import decode, encode

PLAIN = "nn.Sequential(*[nn.Sequential(nn.Linear(32, 32), nn.Tanh()) for _ in range(4)], nn.Linear(32, 2))"
CODES = [
    PLAIN,
    "nn.Sequential(*[nn.Linear(16, 16), nn.Sigmoid()] * 5, nn.Linear(16, 3))",
    "nn.Sequential(nn.Linear(8, 12, bias=False), nn.BatchNorm1d(12), nn.ReLU(inplace=True), nn.Linear(12, 1))",
    "nn.Sequential(nn.GELU(), nn.LayerNorm(6), nn.Linear(6, 5), nn.PReLU(5), nn.Identity(), nn.RMSNorm(5), nn.Linear(5, 2), nn.Softplus())",
    "nn.Sequential(nn.LayerNorm(4, elementwise_affine=False))",
]


def stack(activation: str, width: int, depth: int) -> str:
    """Equal layers of an activation and a readout, as text."""
    block = f"nn.Sequential(nn.Linear({width}, {width}){', nn.' + activation + '()' if activation else ''})"
    return f"nn.Sequential(*[{block} for _ in range({depth})], nn.Linear({width}, 2))"


def value(result: Result, name: str) -> float:
    found = result.facts()[name].value
    assert found is not None
    return found


def flat(module: nn.Module) -> list[nn.Module]:
    return [each for child in module for each in flat(child)] if isinstance(module, nn.Sequential) else [module]


@pytest.mark.parametrize("start", ["torch", "he"])
@pytest.mark.parametrize("code", CODES)
def test_every_number_is_that_of_a_plain_backward_pass(code: str, start: str) -> None:
    """Python runs the text itself, the weights are copied over, then loss.backward() with retained gradients, as anybody would do it."""
    params = Params(code=code, start=start, samples=40, seed=5)
    result = compute(params)
    net = eval(code, {"nn": nn}).double()  # the tests' own text, never a viewer's
    ours = assemble(read(code).layers, start, torch.Generator().manual_seed(1005))
    for mine, other in zip(ours, flat(net), strict=True):
        other.load_state_dict(mine.state_dict())
        if hasattr(other, "inplace"):
            other.inplace = False
    task = params.task()
    h, outs = task.x.clone().requires_grad_(), []
    for module in flat(net):
        h = module(h)
        h.retain_grad()
        outs.append(h)
    torch.testing.assert_close(net(task.x), h)
    if h.shape[1] == 1:
        p = torch.sigmoid(h[:, 0])
        loss = -(task.y * p.log() + (1 - task.y) * (1 - p).log()).mean()
    else:
        loss = -(h - h.logsumexp(1, keepdim=True))[torch.arange(40), task.y].mean()
    loss.backward()

    assert result.loss == pytest.approx(loss.item(), rel=1e-12)
    near = {"rtol": 1e-9, "atol": 1e-15}
    np.testing.assert_allclose(result.signal_gradient, [out.grad.norm() for out in outs], **near)
    np.testing.assert_allclose(result.mean, [out.mean().item() for out in outs], **near)
    np.testing.assert_allclose(result.variance, [np.var(out.detach().numpy()) for out in outs], **near)
    np.testing.assert_allclose(result.square, [np.mean(out.detach().numpy() ** 2) for out in outs], **near)
    np.testing.assert_allclose(result.spread, [np.var(out.detach().numpy(), axis=0).mean() for out in outs], **near)
    for i, module in enumerate(flat(net)):
        weight = getattr(module, "weight", None)
        if weight is None:
            assert np.isnan(result.weight_gradient[i]) and np.isnan(result.weight_norm[i])
        else:
            assert result.weight_gradient[i] == pytest.approx(weight.grad.norm().item(), rel=1e-9)
            assert result.weight_norm[i] == pytest.approx(weight.norm().item(), rel=1e-12)
        assert result.parameters[i] == sum(each.numel() for each in module.parameters())
    assert result.total == sum(each.numel() for each in net.parameters())


def test_dead_and_saturated_units_are_counted_from_the_outputs() -> None:
    """A ReLU is dead where it gives 0 for every sample, a sigmoid saturated where s(1 - s) < 0.05; other layers have no such thing."""
    code = (
        "nn.Sequential(*[nn.Sequential(nn.Linear(20, 20), nn.ReLU()) for _ in range(6)], nn.Linear(20, 20), nn.Sigmoid(), nn.Linear(20, 2))"
    )
    params = Params(code=code, samples=16, seed=2)
    result, h, seen = compute(params), params.task().x, []
    for i, module in enumerate(assemble(read(code).layers, "torch", torch.Generator().manual_seed(1002))):
        h = module(h)
        if isinstance(module, nn.ReLU):
            seen.append((h == 0).all(0).double().mean().item())
            assert result.dead[i] == seen[-1] and result.saturated[i] == (h == 0).double().mean().item()
        elif isinstance(module, nn.Sigmoid):
            assert result.dead[i] == 0 and result.saturated[i] == (h * (1 - h) < 0.05).double().mean().item()
        else:
            assert np.isnan(result.dead[i]) and np.isnan(result.saturated[i])
    assert max(seen) > 0.2 and value(result, "worst_dead") == max(seen)


def test_relus_mean_square_goes_to_two_fifths_of_one_over_n() -> None:
    """PyTorch's default: Var W = Var b = 1/(3n), so E z² = E a²/3 + 1/(3n) with E a² = E z²/2, whose fixed point is 2/(5n).

    On the way each layer multiplies what differs between samples by a sixth. Mean of six networks, 12 layers of 300.
    """
    width, depth = 300, 12
    results = [compute(Params(code=stack("ReLU", width, depth), seed=seed, samples=32)) for seed in range(6)]
    squares = np.mean([result.square[result.linear()] for result in results], axis=0)[:depth]
    q = 1 / 3 + 1 / (3 * width)  # inputs have mean square 1
    for layer in range(depth):
        assert squares[layer] == pytest.approx(q, rel=0.1), layer
        q = q / 6 + 1 / (3 * width)
    assert squares[-1] == pytest.approx(2 / (5 * width), rel=0.1)
    spreads = np.mean([np.log(result.spread[result.linear()][:depth]) for result in results], axis=0)
    assert np.exp((spreads[-1] - spreads[0]) / (depth - 1)) == pytest.approx(1 / 6, rel=0.1)


@pytest.mark.parametrize(("activation", "factor"), [("", 1 / math.sqrt(3)), ("ReLU", 1 / math.sqrt(6))])
def test_gradients_shrink_by_the_factor_of_theory(activation: str, factor: float) -> None:
    """‖Wᵀδ‖² is ‖δ‖²/3 on average for PyTorch's weights, whatever the widths; ReLU lets half of the rest pass."""
    found = [value(compute(Params(code=stack(activation, 300, 12), seed=seed, samples=32)), "signal_factor") for seed in range(6)]
    assert math.exp(np.mean(np.log(found))) == pytest.approx(factor, rel=0.02)


def test_batch_norm_with_relu_makes_gradients_grow_by_the_root_of_pi_over_pi_minus_1() -> None:
    """ReLU of a standard normal z has variance (π - 1)/(2π), by whose root batch norm divides; half of all slopes are 1.

    So ‖δ‖² is multiplied by ½ · 2π/(π - 1) = π/(π - 1) a block, where samples have become as unlike each other as they can.
    """
    block = "nn.Sequential(nn.Linear(200, 200), nn.BatchNorm1d(200), nn.ReLU())"
    code = f"nn.Sequential(*[{block} for _ in range(24)], nn.Linear(200, 2))"
    found = []
    for seed in range(3):
        gradients = compute(Params(code=code, seed=seed, samples=256)).signal_gradient[::3]  # of z, before batch norm
        found.append((gradients[4] / gradients[20]) ** (1 / 16))
    assert np.mean(found) == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), rel=0.02)


def test_sigmoids_pass_at_most_a_quarter_of_that() -> None:
    """Each ‖∂L/∂z‖ is at most max f' = 1/4 of ‖∂L/∂a‖, and nearly that where z is small."""
    result = compute(Params(code=stack("Sigmoid", 200, 8)))
    for z, a in pairwise(range(16)):
        if z % 2 == 0:
            assert result.signal_gradient[z] <= result.signal_gradient[a] / 4
    assert 0.9 / (4 * math.sqrt(3)) < value(result, "signal_factor") < 1 / (4 * math.sqrt(3))


def test_orthogonal_linear_layers_keep_every_norm() -> None:
    """WᵀW = 1 without biases: signals and gradients have the same norm in every layer, and ‖W‖ = √n."""
    result = compute(Params(code=stack("", 24, 9), start="orthogonal"))
    np.testing.assert_allclose(result.square[:9], result.square[0], rtol=1e-12)
    np.testing.assert_allclose(result.signal_gradient[:9], result.signal_gradient[0], rtol=1e-12)
    np.testing.assert_allclose(result.weight_norm[:9], math.sqrt(24), rtol=1e-12)
    assert value(result, "signal_factor") == pytest.approx(1, rel=1e-12)


def test_a_dead_bottleneck_lets_nothing_through() -> None:
    """Behind a ReLU that is 0 for all samples every gradient is exactly 0, before it and of the weights that multiply the zeros."""
    scene = lessons.load("gradients").scene("own_bottleneck")
    assert scene
    result = compute(scene.params)  # type: ignore[arg-type]
    dead = next(i for i, share in enumerate(result.dead) if share == 1)
    assert (result.square[dead], result.widths[dead]) == (0, 2)
    assert (result.signal_gradient[:dead] == 0).all() and (result.signal_gradient[dead:] > 0).all()
    assert (result.weight_gradient[: dead + 2][np.isfinite(result.weight_gradient[: dead + 2])] == 0).all()
    assert value(result, "gradient_ratio") == 0 and value(result, "zero_gradients") == 6
    assert result.facts()["last_spread"].value is None, "0 for every sample: nothing but rounding is left"


def test_batch_norm_gives_each_unit_mean_0_and_variance_1() -> None:
    result = compute(Params(code="nn.Sequential(nn.Linear(9, 5), nn.BatchNorm1d(5, eps=1e-12), nn.Linear(5, 2))"))
    assert result.mean[1] == pytest.approx(0, abs=1e-14)
    assert result.variance[1] == pytest.approx(1, rel=1e-9) and result.spread[1] == pytest.approx(1, rel=1e-9)


def test_points_in_the_plane_and_one_output() -> None:
    code = "nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))"
    for data in ("normal", "circle", "moons", "spiral"):
        result = compute(Params(code=code, data=data, samples=48))
        assert value(result, "input_width") == 2 and value(result, "output_width") == 1
        assert abs(result.loss - math.log(2)) < 0.4, "before training nothing is known: the loss is near ln 2"


def test_digits_have_784_numbers_and_ten_classes() -> None:
    """Before training nothing is known: the loss is near ln 10."""
    code = "nn.Sequential(nn.Linear(784, 16), nn.Tanh(), nn.Linear(16, 10))"
    result = compute(Params(code=code, data="digits", samples=48))
    assert value(result, "input_width") == 784 and abs(result.loss - math.log(10)) < 0.4
    assert result.total == 785 * 16 + 17 * 10 and value(result, "first_gradient") > 0


def test_what_is_not_there_is_undefined_and_never_0() -> None:
    facts = compute(Params(code="nn.Sequential(nn.LayerNorm(4))")).facts()
    undefined = {name for name, fact in facts.items() if fact.value is None}
    assert undefined == {
        "smallest_width", "first_gradient", "last_gradient", "gradient_ratio", "signal_factor", "first_square", "last_square",
        "first_spread", "last_spread", "worst_dead", "worst_saturated",
    }  # fmt: skip
    facts = compute(Params(code="nn.Sequential(nn.Linear(4, 2))")).facts()
    assert facts["gradient_ratio"].value == 1 and facts["signal_factor"].value is None and facts["bent_end"].value == 0


def test_the_same_settings_give_the_same_bytes() -> None:
    first = compute(Params(code=PLAIN, seed=7))
    torch.rand(3)
    again, other = compute(Params(code=PLAIN, seed=7)), compute(Params(code=PLAIN, seed=8))
    for name in ("square", "signal_gradient", "weight_gradient"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
        assert (getattr(first, name) != getattr(other, name)).any()


def test_nothing_is_left_behind_even_if_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hook on any module or tensor, no gradient mode, no draw from the process's generator."""
    made: list[nn.Module] = []

    def watched(*args: Any) -> list[nn.Module]:
        found = assemble(*args)
        made.extend(found)
        return found

    monkeypatch.setattr(own, "assemble", watched)
    before = torch.get_rng_state()
    compute(Params(code=PLAIN))
    with monkeypatch.context() as broken:
        broken.setattr(own.F, "cross_entropy", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            compute(Params(code=PLAIN))
    assert len(made) == 18 and F.cross_entropy is own.F.cross_entropy
    for module in made:
        assert not [name for name in vars(module) if "hooks" in name and vars(module)[name]]
        assert all(each.grad is None and not each._backward_hooks for each in module.parameters())
    assert torch.is_grad_enabled() and torch.equal(before, torch.get_rng_state())
    assert not any(value for name, value in vars(torch.nn.modules.module).items() if name.startswith("_global_") and "hooks" in name)


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"code": "nn.Sequential(\n  nn.Linear(2, 8),\n  nn.Linear(4, 2),\n)"}, "code", ["is 'nn.Linear(4, 2),'", "line 3", "8 arrive"]),
        ({"code": "import os"}, "code", ["is 'import os'", "line 1", "an import"]),
        ({"code": ""}, "code", ["line 1: there is no network here"]),
        ({"code": PLAIN, "data": "moons"}, "data", ["takes 32 numbers and a point has 2"]),
        ({"code": PLAIN, "data": "digits"}, "data", ["takes 32 numbers and a digit has 784"]),
        ({"code": "nn.Sequential(nn.Linear(784, 2))", "data": "digits"}, "data", ["gives 2 numbers for 10 classes"]),
        ({"code": "nn.Sequential(*[nn.Linear(4000, 4000)] * 9)"}, "code", ["16,004,000 parameters; at most 5,000,000"]),
        ({"code": f"nn.Sequential({'nn.Tanh(), ' * 199}nn.LayerNorm(5000))", "samples": 64}, "samples", ["at most 8 samples"]),
        ({"code": "nn.Sequential(nn.Linear(2, 2))" + " " * 9000}, "code", ["at most 4000 characters"]),
        ({"code": "nn.Sequential(\n\0)"}, "code", ["printable characters, also in line 2"]),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings: dict[str, Any], field: str, words: list[str]) -> None:
    with pytest.raises(ParameterError) as caught:
        Params(**settings)
    message = str(caught.value)
    assert caught.value.name == field and all(word in message for word in words), message
    assert message.isprintable() and len(message) < 400 and message.endswith(".")


def test_the_largest_networks_are_computed() -> None:
    """As wide, as deep, as many samples as is allowed; two hundred layers that explode stay numbers or are said to be undefined."""
    result = compute(Params(code="nn.Sequential(nn.Linear(4999, 1000))", samples=512))
    assert np.isfinite(result.weight_gradient).all()
    result = compute(Params(code=f"nn.Sequential({'nn.ELU(alpha=10), ' * 199}nn.Linear(3, 1))", samples=8))
    assert len(result.kinds) == 200 and all(fact.value is None or math.isfinite(fact.value) for fact in result.facts().values())


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_computes_with_all_that_can_be_given_to_it(name: str) -> None:
    """Each argument at its ends, the others left out where they can be: what is allowed here, torch must take."""
    kind = LAYERS[name]
    given = {each.name: "6" for each in kind.arguments[: kind.required]}
    for argument in kind.arguments[kind.required :]:
        numbers = ["1", "6"] if argument.kind is int else [repr(argument.low), repr(argument.high)]
        ends = {bool: ["True", "False"], str: [repr(option) for option in argument.options]}.get(argument.kind, numbers)
        for end in ends:
            words = ", ".join(f"{key}={text}" for key, text in (given | {argument.name: end}).items())
            result = compute(Params(code=f"nn.Sequential(nn.Linear(6, 6), nn.{name}({words}), nn.Linear(6, 2))"))
            assert np.isfinite(result.signal_gradient).all() and math.isfinite(result.loss), words


def test_code_of_several_lines_travels_in_a_link() -> None:
    topic = catalog.find("gradients")
    code = "net = nn.Sequential(\t# & ü + %0A\r\n\tnn.Linear(2, 2),\r\n\n  )  \n\n"
    made = Params(code=code)
    assert made.code == "net = nn.Sequential(    # & ü + %0A\n    nn.Linear(2, 2),\n\n  )"
    query = dict(parse_qsl(urlencode(encode("own", made)), keep_blank_values=True))
    link = decode(topic, lessons.load("gradients"), query)
    assert link.params == made and link.notices == ()
    wrong = decode(topic, lessons.load("gradients"), query | {"code": "nn.Sequential(\nnn.Linear(0, 2))"})
    (notice,) = wrong.notices
    assert wrong.params == Params() and "line 2" in notice and notice.isprintable() and "nn.Sequential( *[nn.Sequential(" in notice


def test_what_was_pasted_is_not_logged() -> None:
    assert "Linear" not in str(Params(code=PLAIN).for_log())
