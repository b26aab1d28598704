"""Shared by all tests: one torch thread, and each scene's result computed once a session."""

from collections.abc import Callable

import pytest

from dlviz import catalog, jobs, lessons, runtime
from dlviz.lessons import Scene, beside
from dlviz.results import Facts, Result

SCENES = [scene for topic in catalog.TOPICS for scene in lessons.load(topic.slug).scenes]


def view_of(scene: Scene) -> str:
    """The full name of a scene's view, as in the catalog."""
    return next(f"{topic.slug}.{scene.view}" for topic in catalog.TOPICS if scene in lessons.load(topic.slug).scenes)


@pytest.fixture(scope="session")
def result_of() -> Callable[[Scene], Result]:
    """A scene's result; the job store keeps it for the next test that asks."""
    runtime.warm_up()
    return lambda scene: jobs.submit(view_of(scene), scene.params).wait(30)


@pytest.fixture(scope="session")
def facts_of(result_of: Callable[[Scene], Result]) -> Callable[[Scene], Facts]:
    """A scene's facts; where it pins something, A's too, under "A.<name>", from a result of its own."""

    def facts(scene: Scene) -> Facts:
        own = result_of(scene).facts()
        return beside(own, jobs.submit(view_of(scene), scene.pin).wait(30).facts()) if scene.pin else own

    return facts
