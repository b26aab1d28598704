"""What the deep networks are given: standardised inputs, every class as often as any other, and digits that are digits."""

import base64
import math
import zlib

import numpy as np
import pytest
import torch

from dlviz.compute import run
from dlviz.compute.gradients import depth, own
from dlviz.compute.gradients import time as through_time
from dlviz.compute.gradients.tasks import DATA, DIGITS, NORMAL, classes, inputs, load, pictures
from dlviz.data import digits


@pytest.mark.parametrize("data", [data for data in DATA if data != NORMAL])
def test_inputs_have_mean_0_and_variance_1(data: str) -> None:
    """All together; of points each coordinate, too."""
    task = load(data, 96, 7, 3)
    assert task.x.shape == (96, inputs(data, 7)) and task.x.dtype == torch.float64
    axes = (0, 1) if data == DIGITS else (0,)
    np.testing.assert_allclose(task.x.numpy().mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(task.x.numpy().var(axes), 1, rtol=1e-12)


@pytest.mark.parametrize("n", [8, 24, 512])
@pytest.mark.parametrize("data", [data for data in DATA if data != NORMAL])
def test_every_class_comes_as_often_as_any_other_up_to_one(data: str, n: int) -> None:
    task = load(data, n, 7, 3)
    counts = np.bincount(task.y.numpy(), minlength=task.classes)
    assert len(counts) == task.classes == classes(data) and counts.sum() == n and counts.max() - counts.min() <= 1


def test_digits_are_drawn_once_each_by_the_seed() -> None:
    one, again, other = digits.draw(300, 4), digits.draw(300, 4), digits.draw(300, 5)
    assert len({image.tobytes() for image in one.images}) == 300
    assert one.images.tobytes() == again.images.tobytes() != other.images.tobytes()
    known = {image.tobytes(): label for image, label in zip(digits.load("training").images, digits.load("training").labels, strict=True)}
    assert [known[image.tobytes()] for image in one.images] == one.labels.tolist()


def test_a_program_gets_the_very_digits_that_the_page_computes_with() -> None:
    """The pixels undone from their standardisation, whose darkest and lightest are 0 and 255."""
    packed, task = pictures(DIGITS, 40, 2), load(DIGITS, 40, 7, 2)
    images, labels = (np.frombuffer(zlib.decompress(base64.b64decode(packed[name])), np.uint8) for name in ("images", "labels"))
    x = task.x.numpy()
    np.testing.assert_allclose(images.reshape(40, 784), 255 * (x - x.min()) / (x.max() - x.min()), atol=1e-9)
    np.testing.assert_array_equal(labels, task.y)
    assert pictures("circle", 40, 2) == {}


def test_a_network_of_zeros_gives_ten_digits_the_same_chance() -> None:
    result = depth.compute(depth.Params(depth=3, width=5, data=DIGITS, initialisation="zeros"))
    assert result.loss == pytest.approx(math.log(10), rel=1e-6)
    assert result.parameters == (784 + 1) * 5 + 2 * (5 + 1) * 5 + (5 + 1) * 10


def test_the_last_line_of_the_page_says_network_data_and_seed() -> None:
    """784 pixels into 16, two layers, ten classes; the LSTM's four blocks see 27 letters, 8 units and a bias."""
    said = depth.compute(depth.Params(depth=2, width=16, data=DIGITS, samples=24, seed=5)).provenance()
    assert said == f"2 layers of 16 units, {785 * 16 + 17 * 16 + 17 * 10:,} parameters · handwritten digits, 24 samples · seed 5"
    code = "nn.Sequential(nn.Linear(784, 4), nn.Linear(4, 10))"
    assert (
        own.compute(own.Params(code=code, data=DIGITS, samples=8)).provenance().startswith(f"2 layers, {785 * 4 + 50:,} parameters · hand")
    )
    words = run("gradients.time", through_time.Params(cell="lstm", task="characters", hidden=8, length=3, steps=1, batch_size=1))
    assert words.provenance() == f"LSTM with {4 * 8 * (27 + 8 + 1) + 9 * 27:,} parameters · next character, 3 steps · seed 1"
