"""Models of Hugging Face that people ask for by name, such as "gpt2": found in this machine's caches, or fetched where the host allows it.

The host allows it by DLVIZ_HUB=1. Fetched are public models only, as nobody in particular (`token=False`), at most MOST_BYTES each,
of which the last ones are kept in DLVIZ_CACHE, together MOST_BYTES_KEPT. What lies in Hugging Face's own cache (HF_HOME) is used as it is.
"""

import logging
import os
import re
import shutil
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from dlviz.zoo import checkpoint
from dlviz.zoo.fetching import PAUSE, acquired, cache_folder, working
from dlviz.zoo.files import MissingWeights, sha256_of
from dlviz.zoo.pip import Progress

SWITCH = "DLVIZ_HUB"
PREFIX = "hub:"  # of names among everything that is fetched
LONGEST = 96  # characters of a name there
NAME = re.compile(r"(?:[A-Za-z0-9](?:[\w.-]*\w)?/)?[A-Za-z0-9](?:[\w.-]*\w)?", re.ASCII)
CONFIG = "config.json"
READ = {CONFIG, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt"}
WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?")
MOST_BYTES = 1_500_000_000
MOST_BYTES_KEPT = 4 * MOST_BYTES
PATIENCE = 15.0  # seconds for an answer

log = logging.getLogger("dlviz.zoo")


def is_name(text: str) -> bool:
    """Whether a model there can be called so. No path is: `..` and a leading or second slash are in no name.

    >>> [is_name(text) for text in ("gpt2", "distilbert/distilbert-base-uncased", "../gpt2", "/etc/passwd", "a/b/c", "a..b", "", "a b")]
    [True, True, False, False, False, False, False, False]
    """
    return len(text) <= LONGEST and bool(NAME.fullmatch(text)) and ".." not in text and "--" not in text


@dataclass(frozen=True)
class Repository:
    """A model there, by what it is called there, such as "gpt2"."""

    id: str

    @property
    def name(self) -> str:
        """Its name among everything that is fetched."""
        return PREFIX + self.id

    @property
    def title(self) -> str:
        """What pages call it."""
        return self.id

    def refused(self) -> str:
        """Why it cannot be asked for at all, as one sentence; empty if it can."""
        if os.environ.get(SWITCH) != "1":
            return f"This server takes no models from Hugging Face: whoever runs it can allow that with {SWITCH}=1."
        if lacking := checkpoint.lacking():
            return lacking
        return "" if is_name(self.id) else "Write the name of a model on huggingface.co, such as gpt2."

    def folder(self) -> Path | None:
        """Where its files lie on this machine, all of them; None if they do not."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.id, CONFIG)
        folders = [_all() / self._flat, *([Path(found).parent] if isinstance(found, str) else [])]
        return next((folder for folder in folders if _is_whole(folder)), None)

    def is_here(self) -> bool:
        """Whether it may be used, and nothing is left to fetch."""
        return not self.refused() and self.folder() is not None

    def fetch(self) -> Iterator[Progress]:
        """Make sure that it is here, and say how far that is. MissingWeights with one sentence if it cannot be had."""
        if why := self.refused():
            raise MissingWeights(why)
        if self.folder():
            return
        try:
            _all().mkdir(parents=True, exist_ok=True)
            lock = FileLock(_all() / "one-at-a-time.lock", thread_local=False)  # or together they would be more than may be kept
            yield from acquired(lock)
            try:
                if not self.folder():
                    yield from self._fetch_alone()
            finally:
                lock.release()
        except OSError as error:
            raise MissingWeights(f"{self.id} could not be kept: {error.strerror or error}.") from error

    @property
    def _flat(self) -> str:
        return self.id.replace("/", "--")

    def _fetch_alone(self) -> Iterator[Progress]:
        """Ask what there is, look at its config.json, and only then fetch the rest; the folder gets its name when it is whole."""
        for left in _all().glob(f"{self._flat}-*.part"):  # by one that was killed
            shutil.rmtree(left)
        with working(self._flat, _all()) as work:
            part = work / "model"
            yield Progress("asking huggingface.co")
            with self._told():
                revision, files = self._files()
                self._download(revision, CONFIG, part)
            checkpoint.examine(self.id, part)
            total = sum(file.size for file in files)
            log.info("%s of Hugging Face is fetched, %d MB", self.id, total // 10**6)  # a host wants to know what is asked for
            _make_room(total)
            with ThreadPoolExecutor(1) as beside:
                fetching = [beside.submit(self._download, revision, file.rfilename, part) for file in files]
                while not all(future.done() for future in fetching):
                    yield Progress("downloading", min(total, _size(part)), total)
                    time.sleep(PAUSE)
            with self._told():
                for future in fetching:
                    future.result()
            self._check(files, part)
            shutil.rmtree(part / ".cache", ignore_errors=True)  # what the downloads noted
            os.replace(part, _all() / self._flat)

    def _files(self) -> tuple[str, list[Any]]:
        """The newest revision and those of its files that are read, with their sizes. MissingWeights if they are not what is needed."""
        from huggingface_hub import HfApi

        told = HfApi(token=False).model_info(self.id, files_metadata=True, timeout=PATIENCE)
        if told.gated:
            raise MissingWeights(f"{self.id} is only given to those who accept its terms on huggingface.co: choose another model.")
        found = {file.rfilename: file for file in told.siblings or ()}
        weights = {"model.safetensors"} & found.keys() or {name for name in found if WEIGHTS.fullmatch(name)}
        if CONFIG not in found:
            raise MissingWeights(f"{self.id} has no {CONFIG}: it is no model in the form that transformers reads.")
        if not weights:
            raise MissingWeights(f"{self.id} has no weights as safetensors; others are pickles, which could run code, and stay closed.")
        wanted = [found[name] for name in sorted(weights | READ & found.keys())]
        if (total := sum(file.size or 0 for file in wanted)) > MOST_BYTES:
            raise MissingWeights(f"{self.id} is too large: {total / 1e9:.1f} GB, and at most {MOST_BYTES / 1e9:g} GB are fetched.")
        return str(told.sha), wanted

    def _download(self, revision: str, file: str, to: Path) -> None:
        from huggingface_hub import constants, hf_hub_download

        constants.HF_HUB_DISABLE_XET = True  # which keeps parts of files in a cache of its own, that nobody counts and nobody clears
        hf_hub_download(self.id, file, revision=revision, local_dir=to, token=False, etag_timeout=PATIENCE)

    def _check(self, files: list[Any], part: Path) -> None:
        """Whether what arrived is what was announced: its size, and the sha256 of large files."""
        for file in files:
            arrived = part / file.rfilename
            if arrived.stat().st_size != file.size or (file.lfs and sha256_of(arrived) != file.lfs.sha256):
                raise MissingWeights(f"What arrived as {file.rfilename} of {self.id} is damaged: try again later.")

    @contextmanager
    def _told(self) -> Generator[None, None, None]:
        """What Hugging Face's library raises, as one sentence."""
        from huggingface_hub import errors

        try:
            yield
        except errors.GatedRepoError as error:
            raise MissingWeights(f"{self.id} is only given to those who accept its terms on huggingface.co: choose another.") from error
        except (errors.LocalEntryNotFoundError, ConnectionError, TimeoutError) as error:  # the first: it broke off between two files
            raise MissingWeights(self._silent()) from error
        except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.EntryNotFoundError) as error:
            raise MissingWeights(f"Hugging Face shows nobody a model called {self.id}: check how its name is written.") from error
        except errors.HfHubHTTPError as error:
            raise MissingWeights(f"{self.id} could not be fetched: huggingface.co answered {error.response.status_code}.") from error
        except errors.HTTPError as error:  # type: ignore[attr-defined]  # of whichever client the library asks with
            raise MissingWeights(self._silent()) from error

    def _silent(self) -> str:
        return f"{self.id} could not be fetched, because huggingface.co does not answer or broke off: try again with a network."


def _all() -> Path:
    """The folder in which each fetched model has one of its own."""
    return cache_folder() / "hub"


def _is_whole(folder: Path) -> bool:
    """Whether a folder has a config.json and weights, every part of them."""
    if not (folder / CONFIG).is_file():
        return False
    parts = [file.name for file in folder.glob("model*.safetensors")]
    counts = {int(name[-17:-12]) for name in parts if "-of-" in name}
    return "model.safetensors" in parts or (len(counts) == 1 and len(parts) == counts.pop())


def _size(folder: Path) -> int:
    """Bytes of its files, as far as they stand still."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # what arrives is given other names
            total += file.stat().st_size if file.is_file() else 0
    return total


def _make_room(coming: int) -> None:
    """Let go of those that were used longest ago, until all of them and the one that comes are within MOST_BYTES_KEPT."""
    folders = sorted((folder for folder in _all().iterdir() if _is_whole(folder)), key=lambda folder: folder.stat().st_mtime)
    total = coming + sum(map(_size, folders))
    for folder in folders:
        if total <= MOST_BYTES_KEPT:
            return
        total -= _size(folder)
        log.info("%s of Hugging Face makes room", folder.name)
        shutil.rmtree(folder)


def used(folder: Path) -> None:
    """Note that a model was just used, if it is one of those that make room for others."""
    if folder.parent == _all():
        os.utime(folder)
