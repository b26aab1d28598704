"""What scenes and views open with, computed once a test run for all its processes: kept in a folder that lasts as long as the run.

Lessons' claims, stored results, programs, figures, pages (AppTest) and the browser tests' server all ask here. As no code changes
during a run, view and settings are enough of a name.
"""

import fcntl
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dlviz import catalog, compute, lessons, runtime
from dlviz.params import Params, key
from dlviz.results import Result, Snapshot

LONG = 1.0  # seconds from which on a run is worth a look at how quick the machine is
USUAL = 0.06  # seconds that the yardstick takes on an idle machine, of which 3 s are wanted for a scene
FOLDER = "DLVIZ_TEST_RESULTS"  # the environment variable that names the folder


@dataclass(frozen=True)
class Run:
    """One computation: what it yielded on its way, what came out, and the processor time it took.

    Seconds of an idle machine of two cores: where the yardstick beside it took longer than USUAL, as many times fewer.
    """

    snapshots: tuple[Snapshot, ...]
    result: Result
    seconds: float


def shared(view: str, params: Params) -> Run:
    """The run with these settings: made here if no process of this test run has made it yet."""
    return _fetched(key(view, params), view, params.canonical())


@cache
def _fetched(name: str, view: str, params: Params) -> Run:
    path = Path(os.environ[FOLDER]) / name
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second waits instead of computing the same
        if not path.exists():
            path.write_bytes(pickle.dumps(_made(view, params)))
    run: Run = pickle.loads(path.read_bytes())
    return run


def _made(view: str, params: Params) -> Run:
    runtime.warm_up()
    seen: list[Snapshot] = []
    started = time.thread_time()
    outcome = compute.resolve(view)[2](params)
    while isinstance(outcome, Generator):
        try:
            if isinstance(moment := next(outcome), Snapshot):
                seen.append(moment)
        except StopIteration as end:
            outcome = end.value
    seconds = time.thread_time() - started
    return Run(tuple(seen), outcome, seconds / max(1.0, _yardstick() / USUAL) if seconds > LONG else seconds)


def _yardstick() -> float:
    """Seconds of processor time that a small network's training takes here and now: a busy neighbour slows it as it slows a run."""
    with torch.random.fork_rng(devices=[]):
        network = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.Flatten())
        pictures = torch.randn(25, 1, 28, 28)
    times = []
    for _ in range(3):
        started = time.thread_time()
        for _ in range(20):
            network(pictures).square().sum().backward()
        times.append(time.thread_time() - started)
    return sorted(times)[1]


@cache
def _names() -> frozenset[str]:
    """The keys of all settings that a scene shows or pins, or that a view opens with."""
    scenes = [(topic.slug, scene) for topic in catalog.TOPICS for scene in lessons.load(topic.slug).scenes]
    names = {key(f"{slug}.{scene.view}", each) for slug, scene in scenes for each in (scene.params, scene.pin) if each}
    return frozenset(names | {key(view, compute.resolve(view)[0]()) for topic in catalog.TOPICS for view in topic.views})


def resolve(view: str) -> tuple[type[Params], type[Result], Callable[[Params], Any]]:
    """What `compute.resolve` gives, but what scenes and views open with is computed once a test run; a long run is a generator again."""
    kind, outcome, computed = compute.resolve(view)

    def shared_or_computed(params: Params) -> Any:
        if key(view, params) not in _names():
            return computed(params)
        run = shared(view, params)
        return _again(run) if run.snapshots else run.result

    return kind, outcome, shared_or_computed


def _again(run: Run) -> Generator[Snapshot, None, Result]:
    yield from run.snapshots
    return run.result


def make_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder for this process and those that it starts."""
    folder = tempfile.TemporaryDirectory(prefix="dlviz-tests-")
    os.environ[FOLDER] = folder.name
    return folder
