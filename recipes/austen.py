"""Makes dlviz/data/austen.txt.xz: Jane Austen's six novels from the Debian package r-cran-janeaustenr 1.0.0 (see NOTICE).

`python -m recipes.austen [r-cran-janeaustenr_1.0.0-1_all.deb]`. The package keeps each novel as an R vector of the lines of its
Project Gutenberg text, which is read here without R. Lines are joined to paragraphs, so that a line break means something.
"""

import lzma
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence

from dlviz.data import austen
from recipes import packages

PACKAGE = "r-cran-janeaustenr"
STRINGS, STRING = 16, 9  # R's numbers for a vector of strings and for one string (R Internals, 1.8 Serialization Formats)


def objects(data: bytes) -> Iterator[bytes]:
    """The R objects in a lazy-load database: each stands after its length, compressed by zlib."""
    while data:
        unpacked = zlib.decompressobj()
        yield unpacked.decompress(data[4:])
        data = unpacked.unused_data


def lines(data: bytes) -> list[str]:
    """A serialised vector of strings (XDR, version 3). ValueError for anything else, and for missing values."""
    (encoding,) = struct.unpack_from(">i", data, 14)  # after "X\n" and three version numbers
    at = 18 + encoding
    kind, count = struct.unpack_from(">ii", data, at)
    if data[:2] != b"X\n" or kind & 0xFF != STRINGS:
        raise ValueError("This is not a vector of strings.")
    found, at = [], at + 8
    for _ in range(count):
        kind, length = struct.unpack_from(">ii", data, at)
        if kind & 0xFF != STRING or length < 0:
            raise ValueError("A line is missing.")
        found.append(data[at + 8 : at + 8 + length].decode("utf-8"))
        at += 8 + length
    return found


def paragraphs(wrapped: Sequence[str]) -> str:
    """The text with one paragraph a line: lines that no blank line parts belong together.

    >>> paragraphs(["CHAPTER I", "", "", "It was a ", "fine day.", "", "Yes."])
    'CHAPTER I\\nIt was a fine day.\\nYes.'
    """
    blocks = "\n".join(line.strip() for line in wrapped).split("\n\n")
    return "\n".join(" ".join(block.split()) for block in blocks if block.strip())


def main() -> None:
    """Write the file and say how large it is."""
    files = packages.debian(PACKAGE, packages.given(sys.argv))
    novels = [paragraphs(lines(each)) for each in objects(packages.ending(files, "/data/Rdata.rdb"))]
    austen.FILE.write_bytes(lzma.compress(austen.BETWEEN.join(novels).encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{austen.FILE.name}: {len(novels)} novels, {sum(map(len, novels)):,} characters, {austen.FILE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
