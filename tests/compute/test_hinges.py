"""Hinges: sums are sums, joining lines are exact at their knots and err as splines do, gradients and descents obey calculus."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from scipy import interpolate, linalg, special
from torch import Tensor

from dlviz.compute.activations import hinges
from dlviz.compute.activations.hinges import MOST, OFFERED, SEEDS, SIZES, Params, compute, layer_factors, price
from dlviz.nets import hinges as nets
from dlviz.nets.activations import activation

X = nets.grid()
# name -> the function as scipy and numpy have it
ORACLES = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.1 * z),
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "silu": lambda z: z * special.expit(z),
    "softplus": lambda z: np.logaddexp(0, z),
    "identity": lambda z: z,
}
TARGETS = {"sine": lambda x: np.sin(np.pi * x), "step": np.sign, "bump": lambda x: np.exp(-9 * x**2)}
by_activation = pytest.mark.parametrize("name", OFFERED)


def drawn(nets_count: int, n: int, seed: int = 0) -> Tensor:
    """Random networks, (nets, 3n + 1)."""
    return torch.randn(nets_count, 3 * n + 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def fact(params: Params, name: str) -> float:
    value = compute(params).facts()[name].value
    assert value is not None
    return value


# The network ----------------------------------------------------------------------------------------------------------


@by_activation
def test_the_sum_is_the_sum_of_the_units_and_the_units_are_the_formula(name: str) -> None:
    """y = sum_i w_i f(a_i x + b_i) + c, written out in numpy one net and one unit at a time."""
    theta, f = drawn(3, 5), activation(name, hinges.SHAPES)
    found, added = nets.output(theta, X, f), nets.units(theta, X, f)
    x = X.numpy()
    for net in range(3):
        a, b, w, c = np.split(theta[net].numpy(), [5, 10, 15])
        each = [w[i] * ORACLES[name](a[i] * x + b[i]) for i in range(5)]
        np.testing.assert_allclose(added[net], each, atol=1e-12)
        np.testing.assert_allclose(found[net], np.sum(each, 0) + c, atol=1e-12)


def test_targets_are_what_they_are_called() -> None:
    for name, function in TARGETS.items():
        np.testing.assert_allclose(nets.target(name, X), function(X.numpy()), atol=1e-15)
    with pytest.raises(KeyError):
        nets.target("cosine", X)


@pytest.mark.parametrize("values", [(0.5, -1.5), (0.0, 1.0, -1.0), tuple(np.sin(np.arange(81)).round(2))], ids=len)
def test_a_drawn_target_is_joined_by_lines(values: tuple[float, ...]) -> None:
    knots = np.linspace(-1, 1, len(values))
    np.testing.assert_allclose(nets.target("own", X, values), np.interp(X.numpy(), knots, values), atol=1e-12)
    np.testing.assert_allclose(nets.target("own", torch.from_numpy(knots), values), values, atol=1e-12)


# Joining lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 16, 24])
def test_n_relu_units_join_the_targets_values_exactly(n: int, target: str) -> None:
    """At the n + 1 knots they are the target; between, scipy's piecewise linear interpolant. With n units and one bias."""
    theta = nets.interpolant(n, lambda x: nets.target(target, x))
    knots = np.arange(n + 1) * 2 / n - 1
    wanted = TARGETS[target](knots)
    np.testing.assert_allclose(nets.output(theta, torch.from_numpy(knots), torch.relu)[0], wanted, atol=1e-12)
    spline = interpolate.make_interp_spline(knots, wanted, k=1)
    np.testing.assert_allclose(nets.output(theta, X, torch.relu)[0], spline(X.numpy()), atol=1e-11)


@pytest.mark.parametrize("n", [2, 3, 5, 8, 16, 24, 48])
def test_their_error_keeps_the_bound_and_nearly_reaches_it(n: int) -> None:
    """|y - t| <= h^2/8 max|t''| with h = 2/n. For sin(pi x), max|t''| = pi^2; for x^2 it is 2 and the bound is reached."""
    dense = torch.linspace(-1, 1, 20_001, dtype=torch.float64)
    h = 2 / n

    def error(wanted: object) -> float:
        return (nets.output(nets.interpolant(n, wanted), dense, torch.relu)[0] - wanted(dense)).abs().max().item()  # type: ignore[operator, arg-type]

    assert error(lambda x: torch.sin(torch.pi * x)) <= h**2 / 8 * math.pi**2
    assert error(lambda x: torch.exp(-9 * x * x)) <= h**2 / 8 * 18
    assert error(torch.square) == pytest.approx(h**2 / 8 * 2, rel=1e-3)


def test_their_error_falls_as_one_over_n_squared_for_a_smooth_target_and_slower_for_a_jump() -> None:
    """Slope -2 on a log-log scale; the RMS error of a jump falls as n^(-1/2), because only the piece with the jump is wrong."""
    sizes = np.array([8, 16, 32, 64])
    dense = torch.linspace(-1, 1, 20_001, dtype=torch.float64)

    def order(name: str) -> float:
        def wanted(x: Tensor) -> Tensor:
            return nets.target(name, x)

        errors = [nets.rms(nets.interpolant(n, wanted), dense, torch.relu, wanted(dense)).item() for n in sizes.tolist()]
        return float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])

    assert order("sine") == pytest.approx(-2, abs=0.03) and order("bump") == pytest.approx(-2, abs=0.1)
    assert order("step") == pytest.approx(-0.5, abs=0.02)


@by_activation
@pytest.mark.parametrize("n", [1, 4, 16])
def test_solved_weights_are_the_best_there_are(name: str, n: int) -> None:
    """The residual is orthogonal to every unit and to the constant (normal equations), and scipy finds no smaller one."""
    f, wanted = activation(name, hinges.SHAPES), nets.target("sine", X)
    theta = nets.even_start(n, name, X, f, wanted)
    residual = (nets.output(theta, X, f) - wanted)[0]
    columns = torch.cat([nets.hidden(theta, X, f)[0], torch.ones(1, 201, dtype=torch.float64)])
    assert (columns @ residual).abs().max() < 1e-6 * columns.norm(dim=1).max()
    best = np.mean((columns.T.numpy() @ linalg.lstsq(columns.T.numpy(), wanted.numpy(), cond=1e-9)[0] - wanted.numpy()) ** 2)
    assert residual.square().mean().item() == pytest.approx(best, rel=1e-6, abs=1e-9)


# Training -------------------------------------------------------------------------------------------------------------


@by_activation
def test_gradients_are_the_slopes_of_the_loss(name: str) -> None:
    """Autograd against central differences in float64, for every parameter of random networks without a hinge on a point."""
    f, wanted = activation(name, hinges.SHAPES), nets.target("bump", X)
    theta = (drawn(2, 3, seed=5) + 1e-3 * math.pi).requires_grad_()

    def loss(at: Tensor) -> Tensor:
        return (nets.output(at, X, f) - wanted).square().mean(1)

    (gradient,) = torch.autograd.grad(loss(theta).sum(), theta)
    for k in range(theta.shape[1]):
        nudge = torch.zeros_like(theta)
        nudge[:, k] = 1e-6
        slope = (loss(theta.detach() + nudge) - loss(theta.detach() - nudge)) / 2e-6
        torch.testing.assert_close(gradient[:, k], slope, rtol=1e-5, atol=1e-7)


@by_activation
def test_one_step_of_gradient_descent_is_the_formula(name: str) -> None:
    """theta - learning rate * gradient, the gradient written out: dL/dw_i = 2 mean(e h_i), dL/dc = 2 mean(e), and so on."""
    f, wanted = activation(name, hinges.SHAPES), nets.target("sine", X)
    start = drawn(1, 2, seed=3)
    frames, _, _ = nets.train(start, X, f, wanted, "sgd", 0.1, 1)
    a, b, w, c = np.split(start[0].numpy(), [2, 4, 6])
    x, z = X.numpy(), a[:, None] * X.numpy() + b[:, None]
    h = ORACLES[name](z)
    e = w @ h + c - wanted.numpy()
    slope = (ORACLES[name](z + 1e-7) - ORACLES[name](z - 1e-7)) / 2e-7
    gradient = [2 * np.mean(e * w[:, None] * slope * x, 1), 2 * np.mean(e * w[:, None] * slope, 1), 2 * np.mean(e * h, 1), [2 * np.mean(e)]]
    np.testing.assert_allclose(frames[-1][0], start[0].numpy() - 0.1 * np.concatenate(gradient), atol=1e-6)


@by_activation
def test_small_steps_on_the_output_weights_never_raise_the_loss(name: str) -> None:
    """With the hinges held the loss is convex in w and c, and steps below 2/largest eigenvalue of its Hessian descend."""
    f, wanted = activation(name, hinges.SHAPES), nets.target("sine", X)
    theta = drawn(1, 6, seed=9)
    columns = torch.cat([nets.hidden(theta, X, f)[0], torch.ones(1, 201, dtype=torch.float64)])
    largest = torch.linalg.eigvalsh(2 * columns @ columns.T / 201)[-1].item()
    free = torch.cat([torch.zeros(1, 12), torch.ones(1, 7)], 1)
    frames, _, losses = nets.train(theta, X, f, wanted, "sgd", 1.99 / largest, 200, free)
    assert (losses.diff(dim=0) <= 1e-12).all() and losses[-1] < losses[0]
    torch.testing.assert_close(frames[-1][:, :12], theta[:, :12], rtol=0, atol=0)
    _, _, wild = nets.train(theta, X, f, wanted, "sgd", 2.2 / largest, 200, free)
    assert wild[-1] > wild[0], "a step beyond the bound climbs"


def test_networks_trained_side_by_side_are_networks_trained_alone() -> None:
    f, wanted, theta = activation("tanh", {}), nets.target("step", X), drawn(4, 3)
    together = nets.train(theta, X, f, wanted, "adam", 0.05, 20)[0]
    for net in range(4):
        alone = nets.train(theta[net : net + 1], X, f, wanted, "adam", 0.05, 20)[0]
        torch.testing.assert_close(together[:, net], alone[:, 0], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("steps", [100, 300, 1000])
def test_snapshots_stand_at_their_steps(steps: int) -> None:
    """First the start, last the end, 100 between at equal distances; the loss of each is the loss at its step."""
    params = Params(steps=steps, units=3)
    found = compute(params)
    assert found.frames.shape == (101, 10) and len(found.losses) == steps + 1
    assert found.frame_steps.tolist() == [steps // 100 * k for k in range(101)]
    np.testing.assert_array_equal(found.frames[0], params.begin()[0])
    f = params.function()
    for k in (0, 37, 100):
        errors = nets.rms(torch.from_numpy(found.frames[k : k + 1]), X, f, params.wanted(X))
        assert errors.item() ** 2 == pytest.approx(found.losses[int(found.frame_steps[k])], rel=1e-12)


def test_a_training_that_diverges_ends_there_and_says_so() -> None:
    found = compute(Params(start="own", w=(900,) * 4, units=4, activation="identity", optimiser="sgd", learning_rate=1))
    step = found.facts()["diverged_at_step"].value
    assert step == len(found.losses) - 1 < 400 and not np.isfinite(found.losses[-1]) and np.isfinite(found.losses[:-1]).all()
    assert np.isfinite(found.frames).all() and found.frame_steps[-1] < step
    assert found.facts()["error_trained"].value is None


def test_the_same_settings_give_the_same_bytes_and_another_seed_another_start() -> None:
    one, again, other = compute(Params(seed=3)), compute(Params(seed=3)), compute(Params(seed=4))
    assert one.frames.tobytes() == again.frames.tobytes() and one.losses.tobytes() == again.losses.tobytes()
    assert not np.array_equal(one.frames[0], other.frames[0])


# Params and facts -------------------------------------------------------------------------------------------------------


def test_own_units_are_filled_up_and_cut_to_their_number() -> None:
    """Missing ones have a = 1, b = 0, w = 0 and so add nothing; surplus ones are left out."""
    params = Params(start="own", a=(2, 3), b=(0.5, 0), w=(1, -1), c=0.25, units=4)
    assert params.begin()[0].tolist() == [2, 3, 1, 1, 0.5, 0, 0, 0, 1, -1, 0, 0, 0.25]
    assert replace(params, units=1).begin()[0].tolist() == [2, 0.5, 1, 0.25]
    two = compute(replace(params, units=2))
    assert two.facts()["error_start"].value == pytest.approx(fact(params, "error_start"), rel=1e-12)


@pytest.mark.parametrize("start", ["random", "even"])
@pytest.mark.parametrize("n", [1, 2, 7, MOST])
def test_hinges_begin_inside(start: str, n: int) -> None:
    for name in OFFERED:
        a, b, w, _ = nets.parts(Params(units=n, start=start, activation=name).begin())
        place = (-b / a)[0]
        assert (place >= -1).all() and (place <= 1).all() and len(place) == n
        if start == "random":
            assert (w.abs() <= n**-0.5).all() and len(set(place.tolist())) == n
        else:
            np.testing.assert_allclose(place.diff(), 2 / n, atol=1e-12)


def test_a_ramp_of_two_hinges_is_as_wrong_as_geometry_says() -> None:
    """The ramp from -d to d misses the jump by 1 - x/d: the largest error on the grid is at x = 0.01, and 0 at x = 0."""
    for width in (0.05, 0.1, 0.5):
        found = compute(Params(target="step", start="own", units=2, a=(1, 1), b=(width, -width), w=(1 / width, -1 / width), c=-1))
        facts = found.facts()
        assert facts["steepest"].value == pytest.approx(1 / width) and facts["largest_corner"].value == pytest.approx(1 / width, rel=1e-6)
        assert facts["largest_error_start"].value == pytest.approx(1 - 0.01 / width)
        inside = np.arange(1, round(100 * width)) / 100 / width
        assert facts["error_start"].value == pytest.approx(math.sqrt(2 * ((1 - inside) ** 2).sum() / 201))


def test_corners_are_jumps_of_slope_at_hinges_that_are_seen() -> None:
    """For ReLU |w a|, however the unit faces; for leaky ReLU nine tenths of it; none for smooth f or outside of -1..1."""
    own = Params(start="own", units=2, a=(-2, 1), b=(1, -3), w=(0.75, 50))
    assert fact(own, "largest_corner") == pytest.approx(1.5, rel=1e-6) and fact(own, "hinges_inside") == 1
    assert fact(replace(own, activation="leaky_relu"), "largest_corner") == pytest.approx(1.35, rel=1e-6)
    for name in ("tanh", "sigmoid", "silu", "softplus"):
        assert fact(replace(own, activation=name), "largest_corner") < 1e-4
    assert fact(replace(own, activation="identity"), "largest_corner") == 0


def test_units_that_face_outwards_are_dead_for_ever() -> None:
    """ReLU of x - 3 and of -x - 1.5 is 0 on -1..1, gets no gradient, and stays where it was."""
    params = Params(start="own", units=3, a=(1, -1, 1), b=(-3, -1.5, 0), w=(1, 1, 1))
    found = compute(params)
    assert found.facts()["dead_units"].value == 2
    np.testing.assert_array_equal(found.frames[:, [0, 1, 3, 4, 6, 7]], np.tile(found.frames[0, [0, 1, 3, 4, 6, 7]], (101, 1)))
    assert compute(replace(params, activation="tanh")).facts()["dead_units"].value == 0


def test_identity_builds_one_line_however_many_units() -> None:
    """The best line under sin(pi x) on these points, by numpy's polyfit."""
    line = np.polyfit(X.numpy(), np.sin(np.pi * X.numpy()), 1)
    error = np.sqrt(np.mean((np.polyval(line, X.numpy()) - np.sin(np.pi * X.numpy())) ** 2))
    found = compute(Params(activation="identity"))
    np.testing.assert_allclose(found.solved, error, rtol=1e-9)


# The price --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "name"), [("sine", "relu"), ("step", "tanh")])
def test_the_price_is_the_same_when_each_network_is_trained_alone(target: str, name: str) -> None:
    """Filled up with units that are held at 0, a small network trains as it would without them (first steps; chaos later)."""
    interpolated, _, trained = price(target, (0.0, 0.0), name)
    assert interpolated.shape == (5,) and trained.shape == (SEEDS, 5) and (trained > 0).all()
    f, wanted = activation(name, hinges.SHAPES), nets.target(target, X)
    i, seed = 2, 1
    start = nets.random_start(SIZES[i], name, torch.Generator().manual_seed(seed))
    frames, _, _ = nets.train(start, X[::2], f, wanted[::2], "adam", hinges.PRICE_RATE, hinges.PRICE_STEPS)
    assert trained[seed, i].item() == pytest.approx(nets.rms(frames[-1], X, f, wanted).item(), rel=1e-3)


@pytest.mark.parametrize("target", TARGETS)
def test_solved_weights_beat_joining_lines_with_the_same_hinges(target: str) -> None:
    """The joining lines are one choice of weights for the even ReLU hinges; the solved ones are the best choice."""
    interpolated, solved, _ = price(target, (0.0, 0.0), "relu")
    assert (solved <= interpolated + 1e-12).all()


# The bent square ----------------------------------------------------------------------------------------------------------


def test_areas_are_what_differences_say() -> None:
    """|det of the Jacobian| by central differences of f(W u + b) in numpy, at every cell's middle."""
    layer = (1.2, -0.9, 0.1, 0.8, 1.0, -0.4)
    side = (np.arange(40) + 0.5) / 40
    u = np.array(list(product(side, side)))[:, ::-1]  # row by row: u2 slow, u1 fast

    def image(u: np.ndarray, name: str) -> np.ndarray:
        return ORACLES[name](u @ np.array([[1.2, -0.9], [0.8, 1.0]]).T + [0.1, -0.4])

    for name in OFFERED:
        columns = [(image(u + step, name) - image(u - step, name)) / 2e-7 for step in 1e-7 * np.eye(2)]
        wanted = np.abs(columns[0][:, 0] * columns[1][:, 1] - columns[0][:, 1] * columns[1][:, 0])
        np.testing.assert_allclose(layer_factors(layer, activation(name, hinges.SHAPES)).flatten(), wanted, atol=1e-6)


def test_a_linear_layer_multiplies_every_area_by_its_determinant_and_relu_keeps_only_what_is_positive() -> None:
    turned = Params(layer=(0.6, -0.8, 0, 0.8, 0.6, 0), activation="identity")
    assert fact(turned, "layer_area") == pytest.approx(1) == pytest.approx(fact(turned, "layer_determinant"))
    half = Params(layer=(1, 0, -0.5, 0, 1, 0))  # ReLU(u1 - 1/2), ReLU(u2): the left half is squeezed
    assert fact(half, "layer_area") == fact(half, "collapsed_share") == 0.5
    folded = Params(layer=(1, -1, 0, -1, 1, 0))
    assert fact(folded, "collapsed_share") == 1 and fact(folded, "corner_gap") == 0
    assert fact(Params(layer=(1, 0, 0, 0, 1, 0)), "corner_gap") == pytest.approx(math.sqrt(2))
