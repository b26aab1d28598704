"""The recipe of the silhouettes, on a package made here."""

import gzip
import pickle

import numpy as np
import pytest

from recipes import animals


def package(images: object, labels: object) -> dict[str, bytes]:
    """The two files of a package like the real one."""
    parts = {"data": images, "label": labels}
    return {f"animal_mnist/data/animal_{name}_version_3.gz": gzip.compress(pickle.dumps(part, 4)) for name, part in parts.items()}


def test_repetitions_go_and_labels_stay_with_their_pictures() -> None:
    images = np.repeat(np.arange(10, dtype=np.uint8) * 17, 3)[:, None, None] * np.ones((30, 28, 28), np.uint8)
    kept, labels = animals.make(package(images, np.repeat(np.arange(10), 3)))
    assert kept.shape == (10, 28, 28) and sorted(labels.tolist()) == list(range(10))
    assert (kept[:, 5, 5] == 17 * labels).all()


def test_a_pickle_that_wants_more_than_arrays_is_not_read() -> None:
    class Wants:
        def __reduce__(self) -> tuple[object, ...]:
            return print, ("run",)

    with pytest.raises(pickle.UnpicklingError, match="print"):
        animals.make(package(Wants(), np.zeros(1)))
