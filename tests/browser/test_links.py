"""An address is the whole state: it opens the same page first or later, here or elsewhere, back and forth, and however wrong it is."""

from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from dlviz import catalog, lessons
from dlviz.catalog import Topic
from dlviz.compute import resolve
from dlviz.ui.link import decode, encode
from tests.browser.conftest import GO, Server, Watched, address, chosen, link_of, named, open_scene, picture, pill, settle, wait_until
from tests.test_link import FREE

VIEWS = [(topic, name.partition(".")[2]) for topic in catalog.TOPICS for name in topic.views]
GARBAGE = {
    "html": "<img src=x onerror=\"document.title='run'\"> **bold** [a](http://b.example) $x^2$ :material/home: www.b.example",
    "numbers": "nan," * 100,
}


def different_link(topic: Topic) -> str:
    """The address of the topic's last scene without a question: settings that are not the defaults."""
    scene = [s for s in lessons.load(topic.slug).scenes if not s.ask][-1]
    return address(f"{topic.slug}.{scene.view}", scene.params)


def test_the_first_request_to_a_fresh_server_may_be_a_deep_link(browser: Browser, tmp_path: Path) -> None:
    topic = catalog.TOPICS[-1]
    fresh = Server(tmp_path / "server.log")
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")  # players stand at their end
    try:
        visits = []
        for _ in range(2):
            visitor = Watched(context, fresh.url)
            page = visitor.open(different_link(topic))
            page.wait_for_selector("dl.facts", timeout=30_000)  # torch is imported by the first request
            settle(page)
            assert page.title() == topic.title
            assert page.get_by_role("heading", level=1).inner_text().startswith(topic.title)
            assert page.get_by_test_id("stTopNav").is_visible(), "no navigation bar"
            assert page.get_by_test_id("stSidebarNav").count() == 0, "Streamlit's own sidebar of pages"
            assert named(page, "controls").is_visible()
            wide = page.get_by_test_id("stMainBlockContainer").bounding_box()
            assert wide is not None and wide["width"] > 1100, f"not the wide layout: {wide}"
            visitor.check()
            visits.append((picture(page), page.url.removeprefix(fresh.url)))
            page.close()
        assert visits[0] == visits[1]
    finally:
        context.close()
        fresh.stop()
    assert "Traceback" not in fresh.log.read_text()


def press(page: Page, selector: str, *keys: str) -> None:
    """Focus something and press these keys one by one, waiting until the server has answered each."""
    page.locator(selector).first.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def opened_again(library: BrowserContext, page: Page) -> dict[str, object]:
    """The picture that somebody else gets from this page's address."""
    settle(page)
    other = Watched(library, "")
    other.page.goto(page.url)
    settle(other.page)
    again = picture(other.page)
    other.check()
    assert link_of(other.page) == link_of(page), "the address changed by itself"
    other.page.close()
    return again


def test_a_link_restores_the_curves_exactly(visitor: Watched, library: BrowserContext) -> None:
    page = visitor.open("activations")
    for words in ("GELU", "leaky ReLU", "sigmoid"):
        pill(page, "activations.curve.functions", words).click()
        settle(page)
    pill(page, "activations.curve.show", "f″").click()
    settle(page)
    named(page, "activations.curve.expression").get_by_role("textbox").fill("sin(2*x)/(1 + x**2)")
    press(page, ".st-key-activations-curve-expression input", "Enter")
    press(page, "input[name=weight_1]", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    press(page, "input[name=bias]", "PageUp")
    page.locator("tr[data-name=own] input").check()
    settle(page)
    named(page, "activations.curve.more").get_by_role("button").first.click()
    press(page, ".st-key-activations-curve-span input", "ArrowRight", "ArrowRight", "ArrowRight")
    press(page, ".st-key-activations-curve-threshold input", "ArrowRight")
    page.keyboard.press("Escape")
    settle(page)
    shown = picture(page)
    params = link_of(page).params
    assert params.as_dict() | {"bias": 0, "weight_1": 0} == params.as_dict() | {
        "functions": ("tanh", "relu", "leaky_relu", "gelu"), "show": ("value", "slope", "curvature"), "focus": "own", "span": 9.0,
        "expression": "sin(2*x)/(1 + x**2)", "bias": 0, "weight_1": 0,
    }  # fmt: skip
    assert params.as_dict()["threshold"] > 0.05 and params.as_dict()["weight_1"] == 0.7 and params.as_dict()["bias"] > 0
    assert opened_again(library, page) == shown


def test_a_link_restores_softmax_exactly(visitor: Watched, library: BrowserContext) -> None:
    page = visitor.open("activations?view=softmax")
    page.get_by_role("button", name="Add a class").click()
    settle(page)
    box = page.locator("[data-handle='2']").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 60, steps=5)
    page.mouse.up()
    settle(page)
    press(page, "#softmax-temperature", "Home", *["PageUp"] * 4)
    pill(page, "activations.softmax.precision", "float16").click()
    settle(page)
    shown = picture(page)
    params = link_of(page).params.as_dict()
    assert len(params["logits"]) == 5 and params["logits"][2] > 0 and params["chosen"] == "3"
    assert params["temperature"] != 1 and params["precision"] == "float16"
    assert opened_again(library, page) == shown


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_the_share_box_gives_the_link_of_the_picture(visitor: Watched, topic: Topic) -> None:
    page = visitor.open(different_link(topic))
    named(page, "share").get_by_role("button").first.click()
    code = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").locator("code")
    code.first.wait_for()
    links = [text.strip() for text in code.all_inner_texts()]
    assert links[0].startswith(f"{visitor.url}/{topic.slug}?")
    shown = link_of(page)
    for link in links:
        parts = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        assert decode(topic, lessons.load(topic.slug), parts).params.canonical() == shown.params.canonical(), link


def test_back_and_forward_walk_through_the_states(visitor: Watched) -> None:
    topic = catalog.TOPICS[0]
    front, other = (name.partition(".")[2] for name in topic.views[:2])
    scenes = [scene for scene in lessons.load(topic.slug).of(front) if not scene.ask][:2]
    titles = {name: view.title for name, view in lessons.load(topic.slug).views.items()}
    page = visitor.open("")
    seen = [(page.url, picture(page))]

    def remember() -> None:
        settle(page)
        visitor.check()
        assert page.url != seen[-1][0], "the address did not change"
        seen.append((page.url, picture(page)))

    page.get_by_test_id("stMain").get_by_role("link", name=topic.title).click()
    remember()
    for scene in scenes:
        pill(page, f"{topic.slug}.{front}.scene", scene.title).click()
        remember()
    pill(page, f"{topic.slug}.view", titles[other]).click()
    remember()
    pill(page, f"{topic.slug}.view", titles[front]).click()
    remember()
    page.get_by_test_id("stTopNav").get_by_role("link", name="dlviz").click()
    remember()
    for move, states in ((page.go_back, seen[-2::-1]), (page.go_forward, seen[1:])):
        for url, state in states:
            move()
            settle(page)
            assert page.url == url
            assert picture(page) == state, f"another picture at {url}"
            visitor.check()


def notices(page: Page) -> list[str]:
    """The sentences of the box that says what could not be used of the address."""
    return named(page, "header").get_by_test_id("stAlert").locator("li").all_inner_texts()


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_every_field_is_noticed_field_by_field(visitor: Watched, garbage: str) -> None:
    page = visitor.open("")
    for topic, view in VIEWS:
        assert_noticed(page, topic, view, GARBAGE[garbage])
        visitor.check()


def assert_noticed(page: Page, topic: Topic, view: str, garbage: str) -> None:
    """Garbage in every field of a view: one notice a field, nothing run, and the defaults."""
    kind = resolve(f"{topic.slug}.{view}")[0]
    wrong = dict.fromkeys([name for name in kind.specs() if name not in FREE.get(view, ())], garbage)
    page.evaluate(GO, f"/{topic.slug}?{urlencode({'view': view} | wrong)}")
    settle(page)
    said = notices(page)
    fields = sorted(sentence.split(" is ")[0] for sentence in said)
    alone = [name for name in wrong if decode(topic, lessons.load(topic.slug), {"view": view, name: wrong[name]}).notices]
    assert fields == sorted(alone)
    assert all(len(sentence) < 400 for sentence in said), "a notice repeats too much of the link"
    assert page.get_by_test_id("stMain").locator("img, script, [data-testid=stHeader] .katex").count() == 0
    assert (
        named(page, "header").get_by_test_id("stAlert").locator("strong, a, .katex, em, code, li [data-testid=stIconMaterial]").count() == 0
    )
    assert page.title() == topic.title, "something in the link was run"
    assert page.locator(".st-key-stage [data-testid=stBidiComponentIsolated]").count() == 1
    assert link_of(page).params == kind(), "the page does not show the defaults"


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_an_unknown_scene_view_version_or_setting_is_noticed(visitor: Watched, topic: Topic) -> None:
    strange = {"scene": "<b>none</b>", "view": "../../etc", "v": "99", "<i>q</i>": "<u>1</u>", "embedded": "*x*"}
    page = visitor.open(f"{topic.slug}?{urlencode(strange)}")
    said = notices(page)
    assert sorted(sentence.split(" is ")[0] for sentence in said) == sorted(strange)
    assert named(page, "header").get_by_test_id("stAlert").locator("b, i, u, em").count() == 0
    assert chosen(page, f"{topic.slug}.view") == [lessons.load(topic.slug).views[topic.views[0].partition(".")[2]].title]
    shown = link_of(page).params.canonical()
    scene = next(s for s in lessons.load(topic.slug).of(topic.views[0].partition(".")[2]) if not s.ask and s.params.canonical() != shown)
    open_scene(page, topic.views[0], scene.title)
    assert notices(page) == [], "the notices stay although the address is a good one now"
    assert link_of(page).notices == ()


def test_fifty_quick_clicks_end_with_the_last_choice(visitor: Watched) -> None:
    key = "activations.curve.functions"
    page = visitor.open("activations")
    on = set(chosen(page, key))
    words = [named(page, key).locator("[aria-pressed]").nth(i).inner_text() for i in range(8)]
    clicks = [words[(0, 1, 4, 5, 6, 7)[i % 6]] for i in range(50)]
    for clicked in clicks:
        on ^= {clicked}
    page.evaluate(
        """async (clicks) => {
          for (const words of clicks) {
            const pills = document.querySelectorAll(".st-key-activations-curve-functions [aria-pressed]");
            [...pills].find((pill) => pill.innerText.trim() === words).click();
            await new Promise((go) => setTimeout(go, 15));
          }
        }""",
        clicks,
    )
    page.wait_for_timeout(400)
    settle(page)
    assert set(chosen(page, key)) == on
    labels = link_of(page).params.specs()["functions"].options  # type: ignore[attr-defined]
    assert {labels[name] for name in link_of(page).params.as_dict()["functions"]} == on
    assert set(page.locator(".st-key-stage tr[data-name] .label").all_inner_texts()) == on


def test_fifty_quick_steps_of_a_slider_in_the_picture_all_count(visitor: Watched) -> None:
    """60 ms apart: quicker than the server answers, so that every answer meets a newer hand."""
    page = visitor.open(f"activations?{urlencode({'bias': -2})}")
    slider = page.locator("input[name=bias]")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(60)
    settle(page)
    assert float(slider.input_value()) == -1.0, "steps were lost"
    assert link_of(page).params.as_dict()["bias"] == -1.0


def test_two_quick_edits_in_the_picture_both_count(visitor: Watched) -> None:
    page = visitor.open("activations")
    page.evaluate(
        """() => {
          const root = document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot;
          root.querySelector("tr[data-name=tanh] input").click();
          const bias = root.querySelector("input[name=bias]");
          bias.value = 1.5;
          for (const kind of ["input", "change"]) bias.dispatchEvent(new Event(kind, { bubbles: true }));
        }"""
    )
    settle(page)
    assert page.locator("tr[data-name=tanh] input").is_checked()
    assert (link_of(page).params.as_dict()["focus"], link_of(page).params.as_dict()["bias"]) == ("tanh", 1.5)


def test_fifty_quick_steps_of_a_logit_all_count(visitor: Watched) -> None:
    page = visitor.open("activations?" + urlencode(encode("softmax", resolve("activations.softmax")[0]())))
    handle = page.locator("[data-handle='3']")
    handle.focus()
    for i in range(50):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(20 if i % 10 else 330)  # now and then as long as a pause of the hand, so that answers come in between
    wait_until(page, lambda: link_of(page).params.as_dict()["logits"][3] == 4.0, "all fifty steps of the logit, -1 + 50·0.1 = 4")
    assert float(handle.get_attribute("aria-valuenow") or "nan") == 4.0


def test_what_stands_behind_more_is_what_is_set(visitor: Watched) -> None:
    page = visitor.open(f"activations?{urlencode({'span': 12, 'threshold': 0.1, 'precision': 'float16'})}")
    pill(page, "activations.curve.functions", "GELU").click()  # a run in between, with More closed
    settle(page)
    before = link_of(page).params
    named(page, "activations.curve.more").get_by_role("button").first.click()
    page.get_by_test_id("stPopoverBody").wait_for()
    settle(page)
    assert chosen(page, "activations.curve.precision") == ["float16"]
    assert float(named(page, "activations.curve.span").locator("input").input_value()) == 12
    pill(page, "activations.curve.more_functions", "Mish").click()
    wait_until(page, lambda: link_of(page).params.as_dict()["more_functions"] == ("mish",), "one more function")
    assert link_of(page).params.as_dict() | {"more_functions": ()} == before.as_dict(), "opening More changed other settings"
    assert page.get_by_test_id("stAlert").count() == 0
