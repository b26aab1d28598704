"""The known layers: torch's own arguments and functions, torch's own first weights, and no draw from the process's generator."""

import inspect
import math

import pytest
import torch
from scipy import stats
from torch import nn

from dlviz.nets.activations import ACTIVATIONS, activation
from dlviz.nets.layers import DTYPE, LAYERS, STARTS, Layer, assemble, fill
from dlviz.nets.sequential import read

# how each activation that the other topic knows is written in torch.nn; it has no module for the others
WRITTEN = {
    "identity": "nn.Identity()", "sigmoid": "nn.Sigmoid()", "tanh": "nn.Tanh()", "relu": "nn.ReLU()", "leaky_relu": "nn.LeakyReLU(0.1)",
    "gelu": "nn.GELU()", "gelu_tanh": "nn.GELU(approximate='tanh')", "silu": "nn.SiLU()", "hard_sigmoid": "nn.Hardsigmoid()",
    "softplus": "nn.Softplus()", "prelu": "nn.PReLU(init=0.3)", "elu": "nn.ELU(1.5)", "selu": "nn.SELU()", "mish": "nn.Mish()",
    "hardswish": "nn.Hardswish()",
}  # fmt: skip


def modules(code: str, start: str = "torch", seed: int = 1) -> list[nn.Module]:
    """The modules of a pasted network."""
    return assemble(read(code).layers, start, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", LAYERS)
def test_arguments_are_torchs_in_torchs_order(name: str) -> None:
    """So that what is given by place means what it means there; what must be given is what torch has no default for."""
    ours = LAYERS[name].arguments
    theirs = [
        each for each in inspect.signature(getattr(nn, name).__init__).parameters.values() if each.name not in ("self", "args", "kwargs")
    ]
    assert [each.name for each in ours] == [each.name for each in theirs][: len(ours)]
    assert all(each.name in ("device", "dtype", "bias") for each in theirs[len(ours) :]), "an argument of torch's is not known"
    required = [each.name for each in theirs if each.default is inspect.Parameter.empty]
    assert [each.name for each in ours[: LAYERS[name].required]] == required


def test_every_activation_that_torch_has_can_be_pasted() -> None:
    assert set(ACTIVATIONS) - set(WRITTEN) == {"step", "swish"}
    z = torch.linspace(-6, 6, 241, dtype=DTYPE).reshape(-1, 1)
    shapes = {"leaky_slope": 0.1, "prelu_slope": 0.3, "elu_alpha": 1.5}
    for name, code in WRITTEN.items():
        module = modules(f"nn.Sequential({code}, nn.Linear(1, 1))")[0]
        torch.testing.assert_close(module(z), activation(name, shapes)(z), msg=name)


@pytest.mark.parametrize("width", [1, 7, 64, 400])
def test_first_weights_are_distributed_as_torchs(width: int) -> None:
    """Weight and bias uniform on ±1/√in: by the bounds, and by Kolmogorov-Smirnov against the uniform and against nn.Linear itself.

    The smallest p of eight tests on fixed seeds: each of them would be below 1e-3 once in a thousand seeds.
    """
    limit, out = 1 / math.sqrt(width), 20_000 // width
    (ours,) = modules(f"nn.Sequential(nn.Linear({width}, {min(out, 5000)}))")
    theirs = nn.Linear(width, min(out, 5000), dtype=DTYPE)
    for mine, other in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        values, expected = mine.detach().flatten().numpy(), other.detach().flatten().numpy()
        assert max(abs(values)) <= limit and max(abs(expected)) <= limit
        assert len(values) < 2000 or max(abs(values)) > 0.99 * limit
        assert stats.kstest(values, stats.uniform(-limit, 2 * limit).cdf).pvalue > 1e-3
        assert stats.ks_2samp(values, expected).pvalue > 1e-3
    assert ours.weight.var().item() == pytest.approx(1 / (3 * width), rel=0.05)  # (2 limit)²/12


@pytest.mark.parametrize("start", STARTS)
def test_other_starts_have_their_variance_and_no_bias(start: str) -> None:
    """Xavier 2/(in + out), He 2/in, orthogonal WWᵀ = 1."""
    linear = modules("nn.Sequential(nn.Linear(300, 200))", start)[0]
    variance = {"torch": 1 / 900, "xavier": 2 / 500, "he": 2 / 300, "orthogonal": 1 / 300}[start]
    assert linear.weight.var().item() == pytest.approx(variance, rel=0.03)
    assert (linear.bias == 0).all() == (start != "torch")
    if start == "orthogonal":
        torch.testing.assert_close(linear.weight @ linear.weight.T, torch.eye(200, dtype=DTYPE))


def test_the_processs_generator_is_not_touched() -> None:
    """And what it says has no influence: the same seed gives the same bytes, whatever was drawn before."""
    code = f"nn.Sequential(nn.Linear(3, 4), {', '.join(WRITTEN.values())}, nn.BatchNorm1d(4), nn.LayerNorm(4), nn.RMSNorm(4), nn.PReLU(4))"
    before = torch.get_rng_state()
    first = nn.Sequential(*modules(code)).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)
    second = nn.Sequential(*modules(code)).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = nn.Sequential(*modules(code, seed=2)).state_dict()
    assert not torch.equal(first["0.weight"], other["0.weight"])


def test_a_layer_that_is_used_again_draws_nothing_anew() -> None:
    once, thrice = (
        modules("nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))"),
        modules("nn.Sequential(*[nn.Linear(4, 4)] * 3, nn.Linear(4, 2))"),
    )
    assert thrice[0] is thrice[1] is thrice[2]
    assert all(torch.equal(once[i].weight, thrice[j].weight) for i, j in ((0, 0), (1, 3)))  # type: ignore[arg-type]


def test_parameters_are_counted_without_being_made() -> None:
    """On the meta device a matrix of 10¹⁸ numbers takes no memory."""
    layer = Layer(1, "Linear", (("in_features", 10**9), ("out_features", 10**9)), 1, "")
    assert layer.count() == 10**18 + 10**9


def test_all_is_in_float64_and_in_training_mode_and_nothing_is_done_in_place() -> None:
    made = nn.Sequential(*modules("nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.PReLU(4), nn.LayerNorm(4))"))
    assert all(each.dtype == DTYPE for each in made.parameters()) and all(module.training for module in made)
    z = torch.randn(5, 4, dtype=DTYPE)
    kept = z.clone()
    made[2](z)
    assert torch.equal(z, kept)


def test_an_unknown_start_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill(nn.Linear(2, 2, dtype=DTYPE), "lucky", torch.Generator())
