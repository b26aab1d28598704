"""One path for every computation, short or long: submit(view, params) gives a Job, to be waited for or watched. Knows no Streamlit.

Jobs run in worker threads, never in a page's own thread. Equal settings share one job and one result, across all
viewers. A long job is a generator of Snapshots, or of Progress while there is nothing to show; between two of them it sees whether
anybody still watches.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from dlviz.compute import resolve
from dlviz.params import Params, key
from dlviz.results import Progress, Result, Snapshot

SLOTS = 2  # running jobs: one interpreter lock gives two threads all the work it can give eight
KEPT = 64  # finished jobs, and
KEPT_BYTES = 200 * 2**20  # bytes of their snapshots
BUDGET = 60.0  # seconds that one job may run
GRACE = 1.2  # seconds that a job outlives its last viewer's connection: a reload comes back within them
MOST_FRAMES = 400  # snapshots of one job; beyond, every second one is let go

log = logging.getLogger("dlviz.jobs")

# (session, place on its page): a session watches one job in each place, such as "live" or "pinned"
Watcher = tuple[str, str]
ALWAYS: Watcher = ("", "")  # watches for as long as the process lives


class StillRunning(TimeoutError):
    """The job has not finished within the time that its viewer was ready to wait."""


class Cancelled(Exception):
    """The job was ended because nobody watched it any more."""


class OverBudget(Exception):
    """The job was ended because it ran longer than BUDGET."""


@dataclass(eq=False)
class Frames:
    """The snapshots of one job, bounded: when there are more than `most`, every second one is let go and so is every second new one."""

    most: int = MOST_FRAMES
    kept: list[Snapshot] = field(default_factory=list)
    stride: int = 1
    seen: int = 0

    def add(self, snapshot: Snapshot) -> None:
        """Take a snapshot in, or let it go if the frames are being thinned; the last one is always there."""
        if self.kept and (self.seen - 1) % self.stride:
            self.kept.pop()  # the newest was only kept as the last
        self.kept.append(snapshot)
        self.seen += 1
        if len(self.kept) > self.most:
            self.kept = self.kept[::2]
            self.stride *= 2

    def after(self, step: int) -> list[Snapshot]:
        """The snapshots of later steps, in order."""
        return [snapshot for snapshot in self.kept if snapshot.step > step]


@dataclass(eq=False)
class Job:
    """A computation queued, under way or done. Its Params are canonical."""

    view: str
    params: Params
    key: str
    future: Future[Result] = field(default_factory=Future)
    frames: Frames = field(default_factory=Frames)
    told: Progress | None = None  # the newest, until there is a snapshot
    watchers: set[Watcher] = field(default_factory=set)
    cancel: threading.Event = field(default_factory=threading.Event)
    left_at: float = 0.0  # when the last watcher's connection went, 0 while somebody watches
    started_at: float = 0.0
    began: tuple[int, float] = (0, 0.0)  # the first step that it told or showed, and when: before it nothing is counted
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, seconds: float) -> Result:
        """The result. StillRunning after `seconds`; whatever the computation raised, if it failed."""
        try:
            return self.future.result(seconds)
        except TimeoutError:
            if self.future.done():  # just now, or the computation itself raised a TimeoutError
                return self.future.result(0)
            raise StillRunning(f"{self.view} has not finished after {seconds:g} s.") from None

    def frames_after(self, step: int) -> list[Snapshot]:
        """The snapshots so far of steps after `step`; -1 gives all."""
        with self.lock:
            return self.frames.after(step)

    def progress(self) -> tuple[int, int, float | None]:
        """Step, last step, and about how many seconds are left (None while that is unknown); of what is `doing`."""
        with self.lock:
            newest = self.frames.kept[-1] if self.frames.kept else self.told
        if newest is None:
            return 0, 0, None
        first, when = self.began
        made, ran = newest.step - first, time.monotonic() - when
        return newest.step, newest.of, ran * (newest.of - newest.step) / made if made > 0 else None

    def take(self, moment: Snapshot | Progress) -> None:
        """Keep what the computation shows; or how far it is, until it shows something."""
        with self.lock:
            if not self.frames.kept and (self.told is None or isinstance(moment, Snapshot)):
                self.began = (moment.step, time.monotonic())
            if isinstance(moment, Progress):
                self.told = moment
            else:
                self.frames.add(moment)

    @property
    def doing(self) -> str:
        """What it does while it has nothing to show, such as "training"; empty if it does not say, or shows something."""
        with self.lock:
            return self.told.doing if self.told and not self.frames.kept else ""

    @property
    def queued(self) -> bool:
        """Whether it has not been started yet."""
        return not self.started_at and not self.future.done()

    @property
    def nbytes(self) -> int:
        """Bytes of its snapshots."""
        with self.lock:
            return sum(snapshot.nbytes for snapshot in self.frames.kept)

    def abandoned(self) -> bool:
        """Whether nobody watches: at once if its viewers moved on, after GRACE if their connection went."""
        gone = self.cancel.is_set() or bool(self.left_at and time.monotonic() - self.left_at > GRACE)
        return gone and not self.future.done()


class Jobs:
    """The jobs of one process: at most SLOTS at a time, first come first served, and the last KEPT results."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="dlviz-job")
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._watching: dict[Watcher, Job] = {}

    def submit(self, view: str, params: Params, watcher: Watcher = ALWAYS) -> Job:
        """The job for these settings: the one that has them already, or a new one in the queue. The watcher leaves its former job."""
        name = key(view, params)
        with self._lock:
            job = self._jobs.get(name)
            if hit := job is not None and not job.abandoned():
                self._jobs.move_to_end(name)
            else:
                job = self._jobs[name] = Job(view, params.canonical(), name)
            job.watchers.add(watcher)
            job.left_at = 0.0
            former = self._watching.get(watcher)
            self._watching[watcher] = job
            if former is not None and former is not job and watcher != ALWAYS:
                self._drop(former, watcher, at_once=True)
            self._forget_oldest()
        if hit:
            log.info("view=%s key=%.12s hit=1", view, name)
        else:
            self._pool.submit(self._run, job)
        return job

    def leave(self, session: str) -> None:
        """A session's connection is gone: it watches nothing any more. Its jobs go on for GRACE seconds, in case it comes back."""
        with self._lock:
            for watcher in [watcher for watcher in self._watching if watcher[0] == session]:
                self._drop(self._watching.pop(watcher), watcher, at_once=False)

    def unwatch(self, watcher: Watcher) -> None:
        """A viewer's place shows no job any more."""
        with self._lock:
            former = self._watching.pop(watcher, None)
            if former is not None:
                self._drop(former, watcher, at_once=True)

    def place(self, job: Job) -> int:
        """How many jobs are to be started before this one; 0 for the next, and for one that has started."""
        with self._lock:
            waiting = [each for each in self._jobs.values() if each.queued and not each.abandoned()]
        return waiting.index(job) if job in waiting else 0

    def _drop(self, job: Job, watcher: Watcher, at_once: bool) -> None:
        job.watchers.discard(watcher)
        if not job.watchers and not job.future.done():
            job.left_at = time.monotonic()
            if at_once:
                job.cancel.set()

    def _forget_oldest(self) -> None:
        """Keep the newest finished jobs within KEPT and KEPT_BYTES; those under way stay."""
        done = [name for name, job in self._jobs.items() if job.future.done()]
        total = sum(self._jobs[name].nbytes for name in done)
        for position, name in enumerate(done):
            if len(done) - position <= KEPT and total <= KEPT_BYTES:
                break
            total -= self._jobs.pop(name).nbytes

    def _run(self, job: Job) -> None:
        """One job from its start to its end, however it ends; a line in the log says how."""
        job.started_at = time.monotonic()
        tell: Callable[[], None]
        try:
            tell, ended = partial(job.future.set_result, _compute(job)), "done"
        except BaseException as error:
            ended = "cancelled" if isinstance(error, Cancelled) else "over budget" if isinstance(error, OverBudget) else "failed"
            tell = partial(job.future.set_exception, error)
            with self._lock:  # forgotten before it is told, so that the next try is a real one
                if self._jobs.get(job.key) is job:
                    del self._jobs[job.key]
        milliseconds = (time.monotonic() - job.started_at) * 1000
        log.info("view=%s key=%.12s hit=0 ms=%.1f ended=%s", job.view, job.key, milliseconds, ended)
        tell()

    def close(self) -> None:
        """End running jobs at their next snapshot, drop queued ones, and take no more."""
        for job in list(self._jobs.values()):
            job.cancel.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for job in self._jobs.values():
            job.future.cancel()  # those that were never started


def _compute(job: Job) -> Result:
    """The result of a short computation, or of a long one driven from snapshot to snapshot."""
    _check(job)
    outcome = resolve(job.view)[2](job.params)
    if not isinstance(outcome, Generator):
        return outcome
    with closing(outcome):  # a kept exception would keep a generator that stands still, and all it holds
        while True:
            try:
                moment = next(outcome)
            except StopIteration as end:
                result: Result = end.value
                return result
            job.take(moment)
            _check(job)


def _check(job: Job) -> None:
    """Cancelled if nobody watches, OverBudget if it has run too long."""
    if job.abandoned():
        raise Cancelled("Nobody watches this any more.")
    if time.monotonic() - job.started_at > BUDGET:
        raise OverBudget(f"This run took longer than {BUDGET:g} s and was stopped.")


JOBS = Jobs()
submit, leave, unwatch, place = JOBS.submit, JOBS.leave, JOBS.unwatch, JOBS.place
