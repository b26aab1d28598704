"""The drawpad: points and curves by mouse, finger and keys; every gesture is one report, and every report can be undone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dlviz.data.own import decode
from tests.browser.conftest import Server, Watched, count_frames, named, wait_until

APP = Path(__file__).with_name("drawpad_app.py")


@pytest.fixture(scope="module")
def pads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the page with the two pads."""
    running = Server(tmp_path_factory.mktemp("pads") / "server.log", app=APP)
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def opened(browser: Browser, pads: Server) -> Iterator[Watched]:
    """The page with the two pads, drawn, on a screen that has touch too."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
    watched = Watched(context, pads.url)
    watched.page.goto(pads.url)
    for pad in ("points", "curve"):
        named(watched.page, f"pad.{pad}").locator("svg.main > *").first.wait_for(state="attached")
    yield watched
    watched.check()
    context.close()


def kept(page: Page, name: str) -> str:
    """What Python has been told."""
    (text,) = [text for text in page.get_by_test_id("stText").all_inner_texts() if text.startswith(f"{name}=")]
    return text.partition("=")[2]


def points(page: Page) -> list[tuple[float, float, int]]:
    """The points that Python has, in order."""
    x, y = decode(kept(page, "points"))
    return [(float(a), float(b), int(c)) for (a, b), c in zip(x, y, strict=True)]


def curve(page: Page) -> list[float]:
    return [float(y) for y in kept(page, "curve").split(",")]


PLACE = """(svg) => {
  const box = svg.querySelector("clipPath rect"), [x, y, width, height] = ["x", "y", "width", "height"].map((n) => +box.getAttribute(n));
  const from = svg.getBoundingClientRect();
  return [from.x + x, from.y + y, width, height];
}"""


def place(page: Page, x: float, y: float, pad: str = "points", reach: float = 1.1) -> tuple[float, float]:
    """The pixel of a point of a pad, whose panel reaches from -1.1 to 1.1 along x and from -reach to reach along y."""
    left, top, width, height = named(page, f"pad.{pad}").locator("svg.main").evaluate(PLACE)
    return left + (x + 1.1) / 2.2 * width, top + (reach - y) / (2 * reach) * height


def becomes(page: Page, true: Callable[[], bool], what: str) -> None:
    wait_until(page, true, what)


def near(found: list[tuple[float, float, int]], wanted: list[tuple[float, float, int]]) -> bool:
    """The same points to a hundredth and a half, which is what pixels can aim at."""
    return len(found) == len(wanted) and np.allclose(np.array(found), np.array(wanted), atol=0.015)


def test_points_are_placed_dragged_removed_and_had_back(opened: Watched) -> None:
    page = opened.page
    page.mouse.click(*place(page, 0.5, 0.5))
    becomes(page, lambda: near(points(page), [(0.5, 0.5, 0)]), "one point")
    page.get_by_role("button", name="orange").click()
    page.mouse.click(*place(page, -0.8, 0.25))
    becomes(page, lambda: near(points(page), [(0.5, 0.5, 0), (-0.8, 0.25, 1)]), "another, of the other class")
    sent = count_frames(page)
    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*place(page, 0.1, 0.1), steps=4)
    page.mouse.move(*place(page, 3, -0.6), steps=4)  # beyond the edge: it stops there
    dragged = named(page, "pad.points").locator("[data-class='0']")
    assert float(dragged.get_attribute("data-x") or "nan") == 1.1 and sent == []
    page.mouse.up()
    becomes(page, lambda: near(points(page), [(1.1, -0.6, 0), (-0.8, 0.25, 1)]), "the dragged point")
    page.keyboard.down("Shift")
    page.mouse.click(*place(page, -0.8, 0.25))
    page.mouse.click(*place(page, 0.3, 0.9))  # nothing is there
    page.keyboard.up("Shift")
    becomes(page, lambda: near(points(page), [(1.1, -0.6, 0)]), "Shift-click removes")
    undo, clear = (named(page, "pad.points").get_by_role("button", name=name) for name in ("Undo", "Clear"))
    clear.click()
    becomes(page, lambda: points(page) == [], "all cleared")
    assert clear.is_disabled()
    for wanted in ([(1.1, -0.6, 0)], [(1.1, -0.6, 0), (-0.8, 0.25, 1)], [(0.5, 0.5, 0), (-0.8, 0.25, 1)], [(0.5, 0.5, 0)], []):
        undo.click()
        becomes(page, lambda wanted=wanted: near(points(page), wanted), f"undone to {wanted}")  # type: ignore[misc]
    assert undo.is_disabled()


def test_points_by_keys_and_by_finger(opened: Watched) -> None:
    page = opened.page
    named(page, "pad.points").locator("svg.main").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Enter", "2", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    becomes(page, lambda: points(page) == [(0.1, 0.1, 0), (-0.15, 0.1, 1)], "two points by keys")
    page.keyboard.press("Delete")
    becomes(page, lambda: points(page) == [(0.1, 0.1, 0)], "the one under the cross removed")
    page.keyboard.press("Control+z")
    becomes(page, lambda: len(points(page)) == 2, "had back")
    named(page, "pad.points").get_by_role("button", name="Clear").click()
    becomes(page, lambda: points(page) == [], "cleared")
    page.touchscreen.tap(*place(page, 0.6, -0.4))
    becomes(page, lambda: near(points(page), [(0.6, -0.4, 1)]), "one point by a tap")
    axe = Axe().run(page, context={"include": [["[data-testid='stBidiComponentIsolated']"]]})
    serious = [v["id"] for v in axe.response["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, serious
    named(page, "pad.points").page.get_by_role("button", name="Reset").click()
    becomes(page, lambda: points(page) == [] and named(page, "pad.points").locator(".point").count() == 0, "reset from outside")


def test_a_curve_is_drawn_and_a_stretch_of_it_redrawn(opened: Watched) -> None:
    page = opened.page
    reach = 1.5 * 1.05

    def stroke(*through: tuple[float, float]) -> None:
        first, *rest = (place(page, x, y, "curve", reach) for x, y in through)
        page.mouse.move(*first)
        page.mouse.down()
        for at in rest:
            page.mouse.move(*at)
        page.mouse.up()

    x = np.linspace(-1, 1, 41)
    stroke((-1.05, -1), (1.05, 1))
    becomes(page, lambda: bool(np.allclose(curve(page), x / 1.05, atol=0.03)), "a line by two points, filled between")
    stroke((0.5, 0.2), (0, 0.2))  # from right to left
    inside = (x >= -0.01) & (x <= 0.51)
    becomes(page, lambda: bool(np.allclose(curve(page), np.where(inside, 0.2, x / 1.05), atol=0.03)), "that stretch and nothing else")
    named(page, "pad.curve").get_by_role("button", name="Undo").click()
    becomes(page, lambda: bool(np.allclose(curve(page), x / 1.05, atol=0.03)), "the stretch undone")
    named(page, "pad.curve").locator("svg.main").focus()
    for key in ("ArrowUp", "Space", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    level = (x >= -0.01) & (x <= 0.11)
    becomes(page, lambda: bool(np.allclose(curve(page), np.where(level, 0.1, x / 1.05), atol=0.03)), "three samples by keys")
