"""Every scene of every topic opens by its pill, and of each view one by its address; a question's answer is kept back until it is given.

Every address and every question is tried without a browser in tests/pages/test_scenes.py.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from dlviz import catalog, lessons
from dlviz.catalog import Topic
from dlviz.lessons import Scene
from tests.browser.conftest import GO, Watched, chosen, link_of, named, open_scene, open_view, settle

# the first scene of each topic that asks a question
ASKING = [(topic, scene) for topic in catalog.TOPICS for scene in [s for s in lessons.load(topic.slug).scenes if s.ask][:1]]
COMPONENT = ".st-key-stage [data-testid=stBidiComponentIsolated]"


def name_of(topic: Topic, scene: Scene) -> str:
    """The full name of a scene's view."""
    return f"{topic.slug}.{scene.view}"


def assert_shown(page: Page, topic: Topic, scene: Scene) -> None:
    """The scene is chosen, its picture drawn, and its sentence said with numbers in it."""
    expect(page.locator(COMPONENT)).to_have_count(2 if scene.pin else 1, timeout=30_000)
    assert chosen(page, f"{name_of(topic, scene)}.scene") == [scene.title]
    told = named(page, "sentence").inner_text()
    assert not re.search(r"[{}]", told), f"{scene.id}: a placeholder is left in {told!r}"
    assert told.split()[:3] == re.sub(r"\{.*", "", scene.sentence).split()[:3], f"{scene.id} says {told!r}"
    assert link_of(page).params.canonical() == scene.params.canonical(), f"{scene.id}: the address says {page.url}"


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_every_scene_opens_by_its_pill(visitor: Watched, topic: Topic) -> None:
    said = lessons.load(topic.slug)
    page = visitor.open(topic.slug)
    for view in (name.partition(".")[2] for name in topic.views):
        if link_of(page).view != view:
            open_view(page, topic.slug, view)
        for scene in said.of(view):
            if chosen(page, f"{topic.slug}.{view}.scene") != [scene.title]:
                open_scene(page, f"{topic.slug}.{view}", scene.title)
            if named(page, "ask").count():
                assert scene.ask, f"{scene.id} asks without a question"
                named(page, "ask").get_by_role("button", name="Skip", exact=True).click()
                settle(page)
            assert_shown(page, topic, scene)
            visitor.check()


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_a_scene_of_every_view_opens_by_its_address(visitor: Watched, topic: Topic) -> None:
    """One that asks, if there is one."""
    said = lessons.load(topic.slug)
    page = visitor.open(f"{topic.slug}")
    for scene in (sorted(said.of(view), key=lambda scene: scene.ask is None)[0] for view in said.views):
        page.evaluate(GO, f"/{topic.slug}?scene={scene.id}")
        settle(page)
        if scene.ask:
            assert named(page, "ask").get_by_role("heading").inner_text() == scene.ask.question
            assert page.locator(COMPONENT).count() == 0, f"{scene.id} shows its picture before its question is answered"
            assert page.locator("dl.facts").count() == 0, f"{scene.id} shows its facts before its question is answered"
            named(page, "ask").get_by_role("button", name="Skip", exact=True).click()
            settle(page)
        assert named(page, "ask").count() == 0
        assert page.locator("[data-testid=stAlert]").count() == 0, f"{scene.id}: the page complains about its own address"
        assert_shown(page, topic, scene)
        visitor.check()


@pytest.mark.parametrize(("topic", "scene"), ASKING, ids=lambda value: getattr(value, "id", getattr(value, "slug", "")))
def test_a_question_comes_first_and_its_answer_reveals_the_picture(visitor: Watched, topic: Topic, scene: Scene) -> None:
    ask = scene.ask
    assert ask is not None
    page = visitor.open(topic.slug)
    if link_of(page).view != scene.view:
        open_view(page, topic.slug, scene.view)
    other = next(s for s in lessons.load(topic.slug).of(scene.view) if not s.ask and s.id != scene.id)
    wrong = (ask.answer + 1) % len(ask.choices)
    for given in (wrong, ask.answer):
        open_scene(page, name_of(topic, scene), scene.title)
        question = named(page, "ask")
        assert question.get_by_role("heading").inner_text() == ask.question
        assert [question.get_by_role("button", name=words, exact=True).count() for words in (*ask.choices, "Skip")] == [1] * (
            len(ask.choices) + 1
        )
        assert page.locator(COMPONENT).count() == 0
        question.get_by_role("button", name=ask.choices[given], exact=True).click()
        settle(page)
        assert_shown(page, topic, scene)
        words = page.get_by_test_id("stMain").inner_text()
        assert ("You were right." in words) == (given == ask.answer)
        assert (f"You said “{ask.choices[given]}”." in words) == (given != ask.answer), "a wrong answer is not repeated"
        proof = re.split(r"\{[^}]*\}", ask.because)
        assert all(part.strip() in words for part in proof), f"{scene.id}: the proof is not said"
        open_scene(page, name_of(topic, other), other.title)
        assert "You were right." not in page.get_by_test_id("stMain").inner_text(), "the verdict stays under another scene"
    open_scene(page, name_of(topic, scene), scene.title)
    named(page, "ask").get_by_role("button", name="Skip", exact=True).click()
    settle(page)
    assert_shown(page, topic, scene)
    assert "You said" not in page.get_by_test_id("stMain").inner_text()
