"""The app without a browser: Streamlit's AppTest runs app.py and goes to a page."""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dlviz import jobs
from dlviz.catalog import Topic
from dlviz.params import Params
from dlviz.ui.link import encode
from tests import sharing

ROOT = Path(__file__).parents[2]


packages_of_components = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes are computed once a test run, and Streamlit looks through the installed packages once, not for every AppTest."""
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", packages_of_components)
    monkeypatch.setattr(jobs, "resolve", sharing.resolve)


@pytest.fixture(autouse=True)
def leaving() -> Iterator[None]:
    """Whoever has finished a test watches no run any more: it ends instead of holding up the next test."""
    yield
    for session in {session for session, _ in jobs.JOBS._watching} - {jobs.ALWAYS[0]}:
        for place in ("live", "pinned"):
            jobs.unwatch((session, place))


class Log(logging.Handler):
    """Every line that dlviz logs while a test runs, as it would be printed, traceback and all."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[Log]:
    """What dlviz logs during the test."""
    heard = Log()
    logger = logging.getLogger("dlviz")
    before = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    yield heard
    logger.removeHandler(heard)
    logger.setLevel(before)


Visit = Callable[..., AppTest]


@pytest.fixture
def visit() -> Visit:
    """A new viewer's page: visit(topic), or visit(topic, view, params) by link."""

    def go(topic: Topic, view: str = "", params: Params | None = None) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        app.switch_page(f"pages/{topic.slug}.py")
        if params is not None:
            for name, value in encode(view, params).items():
                app.query_params[name] = value
        elif view:
            app.query_params["view"] = view
        return app.run()

    return go
