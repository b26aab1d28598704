"""Runs on the page: a long one's picture grows while it is computed; a short one is waited for, and if it takes long, that is said."""

import time
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

import streamlit as st

from dlviz import jobs, runtime
from dlviz.compute import gather, kept
from dlviz.figures.payload import Clip
from dlviz.jobs import Job
from dlviz.results import Result
from dlviz.ui.state import put_controls_right

SOON = 0.3  # seconds that a page waits for a run before it shows it growing
BRIEFLY = 2.0  # seconds it waits where only something after a long run is another
COLD = 40  # times that long for the first run of a process
AGAIN = 0.25  # seconds between two looks at a run; more for many watchers
CROWD = 8  # watchers up to which AGAIN is kept
Guard = Callable[[Callable[[], None]], None]  # calls what it is given, and says so on the page if that fails
WORTH_SAYING = 2.0  # seconds left from which on the time left is shown


def watch(
    job: Job, figure: Callable[..., bytes], draw: Callable[[bytes], None], key: str, guard: Guard,
    beside: Job | None = None, ended: bool | None = None,
) -> Result | None:  # fmt: skip
    """Draw a run, and go on drawing while it is under way; its Result if it has ended soon, else None.

    `beside`: the run that is watched beside it; what there is of it decides on the axes too. `ended`: what `soon` has said of this
    run. Of two beside each other both are asked before either is drawn: a picture is drawn anew only if one of them is growing.

    The player asks for what came after the frames it has, which reruns only this fragment; before there is a player, the
    server looks by itself. What the computation raises within SOON, this raises; what it raises later, `guard` gets to say.
    """
    result = job.future.result() if (soon(job) if ended is None else ended) else None
    changed = f"{key}.changed"  # what was changed in the picture concerns the whole page, but reruns only the fragment
    st.session_state.pop(changed, None)

    def grow() -> None:
        put_controls_right()
        if st.session_state.pop(changed, False):
            st.rerun()
        if result is None and job.future.done():
            job.future.result()
            st.rerun()  # the whole page, with facts and words
        again = round(1000 * AGAIN * max(1.0, len(job.watchers) / CROWD))
        if result is not None:
            draw(figure((result, *_seen(beside)), Clip(job.key, job.progress()[1], True, until=_last(beside))))
            return
        asked: Any = st.session_state.get(key, {}).get("after")
        fresh = job.frames_after(-1 if asked is None else int(asked))
        frames = fresh or job.frames_after(-1)[-1:]
        if frames:
            own = gather(job.view, job.params, frames)
            payload = figure((own, *_seen(beside)), Clip(job.key, frames[0].of, False, again, _last(beside)))
            draw(payload if fresh else payload + _turn(key))
        _say(job)

    waiting = result is None and not job.frames_after(-1)
    st.fragment(guard, run_every=AGAIN if waiting else None)(grow)
    return result


def _turn(key: str) -> bytes:
    """Eight bytes that no payload ended in before, and that nobody reads: the player would not be told of the same bytes again, and
    would ask no more."""
    st.session_state[f"{key}.turn"] = turn = st.session_state.get(f"{key}.turn", 0) + 1
    return int(turn).to_bytes(8, "little")


def soon(job: Job) -> bool:
    """Whether it ends within SOON. In a process that is not warm yet, wait for the first frame at least: the garbage
    collection after each look at a run would hold up the very imports that the first run waits for. Where the long part is kept,
    wait for what is left: else all that stands below the picture would go and come again."""
    if kept(job.view, job.params) and wait([job.future], BRIEFLY).done:
        return True
    for _ in range(1 if runtime.is_warm() else COLD):
        if wait([job.future], SOON).done:
            return True
        if job.frames_after(-1):
            break
    return False


def _seen(job: Job | None) -> tuple[Result, ...]:
    """What there is of a run by now, as one Result or none."""
    frames = job.frames_after(-1) if job else []
    return (gather(job.view, job.params, frames),) if job and frames else ()


def _last(job: Job | None) -> int:
    return job.progress()[1] if job else 0


def patiently(job: Job, seconds: float) -> Result:
    """The result of a short run. From SOON on a line says how far it is, under whatever stands here: the picture before stays.

    A control that is changed meanwhile ends the wait, for every line is a place where Streamlit may start anew. StillRunning after
    `seconds`; whatever the computation raised, if it failed.
    """
    if wait([job.future], min(SOON, seconds)).done:
        return job.wait(0)
    line, started = st.empty(), time.monotonic()
    while (left := started + seconds - time.monotonic()) > 0 and not wait([job.future], min(AGAIN, left)).done:
        with line:
            _say_still(job, time.monotonic() - started)
    line.empty()
    return job.wait(0)


def answering(answer: Callable[[Any], bytes | None], whole: bytes, draw: Callable[[bytes], None], key: str, guard: Guard) -> None:
    """Draw a picture that may ask something while a hand moves in it: only this fragment runs, and the address stays as it is.

    It is told what `answer` makes of its question, or everything anew, `whole`, if that is None.
    """
    st.session_state.pop(f"{key}.changed", None)

    def show() -> None:
        put_controls_right()
        if st.session_state.pop(f"{key}.changed", False):
            st.rerun()  # what was let go concerns the whole page
        asked: Any = st.session_state.get(key, {}).get("after")
        draw((None if asked is None else answer(asked)) or whole)

    st.fragment(guard)(show)


def _say_still(job: Job, seconds: float) -> None:
    """That a short run is still under way, and how long it will take if it says how far it is; or that it waits for others."""
    if job.queued:
        _say(job)
        return
    step, last, left = job.progress()
    far = "" if left is None else f", {job.doing} {step} of {last}, about {max(1, left):.0f} s left"
    st.caption(f"Still computing: {seconds:.0f} s so far{far}.")


def _say(job: Job) -> None:
    """Where a run stands: its place in the queue, or how far it is and how long it will take."""
    if job.queued:
        ahead = jobs.place(job)
        st.caption(f"Waiting: {ahead} other runs are to start before this one." if ahead else "Waiting for a run to end.")
        return
    step, last, left = job.progress()
    if left is not None and left > WORTH_SAYING:
        st.progress(step / last, f"{job.doing or 'step'} {step} of {last}, about {left:.0f} s left")
