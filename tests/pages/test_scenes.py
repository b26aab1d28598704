"""Every scene by its address and by its pill, without a browser; one that asks keeps its answer back until it is given.

What a browser makes of them is seen in tests/browser/test_scenes.py.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dlviz import catalog, lessons
from dlviz.catalog import Topic
from dlviz.lessons import Scene
from dlviz.ui.link import decode
from tests.pages.conftest import Visit
from tests.pages.test_pages import assert_works

ASKING = [(topic, scene) for topic in catalog.TOPICS for scene in lessons.load(topic.slug).scenes if scene.ask]
MOST_RUNS = 200  # of a script while a long run is under way


def walk(block: Any) -> Iterator[Any]:
    """Every block and element in a block, in order."""
    for child in getattr(block, "children", {}).values():
        yield child
        yield from walk(child)


def part(app: AppTest, key: str) -> list[Any]:
    """Everything in the container of this key; nothing if it is not on the page."""
    found = [each for each in walk(app.main) if hasattr(each, "children") and getattr(each.proto, "id", "").endswith(f"-{key}")]
    return [each for container in found for each in walk(container)]


def words(app: AppTest, key: str) -> str:
    """The text in a container."""
    return "\n".join(each.value for each in part(app, key) if each.type in ("markdown", "subheader"))


def pictures(app: AppTest) -> int:
    """How many pictures are on the stage."""
    return sum(each.type == "bidi_component" for each in part(app, "stage"))


def numbers(app: AppTest) -> bool:
    """Whether the facts stand under the stage."""
    return any('<dl class="facts">' in element.proto.body for element in app.get("html"))


def finish(app: AppTest, what: str) -> None:
    """Run the page until its runs have ended, or until it asks."""
    for _ in range(MOST_RUNS):
        assert_works(app, what)
        if part(app, "ask") or (numbers(app) and "…" not in words(app, "sentence")):
            return
        app.run()
    raise AssertionError(f"{what} does not come to an end")


def assert_shown(app: AppTest, topic: Topic, scene: Scene) -> None:
    """The scene is chosen, its pictures are there, its sentence is said with numbers in it, and the address says its settings."""
    assert not part(app, "ask") and pictures(app) == (2 if scene.pin else 1)
    assert app.button_group(key=f"{topic.slug}.{scene.view}.scene").value == scene.id
    told = words(app, "sentence")
    assert not re.search(r"[{}…]", told), f"{scene.id}: a placeholder is left in {told!r}"
    assert told.split()[:3] == re.sub(r"\{.*", "", scene.sentence).split()[:3], f"{scene.id} says {told!r}"
    assert not app.warning, f"{scene.id}: the page complains: {app.warning[0].value}"
    address = {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}
    link = decode(topic, lessons.load(topic.slug), address)
    assert not link.notices and link.params.canonical() == scene.params.canonical(), f"{scene.id}: the address says {address}"
    assert (link.pin and link.pin.canonical()) == (scene.pin and scene.pin.canonical()), f"{scene.id}: the address pins {link.pin}"


def assert_asks(app: AppTest, scene: Scene) -> None:
    """The question is put with all its choices, and neither picture nor numbers are there."""
    assert scene.ask and [each.value for each in part(app, "ask") if each.type == "subheader"] == [scene.ask.question]
    assert [each.label for each in part(app, "ask") if each.type == "button"] == [*scene.ask.choices, "Skip"]
    assert not pictures(app), f"{scene.id} shows its picture before its question is answered"
    assert not numbers(app), f"{scene.id} shows its facts before its question is answered"


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_every_scene_opens_by_its_address(visit: Visit, topic: Topic) -> None:
    app = visit(topic)
    for scene in lessons.load(topic.slug).scenes:
        app.query_params.clear()
        app.query_params["scene"] = scene.id
        app.run()
        finish(app, scene.id)
        if scene.ask:
            assert_asks(app, scene)
            app.button(key=f"{scene.id}.skip").click().run()
            finish(app, scene.id)
        assert_shown(app, topic, scene)


@pytest.mark.parametrize(("topic", "scene"), ASKING, ids=lambda value: getattr(value, "id", getattr(value, "slug", "")))
def test_a_question_comes_first_and_its_answer_reveals_the_picture(visit: Visit, topic: Topic, scene: Scene) -> None:
    ask = scene.ask
    assert ask is not None
    other = next(s for s in lessons.load(topic.slug).of(scene.view) if not s.ask and s.id != scene.id)
    app = visit(topic, scene.view)

    def choose(wanted: Scene) -> None:
        app.button_group(key=f"{topic.slug}.{scene.view}.scene").set_value(wanted.id).run()
        finish(app, wanted.id)

    def said() -> str:
        return "\n".join(each.value for each in app.markdown)

    choose(other)  # the scene may be the one that the view opens with, and a marked pill cannot be chosen
    wrong = (ask.answer + 1) % len(ask.choices)
    for given in (wrong, ask.answer):
        choose(scene)
        assert_asks(app, scene)
        app.button(key=f"{scene.id}.choice.{given}").click().run()
        finish(app, scene.id)
        assert_shown(app, topic, scene)
        assert ("You were right." in said()) == (given == ask.answer)
        assert (f"You said “{ask.choices[given]}”." in said()) == (given != ask.answer), "a wrong answer is not repeated"
        proof = re.split(r"\{[^}]*\}", ask.because)
        assert all(part.strip() in said() for part in proof), f"{scene.id}: the proof is not said"
        choose(other)
        assert "You were right." not in said(), "the verdict stays under another scene"
    choose(scene)
    app.button(key=f"{scene.id}.skip").click().run()
    finish(app, scene.id)
    assert_shown(app, topic, scene)
    assert "You said" not in said() and "You were right." not in said()
