"""Keys, present mode, locked pages and lecture paths, as somebody at a projector uses them."""

import contextlib
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, TimeoutError

from dlviz import catalog, lessons
from dlviz.lessons import Scene, paths
from tests.browser.conftest import GO, Watched, chosen, link_of, named, open_scene, pill, settle, wait_until
from tests.browser.test_pages import AXE, REST

TOPIC, VIEW = "activations", "activations.curve"
SCENES = lessons.load(TOPIC).of("curve")
QUIET = [scene for scene in SCENES if not scene.ask]  # without a question
MAIN = ".st-key-stage svg.main"
DRAWN = f":is({MAIN}, .st-key-stage .player)"
LISTEN_PLAY = """() => { window.plays = 0; document.addEventListener("dlviz:play", (e) => { window.plays += 1; e.preventDefault(); }); }"""
TAGGED = ["header", "choices", "controls", "below", "stage"]


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other, and wait until the page has answered, if it asked the server at all."""
    before = page.evaluate("window.sentAt")
    for key in keys:
        page.keyboard.press(key)
    with contextlib.suppress(TimeoutError):
        page.wait_for_function("(before) => window.sentAt > before", arg=before, timeout=400)
    settle(page)


def let_go(page: Page) -> None:
    """Take the focus from whatever has it."""
    page.evaluate(
        "() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement; e?.blur(); }"
    )


def box(page: Page, selector: str) -> dict[str, float]:
    """Where something is: top, bottom, height and so on."""
    found: dict[str, float] = page.locator(selector).first.evaluate("(e) => e.getBoundingClientRect().toJSON()")
    return found


def scene_of(page: Page) -> str:
    """The title of the scene that is chosen; empty if the settings are no scene's."""
    slug = urlsplit(page.url).path.strip("/")
    return "".join(chosen(page, f"{slug}.{link_of(page).view}.scene"))


def arrive(page: Page, title: str, why: str = "") -> None:
    """Wait until the scene of this title is shown; "" for settings that are no scene's."""
    wait_until(page, lambda: scene_of(page) == title, f"the scene {title!r} {why}".strip())
    settle(page)


def test_arrows_change_the_scene_and_zero_brings_it_back(visitor: Watched) -> None:
    page = visitor.open(f"{TOPIC}?scene={SCENES[0].id}")
    press(page, "ArrowLeft")
    arrive(page, SCENES[0].title, "Left of the first scene is nothing")
    press(page, "ArrowRight")
    arrive(page, SCENES[1].title)
    assert SCENES[1].ask and named(page, "ask").count() == 1, "a scene that asks does not ask when it is reached by key"
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    arrive(page, SCENES[4].title, "one of three quick keys was lost")
    press(page, "ArrowLeft")
    arrive(page, SCENES[3].title)
    page.locator("input[name=bias]").focus()
    press(page, "ArrowRight", "ArrowRight")
    arrive(page, "", ": the arrows were taken from a slider")
    wait_until(page, lambda: link_of(page).params.as_dict()["bias"] == 0.2, "two steps of the slider")
    press(page, "0")
    arrive(page, SCENES[3].title)
    assert link_of(page).params.canonical() == SCENES[3].params.canonical()
    assert page.locator("input[name=bias]").input_value() == "0"
    page.locator("input[name=bias]").focus()
    press(page, "ArrowLeft")
    let_go(page)
    press(page, "ArrowRight")
    arrive(page, SCENES[4].title, "Right goes on from the scene that was chosen last")


def test_keys_leave_alone_whoever_types_or_holds_a_control(visitor: Watched) -> None:
    page = visitor.open(f"{TOPIC}?scene={SCENES[0].id}")
    page.evaluate(LISTEN_PLAY)
    url = page.url
    text = named(page, f"{VIEW}.expression").get_by_role("textbox")
    text.focus()
    for key in ("p", "0", "?", "Space", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    assert text.input_value() == "p0? "
    text.fill("")
    for key in ("Control+0", "Alt+ArrowDown", "Shift+ArrowRight", "Shift+P"):
        let_go(page)
        page.keyboard.press(key)
    named(page, f"{VIEW}.show").get_by_role("button").nth(2).focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    keys = page.locator(".dlviz-keys .list")
    assert page.url == url and keys.is_hidden() and page.evaluate("window.plays") == 0
    page.locator(".st-key-stage .neuron input").first.focus()  # in a shadow root
    page.keyboard.press("Space")
    assert page.evaluate("window.plays") == 0, "Space was taken from a control"
    let_go(page)
    page.keyboard.press("Space")
    assert page.evaluate("window.plays") == 1
    page.locator(MAIN).focus()
    before = page.locator(MAIN).get_attribute("aria-valuenow")
    page.keyboard.press("ArrowRight")
    assert page.locator(MAIN).get_attribute("aria-valuenow") != before
    page.keyboard.press("?")
    assert keys.is_visible() and "play or pause" in keys.inner_text(), "? does not work while a control has the focus"
    assert page.url == url
    page.keyboard.press("Escape")
    assert keys.is_hidden()
    page.get_by_test_id("stTopNav").get_by_role("link", name="dlviz").click()
    settle(page)
    press(page, "p", "ArrowRight", "?")
    assert "present" not in page.url and page.locator(".dlviz-keys").count() == 0
    page.go_back()
    settle(page)
    press(page, "p")
    assert link_of(page).mode.present, "after a page change P is heard twice, or not at all"


def test_present_mode_hides_without_unmounting_and_gives_the_room_to_the_picture(visitor: Watched) -> None:
    page = visitor.open(f"{TOPIC}?scene={QUIET[0].id}")
    page.evaluate("(keys) => keys.forEach((key) => { document.querySelector(`.st-key-${key}`).tagged = true; })", TAGGED)
    page.locator(MAIN).evaluate("(e) => { e.tagged = true; }")
    page.get_by_test_id("stMain").evaluate("(e) => e.scrollTo(0, 160)")
    before, address = box(page, MAIN), page.url
    press(page, "p")
    assert link_of(page).mode.present and link_of(page).params.canonical() == QUIET[0].params.canonical()
    for key in TAGGED:
        assert page.evaluate(f"document.querySelector('.st-key-{key}').tagged"), f"{key} was mounted anew"
    assert page.locator(MAIN).evaluate("(e) => e.tagged"), "the picture was mounted anew"
    for key in ("choices", "controls", "below", "share", "present", "diagnosis"):
        assert named(page, key).is_hidden(), f"{key} is still shown"
    assert page.get_by_test_id("stHeader").is_hidden() and page.locator("dl.facts, h1").first.is_hidden()
    now, said = box(page, MAIN), box(page, ".st-key-sentence p")
    assert now["width"] > 1.15 * before["width"] and now["height"] > 1.15 * before["height"]
    assert now["bottom"] <= said["top"] and said["bottom"] <= 720, "the sentence does not stand under the picture in the window"
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") >= 20
    text = page.locator(f"{MAIN} text").first.evaluate("(e) => e.getBoundingClientRect().height")
    assert text > 20, f"the numbers at the axes are {text} px high"
    assert page.get_by_test_id("stMain").evaluate("(e) => e.scrollHeight - e.clientHeight") <= 0, "the page scrolls"
    press(page, "Escape")
    assert not link_of(page).mode.present and page.get_by_test_id("stMain").evaluate("(e) => e.scrollTop") == 160
    assert box(page, MAIN) == before
    page.go_back()
    settle(page)
    assert link_of(page).mode.present and named(page, "choices").is_hidden(), "Back does not go into present mode again"
    page.go_back()
    settle(page)
    assert page.url == address and named(page, "choices").is_visible()
    named(page, "present").get_by_role("button").click()
    settle(page)
    assert link_of(page).mode.present
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.st-key-leave')"):
            break
    press(page, "Enter")
    assert not link_of(page).mode.present, "the way out is not reached by Tab and Enter"


def test_the_picture_still_follows_the_pointer_when_enlarged(visitor: Watched) -> None:
    page = visitor.open(f"{TOPIC}?scene={QUIET[0].id}&present=1")
    ticks: list[tuple[str, float]] = page.evaluate(
        """() => [...document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot
          .querySelectorAll("svg.main text.quiet[text-anchor=middle]")].map((t) => [t.textContent, t.getBoundingClientRect()])
          .map(([words, box]) => [words, box.x + box.width / 2])"""
    )
    middle = box(page, MAIN)["top"] + 100
    assert len(ticks) >= 5
    for words, x in ticks:
        page.mouse.move(x, middle)
        shown = page.locator(MAIN).get_attribute("aria-valuenow") or ""
        assert float(shown) == pytest.approx(float(words.replace("−", "-")), abs=0.03)
    press(page, "p")
    page.evaluate(GO, f"/{TOPIC}?view=softmax&present=1")
    settle(page)
    handle = box(page, "[data-handle='1']")
    zero, five = (float(box(page, f"{MAIN} text.quiet >> nth={n}")["y"]) for n in (1, 2))
    unit = abs(zero - five) / 5
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 2 * unit, steps=4)
    page.mouse.up()
    settle(page)
    assert link_of(page).params.as_dict()["logits"][1] == pytest.approx(-1, abs=0.11), "the bar does not follow the pointer"


def test_after_a_drag_zero_and_the_remote_still_work(visitor: Watched) -> None:
    """The bar that was dragged has the focus, and arrows and Page keys of its own."""
    scenes = lessons.load(TOPIC).of("softmax")
    page = visitor.open(f"{TOPIC}?scene={scenes[2].id}&present=1")
    page.locator("[data-handle='0']").focus()
    page.keyboard.press("ArrowUp")
    wait_until(page, lambda: scene_of(page) == "", "the bar moved")
    press(page, "0")
    arrive(page, scenes[2].title)
    assert page.evaluate("document.activeElement !== document.body"), "the bar lost the focus"
    press(page, "PageDown")
    arrive(page, scenes[3].title)
    press(page, "PageUp")
    arrive(page, scenes[2].title)
    press(page, "p")
    page.locator("[data-handle='0']").focus()
    press(page, "PageDown")
    wait_until(page, lambda: scene_of(page) == "", "beside present mode the Page keys belong to the bar")


# The front view of every topic, and one more whose picture is another component.
PRESENTED = [*(topic.views[0] for topic in catalog.TOPICS), "activations.softmax", "activations.network"]


@pytest.mark.parametrize("view", PRESENTED)
def test_every_scene_can_be_presented(visitor: Watched, view: str) -> None:
    """Each in two sizes; the last one looked at by axe in both themes."""
    slug, _, short = view.partition(".")
    page, sizes = visitor.page, [(1280, 720), (1440, 900)]
    page.set_viewport_size({"width": 1440, "height": 900})
    visitor.open(f"{slug}?view={short}&present=1&embed=true")
    for scene in lessons.load(slug).of(short):
        sizes.reverse()  # the one that the window has comes first
        press(page, "ArrowRight" if scene_of(page) != scene.title else "0")
        arrive(page, scene.title)
        if scene.ask:
            assert named(page, "ask").is_visible()
            named(page, "ask").get_by_role("button", name=scene.ask.choices[scene.ask.answer], exact=True).click()
            settle(page)
        assert_fits_presented(page, scene, sizes)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        settle(page)
        page.evaluate(REST)
        violations = Axe().run(page, options=AXE).response["violations"]
        assert not [v["id"] for v in violations if v["impact"] in ("serious", "critical")]
    assert "embed=true" in page.url, "the page does not stay embedded"


def assert_fits_presented(page: Page, scene: Scene, sizes: list[tuple[int, int]]) -> None:
    """In every size: the picture, below it the sentence, below that the answer, all in the window and clear of the way out."""
    said = ".st-key-sentence p"

    def in_order() -> bool:
        return box(page, ".st-key-stage")["bottom"] <= box(page, said)["top"] + 1

    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        wait_until(page, in_order, f"{scene.id}: the picture over its sentence")
        settle(page)
        below = [said] + [".st-key-answer p"] * named(page, "answer").locator("p").count()
        words, way_out = [box(page, each) for each in below], box(page, ".st-key-leave")
        assert all(each["bottom"] <= height for each in words), f"{scene.id}: the words end at {[each['bottom'] for each in words]}"
        assert way_out["bottom"] <= height, scene.id
        assert not any(each["bottom"] > way_out["top"] and each["right"] > way_out["left"] for each in words[:1]), scene.id


def test_a_locked_page_has_no_controls_and_stays_locked(visitor: Watched) -> None:
    page = visitor.open(f"{TOPIC}?scene={QUIET[0].id}&lock=1")
    assert named(page, "controls").is_hidden() and named(page, "controls").count() == 1
    assert named(page, "choices").is_visible() and named(page, "share").is_visible() and named(page, "below").is_visible()
    open_scene(page, VIEW, QUIET[1].title)
    assert link_of(page).mode.lock and named(page, "controls").is_hidden()
    named(page, "share").get_by_role("button").first.click()
    page.get_by_test_id("stPopoverBody").get_by_text("in present mode").click()
    settle(page)
    links = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").locator("code")
    wait_until(page, lambda: all("lock=1" in link and "present=1" in link for link in links.all_inner_texts()), "links with both")
    page.keyboard.press("Escape")
    page.evaluate(GO, f"/{TOPIC}?present=x&lock=%3Cb%3E&path=none")
    settle(page)
    notices = named(page, "header").get_by_test_id("stAlert").locator("li").all_inner_texts()
    assert [notice.split(" is ")[0] for notice in notices] == ["present", "lock", "path"]
    assert named(page, "controls").is_visible()


def test_a_lecture_path_leads_from_scene_to_scene(visitor: Watched) -> None:
    path = list(paths.load().values())[0]
    titles = [found.title for step in path.steps if (found := lessons.load(step.topic).scene(step.scene))]
    page = visitor.open("")
    row = named(page, f"path-{path.id}")
    corner = row.evaluate("(e) => ({ x: e.clientWidth - 6, y: e.clientHeight - 6 })")
    row.click(position=corner)  # not on the words: the whole row is the link
    page.wait_for_url(f"**/{path.steps[0].topic}?*path={path.id}*")
    settle(page)
    arrive(page, titles[0])
    assert f"1 of {len(titles)}" in named(page, "path").inner_text()
    assert page.get_by_role("heading", level=1).inner_text().endswith(path.title)
    assert named(page, "path.previous").get_by_role("button").is_disabled()
    named(page, "path.next").get_by_role("button").click()
    settle(page)
    arrive(page, titles[1])
    assert link_of(page).mode.step == 2
    press(page, "p", "ArrowRight")  # the button that was clicked still has the focus, but no use for arrows
    arrive(page, titles[2])
    assert link_of(page).mode.present and named(page, "path").is_visible()
    page.reload()
    settle(page)
    arrive(page, titles[2])
    assert link_of(page).mode.step == 3 and link_of(page).mode.present
    press(page, *["PageDown"] * (len(titles) + 1))
    arrive(page, titles[-1])
    assert named(page, "path.next").get_by_role("button").is_disabled()
    press(page, "Escape")
    other = next(scene for scene in SCENES if scene.title not in titles)
    open_scene(page, VIEW, other.title)
    assert link_of(page).mode.step == len(titles), "a scene beside the path loses the place in it"
    let_go(page)
    press(page, "p", "ArrowLeft", "p")
    arrive(page, titles[-2])
    pill(page, f"{VIEW}.scene", titles[0]).click()
    settle(page)
    assert link_of(page).mode.step == 1, "a scene of the path does not become its place"
    page.go_back()
    settle(page)
    arrive(page, titles[-2])
    assert link_of(page).mode.step == len(titles) - 1
    named(page, "path.leave").get_by_role("button").click()
    settle(page)
    arrive(page, titles[-2])
    assert link_of(page).mode.path == "" and named(page, "path").count() == 0
