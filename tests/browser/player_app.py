"""A page with one long run whose pictures are known, beside a fragment that reruns ten times a second: for the tests of the player.

`?n=400&pause=0.005`: so many pictures, so many seconds apart, the first after FIRST at most; `fail=k`: it fails at picture k.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dlviz import jobs, runtime
from dlviz import params as p
from dlviz.figures.payload import Clip, pack
from dlviz.results import Fact, Result, Snapshot
from dlviz.ui import components, live, session

FIRST = 0.05  # seconds: soon enough for the page to have a picture before it looks again by itself


@dataclass(frozen=True)
class Settings(p.Params):
    """How many pictures, how fast, and where it fails."""

    n: float = p.number(400, 1, 1000, 1, label="n")
    pause: float = p.number(0.005, 0, 1, 0.001, label="pause")
    fail: float = p.number(-1, -1, 1000, 1, label="fail")


@dataclass(frozen=True, eq=False)
class Count(Result):
    """The steps there have been."""

    params: Settings
    steps: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """Nothing is claimed."""
        return {}


def compute(params: Settings) -> Generator[Snapshot, None, Count]:
    """Count."""
    for step in range(int(params.n)):
        time.sleep(params.pause if step else min(params.pause, FIRST))
        if step == params.fail:
            raise ZeroDivisionError("on purpose")
        yield Snapshot(step, int(params.n) - 1, {"step": np.array(step)})
    return Count(params, np.arange(int(params.n)))


def gather(view: str, params: Settings, snapshots: Sequence[Snapshot]) -> Count:
    """What there is so far."""
    return Count(params, np.array([one.step for one in snapshots]))


def figure(results: tuple[Count], clip: Clip) -> bytes:
    """Two panels of 100×100 pixels, each the step modulo 256, and a curve."""
    steps = results[0].steps
    picture = np.repeat(steps % 256, 10_000).astype(np.uint8)
    image = {"kind": "image", "main": True, "shape": [100, 100], "colours": ["#000000", "#FFFFFF"]}
    header = {
        "name": "count", "clip": clip.name, "steps": steps.tolist(), "of": clip.last, "done": clip.done, "again_ms": clip.again_ms,
        "until": clip.last, "beside": {},
        "framed": ["left", "right", "value"], "bar": True, "begin": 0,
        "panels": [
            image | {"title": "left", "array": "left"},
            image | {"title": "right", "array": "right"},
            {"kind": "curves", "title": "value", "array": "value", "series": ["step"], "high": 1e9},
        ],
    }  # fmt: skip
    return pack(header, left=picture, right=picture, value=steps.astype(np.float32))


jobs.resolve = lambda view: (Settings, Count, compute)  # type: ignore[assignment, attr-defined]
live.gather = gather  # type: ignore[assignment, attr-defined]
live.kept = lambda view, params: False  # type: ignore[assignment, attr-defined]
runtime.configure_logging()
runtime.warm_up()
query = st.query_params.to_dict()
job = jobs.submit("test.count", Settings(**{name: float(text) for name, text in query.items()}), (session.name(), "live"))


def guard(act: object) -> None:
    """Say it if it fails."""
    try:
        act()  # type: ignore[operator]
    except ZeroDivisionError:
        st.error("It failed.")


def draw(payload: bytes) -> None:
    """Draw the player."""
    components.draw("player", payload, "stage.player", lambda edit: None)


st.title("Count")
with st.container(key="stage"):
    guard(lambda: live.watch(job, figure, draw, "stage.player", guard))


@st.fragment(run_every=0.1)
def busy() -> None:
    """Another part of the page that reruns all the time."""
    st.write(f"{time.monotonic():.1f}")


busy()
st.button("again")
