"""What a channel wants: the climb and its parts against closed forms, finite differences and the network's original implementation."""

import math

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from dlviz import zoo
from dlviz.compute import run
from dlviz.compute.filters import channel, excitation, maximise, real, spectrum
from dlviz.compute.filters.channel import Params
from dlviz.data.photographs import PHOTOGRAPHS, load

QUICK = {"size": 64, "steps": 8}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


@pytest.mark.parametrize("n", [8, 9, 32])
def test_a_real_picture_comes_back_from_its_coefficients(n: int) -> None:
    x = draw(3, n, n)
    z = maximise.to_fourier(x)
    assert z.shape == (3, n, n // 2 + 1, 2) and float((maximise.from_fourier(z) - x).abs().max()) < 1e-6  # the scale is float32


def test_one_coefficient_is_one_wave_with_an_amplitude_of_one_over_its_frequency() -> None:
    """x = s(f) · 2/n · cos(2π (u down + v across) / n): twice the frequency, half the amplitude."""
    n, amplitudes = 32, []
    for v in (2, 4):
        z = torch.zeros(3, n, n // 2 + 1, 2)
        z[0, 0, v, 0] = 1
        x = maximise.from_fourier(z)
        wave = torch.cos(2 * math.pi * v * torch.arange(n) / n).expand(n, n)
        amplitudes.append(float(x[0].max()))
        assert torch.allclose(x[0], amplitudes[-1] * wave, atol=1e-6) and not x[1:].any()
    assert amplitudes[0] / amplitudes[1] == pytest.approx(2, rel=1e-5)


@pytest.mark.parametrize("n", [64, 65])
def test_normal_coefficients_give_a_picture_of_variance_one(n: int) -> None:
    pictures = [maximise.from_fourier(maximise.noise(n, 1.0, True, seeded(seed))) for seed in range(40)]
    assert float(torch.stack(pictures).square().mean()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("fourier", [False, True])
def test_a_photograph_is_shown_as_it_is_where_the_sigmoid_can_reach(fourier: bool) -> None:
    """Colours between DARKEST and 1 − DARKEST come back; the others come to the edge of that range."""
    pixels = real.photograph("cat", "", 64)
    canvas = maximise.begin(real.ready(pixels[None])[0] / 255, fourier, torch.from_numpy(real.colours()))
    back = maximise.shown(canvas).permute(1, 2, 0).numpy().astype(int)
    edge = 255 * maximise.DARKEST
    assert np.abs(back - pixels.astype(float).clip(edge, 255 - edge)).max() <= 0.52


def test_jitter_moves_the_picture_round_its_edges_and_within_reach() -> None:
    """Every copy is a roll of the picture by at most `reach` each way, and all such moves are drawn."""
    picture, seen = torch.arange(100.0).reshape(1, 10, 10), set()
    generator = seeded()
    for _ in range(400):
        moved = maximise.jittered(picture, 2, generator)
        down, across = divmod(int((moved == 0).nonzero()[0, 1]) * 10 + int((moved == 0).nonzero()[0, 2]), 10)
        assert torch.equal(moved, torch.roll(picture, (down, across), (1, 2)))
        seen.add(((down + 5) % 10 - 5, (across + 5) % 10 - 5))
    assert seen == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}
    assert maximise.jittered(picture, 0, generator) is picture


def test_the_gradient_of_the_total_variation_is_its_finite_difference() -> None:
    x = draw(3, 5, 6).requires_grad_()
    (gradient,) = torch.autograd.grad(maximise.total_variation(x), x)
    step, flat = 1e-6, x.detach().reshape(-1)
    for i in range(0, len(flat), 7):
        move = torch.zeros_like(flat)
        move[i] = step
        up, down = (maximise.total_variation((flat + sign * move).reshape(3, 5, 6)) for sign in (1, -1))
        assert float(gradient.reshape(-1)[i]) == pytest.approx(float(up - down) / (2 * step), abs=1e-7)


def test_the_total_variation_of_a_ramp_is_its_slope() -> None:
    ramp = 0.3 * torch.arange(6.0, dtype=torch.float64)[None, :, None].expand(3, 6, 7) + 0.4 * torch.arange(7.0)[None, None]
    assert float(maximise.total_variation(ramp)) == pytest.approx(0.5, rel=1e-5)  # √(0.3² + 0.4²)
    assert float(maximise.total_variation(torch.ones(3, 4, 4, dtype=torch.float64))) == pytest.approx(math.sqrt(maximise.SMOOTH))


def test_blur_weakens_a_wave_by_its_gaussian_and_keeps_the_mean() -> None:
    n, sigma = 32, 1.5
    wave = torch.cos(2 * math.pi * 5 * torch.arange(n, dtype=torch.float64) / n).expand(3, n, n)
    expected = 7 + wave * math.exp(-2 * (math.pi * sigma * 5 / n) ** 2)
    assert torch.allclose(maximise.blurred(wave + 7, sigma, False), expected, atol=1e-6)
    z = maximise.to_fourier(draw(3, n, n))
    in_pixels = maximise.blurred(maximise.from_fourier(z), sigma, False)
    assert torch.allclose(maximise.from_fourier(maximise.blurred(z, sigma, True)), in_pixels, atol=1e-6)


def climbed(way: maximise.Way, steps: int, score: maximise.Score) -> torch.Tensor:
    """The latent picture after so many steps from 0."""
    canvas = maximise.Canvas(torch.zeros(3, 4, 4, dtype=torch.float64), False, torch.eye(3, dtype=torch.float64))
    for _ in zip(range(steps), maximise.climb(canvas, score, way, seeded()), strict=False):
        pass
    return canvas.parameter.detach()


def test_a_plain_step_goes_up_the_gradient_by_the_step_size_in_root_mean_square() -> None:
    """Of Σ w · 255 p the gradient at x = 0 is 255 w / 4."""
    w = draw(3, 4, 4)
    x = climbed(maximise.Way("plain", 0.1, 0, 0.0, 0.0), 1, lambda pictures: (pictures * w).sum((1, 2, 3)))
    assert torch.allclose(x, 0.1 * w / w.square().mean().sqrt(), atol=1e-12)


def test_adams_first_step_is_the_step_size_along_every_sign() -> None:
    w = draw(3, 4, 4)
    x = climbed(maximise.Way("adam", 0.1, 0, 0.0, 0.0), 1, lambda pictures: (pictures * w).sum((1, 2, 3)))
    assert torch.allclose(x, 0.1 * w.sign(), atol=1e-6)


def test_total_variation_alone_makes_a_picture_flat() -> None:
    canvas = maximise.Canvas(0.3 * draw(3, 8, 8), False, torch.eye(3, dtype=torch.float64))
    before = float(canvas.picture().std())
    way = maximise.Way("plain", 0.02, 0, 0.0, 1.0)
    for _ in zip(range(60), maximise.climb(canvas, lambda pictures: 0 * pictures.sum((1, 2, 3)), way, seeded()), strict=False):
        pass
    assert float(canvas.picture().detach().std()) < before / 3


@pytest.fixture(scope="module")
def original() -> torch.nn.Module:
    built = EfficientNet.from_name("efficientnet-lite0")
    built.load_state_dict(zoo.efficientnet_lite0())
    return built.eval()


@pytest.mark.parametrize("number", [0, 1, 2, 7, 24, 40, 48])
def test_the_value_of_a_channel_is_the_mean_of_the_original_networks_map(number: int, original: torch.nn.Module) -> None:
    """Theirs is heard by hooks on their batch normalisations, before ReLU6, on the last picture of a run as it is shown."""
    layer = list(channel.CHANNELS)[number]
    result = run("filters.channel", Params(layer="other", convolution=layer, channel=5, **QUICK))
    heard: list[torch.Tensor] = []
    hooks = [m.register_forward_hook(lambda *a: heard.append(a[2])) for m in original.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        original((torch.from_numpy(result.pictures[-1]).permute(2, 0, 1)[None].float() - 127) / 128)
    for hook in hooks:
        hook.remove()
    assert heard[number].shape[1] == channel.CHANNELS[layer]
    assert float(heard[number][0, 5].mean()) == pytest.approx(float(result.values[-1]), abs=1e-4)


def test_the_value_of_a_class_is_the_original_networks_logit(original: torch.nn.Module) -> None:
    result = run("filters.channel", Params(target="class", label="967", start="coffee", **QUICK))
    ready = (torch.from_numpy(result.pictures[[0, -1]]).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        logits = original(ready)
    assert logits[:, 967].tolist() == pytest.approx(result.values[[0, -1]].tolist(), abs=1e-3)
    probability = float(torch.softmax(logits[1].double(), 0)[967])
    assert result.facts()["probability"].value == pytest.approx(probability, rel=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"painting": "pixels"},
        {"ascent": "plain"},
        {"start": "cat", "colours": "plain"},
        {"target": "class", "label": "1"},
        {"blur": 0.5},
    ],
    ids=str,
)
def test_the_value_rises(settings: dict[str, str]) -> None:
    result = run("filters.channel", Params(**{**QUICK, "steps": 16, **settings}))
    assert result.values[-1] > result.values[0] + 0.3 and (np.diff(result.values[::4]) > 0).all()


def test_equal_settings_give_equal_bytes_and_another_seed_others() -> None:
    one, two, other = (run("filters.channel", Params(seed=seed, **QUICK)) for seed in (3, 3, 4))
    assert one.to_npz("filters.channel") == two.to_npz("filters.channel")
    assert (one.pictures[0] != other.pictures[0]).any()


def test_moving_and_colours_are_measured_on_the_last_picture() -> None:
    result = run("filters.channel", Params(**QUICK))
    facts, last = result.facts(), torch.from_numpy(result.pictures[-1]).permute(2, 0, 1).float()
    values = []
    with torch.no_grad():
        for down, across in [(-3, -3), (-3, 0), (-3, 3), (0, -3), (0, 3), (3, -3), (3, 0), (3, 3)]:
            moved = torch.cat([last[:, -down:], last[:, :-down]], 1) if down else last
            moved = torch.cat([moved[:, :, -across:], moved[:, :, :-across]], 2) if across else moved
            values.append(float(excitation.excitations("blocks.10.expand", moved[None])[0, 7]))
    assert facts["moved_value"].value == pytest.approx(np.mean(values), rel=1e-4)
    assert facts["changed"].value == pytest.approx(np.abs(result.pictures[-1] / 255 - result.pictures[0] / 255).mean())
    assert [facts[name].value for name in ("red", "green", "blue")] == pytest.approx((result.pictures[-1] / 255).mean((0, 1)).tolist())


def test_the_real_pictures_are_all_photographs_and_their_quarters_best_first() -> None:
    result = run("filters.channel", Params(**QUICK))
    assert len(result.answers) == len(real.NAMES) == 5 * len(PHOTOGRAPHS) == 55 and len(set(real.NAMES)) == 55
    assert (np.diff(result.answers[result.best]) <= 0).all() and result.answers.max() == result.answers[result.best[0]]
    with torch.no_grad():
        for picture, number in zip(result.best_pictures, result.best, strict=True):
            alone = excitation.excitations("blocks.10.expand", real.ready(picture[None]))[0, 7]
            assert float(alone) == pytest.approx(float(result.answers[number]), abs=1e-4)


def test_a_quarter_is_that_quarter() -> None:
    """At 128 pixels a quarter of a photograph's square of 256 is shown pixel by pixel."""
    whole = load("rocket")
    assert min(whole.shape[:2]) == 256
    assert (real.photograph("rocket", "upper left", 128) == whole[:128, :128]).all()
    assert (real.photograph("rocket", "lower right", 128) == whole[-128:, -128:]).all()
    left = (whole.shape[1] - 256) // 2
    whole_small = whole[:, left : left + 256].reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(real.photograph("rocket", "", 64) - whole_small).mean() < 6  # bilinear weights, not a box


def test_the_colours_are_uncorrelated_directions_of_the_photographs_colours() -> None:
    """In A's coordinates the colours have the identity as covariance, up to one factor; A has as much length as the identity."""
    matrix = real.colours().astype(np.float64)
    pixels = np.concatenate([load(slug).reshape(-1, 3) for slug in PHOTOGRAPHS]).astype(np.float64)
    inside = np.cov(np.linalg.inv(matrix) @ pixels.T)
    assert np.abs(inside / inside[0, 0] - np.eye(3)).max() < 0.02 and np.square(matrix).sum() == pytest.approx(3, rel=1e-6)
    assert (matrix[:, 0] > 0).all() and np.ptp(matrix[:, 0]) < 0.3, "the first direction is brightness"


def test_the_fine_share_of_waves_and_of_noise() -> None:
    x = np.arange(64)
    coarse, fine = (128 + 100 * np.cos(2 * np.pi * k * x / 64)[None, :, None] * np.ones((64, 64, 3)) for k in (8, 24))
    assert spectrum.fine_share(coarse) == pytest.approx(0, abs=1e-12) and spectrum.fine_share(fine) == pytest.approx(1)
    assert spectrum.fine_share(coarse + fine) == pytest.approx(0.5)
    white = np.random.default_rng(0).normal(size=(256, 256, 3))
    assert spectrum.fine_share(white) == pytest.approx(1 - math.pi / 16, abs=0.01)
    assert spectrum.fine_share(np.full((8, 8, 3), 9)) is None


def test_beyond_the_last_channel_of_a_layer_it_starts_again() -> None:
    assert len(channel.CHANNELS) == 49 and channel.CHANNELS["stem"] == 32
    assert [Params(layer="stem", channel=number).index() for number in (0, 31, 32, 1279)] == [0, 31, 0, 31]
    assert Params(layer="head", channel=1279).index() == 1279 and "channel 4 of stem" in Params(layer="stem", channel=36).named()
    one, other = (run("filters.channel", Params(layer="stem", channel=number, **QUICK)) for number in (3, 35))
    assert (one.pictures == other.pictures).all()


def test_a_run_in_progress_is_gathered_without_what_is_measured_at_its_end() -> None:
    way = channel.compute(Params(**QUICK))
    seen = [next(way) for _ in range(3)]
    result = channel.gather(Params(**QUICK), seen[1:])
    assert result.steps.tolist() == [1, 2] and result.pictures.dtype == np.uint8 and result.pictures.shape == (2, 64, 64, 3)
    assert result.facts()["moved_value"].value is None and result.facts()["probability"].value is None
    way.close()
