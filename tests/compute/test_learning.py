"""Learning filters: the network is torch's own, both networks see the same pictures, and a run repeats byte for byte."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from dlviz.compute import run
from dlviz.compute.filters import learning, sets
from dlviz.compute.filters import recognising as nets
from dlviz.compute.filters.changes import filled
from dlviz.compute.filters.learning import Params, Result
from dlviz.fields import ParameterError
from dlviz.nets.convolutional import Convolutional

SHORT = Params(pictures=500, batch_size=50, channels=4, shift=1, dropout=0.3, norm=True)


@pytest.fixture(scope="module")
def short() -> Result:
    result = run("filters.learning", SHORT)
    assert isinstance(result, Result)
    return result


def trained(result: Result) -> Convolutional:
    """The network as it was at the end of the run."""
    return filled(nets.convolutional_net(result.params.as_dict()), result.state)


def module_of(net: Convolutional, params: Params) -> nn.Sequential:
    """The same network made of torch's modules, with the same numbers."""
    layers: list[nn.Module] = []
    for i, kernel in enumerate(net.kernels):
        out, into, k, _ = kernel.shape
        convolution = nn.Conv2d(into, out, k, padding=k // 2)
        convolution.weight.data, convolution.bias.data = kernel.detach().clone(), net.biases[i].detach().clone()  # type: ignore[union-attr]
        layers.append(convolution)
        if params.norm:
            norm = nn.BatchNorm2d(out)
            norm.weight.data, norm.bias.data = net.gains[i].detach().clone(), net.shifts[i].detach().clone()
            norm.running_mean, norm.running_var = net.means[i].clone(), net.variances[i].clone()
            layers.append(norm)
        layers.append(nn.ReLU())
        layers += {"max": [nn.MaxPool2d(2)], "average": [nn.AvgPool2d(2)], "none": []}[params.pool]
    layers += [nn.AdaptiveAvgPool2d(1)] if params.head == "global" else []
    linear = nn.Linear(net.head.shape[1], 10)
    linear.weight.data, linear.bias.data = net.head.detach().clone(), net.head_bias.detach().clone()
    return nn.Sequential(*layers, nn.Flatten(), linear)


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("pool", ["max", "average", "none"])
@pytest.mark.parametrize(("head", "layers", "kernel"), [("flatten", 3, "3"), ("global", 2, "5"), ("flatten", 1, "7")])
def test_the_network_is_torchs(norm: bool, pool: str, head: str, layers: int, kernel: str) -> None:
    """Also while it is trained, where batch norm takes the batch's own mean and remembers a tenth of it."""
    params = Params(norm=norm, pool=pool, head=head, layers=layers, kernel=kernel, channels=4)
    net, x = nets.convolutional_net(params.as_dict()), sets.load(params.as_dict(), "held_out").x[:16]
    for tensor in net.biases + net.shifts:
        tensor.data += torch.randn(tensor.shape, generator=torch.Generator().manual_seed(1))
    module = module_of(net, params)
    assert torch.allclose(net.forward(x, training=True)[0], module.train()(x), atol=1e-5)
    assert torch.allclose(net.forward(x)[0], module.eval()(x), atol=1e-5)
    assert nets.count(net.parameters) == sum(parameter.numel() for parameter in module.parameters())


def test_the_rival_has_13002_parameters_and_in_colour_three_times_the_inputs() -> None:
    for params, inputs in ((Params(), 784), (Params(data="emoji"), 2352), (Params(data="emoji", colour=False), 784)):
        rival = nets.rival_net(params.as_dict())
        assert nets.count(rival.parameters) == inputs * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10
    assert nets.count(nets.rival_net(Params().as_dict()).parameters) == 13_002


def test_a_network_in_colour_sees_three_channels_and_white_paper_as_nothing() -> None:
    """As torch's own network of three channels; 0 is white, so that what padding and shifts bring in is paper."""
    params = Params(data="emoji", channels=4)
    net, x = nets.convolutional_net(params.as_dict()), sets.load(params.as_dict(), "held_out").x[:16]
    assert net.kernels[0].shape == (4, 3, 5, 5) and torch.allclose(net.forward(x)[0], module_of(net, params)(x), atol=1e-5)
    pixels = torch.from_numpy(sets.images(params.as_dict(), "held_out")[:16].copy())
    assert ((x == 0) == (pixels == 255)).all() and ((x == -1) == (pixels == 0)).all() and (nets.unseen(x, params.as_dict()) == pixels).all()
    far = nets.shifted(torch.full((40, 3, 28, 28), -1.0), 4, torch.Generator().manual_seed(0))
    assert ((far == 0) | (far == -1)).all() and (far == 0).any() and (far[:, 0] == far[:, 2]).all()


def test_emoji_in_grey_are_as_bright_as_in_colour() -> None:
    """Pillow's own conversion to grey, to one level."""
    colour, grey = (sets.images(Params(data="emoji", colour=each).as_dict(), "held_out")[:40] for each in (True, False))
    wanted = np.stack([np.array(Image.fromarray(picture.transpose(1, 2, 0)).convert("L")) for picture in colour])
    assert grey.shape == (40, 1, 28, 28) and np.abs(grey[:, 0].astype(int) - wanted).max() <= 1


def test_all_emoji_for_training_are_used_whatever_the_number_of_other_pictures() -> None:
    few = Params(data="emoji", pictures=500)
    assert few.canonical() == Params(data="emoji").canonical() and sets.count(few.as_dict()) == 1962
    assert len(sets.load(few.as_dict(), "training").y) == 1962 and nets.steps_of(few.as_dict(), 1962) == 79


def test_a_run_repeats_byte_for_byte(short: Result) -> None:
    run("filters.learning", Params(pictures=500, seed=7))
    learning.SHELF.things.clear()
    again = run("filters.learning", SHORT)
    for name, value in vars(short).items():
        if isinstance(value, np.ndarray):
            assert value.tobytes() == getattr(again, name).tobytes(), name


def test_frames_begin_with_the_fresh_network_and_end_with_the_trained_one(short: Result) -> None:
    fresh, net = nets.convolutional_net(SHORT.as_dict()), trained(short)
    for frame, kernels in ((0, fresh.kernels), (-1, net.kernels)):
        assert (short.kernels[frame] == torch.cat([kernel.detach().flatten() for kernel in kernels]).numpy()).all()
    assert short.steps[0] == 0 and short.steps[-1] == nets.steps_of(SHORT.as_dict(), 500) == 10
    assert (np.diff(short.steps) > 0).all()
    with pytest.raises((ValueError, RuntimeError)):
        filled(nets.convolutional_net(SHORT.as_dict()), short.state[:-1])


def test_scores_are_of_all_held_out_pictures_at_the_end(short: Result) -> None:
    """Counted anew from the network's own answers; every class has its row."""
    x, y = sets.load(SHORT.as_dict(), "held_out").x, sets.labels(SHORT.as_dict(), "held_out")
    with torch.no_grad():
        answers = trained(short).forward(x)[0].argmax(1).numpy()
    facts = short.facts()
    assert (answers == short.answers).all() and facts["scored"].value == 2000
    assert facts["accuracy"].value == pytest.approx((answers == y).mean()) == pytest.approx(1 - (facts["errors"].value or 0) / 2000)
    assert (short.confusion[-1].sum(1) == np.bincount(y)).all()
    assert (short.confusion[-1].sum(0) == np.bincount(answers, minlength=10)).all()
    assert (short.confusion[:-1].sum((1, 2)) == learning.SHARE).all()


def test_the_maps_are_what_torch_finds_to_half_a_level_of_grey(short: Result) -> None:
    module, at, size = module_of(trained(short), SHORT).eval(), 0, short.maps.shape[1] // sets.SHOWN
    x = sets.load(SHORT.as_dict(), "held_out").x[sets.shown(SHORT.as_dict())]
    for layer, (out, side) in enumerate(zip((4, 8), SHORT.sides(), strict=True)):
        with torch.no_grad():
            wanted = module[: 4 * layer + 3](x).numpy()
        found = short.maps[-1].reshape(sets.SHOWN, size)[:, at : at + out * side**2].reshape(wanted.shape)
        high = short.highs[-1, :, layer, None, None, None]
        assert np.abs(found / 255 * high - wanted).max() < 0.51 / 255 * high.max() + 1e-5
        at += out * side**2
    assert at == size and len({sets.labels(SHORT.as_dict(), "held_out")[i] for i in sets.shown(SHORT.as_dict())}) == sets.SHOWN


def test_chances_are_probabilities_of_both_networks(short: Result) -> None:
    assert np.abs(short.chances.sum(3) - 1).max() < 1e-5
    with torch.no_grad():
        wanted = (
            module_of(trained(short), SHORT)
            .eval()(sets.load(SHORT.as_dict(), "held_out").x[sets.shown(SHORT.as_dict())])
            .softmax(1)
            .numpy()
        )
    assert np.abs(short.chances[-1, 0] - wanted).max() < 1e-5


def test_shifts_move_whole_pixels_and_reach_both_ends() -> None:
    """A single inked pixel comes out once, at most two pixels away; in a thousand draws every one of the 25 places occurs."""
    x = torch.zeros(1000, 1, 28, 28)
    x[:, 0, 10, 15] = 1
    moved = nets.shifted(x, 2, torch.Generator().manual_seed(0))
    places = moved.nonzero()
    assert len(places) == 1000
    by = {(row - 10, column - 15) for _, _, row, column in places.tolist()}
    assert by == {(row, column) for row in range(-2, 3) for column in range(-2, 3)}
    assert (nets.shifted(x, 0, torch.Generator().manual_seed(0)) == x).all()


def test_both_networks_learn_from_the_same_moved_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout, which only one of them has, draws from a generator of its own."""
    settings = SHORT.as_dict() | {"batch_size": 100.0}
    seen: list[Tensor] = []
    plain = nets.shifted
    monkeypatch.setattr(nets, "shifted", lambda *given: seen.append(plain(*given)) or seen[-1])  # type: ignore[func-returns-value]
    pictures = sets.load(SHORT.as_dict(), "training")
    for net in (nets.convolutional_net(settings), nets.rival_net(settings)):
        way = nets.training(net, pictures, settings, 5)
        for _ in range(5):
            next(way)
    assert len(seen) == 10 and all((a == b).all() for a, b in zip(seen[:5], seen[5:], strict=True))


def test_pixels_that_no_training_picture_inks_keep_the_rivals_weights() -> None:
    """Their gradient is exactly 0, and Adam does not move what has none. Without shifts these are the columns that are paper everywhere."""
    params = Params(pictures=500, batch_size=50, channels=2, layers=1)
    result = run("filters.learning", params)
    assert isinstance(result, Result)
    paper = sets.images(params.as_dict(), "training").reshape(500, -1).max(0) == 0
    moved = result.rival[0] != result.rival[-1]
    assert not moved[:, paper].any() and moved[:, ~paper].any(0).mean() > 0.95


def test_smoothness_of_noise_is_none_and_of_a_slope_is_all() -> None:
    noise = torch.randn(50, 28, 28, generator=torch.Generator().manual_seed(0))
    assert abs(nets.smoothness(noise)) < 0.02  # 75,600 pairs: standard error 1/sqrt(75600) = 0.004
    assert nets.smoothness(torch.arange(28.0).expand(3, 28, 28)) > 0.99


def test_the_learning_rate_falls_to_nothing() -> None:
    """With it the last step is 1/last of the first in size under plain SGD on one and the same batch; without, about as large."""
    settings = Params(pictures=500, batch_size=200, optimiser="sgd", learning_rate=1e-3).as_dict() | {"pictures": 200.0}
    found = []
    for falling in (True, False):
        rival, sizes = nets.rival_net(settings), []
        data = sets.load(Params(pictures=500).as_dict(), "training")
        way = nets.training(rival, nets.Set(data.x[:200], data.y[:200]), settings | {"falling": falling}, 5)
        for _ in range(5):
            before = rival.weights[0].detach().clone()
            next(way)
            sizes.append((rival.weights[0].detach() - before).norm().item())
        found.append(sizes[-1] / sizes[0])
    assert found[0] == pytest.approx(0.2, rel=0.1) and found[1] == pytest.approx(1, rel=0.1)


def test_a_run_that_would_take_too_long_is_refused_with_advice() -> None:
    with pytest.raises(ParameterError, match="at most 1 for so large"):
        Params(layers=2, channels=12, kernel="7", pool="none", epochs=8)
    with pytest.raises(ParameterError, match="smaller network or fewer"):
        Params(layers=3, channels=12, kernel="7", pool="none", pictures=7500)


def test_what_has_diverged_is_undefined_in_the_facts(short: Result) -> None:
    """Weights and losses that are no numbers are a result, not an error; nothing of them is shown as 0."""
    broken = np.full_like(short.kernels, np.nan)
    facts = replace(short, kernels=broken, losses=np.full_like(short.losses, np.nan)).facts()
    assert facts["loss"].value is None and facts["kernels_kept"].value is None and facts["accuracy"].value is not None


def test_the_examples_of_shifts_are_training_pictures_moved_by_no_more_than_set() -> None:
    """The first row is what is learned from; of each other picture some move of at most two pixels gives it back where it overlaps."""
    params = Params(pictures=500, shift=2)
    rows = sets.moved(params.as_dict())
    assert (rows[0] == sets.images(params.as_dict(), "training")[:8]).all()
    for row in rows[1:]:
        for picture, moved in zip(rows[0][:, 0], row[:, 0], strict=True):
            padded = np.pad(picture, 2)
            assert any((padded[i : i + 28, j : j + 28] == moved).all() for i in range(5) for j in range(5))
    assert (rows[0] != rows[1]).any() and (sets.moved(Params(pictures=500).as_dict())[3] == rows[0]).all()
