"""One path for every computation: submit(view, params) gives a Job, and its result is waited for. Knows no Streamlit.

Jobs run in worker threads, never in a page's own thread. Equal settings share one job and one result, across all viewers.
"""

import logging
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from dlviz.compute import resolve
from dlviz.params import Params, key
from dlviz.results import Result

SLOTS = 2  # running jobs: one interpreter lock gives two threads all the work it can give eight
KEPT = 64  # results; the largest of them is below 2 MB

log = logging.getLogger("dlviz.jobs")


class StillRunning(TimeoutError):
    """The job has not finished within the time that its viewer was ready to wait."""


@dataclass(frozen=True)
class Job:
    """A computation under way or done. Its Params are canonical."""

    view: str
    params: Params
    key: str
    future: Future[Result]

    def wait(self, seconds: float) -> Result:
        """The result. StillRunning after `seconds`; whatever the computation raised, if it failed."""
        try:
            return self.future.result(seconds)
        except TimeoutError:
            if self.future.done():  # just now, or the computation itself raised a TimeoutError
                return self.future.result(0)
            raise StillRunning(f"{self.view} has not finished after {seconds:g} s.") from None


class Jobs:
    """The jobs of one process: at most SLOTS at a time, first come first served, and the last KEPT results."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="dlviz-job")
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def submit(self, view: str, params: Params) -> Job:
        """The job for these settings: the one that has them already, or a new one in the queue."""
        name, canonical = key(view, params), params.canonical()
        with self._lock:
            if job := self._jobs.get(name):
                self._jobs.move_to_end(name)
                log.info("view=%s key=%.12s hit=1", view, name)
                return job
            job = Job(view, canonical, name, self._pool.submit(_run, view, canonical, name))
            self._jobs[name] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        job.future.add_done_callback(lambda future: self._forget_failure(name, future))
        return job

    def _forget_failure(self, name: str, future: Future[Result]) -> None:
        """Drop a job that failed, so that the next viewer's try is a real one."""
        if future.cancelled() or future.exception() is not None:
            with self._lock:
                self._jobs.pop(name, None)

    def close(self) -> None:
        """Let running jobs end, drop queued ones, and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _run(view: str, params: Params, name: str) -> Result:
    started = time.perf_counter()
    ended = "failed"
    try:
        result = resolve(view)[2](params)
        ended = "done"
        return result
    finally:
        log.info("view=%s key=%.12s hit=0 ms=%.1f ended=%s", view, name, (time.perf_counter() - started) * 1000, ended)


JOBS = Jobs()
submit = JOBS.submit
