"""The deep network against torch's own modules, and its initial weights against their definitions."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dlviz.nets.deep import EPSILON, Deep, build_deep, initial, lsuv, normalised


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 5) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def deep(*widths: int, how: str = "normal", **settings: object) -> Deep:
    """A tanh network in float64."""
    return build_deep(widths, torch.tanh, how, generator(), dtype=torch.float64, **settings)  # type: ignore[arg-type]


def test_without_norm_and_skip_it_is_torchs_sequential() -> None:
    net, x = deep(5, 7, 7, 3, bias_spread=0.5), normal(11, 5)
    layers: list[nn.Module] = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        linear.load_state_dict({"weight": weight.detach(), "bias": bias.detach()})
        layers += [linear, nn.Tanh()]
    torch.testing.assert_close(net.forward(x)[0], nn.Sequential(*layers[:-1])(x), rtol=1e-14, atol=1e-14)


def test_norms_are_torchs() -> None:
    values = 3 * normal(9, 4) + 2
    torch.testing.assert_close(normalised(values, "batch"), F.batch_norm(values, None, None, training=True, eps=EPSILON))
    torch.testing.assert_close(normalised(values, "layer"), F.layer_norm(values, (4,), eps=EPSILON))
    torch.testing.assert_close(normalised(values, "rms"), F.rms_norm(values, (4,), eps=EPSILON))


@pytest.mark.parametrize("norm", ["batch", "layer", "rms"])
def test_a_norm_stands_where_it_is_said_to(norm: str) -> None:
    """Written out once more for the second of two blocks with skips, s = 0.3, gains and shifts that are not 1 and 0."""
    x = normal(9, 6)
    for place in ("z", "pre", "post"):
        net = deep(6, 6, 6, 2, norm=norm, place=place, skip=True, scale=0.3)
        net.gains[1], net.shifts[1] = normal(6, seed=8), normal(6, seed=9)
        weight, bias, h = net.weights[1], net.biases[1], net.block(0, x).h

        def norm_of(values: Tensor, net: Deep = net) -> Tensor:
            return net.gains[1] * normalised(values, norm) + net.shifts[1]

        wanted = {
            "z": lambda h=h, w=weight, b=bias: h + 0.3 * torch.tanh(norm_of(h @ w.T + b)),
            "pre": lambda h=h, w=weight, b=bias: h + 0.3 * torch.tanh(norm_of(h) @ w.T + b),
            "post": lambda h=h, w=weight, b=bias: norm_of(h + 0.3 * torch.tanh(h @ w.T + b)),
        }[place]()
        torch.testing.assert_close(net.block(1, h).h, wanted)
        assert net.forward(x)[1][1].h.equal(net.block(1, h).h)


def test_a_block_whose_ends_differ_has_no_skip() -> None:
    net, x = deep(3, 6, 2, skip=True), normal(4, 3)
    torch.testing.assert_close(net.block(0, x).h, torch.tanh(x @ net.weights[0].T))


@pytest.mark.parametrize(
    ("how", "square", "largest"),
    [  # in * variance of a weight, and the limit of a uniform distribution, for 400 in, 400 out and σ_w = 1.5, gain 2
        ("normal", 1.5**2, math.inf),
        ("uniform", 1.5**2 / 3, 1.5 / math.sqrt(400)),
        ("xavier", 2**2, 2 * math.sqrt(6 / 800)),
        ("he", 2.0, math.inf),
        ("orthogonal", 2**2, math.inf),
        ("zeros", 0.0, 0.0),
    ],
)
def test_initial_weights_have_their_variance_and_limit(how: str, square: float, largest: float) -> None:
    weight = initial(400, 400, how, 1.5, 2.0, generator())
    assert float(weight.square().sum() / 400) == pytest.approx(square, rel=0.02)  # 160,000 draws: σ of the variance is 0.35 %
    assert float(weight.abs().max()) <= largest
    if how == "orthogonal":
        torch.testing.assert_close(weight @ weight.T, 4 * torch.eye(400, dtype=torch.float64))


def test_every_dtype_gets_the_same_weights() -> None:
    long, short = (
        build_deep([4, 6, 6, 2], torch.tanh, "he", generator(), bias_spread=1.0, dtype=dtype) for dtype in (torch.float64, torch.float16)
    )
    for exact, rough in zip(long.parameters, short.parameters, strict=True):
        assert exact.to(torch.float16).equal(rough)


def test_lsuv_gives_every_layer_unit_variance() -> None:
    net, x = deep(8, 30, 30, 30, 2, how="lsuv"), 7 * normal(50, 8) + 1
    lsuv(net, x)
    for block in net.forward(x)[1]:
        assert float(block.z.detach().var(correction=0)) == pytest.approx(1, rel=1e-9)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        initial(2, 2, "best", 1, 1, generator())
    with pytest.raises(KeyError):
        normalised(normal(2, 2), "group")
