"""Jobs: equal settings share one computation, two run at once, failures are told and forgotten, and the log keeps no words."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from dlviz import jobs
from dlviz import params as p
from dlviz.jobs import KEPT, SLOTS, Jobs, StillRunning


@dataclass(frozen=True)
class Settings(p.Params):
    """Enough to tell jobs apart."""

    n: float = p.number(0, 0, 10_000, 1, label="n")
    even: bool = p.switch(False, label="even")
    idle: float = p.number(0, 0, 9, 1, label="idle", when=("words", "never"))
    words: str = p.text("", 40, label="words", private=True)


Install = Callable[[Callable[[Any], Any]], Jobs]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """A function that starts Jobs whose every view is the given computation; they are closed at the end."""
    started: list[Jobs] = []

    def install(compute: Callable[[Any], Any]) -> Jobs:
        monkeypatch.setattr(jobs, "resolve", lambda view: (Settings, object, compute))
        started.append(Jobs())
        return started[-1]

    yield install
    for each in started:
        each.close()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the log of the jobs holds."""
    monkeypatch.setattr(logging.getLogger("dlviz"), "propagate", True)
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records if record.name == "dlviz.jobs"]


def test_equal_settings_are_computed_once_for_viewers_in_many_threads(running: Install) -> None:
    computed: list[float] = []

    def compute(params: Settings) -> object:
        computed.append(params.n)
        time.sleep(0.02)
        return object()

    all_jobs = running(compute)
    gate = threading.Barrier(16)

    def viewer(i: int) -> object:
        gate.wait()
        return all_jobs.submit("t.v", Settings(n=i % 2, idle=i % 5)).wait(5)

    with ThreadPoolExecutor(16) as viewers:
        results = list(viewers.map(viewer, range(16)))
    assert sorted(computed) == [0, 1]
    assert len({id(result) for result in results}) == 2 and len({id(result) for result in results[::2]}) == 1


def test_views_and_settings_that_differ_are_not_shared(running: Install) -> None:
    all_jobs = running(lambda params: params)
    first = all_jobs.submit("t.v", Settings(n=1))
    assert all_jobs.submit("t.w", Settings(n=1)) is not first and all_jobs.submit("t.v", Settings(n=2)) is not first
    assert first.wait(5) == Settings(n=1)


def test_computations_get_canonical_settings(running: Install) -> None:
    assert running(lambda params: params).submit("t.v", Settings(n=1, idle=5)).wait(5) == Settings(n=1)


def test_two_run_at_once_and_no_more(running: Install) -> None:
    lock, busy, most = threading.Lock(), 0, 0

    def compute(_: Settings) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.01)
        with lock:
            busy -= 1

    all_jobs = running(compute)
    for job in [all_jobs.submit("t.v", Settings(n=i)) for i in range(10)]:
        job.wait(5)
    assert most == SLOTS == 2


def test_first_come_first_served(running: Install) -> None:
    """With one slot held throughout, the other serves the queue alone, so that its order can be seen."""
    release, order = threading.Event(), []

    def compute(params: Settings) -> None:
        if params.n == 0:
            release.wait(5)
        else:
            order.append(params.n)

    all_jobs = running(compute)
    submitted = [all_jobs.submit("t.v", Settings(n=i)) for i in (0, 7, 3, 9, 1, 8, 2)]
    for job in submitted[1:]:
        job.wait(5)
    release.set()
    assert order == [7, 3, 9, 1, 8, 2]


def test_a_failure_reaches_every_waiter_and_is_forgotten(running: Install) -> None:
    tries: list[int] = []

    def compute(_: Settings) -> str:
        tries.append(1)
        if len(tries) < 200:
            raise ZeroDivisionError("no")
        return "done"

    all_jobs = running(compute)
    for _ in range(199):
        job = all_jobs.submit("t.v", Settings())
        with pytest.raises(ZeroDivisionError):
            job.wait(5)
        with pytest.raises(ZeroDivisionError):
            job.wait(5)
    assert all_jobs.submit("t.v", Settings()).wait(5) == "done"
    assert len(tries) == 200


def test_still_running_is_told_apart_from_a_computation_that_timed_out(running: Install) -> None:
    release = threading.Event()

    def compute(params: Settings) -> str:
        if params.n:
            raise TimeoutError("its own")
        release.wait(5)
        return "done"

    all_jobs = running(compute)
    job = all_jobs.submit("t.v", Settings())
    with pytest.raises(StillRunning, match=r"^t\.v has not finished after 0\.01 s\.$"):
        job.wait(0.01)
    release.set()
    assert job.wait(5) == "done"  # waiting in vain has not stopped it
    with pytest.raises(TimeoutError, match="its own") as caught:
        all_jobs.submit("t.v", Settings(n=1)).wait(5)
    assert not isinstance(caught.value, StillRunning)


def test_the_store_is_bounded_and_keeps_what_was_asked_for_last(running: Install) -> None:
    computed: list[float] = []
    all_jobs = running(lambda params: computed.append(params.n))
    for i in range(KEPT):
        all_jobs.submit("t.v", Settings(n=i)).wait(5)
    all_jobs.submit("t.v", Settings(n=0)).wait(5)  # asked for again, so 1 is now the oldest
    all_jobs.submit("t.v", Settings(n=KEPT)).wait(5)
    computed.clear()
    for n in (0, KEPT, 2):
        all_jobs.submit("t.v", Settings(n=n)).wait(5)
    assert computed == []
    all_jobs.submit("t.v", Settings(n=1)).wait(5)
    assert computed == [1]


def test_the_log_has_one_line_a_job_and_none_of_the_users_words(running: Install, lines: Callable[[], list[str]]) -> None:
    def compute(params: Settings) -> None:
        if params.even:
            raise ValueError(f"cannot do {params.words}")

    all_jobs = running(compute)
    all_jobs.submit("t.v", Settings(words="my secret")).wait(5)
    all_jobs.submit("t.v", Settings(words="my secret")).wait(5)
    with pytest.raises(ValueError, match="secret"):
        all_jobs.submit("t.v", Settings(words="my secret", even=True)).wait(5)
    patterns = [r"hit=0 ms=\d+\.\d ended=done", r"hit=1", r"hit=0 ms=\d+\.\d ended=failed"]
    logged = lines()
    assert len(logged) == 3
    for line, pattern in zip(logged, patterns, strict=True):
        assert re.fullmatch(rf"view=t\.v key=[0-9a-f]{{12}} {pattern}", line)


def test_closing_drops_the_queue_without_a_murmur(running: Install, caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    all_jobs = running(lambda params: release.wait(5))
    submitted = [all_jobs.submit("t.v", Settings(n=i)) for i in range(4)]
    threading.Timer(0.05, release.set).start()
    all_jobs.close()
    assert [job.wait(0) for job in submitted[:2]] == [True, True]
    for job in submitted[2:]:
        with pytest.raises(CancelledError):
            job.wait(0)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
