"""Shared by all tests: one torch thread, each scene's result computed once a run, and how long a run random settings may ask for."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from dlviz import catalog, lessons
from dlviz.fields import Number
from dlviz.lessons import Scene, beside
from dlviz.params import Params
from dlviz.results import Facts, Result
from tests import sharing

SCENES = [scene for topic in catalog.TOPICS for scene in lessons.load(topic.slug).scenes]
# How long a run is, by the names that views give it, and the most of it where a test is about the other settings.
LENGTHS = {"epochs": 3, "steps": 24, "repetitions": 5, "pictures": 500}


def pytest_configure(config: pytest.Config) -> None:
    """One folder of results a run: made by the process that starts the workers, which find it in their environment."""
    if not hasattr(config, "workerinput"):
        config.add_cleanup(sharing.make_folder().cleanup)


def view_of(scene: Scene) -> str:
    """The full name of a scene's view, as in the catalog."""
    return next(f"{topic.slug}.{scene.view}" for topic in catalog.TOPICS if scene in lessons.load(topic.slug).scenes)


def short(params: Params, but: str = "") -> Params:
    """The same settings for a short run: nothing but its length, of the names in LENGTHS, is changed; `but` not even that."""
    lengths = {name: spec for name, spec in params.specs().items() if name in LENGTHS and name != but and isinstance(spec, Number)}
    most = {name: longest(spec, LENGTHS[name]) for name, spec in lengths.items()}
    return replace(params, **{name: value for name, value in most.items() if getattr(params, name) > value})


def longest(spec: Number, limit: float) -> float:
    """The largest value of a field that is no more than `limit`, or its smallest."""
    return max((stop for stop in spec.stops() if stop <= limit), default=spec.low) if spec.scale == "log" else max(spec.low, limit)


@pytest.fixture(scope="session")
def result_of() -> Callable[[Scene], Result]:
    """A scene's result, computed once a test run."""
    return lambda scene: sharing.shared(view_of(scene), scene.params).result


@pytest.fixture(scope="session")
def facts_of() -> Callable[[Scene], Facts]:
    """A scene's facts; where it pins something, A's too, under "A.<name>"."""

    @cache
    def facts(scene: Scene) -> Facts:
        own = sharing.shared(view_of(scene), scene.params).result.facts()
        return beside(own, sharing.shared(view_of(scene), scene.pin).result.facts()) if scene.pin else own

    return facts
