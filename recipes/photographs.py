"""Makes dlviz/data/photographs/: photographs from scikit-image's and scikit-learn's shipped data, 256 pixels high or wide.

`python -m recipes.photographs [scikit_image.whl scikit_learn.whl]`. Authors and licences are in `dlviz.data.photographs`
and NOTICE; what is neither public domain, CC0 nor CC BY is left out.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from dlviz.data import photographs
from recipes import packages

SKIMAGE, SKLEARN = ("scikit-image", "0.26.0"), ("scikit-learn", "1.9.1")
SHORT_SIDE = 256  # pixels
QUALITY = 90  # of the JPEG, of 100
# slug -> the package it comes in and its path there
SOURCES = {
    "cat": (SKIMAGE, "/data/chelsea.png"),
    "coffee": (SKIMAGE, "/data/coffee.png"),
    "astronaut": (SKIMAGE, "/data/astronaut.png"),
    "camera": (SKIMAGE, "/data/camera.png"),
    "rocket": (SKIMAGE, "/data/rocket.jpg"),
    "coins": (SKIMAGE, "/data/coins.png"),
    "bricks": (SKIMAGE, "/data/brick.png"),
    "grass": (SKIMAGE, "/data/grass.png"),
    "galaxies": (SKIMAGE, "/data/hubble_deep_field.jpg"),
    "palace": (SKLEARN, "/images/china.jpg"),
    "flower": (SKLEARN, "/images/flower.jpg"),
}


def smaller(data: bytes) -> bytes:
    """The picture with its shorter side at SHORT_SIDE pixels, as JPEG."""
    with Image.open(io.BytesIO(data)) as image:
        scale = SHORT_SIDE / min(image.size)
        width, height = (round(scale * side) for side in image.size)
        small = image.convert("L" if image.mode == "L" else "RGB").resize((width, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def main() -> None:
    """Write the files and say how large they are together."""
    here = dict(zip((SKIMAGE, SKLEARN), map(Path, sys.argv[1:]), strict=False))
    files = {package: packages.pypi(*package, here=here.get(package)) for package in (SKIMAGE, SKLEARN)}
    photographs.FOLDER.mkdir(exist_ok=True)
    for slug, (package, path) in SOURCES.items():
        (photographs.FOLDER / f"{slug}.jpg").write_bytes(smaller(packages.ending(files[package], path)))
    print(f"{len(SOURCES)} photographs, {sum(path.stat().st_size for path in photographs.FOLDER.iterdir()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
