"""The recipe of the novels, on a package made here, and what is shipped."""

import io
import lzma
import struct
import tarfile
import zlib
from pathlib import Path

import pytest

from dlviz.data import austen
from recipes import austen as recipe
from recipes import packages


def serialised(strings: list[str], kind: int = 16) -> bytes:
    """A vector of strings as R's saveRDS writes it, uncompressed (R Internals, section 1.8), version 3, in UTF-8."""
    head = b"X\n" + struct.pack(">iiii", 3, 0x00040201, 0x00030500, 5) + b"UTF-8" + struct.pack(">ii", kind, len(strings))
    return head + b"".join(struct.pack(">ii", 0x00040009, len(each.encode())) + each.encode() for each in strings)


def package(folder: Path) -> Path:
    """A .deb with two novels: an ar archive whose members are padded to even lengths."""
    database = b"".join(
        struct.pack(">I", len(text)) + zlib.compress(text) for text in (serialised(["ONE", "", "a £"]), serialised(["TWO"]))
    )
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as archive:
        entry = tarfile.TarInfo("./usr/lib/R/site-library/janeaustenr/data/Rdata.rdb")
        entry.size = len(database)
        archive.addfile(entry, io.BytesIO(database))
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": data.getvalue()}
    path = folder / "austen.deb"
    path.write_bytes(
        b"!<arch>\n"
        + b"".join(f"{n:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(d):<10}`\n".encode() + d + b"\n" * (len(d) % 2) for n, d in members.items())
    )
    return path


def test_the_lines_come_out_of_the_package_without_r(tmp_path: Path) -> None:
    files = packages.debian("", package(tmp_path))
    found = [recipe.lines(each) for each in recipe.objects(packages.ending(files, "/data/Rdata.rdb"))]
    assert found == [["ONE", "", "a £"], ["TWO"]]


def test_what_is_no_vector_of_strings_is_refused() -> None:
    with pytest.raises(ValueError, match="not a vector of strings"):
        recipe.lines(serialised(["a"], kind=13))
    with pytest.raises(ValueError, match="missing"):
        recipe.lines(serialised(["a"]).replace(struct.pack(">i", 0x00040009), struct.pack(">i", 0)))


def test_a_deb_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.deb").write_bytes(b"!<arch>\n")
    with pytest.raises(KeyError, match="holds no files"):
        packages.debian("", tmp_path / "empty.deb")


def test_the_shipped_novels_begin_and_end_as_they_do() -> None:
    novels = austen.novels()
    assert "It is a truth universally acknowledged, that a single man" in novels["Pride and Prejudice"][:200]
    assert "Emma Woodhouse, handsome, clever, and rich" in novels["Emma"][:200]
    assert novels["Emma"].endswith("the perfect happiness of the union.\nFINIS") and novels["Pride and Prejudice"].endswith("uniting them.")
    assert b"\f" in lzma.decompress(austen.FILE.read_bytes()) and not any("\f" in text or "\n\n" in text for text in novels.values())


def test_nothing_is_held_out_and_trained_on() -> None:
    for whole, training, held_out in zip(austen.novels().values(), austen.load("training"), austen.load("held_out"), strict=True):
        assert training + held_out == whole and training.endswith("\n")
        assert 0.04 < len(held_out) / len(whole) < 0.05
