"""The shipped silhouettes: all different, no picture in both parts, and labels that belong to their pictures."""

import numpy as np
import pytest

from dlviz.data.animals import NAMES, load


def test_no_silhouette_occurs_twice() -> None:
    training, held_out = ({image.tobytes() for image in load(part).images} for part in ("training", "held_out"))
    assert len(training) == 7716 and len(held_out) == 2000
    assert not training & held_out


def test_every_class_has_about_a_tenth_of_each_part() -> None:
    """The package has 1,000 a class; birds lose most by the removal of repetitions, and none of them more than a fifth."""
    for part in ("training", "held_out"):
        shares = np.bincount(load(part).labels, minlength=len(NAMES)) / len(load(part).labels)
        assert len(shares) == 10 and shares.min() > 0.07 and shares.max() < 0.12


def test_the_labels_belong_to_the_pictures() -> None:
    """The nearest training picture is of the right kind far more often than one time in ten."""
    training, held_out = load("training"), load("held_out")
    x, z = training.images.reshape(len(training.images), -1) / 255, held_out.images[:200].reshape(200, -1) / 255
    nearest = ((x**2).sum(1) - 2 * z @ x.T).argmin(1)
    assert (training.labels[nearest] == held_out.labels[:200]).mean() > 0.7


def test_giraffes_are_tall_and_zebras_are_striped() -> None:
    """What their names say: more rows than columns with ink, and more greys inside than a plain silhouette has."""
    every = load("training")

    def reach(k: int, axis: int) -> float:
        return float((every.images[every.labels == k].max(axis) > 0).sum(1).mean())

    giraffe, cow = NAMES.index("giraffe"), NAMES.index("cow")
    assert reach(giraffe, 2) / reach(giraffe, 1) > reach(cow, 2) / reach(cow, 1)
    inside = [((every.images[every.labels == k] > 30) & (every.images[every.labels == k] < 225)).mean() for k in range(10)]
    assert int(np.argmax(inside)) == NAMES.index("zebra")


def test_a_loaded_part_cannot_be_changed_by_whoever_uses_it() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load("training").images[0] = 0
