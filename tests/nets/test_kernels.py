"""Named kernels: what each is for, by closed forms."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from dlviz.nets.convolution import output_side
from dlviz.nets.kernels import KERNELS, SIDE_3, Shape

SIZED = [name for name in KERNELS if name not in SIDE_3]


def kernel(name: str, side: int = 3, **shape: float) -> np.ndarray:
    return KERNELS[name][1](Shape(side, **shape)).numpy()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("side", range(1, 8))
def test_kernels_come_in_every_size(name: str, side: int) -> None:
    assert kernel(name, side).shape == (side, side) and kernel(name, side).dtype == np.float64


@pytest.mark.parametrize("side", range(1, 8))
def test_blurs_keep_brightness_and_slopes_give_nothing_on_flat_pictures(side: int) -> None:
    for name, total in (("box", 1), ("gaussian", 1), ("identity", 1), ("sobel_x", 0), ("sobel_y", 0), ("gabor", 0)):
        assert kernel(name, side).sum() == pytest.approx(total, abs=1e-12), name
    for name, total in (("sharpen", 1), ("laplacian", 0), ("emboss", 1)):
        assert kernel(name).sum() == total


def test_sobel_is_scipys_and_measures_a_slope() -> None:
    """ndimage.sobel on any picture; on a ramp of slope c, 8 c at side 3, and 128 c at side 5 (16 · 8)."""
    picture = np.random.default_rng(0).normal(size=(20, 20))
    for name, axis in (("sobel_x", 1), ("sobel_y", 0)):
        ours = signal.correlate2d(picture, kernel(name), mode="valid")
        assert np.abs(ours - ndimage.sobel(picture, axis)[1:-1, 1:-1]).max() < 1e-12
    ramp = 0.5 * np.arange(20.0)[None].repeat(20, 0)
    for side, gain in ((3, 8), (5, 128)):
        assert signal.correlate2d(ramp, kernel("sobel_x", side), mode="valid") == pytest.approx(0.5 * gain)
        assert signal.correlate2d(ramp, kernel("sobel_y", side), mode="valid") == pytest.approx(0, abs=1e-9)


def test_the_laplacian_is_scipys_and_of_x2_plus_y2_it_is_4() -> None:
    place = np.arange(12.0)
    bowl = place[:, None] ** 2 + place[None] ** 2
    assert signal.correlate2d(bowl, kernel("laplacian"), mode="valid") == pytest.approx(4)
    assert np.abs(ndimage.laplace(bowl)[1:-1, 1:-1] - signal.correlate2d(bowl, kernel("laplacian"), mode="valid")).max() < 1e-12
    assert (kernel("sharpen") == kernel("identity") - kernel("laplacian")).all()


@pytest.mark.parametrize("side", [2, 3, 5, 7])
def test_the_gaussian_has_variance_a_quarter_of_side_minus_one(side: int) -> None:
    row = kernel("gaussian", side).sum(0)
    place = np.arange(side) - (side - 1) / 2
    assert row @ place == pytest.approx(0) and row @ place**2 == pytest.approx((side - 1) / 4)


def test_a_gabor_kernel_answers_most_to_stripes_of_its_own_direction_and_wavelength() -> None:
    place = np.arange(40.0)
    y, x = np.meshgrid(place, place, indexing="ij")

    def answer(name_angle: float, angle: float, wavelength: float) -> float:
        turn = np.deg2rad(angle)
        stripes = np.cos(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / wavelength)
        return float(np.abs(signal.correlate2d(stripes, kernel("gabor", 7, angle=name_angle, wavelength=4.0), mode="valid")).max())

    for angle in (0.0, 45.0, 90.0, 135.0):
        answers = {other: answer(angle, other, 4.0) for other in (0.0, 45.0, 90.0, 135.0)}
        assert max(answers, key=lambda other: answers[other]) == angle
        assert answers[angle] > 3 * answers[(angle + 90) % 180]
        assert answer(angle, angle, 4.0) > 2 * answer(angle, angle, 12.0)


def test_random_weights_depend_on_the_seed_alone() -> None:
    assert (kernel("random", 5, seed=4) == kernel("random", 5, seed=4)).all()
    assert (kernel("random", 5, seed=4) != kernel("random", 5, seed=5)).all()
    drawn = np.concatenate([kernel("random", 7, seed=seed).ravel() for seed in range(100)])
    assert drawn.std() == pytest.approx(1 / 7, rel=0.05) and abs(drawn.mean()) < 0.01


def test_the_output_has_as_many_places_as_the_kernel_fits_into() -> None:
    """Counted: places 0, s, 2s, … at which the last weight is still inside."""
    for n in range(1, 30):
        for k, padding, stride, dilation in ((1, 0, 1, 1), (3, 1, 2, 1), (4, 2, 3, 2), (7, 3, 4, 3), (2, 0, 4, 1)):
            last = n + 2 * padding - dilation * (k - 1) - 1
            assert max(0, output_side(n, k, padding, stride, dilation)) == len(range(0, last + 1, stride)), (n, k)
    assert torch.get_num_threads() == 1
