"""What happens when a computation or a picture fails: one part says so by an id, the log knows it, everything else goes on."""

import contextlib
import re
import threading
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dlviz import catalog, compute, jobs
from dlviz.catalog import Topic
from dlviz.fields import ParameterError
from dlviz.params import Params
from dlviz.results import Progress
from dlviz.texts import Text
from tests.pages.conftest import Log, Visit

TOPIC = catalog.TOPICS[0]
VIEW = TOPIC.views[0]
SECRET = "x + 0.4711*sin(x)"


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """From now on every computation fails."""

    def resolve(view: str) -> Any:
        def fail(params: Params) -> Any:
            raise error

        return (*compute.resolve(view)[:2], fail)

    monkeypatch.setattr(jobs, "resolve", resolve)


def settings(topic: Topic, **changes: Any) -> Params:
    """Settings that no other test has: their results are in no store."""
    return compute.resolve(topic.views[0])[0](**changes)


def failure(app: AppTest) -> tuple[str, str]:
    """The one failed part and its id."""
    assert not app.exception, app.exception[0].value
    assert len(app.error) == 1, [error.value for error in app.error]
    found = re.fullmatch(r"The ([a-z ]+) of this view failed \(([0-9a-f]{8})\)\. .*", app.error[0].value)
    assert found, app.error[0].value
    return found[1], found[2]


def pictures(app: AppTest) -> list[str]:
    """The components that are drawn, apart from the one that hears the keys."""
    names = [component.proto.component_name for component in app.get("bidi_component")]
    return [name for name in names if name != "dlviz.keys"]


def test_a_failing_computation_is_said_and_logged_without_the_viewers_words(
    visit: Visit, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        failing(broken, RuntimeError("the computation broke"))
        app = visit(TOPIC, "curve", settings(TOPIC, bias=1.3, expression=SECRET))
        part, name = failure(app)
        assert part == "picture"
        lines = [line for line in log.lines if f"failure={name}" in line]
        assert len(lines) == 1 and "Traceback" in lines[0] and "the computation broke" in lines[0]
        assert f"view={VIEW}" in lines[0] and f"<{len(SECRET)} characters>" in lines[0]
        assert not any("4711" in line for line in log.lines), "the viewer's own words are in the log"
        assert app.button_group(key=f"{VIEW}.functions").value, "the controls are gone"
        assert app.query_params, "the address was not written"
        first = app.button_group(key=f"{VIEW}.functions")
        first.set_value(["relu"]).run()
        assert failure(app)[1] != name, "another failure has the same id"
    app.button_group(key=f"{VIEW}.functions").set_value(["gelu"]).run()
    assert not app.error and not app.exception, "the next good setting does not work"
    assert pictures(app)


def test_a_failure_is_not_kept_for_the_next_viewer(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    params = settings(TOPIC, bias=1.7)
    with monkeypatch.context() as broken:
        failing(broken, ValueError("only once"))
        failure(visit(TOPIC, "curve", params))
    app = visit(TOPIC, "curve", params)
    assert not app.error and pictures(app)


def test_a_slow_computation_is_given_up_and_said(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlviz.ui import frame

    go_on, real = threading.Event(), compute.resolve(VIEW)

    def slow(params: Params) -> Any:
        go_on.wait(20)
        return real[2](params)

    monkeypatch.setattr(jobs, "resolve", lambda view: (*real[:2], slow))
    monkeypatch.setattr(frame, "PATIENCE", 0.2)
    app = visit(TOPIC, "curve", settings(TOPIC, bias=-1.7, span=29))
    assert failure(app)[0] == "picture"
    go_on.set()
    monkeypatch.setattr(frame, "PATIENCE", 20.0)
    assert not app.run().error


def test_a_page_that_waits_says_so_and_shows_the_picture_when_it_comes(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    from dlviz.ui import live

    go_on, real, said = threading.Event(), compute.resolve(VIEW), []

    def slow(params: Params) -> Any:
        go_on.wait(20)
        return real[2](params)

    def caption(words: str, *more: Any) -> None:
        said.append(words)
        if words.startswith("Still computing"):
            go_on.set()

    monkeypatch.setattr(jobs, "resolve", lambda view: (*real[:2], slow))
    monkeypatch.setattr(live, "SOON", 0.05)
    monkeypatch.setattr(live, "AGAIN", 0.02)
    monkeypatch.setattr(st, "caption", caption)
    app = visit(TOPIC, "curve", settings(TOPIC, bias=-1.1, span=27))
    assert not app.error and pictures(app) and "Still computing: 0 s so far." in said


def test_a_page_that_waits_for_what_says_how_far_it_is_says_what_is_left(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once two steps were told, for the time before the first is no step's; as a whole number of seconds, 1 at least."""
    import streamlit as st

    from dlviz.ui import live

    go_on, real, said = threading.Event(), compute.resolve(VIEW), []

    def slow(params: Params) -> Any:
        yield Progress(1, 8, "gradient")
        yield Progress(2, 8, "gradient")
        go_on.wait(20)
        return real[2](params)

    def caption(words: str, *more: Any) -> None:
        said.append(words)
        if "about" in words:
            go_on.set()

    monkeypatch.setattr(jobs, "resolve", lambda view: (*real[:2], slow))
    monkeypatch.setattr(live, "SOON", 0.05)
    monkeypatch.setattr(live, "AGAIN", 0.02)
    monkeypatch.setattr(st, "caption", caption)
    app = visit(TOPIC, "curve", settings(TOPIC, bias=-1.3, span=27))
    assert not app.error and pictures(app)
    assert "Still computing: 0 s so far, gradient 2 of 8, about 1 s left." in said


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
@pytest.mark.parametrize("part", ["drawing", "export"])
def test_one_failing_part_leaves_the_others(visit: Visit, log: Log, topic: Topic, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlviz import scripts
    from dlviz.ui import components

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("this part broke")

    target, name = (components, "draw") if part == "drawing" else (scripts, "export")
    with monkeypatch.context() as broken:
        broken.setattr(target, name, fail)
        app = visit(topic)
        if part == "export":  # the program is made when its tab is opened
            app.session_state[f"{topic.views[0]}.home"] = "Code"
            app.run()
        said, failed = failure(app)
    assert said == ("picture" if part == "drawing" else "part below")
    assert any(f"failure={failed}" in line and "this part broke" in line for line in log.lines)
    assert bool(pictures(app)) == (part == "export")
    view = topic.views[0]
    assert app.button_group(key=f"{view}.scene").options, "the scenes are gone"
    app.run()
    assert not app.error, "it does not recover"


def test_every_text_of_a_viewer_is_private() -> None:
    """Whatever somebody can type freely is marked private, so that no log line repeats it."""
    for view in (name for topic in catalog.TOPICS for name in topic.views):
        params = compute.resolve(view)[0]()
        for name, spec in params.specs().items():
            if isinstance(spec, Text):
                assert spec.private, f"{view}.{name} would be logged"
                with contextlib.suppress(ParameterError):  # a text that has to be of a certain form
                    assert "4711" not in str(replace(params, **{name: "x+4711"}).for_log())
