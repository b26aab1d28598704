"""Pictures that people bring: bytes from a stranger in, an array of bounded size out, or one sentence why not.

Nothing is decoded before its format, its bytes and its number of pixels have been judged, and only one picture at a time,
so that memory stays bounded: a picture in full takes at most some 200 MB for a moment.
"""

import io
import struct
import threading
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
NAMED = "PNG, JPEG, WebP, GIF, BMP or TIFF"
LARGEST = 10 * 2**20  # bytes of a file, as server.maxUploadSize in .streamlit/config.toml
MOST_PIXELS = 25_000_000
LEAST, MOST = 8, 512  # pixels of a side, before and after it is made smaller
THINNEST = 16  # times that one side may be as long as the other
TOO_MANY = f"expected at most {MOST_PIXELS / 1e6:g} million"
# what a damaged or hostile file can raise in Pillow, zlib and struct
UNREADABLE = (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, OverflowError, struct.error, zlib.error)

_one_at_a_time = threading.Lock()
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # MOST_PIXELS is stricter, and says so


class UnreadablePicture(ValueError):
    """A file that cannot be shown as a picture: why, as one sentence."""


@dataclass(frozen=True, eq=False)
class Picture:
    """`pixels` uint8, (height, width, 3) in colour or (height, width) in grey, no side over MOST; `said`: what was done to it."""

    pixels: np.ndarray
    said: str


def read(data: bytes) -> Picture:
    """The picture in a file, upright, on white where it is transparent, its first if it is animated; UnreadablePicture if it is none."""
    if not data:
        raise UnreadablePicture(f"The file is empty: expected a picture, {NAMED}.")
    if len(data) > LARGEST:
        raise UnreadablePicture(f"The file has {len(data) / 2**20:.3g} MB: expected at most {LARGEST / 2**20:g} MB.")
    with _one_at_a_time:
        return _read(data)


def _read(data: bytes) -> Picture:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            size = image.size
            _check_size(*size)
            said = [f"{size[0]} × {size[1]} pixels"]
            if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
                said.append("the first of several pictures")
            pixels = _pixels(image)
    except UnreadablePicture:
        raise
    except Image.DecompressionBombError:
        raise UnreadablePicture(f"The picture has more than 170 million pixels: {TOO_MANY}.") from None
    except UnidentifiedImageError:
        raise UnreadablePicture(f"The file is no picture that can be read here: expected {NAMED}.") from None
    except UNREADABLE:
        raise UnreadablePicture("The picture is damaged or incomplete and cannot be read to its end.") from None
    if sorted(pixels.shape[:2]) != sorted(size):
        said.append(f"shown at {pixels.shape[1]} × {pixels.shape[0]}")
    return Picture(pixels, ", ".join(said) + ".")


def _check_size(width: int, height: int) -> None:
    """UnreadablePicture for a picture that is too large, too small or too thin, before its pixels are decoded."""
    if width * height > MOST_PIXELS:
        raise UnreadablePicture(f"The picture has {width * height / 1e6:.3g} million pixels: {TOO_MANY}.")
    if min(width, height) < LEAST:
        raise UnreadablePicture(f"The picture has {width} × {height} pixels: expected at least {LEAST} × {LEAST}.")
    if max(width, height) > THINNEST * min(width, height):
        raise UnreadablePicture(f"The picture has {width} × {height} pixels: expected no side over {THINNEST} times the other.")


def _pixels(image: Image.Image) -> np.ndarray:
    """The first picture in the file as an array, small and upright."""
    if image.format in ("JPEG", "MPO"):  # MPO: the JPEG of some telephones
        image.draft(None, (MOST, MOST))  # decodes at a fraction of the size
    image.load()
    small = _shrunk(_eight_bits(image))
    try:
        small.info.setdefault("exif", image.info.get("exif", b""))
        small = ImageOps.exif_transpose(small)
    except UNREADABLE:
        pass  # a damaged note on how the camera was held: the picture as it lies
    pixels = np.array(small)
    grey = pixels.ndim == 2 or not np.ptp(pixels, axis=2).any()
    return pixels if pixels.ndim == 2 or not grey else np.ascontiguousarray(pixels[:, :, 0])


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture in mode L or RGB: transparent parts on white, 16 bits by their upper 8, other numbers from least to largest."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.array(_shrunk(image)).astype(np.float64))
        low, span = values.min(), max(np.ptp(values), 1e-300)
        return Image.fromarray((255 * ((values - low) / span)).astype(np.uint8))
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        image = _shrunk(image if image.mode == "RGBA" else image.convert("RGBA"))
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _shrunk(image: Image.Image) -> Image.Image:
    """The picture with no side over MOST; never enlarged."""
    scale = MOST / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(scale * side)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX if scale < 0.5 else Image.Resampling.LANCZOS)
