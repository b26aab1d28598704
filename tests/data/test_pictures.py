"""Pictures from strangers: each kind shown as it looks, or refused in one sentence; memory bounded. Every file is made here."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dlviz.data.pictures import LARGEST, MOST, Picture, UnreadablePicture, read

# red, green / blue, white: which corner is which tells every turn and mirror
QUARTERS = np.array([[[220, 20, 20], [20, 200, 20]], [[20, 20, 210], [250, 250, 250]]], dtype=np.uint8)


def scene(height: int = 40, width: int = 60) -> np.ndarray:
    """Four quarters of different colours."""
    return QUARTERS[(2 * np.arange(height) // height)[:, None], (2 * np.arange(width) // width)[None]]


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners(picture: Picture) -> np.ndarray:
    """The colours in the middle of the four quarters (2, 2, 3)."""
    h, w = picture.pixels.shape[:2]
    return picture.pixels[[h // 4, 3 * h // 4]][:, [w // 4, 3 * w // 4]].astype(int)


def looks_like_the_scene(picture: Picture, tolerance: int) -> None:
    assert np.abs(corners(picture) - QUARTERS.astype(int)).max() <= tolerance


@pytest.mark.parametrize(("kind", "tolerance"), [("PNG", 0), ("BMP", 0), ("TIFF", 0), ("GIF", 3), ("WEBP", 12), ("JPEG", 12)])
def test_the_usual_formats_are_shown_as_they_are(kind: str, tolerance: int) -> None:
    picture = read(saved(Image.fromarray(scene()), kind))
    assert picture.pixels.shape == (40, 60, 3) and picture.pixels.dtype == np.uint8
    looks_like_the_scene(picture, tolerance)
    assert picture.said == "60 × 40 pixels."


def test_cmyk_is_shown_in_its_colours() -> None:
    looks_like_the_scene(read(saved(Image.fromarray(scene()).convert("CMYK"), "JPEG", quality=95)), 12)
    looks_like_the_scene(read(saved(Image.fromarray(scene()).convert("CMYK"), "TIFF")), 2)


def test_a_palette_is_looked_up() -> None:
    looks_like_the_scene(read(saved(Image.fromarray(scene()).quantize(8))), 2)


def test_sixteen_bits_keep_their_range() -> None:
    """Cutting to 8 bits by clipping would make everything above 255 white."""
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    picture = read(saved(Image.fromarray(ramp)))
    assert picture.pixels.shape == (64, 64)
    assert np.abs(picture.pixels.astype(float) - ramp / 257).max() <= 1


def test_numbers_that_are_no_bytes_are_spread_over_black_to_white() -> None:
    values = np.linspace(-3, 5, 32 * 32, dtype=np.float32).reshape(32, 32)
    picture = read(saved(Image.fromarray(values), "TIFF"))
    assert picture.pixels[0, 0] == 0 and picture.pixels[-1, -1] == 255
    assert (np.diff(picture.pixels.ravel().astype(int)) >= 0).all()


def test_transparent_parts_lie_on_white() -> None:
    pixels = np.dstack([scene(), np.full((40, 60), 255, np.uint8)])
    pixels[:20, :30, 3] = 0  # the red quarter is not there
    pixels[:20, 30:, 3] = 128  # the green one half
    found = corners(read(saved(Image.fromarray(pixels))))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert np.abs(found[0, 1] - (QUARTERS[0, 1].astype(int) + 255) / 2).max() <= 1.5
    assert found[1, 0].tolist() == QUARTERS[1, 0].tolist()


def test_a_transparent_palette_colour_lies_on_white() -> None:
    image = Image.fromarray(scene()).quantize(8)
    image.info["transparency"] = image.getpixel((0, 0))
    assert corners(read(saved(image, transparency=image.getpixel((0, 0)))))[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_the_camera_has_turned_is_upright(orientation: int) -> None:
    """The eight values of EXIF's orientation, as the standard defines where row 0 and column 0 of the stored picture are shown."""
    upright = scene()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    for kind, tolerance in (("JPEG", 12), ("PNG", 0)):
        picture = read(saved(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif))
        assert picture.pixels.shape == (40, 60, 3)
        looks_like_the_scene(picture, tolerance)


def test_a_damaged_note_on_the_camera_does_not_lose_the_picture() -> None:
    looks_like_the_scene(read(saved(Image.fromarray(scene()), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")), 12)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_shown(kind: str) -> None:
    black = Image.new("RGB", (60, 40))
    data = saved(Image.fromarray(scene()), kind, save_all=True, append_images=[black], duration=100)
    picture = read(data)
    looks_like_the_scene(picture, 12)
    assert "the first of several pictures" in picture.said


def test_grey_stays_grey_whether_stored_so_or_in_three_equal_channels() -> None:
    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))
    for image in (Image.fromarray(ramp), Image.fromarray(np.dstack([ramp] * 3)), Image.fromarray(ramp).convert("LA")):
        picture = read(saved(image))
        assert picture.pixels.shape == (40, 60) and (picture.pixels == ramp).all()
    assert read(saved(Image.fromarray(ramp > 100))).pixels.max() == 255


def test_a_large_picture_is_made_small_and_keeps_its_proportions() -> None:
    picture = read(saved(Image.fromarray(scene(1500, 3000)), "JPEG"))
    assert picture.pixels.shape == (MOST // 2, MOST, 3)
    looks_like_the_scene(picture, 12)
    assert picture.said == "3000 × 1500 pixels, shown at 512 × 256."


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, with almost nothing inside."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A PNG whose compressed comment unpacks to 100 MB."""
    comment = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000))
    return png_header(60, 40).replace(chunk(b"IEND", b""), comment + chunk(b"IEND", b""))


WHOLE = saved(Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b"", "The file is empty: expected a picture, PNG, JPEG, WebP, GIF, BMP or TIFF."),
        (lambda: b"these are words, not pixels\n" * 40, "The file is no picture that can be read here: expected PNG,"),
        (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "The file is no picture that"),
        (lambda: b"\0" * (20 * 2**20), "The file has 20 MB: expected at most 10 MB."),
        (lambda: WHOLE[: len(WHOLE) // 2], "The picture is damaged or incomplete"),
        (lambda: WHOLE[:200] + b"\0" * 500 + WHOLE[700:], "The picture is damaged or incomplete"),
        (lambda: saved(Image.fromarray(scene(200, 300)), "JPEG")[:700], "The picture is damaged or incomplete"),
        (lambda: saved(Image.new("RGB", (1, 1))), "The picture has 1 × 1 pixels: expected at least 8 × 8."),
        (lambda: saved(Image.new("RGB", (2000, 10))), "The picture has 2000 × 10 pixels: expected no side over 16 times the other."),
        (lambda: png_header(10_000, 10_000), "The picture has 100 million pixels: expected at most 25 million."),
        (lambda: png_header(60_000, 60_000), "The picture has more than 170 million pixels: expected at most 25 million."),
        (lambda: saved(Image.new("1", (10_000, 10_000))), "The picture has 100 million pixels: expected at most 25 million."),
        (lambda: saved(Image.new("L", (9_000, 9_000)), "TIFF", compression="tiff_deflate"), "The picture has 81 million pixels"),
        (text_bomb, "The picture is damaged or incomplete"),
        (lambda: png_header(60, 40), "The picture is damaged or incomplete"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_in_one_sentence(make: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(UnreadablePicture) as refused:
        read(make())
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_whatever_is_wrong_with_a_file_it_is_shown_or_refused(kind: str) -> None:
    """Forty files of each kind, cut off or with bytes overwritten at random."""
    rng = np.random.default_rng(7)
    whole = saved(Image.fromarray(scene(30, 30)), kind)
    for _ in range(40):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 6):
            data[at] = rng.integers(0, 256)
        try:
            picture = read(bytes(data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.5 else data))
        except UnreadablePicture:
            continue
        assert picture.pixels.dtype == np.uint8 and max(picture.pixels.shape[:2]) <= MOST


@pytest.mark.parametrize("mode", ["RGBA", "P", "I;16"])
def test_the_largest_picture_that_is_read_takes_bounded_memory(mode: str) -> None:
    """4999×4999 pixels are 100 MB as RGBA; reading them adds less than 260 MB to what the process needed before."""
    program = f"""
import io, resource
from PIL import Image
from dlviz.data.pictures import read
buffer = io.BytesIO()
Image.new({mode!r}, (4999, 4999)).save(buffer, "PNG", compress_level=1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read(buffer.getvalue())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    pytest.importorskip("resource")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 260


def test_the_limit_is_the_one_that_streamlit_enforces() -> None:
    config = (Path(__file__).parents[2] / ".streamlit/config.toml").read_text(encoding="utf-8")
    assert f"maxUploadSize = {LARGEST // 2**20}" in config
