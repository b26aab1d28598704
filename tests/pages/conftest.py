"""The app without a browser: Streamlit's AppTest runs app.py and goes to a page."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dlviz.catalog import Topic
from dlviz.params import Params
from dlviz.ui.link import encode

ROOT = Path(__file__).parents[2]


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
