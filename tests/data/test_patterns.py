"""Patterns and crops: what they are made for, and that making smaller keeps the mean."""

import numpy as np
import pytest

from dlviz.data import crops
from dlviz.data.patterns import PATTERNS, dot, edge, rings, stripes


def test_every_pattern_is_a_small_grey_square() -> None:
    for _, make in PATTERNS.values():
        picture = make()
        assert picture.dtype == np.uint8 and picture.ndim == 2 and picture.shape[0] == picture.shape[1] <= 64


def test_a_dot_has_one_white_pixel_in_the_middle() -> None:
    assert np.argwhere(dot()).tolist() == [[10, 10]] and dot().max() == 255


def test_an_edge_changes_in_one_place_and_stripes_in_every() -> None:
    assert np.argwhere(np.diff(edge()[0].astype(int))).ravel().tolist() == [15]
    assert (np.abs(np.diff(stripes().astype(int), axis=1)) == 255).all() and not np.diff(stripes().astype(int), axis=0).any()


def test_rings_are_round_and_finer_outwards_without_reaching_the_limit_of_half_a_ring_a_pixel_at_the_sides() -> None:
    """The phase pi r² c grows at pi 2 r c a pixel: c r rings a pixel, 0.44 at r = 32 for c = 0.44/32."""
    picture = rings().astype(float)
    assert (picture == picture.T).all() and (picture == picture[::-1]).all()
    radius = np.hypot(*np.meshgrid(np.arange(64) - 31.5, np.arange(64) - 31.5))
    middle = picture[31, 32:]
    crossings = np.argwhere(np.diff(np.sign(middle - 127.5))).ravel()
    assert np.diff(crossings)[:3].min() > np.diff(crossings)[-3:].max()
    first = radius[(radius > 1) & (picture < 3)].min()  # cos is -1 where r² 0.44/32 = 1
    assert first == pytest.approx((32 / 0.44) ** 0.5, abs=1)


@pytest.mark.parametrize(("height", "width", "side"), [(64, 64, 64), (256, 385, 64), (100, 130, 64), (20, 50, 64)])
def test_a_crop_is_square_and_never_enlarged(height: int, width: int, side: int) -> None:
    rng = np.random.default_rng(0)
    for shape in ((height, width), (height, width, 3)):
        picture = rng.integers(0, 256, shape, dtype=np.uint8)
        small = crops.square(picture, side)
        assert small.shape[:2] == (min(height, side),) * 2 and small.shape[2:] == shape[2:]


def test_making_smaller_averages_areas() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    blocks = picture.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(crops.square(picture, 64) - blocks).max() <= 0.5
    odd = np.random.default_rng(1).integers(0, 256, (100, 100), dtype=np.uint8)
    assert crops.square(odd, 64).mean() == pytest.approx(odd.mean(), abs=0.2)


def test_zoom_and_place_say_which_part_is_seen() -> None:
    picture = np.add.outer(np.arange(128), np.arange(128)).astype(np.uint8)
    corner = crops.square(picture, 64, 2, across=1, down=0)
    assert (corner == picture[:64, 64:]).all()
    assert crops.square(picture, 64, 4, 0, 1).shape == (32, 32)


def test_grey_is_the_luminance() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [7, 7, 7]]], np.uint8)
    assert crops.grey(colours).tolist() == [[76, 150, 29, 255, 7]]  # 255 times .299, .587, .114, rounded
