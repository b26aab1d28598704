"""The shipped digits are MNIST: their known statistics, classes that a simple rule can tell apart, and no digit in both parts."""

import numpy as np
import pytest

from dlviz.data import digits
from dlviz.data.digits import load


def test_there_are_ten_thousand_and_a_fifth_is_held_out() -> None:
    training, held_out = load("training"), load("held_out")
    assert training.images.shape == (8000, 28, 28) and held_out.images.shape == (2000, 28, 28)
    assert training.images.dtype == held_out.labels.dtype == np.uint8
    assert len(training.labels) == 8000 and len(held_out.labels) == 2000


def test_no_digit_stands_in_both_parts_or_twice_in_one() -> None:
    training, held_out = ({image.tobytes() for image in load(part).images} for part in ("training", "held_out"))
    assert len(training) == 8000 and len(held_out) == 2000
    assert not training & held_out


@pytest.mark.parametrize("part", ["training", "held_out"])
def test_every_class_has_about_a_tenth_of_each_part(part: digits.Part) -> None:
    """All of MNIST has 9.0 % (fives) to 11.2 % (ones); 2,000 drawn digits vary by 0.7 points."""
    labels = load(part).labels
    shares = np.bincount(labels, minlength=10) / len(labels)
    assert len(shares) == 10 and shares.min() > 0.075 and shares.max() < 0.13
    assert shares.argmin() == 5


@pytest.mark.parametrize("part", ["training", "held_out"])
def test_the_pixels_have_the_mean_and_spread_that_mnist_is_known_for(part: digits.Part) -> None:
    """0.1307 and 0.3081 over MNIST's 60,000 training digits: the constants of every MNIST example."""
    images = load(part).images / 255
    assert images.mean() == pytest.approx(0.1307, abs=0.002)
    assert images.std() == pytest.approx(0.3081, abs=0.002)
    assert images.max() == 1 and images.min() == 0


def test_the_ink_lies_around_the_middle_as_mnist_was_centred() -> None:
    """MNIST put each digit's centre of mass at the middle of 28×28, by whole pixels."""
    images = load("held_out").images.astype(float)
    mass = images.sum((1, 2))
    rows, columns = (images.sum(2) @ np.arange(28) / mass, images.sum(1) @ np.arange(28) / mass)
    assert np.abs(rows - 14).max() < 1.5 and np.abs(columns - 14).max() < 1.5


def test_the_labels_belong_to_the_images() -> None:
    """The nearest of ten mean digits is right for some 82 % of MNIST; labels that had lost their images would give 10 %."""
    training, held_out = load("training"), load("held_out")
    means = np.stack([training.images[training.labels == k].mean(0).ravel() for k in range(10)])
    distances = ((held_out.images.reshape(2000, 1, 784) - means) ** 2).sum(2)
    assert (distances.argmin(1) == held_out.labels).mean() == pytest.approx(0.82, abs=0.03)


def test_a_loaded_part_cannot_be_changed_by_whoever_uses_it() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load("training").images[0] = 0
    assert load("training") is load("training")


def test_the_order_is_not_the_packages_which_was_by_class() -> None:
    labels = load("training").labels.astype(int)
    assert (np.diff(labels) >= 0).mean() < 0.65
