"""Drawn digits in the form of MNIST. The oracle is MNIST: what was centred by its makers must come back as it is."""

import numpy as np

from dlviz.data import digits
from dlviz.data.drawings import centred

PARTS: tuple[digits.Part, ...] = ("training", "held_out")


def test_every_digit_of_mnist_is_centred_already() -> None:
    """All 10,000 but two, whose ink has only 19 pixels left: its rim was resampled to nothing."""
    images = np.concatenate([digits.load(part).images for part in PARTS])
    moved = [image for image in images if not (centred(image) == image).all()]
    assert len(moved) == 2
    for image in moved:
        assert max(np.ptp(np.flatnonzero(image.max(axis))) + 1 for axis in (0, 1)) == 19


def test_where_on_the_page_it_was_drawn_makes_no_difference() -> None:
    image = digits.load("held_out").images[3]
    for shift in ((0, 40), (17, 3), (52, 52)):
        page = np.zeros((80, 80), np.uint8)
        page[shift[0] : shift[0] + 28, shift[1] : shift[1] + 28] = image
        assert (centred(page) == image).all()


def test_large_and_small_drawings_get_ink_of_twenty_pixels() -> None:
    image = digits.load("held_out").images[0]
    for factor in (2, 3, 8):
        large = np.kron(image, np.ones((factor, factor), np.uint8))
        found = centred(large).astype(float)
        rows, columns = np.flatnonzero(found.max(1)), np.flatnonzero(found.max(0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        assert np.abs(found - image).mean() < 6  # of 255: the same digit, resampled
    dot = np.zeros((28, 28), np.uint8)
    dot[2, 3] = 255
    assert centred(dot).max() == 255 and (centred(dot) > 0).sum() == 400


def test_an_empty_drawing_stays_empty_and_a_line_stays_a_line() -> None:
    assert not centred(np.zeros((28, 28), np.uint8)).any()
    line = np.zeros((28, 28), np.uint8)
    line[5, 4:24] = 200
    found = centred(line)
    assert np.argwhere(found)[:, 0].tolist() == [14] * 20 and found.max() == 200
    assert abs((found.sum(0) @ np.arange(28)) / found.sum() - 14) <= 0.5
