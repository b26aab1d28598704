"""Long jobs: snapshots, watchers, cancelling, the queue, budgets, and what a lost connection changes."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlviz import jobs
from dlviz import params as p
from dlviz.jobs import GRACE, MOST_FRAMES, Cancelled, Frames, Job, Jobs, OverBudget
from dlviz.results import Progress, Snapshot


@dataclass(frozen=True)
class Settings(p.Params):
    """Enough to tell jobs apart."""

    n: float = p.number(0, 0, 10_000, 1, label="n")


class World:
    """Jobs whose computation counts to `steps`, waiting `pause` seconds at each; what ran is written down."""

    def __init__(self, steps: int = 10, pause: float = 0.0) -> None:
        self.steps, self.pause = steps, pause
        self.started: list[float] = []
        self.ended: list[float] = []
        self.gate = threading.Event()
        self.gate.set()
        self.jobs = Jobs()

    def compute(self, params: Settings) -> Iterator[Snapshot]:
        self.started.append(params.n)
        try:
            for step in range(self.steps):
                self.gate.wait(5)
                time.sleep(self.pause)
                yield Snapshot(step, self.steps, {"x": np.full(4, step)})
            return f"result {params.n:g}"  # type: ignore[return-value]
        finally:
            self.ended.append(params.n)

    def submit(self, n: float, session: str = "", place: str = "live") -> Job:
        return self.jobs.submit("t.v", Settings(n=n), (session, place))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(**about: Any) -> World:
        made.append(World(**about))
        monkeypatch.setattr(jobs, "resolve", lambda view: (Settings, object, made[-1].compute))
        return made[-1]

    yield make
    for each in made:
        each.gate.set()
        each.jobs.close()


def until(true: Callable[[], bool], seconds: float = 3) -> None:
    """Wait until it is true; AssertionError if that never comes."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_snapshots_can_be_read_while_the_job_runs_and_the_result_comes_last(world: Callable[..., World]) -> None:
    here = world(steps=5, pause=0.02)
    job = here.submit(1, "a")
    until(lambda: bool(job.frames_after(-1)))
    assert job.progress()[:2][1] == 5
    assert job.wait(5) == "result 1"
    assert [frame.step for frame in job.frames_after(-1)] == [0, 1, 2, 3, 4]
    assert [frame.step for frame in job.frames_after(2)] == [3, 4]


def test_two_sessions_with_equal_settings_cost_one_run(world: Callable[..., World]) -> None:
    here = world(steps=20, pause=0.005)
    first, second = here.submit(1, "a"), here.submit(1, "b")
    assert first is second and first.wait(5) == "result 1" and here.started == [1]


def test_moving_on_ends_the_job_but_not_one_that_somebody_else_watches(world: Callable[..., World]) -> None:
    here = world(steps=400, pause=0.005)
    shared, own = here.submit(1, "a"), here.submit(2, "b")
    here.submit(1, "b")  # b leaves its own job and joins a's
    with pytest.raises(Cancelled):
        own.wait(2)
    until(lambda: 2 in here.ended)
    here.submit(3, "a")
    time.sleep(0.05)
    assert not shared.future.done(), "b still watches it"
    here.submit(3, "b")
    with pytest.raises(Cancelled):
        shared.wait(2)


def test_fifty_quick_changes_leave_nothing_running_but_the_last(world: Callable[..., World]) -> None:
    here = world(steps=400, pause=0.002)
    submitted = [here.submit(n, "a") for n in range(50)]
    assert submitted[-1].wait(10) == "result 49"
    until(lambda: len(here.started) == len(here.ended))
    assert len(here.started) <= 4, "jobs that nobody waits for any more were run"
    assert all(job.future.done() for job in submitted)
    before = {thread.name for thread in threading.enumerate()}
    here.jobs.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dlviz-job") and thread.name not in before]


def test_a_lost_connection_ends_the_job_within_two_seconds(world: Callable[..., World]) -> None:
    here = world(steps=100_000, pause=0.005)
    job = here.submit(1, "a")
    until(lambda: bool(here.started))
    left = time.monotonic()
    here.jobs.leave("a")
    with pytest.raises(Cancelled):
        job.wait(3)
    assert 0.5 * GRACE < time.monotonic() - left < 2


def test_a_reload_within_the_grace_goes_on_with_the_same_run(world: Callable[..., World]) -> None:
    here = world(steps=int(GRACE / 0.01) + 60, pause=0.01)
    job = here.submit(1, "a")
    until(lambda: bool(here.started))
    here.jobs.leave("a")
    time.sleep(0.2)
    assert here.submit(1, "a again") is job
    assert job.wait(GRACE + 5) == "result 1" and here.started == [1]


def test_a_result_survives_the_connection(world: Callable[..., World]) -> None:
    here = world(steps=3)
    job = here.submit(1, "a")
    job.wait(5)
    here.jobs.leave("a")
    time.sleep(GRACE + 0.1)
    assert here.submit(1, "b") is job and here.started == [1]


def test_a_queue_of_ten_is_served_in_order_and_everyone_knows_the_place(world: Callable[..., World]) -> None:
    here = world(steps=2)
    here.gate.clear()
    submitted = [here.submit(n, f"session {n}") for n in range(12)]
    until(lambda: len(here.started) == jobs.SLOTS)
    assert [here.jobs.place(job) for job in submitted[2:]] == list(range(10))
    assert all(job.queued for job in submitted[2:]) and not submitted[0].queued
    here.gate.set()
    for job in submitted:
        job.wait(5)
    assert here.started[2:] == sorted(here.started[2:]), "not first come first served"


def test_a_queued_job_that_is_left_is_never_started(world: Callable[..., World]) -> None:
    here = world(steps=2)
    here.gate.clear()
    for n in (1, 2):
        here.submit(n, f"session {n}")
    left = here.submit(3, "a")
    here.submit(4, "a")
    here.gate.set()
    with pytest.raises(Cancelled):
        left.wait(5)
    assert 3 not in here.started


def test_a_job_over_its_budget_is_stopped_with_a_sentence(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BUDGET", 0.05)
    here = world(steps=10_000, pause=0.005)
    with pytest.raises(OverBudget, match=r"^This run took longer than 0\.05 s and was stopped\.$"):
        here.submit(1, "a").wait(5)


def test_frames_are_thinned_to_their_bound_and_keep_the_newest() -> None:
    frames = Frames(most=10)
    for step in range(1000):
        frames.add(Snapshot(step, 1000, {}))
        kept = [frame.step for frame in frames.kept]
        assert kept[0] == 0 and kept[-1] == step and len(kept) <= 11
        assert kept == sorted(set(kept))
    gaps = np.diff(kept[:-1])
    assert set(gaps) == {frames.stride}, "the frames that are kept stand at even distances"
    assert Frames().most == MOST_FRAMES


def test_the_bytes_of_the_store_are_bounded(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    here = world(steps=10)  # 10 frames of 4 int64: 320 bytes a job
    monkeypatch.setattr(jobs, "KEPT_BYTES", 1000)
    for n in range(6):
        here.submit(n, "a").wait(5)
    here.started.clear()
    for n in (5, 4, 3):
        here.submit(n, "a").wait(5)
    assert here.started == []
    here.submit(0, "a").wait(5)
    assert here.started == [0]


def test_what_is_left_is_reckoned_from_the_first_step_that_was_told(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    """Getting ready takes 30 s, then each of 12 steps 2 s, later each of 4 frames 5 s: what took long before is no measure of them."""
    now, on, made = [100.0], threading.Semaphore(0), world()

    def compute(params: Settings) -> Iterator[Progress | Snapshot]:
        now[0] += 30
        for step in range(1, 5):
            yield Progress(step, 12, "training")
            on.acquire(timeout=5)
            now[0] += 2
        for step in range(3):
            yield Snapshot(step, 4, {"x": np.zeros(1)})
            on.acquire(timeout=5)
            now[0] += 5
        return "result"  # type: ignore[return-value]

    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: now[0]))
    made.compute = compute  # type: ignore[assignment, method-assign]
    job, left = made.submit(1), []
    for step in (1, 2, 3, 4, 0, 1, 2):
        for _ in range(1000):
            if job.progress()[0] == step and (step or job.frames_after(-1)):
                break
            threading.Event().wait(0.005)
        left.append(job.progress()[2])
        on.release()
    assert job.wait(5) == "result" and left == [None, 20, 18, 16, None, 15, 10]


def test_a_job_with_nothing_to_show_yet_says_how_far_it_is_and_can_be_left(world: Callable[..., World]) -> None:
    """Progress is told instead of frames, until the first frame comes; and it is looked at whether anybody still watches."""
    made, on = world(), threading.Semaphore(0)

    def compute(params: Settings) -> Iterator[Progress | Snapshot]:
        made.started.append(params.n)
        try:
            for step in (3, 5):
                yield Progress(step, 7, "training")
                on.acquire(timeout=5)
            yield Snapshot(0, 2, {"x": np.zeros(1)})
            on.acquire(timeout=5)
            return "result"  # type: ignore[return-value]
        finally:
            made.ended.append(params.n)

    made.compute = compute  # type: ignore[assignment, method-assign]
    job = made.submit(1, "a")
    until(lambda: job.progress()[:2] == (3, 7))
    assert job.doing == "training" and not job.frames_after(-1)
    on.release()
    until(lambda: job.progress()[:2] == (5, 7))
    on.release()
    until(lambda: bool(job.frames_after(-1)))
    assert job.progress()[:2] == (0, 2) and job.doing == ""
    on.release()
    assert job.wait(5) == "result"
    left = made.submit(2, "a")
    until(lambda: left.progress()[:2] == (3, 7))
    made.submit(3, "a")
    on.release(10)
    with pytest.raises(Cancelled):
        left.wait(5)
    assert 2 in made.ended
