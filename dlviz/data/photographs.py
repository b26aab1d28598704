"""A few photographs, shipped small (`recipes/photographs.py` made the files; NOTICE has origins and licences)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).with_name("photographs")
CC0 = "CC0"
PUBLIC_DOMAIN = "public domain"
CC_BY = "CC BY 2.0"


@dataclass(frozen=True)
class Photograph:
    """What is seen, whose it is, and its licence."""

    title: str
    author: str
    licence: str


PHOTOGRAPHS = {
    "cat": Photograph("Cat", "Stéfan van der Walt", CC0),
    "coffee": Photograph("Coffee", "Rachel Michetti", CC0),
    "astronaut": Photograph("Astronaut", "NASA", PUBLIC_DOMAIN),
    "camera": Photograph("Camera on a tripod", "Lav Varshney", CC0),
    "rocket": Photograph("Rocket", "SpaceX", PUBLIC_DOMAIN),
    "coins": Photograph("Coins", "Brooklyn Museum", PUBLIC_DOMAIN),
    "bricks": Photograph("Bricks", "CC0Textures", CC0),
    "grass": Photograph("Grass", "linolafett", CC0),
    "galaxies": Photograph("Galaxies", "NASA and ESA", PUBLIC_DOMAIN),
    "palace": Photograph("Palace", "danielbuechele", CC_BY),
    "flower": Photograph("Flower", "vultilion", CC_BY),
}


@cache
def load(slug: str) -> np.ndarray:
    """The photograph as RGB, uint8 (height, width, 3), its shorter side 256; read-only. KeyError if there is none of this name.

    >>> load("cat").shape
    (256, 385, 3)
    """
    if slug not in PHOTOGRAPHS:
        raise KeyError(slug)
    with Image.open(FOLDER / f"{slug}.jpg") as image:
        pixels = np.array(image.convert("RGB"))
    pixels.flags.writeable = False  # one copy serves every job of the process
    return pixels
