"""Compare in a browser: A stands still beside the live B, on the same axes, at the same step, in the same window."""

from typing import Any

from playwright.sync_api import Page, expect

from dlviz import lessons
from tests.browser.conftest import GO, Watched, count_frames, link_of, named, settle, wait_until

# what each player on the stage shows, from left to right
PLAYERS = """() => [...document.querySelectorAll(".st-key-pair [data-testid=stBidiComponentIsolated]")].map((host) => {
  const root = host.shadowRoot, player = root.querySelector(".player"), box = host.getBoundingClientRect();
  const ticks = (kind) => [...root.querySelectorAll(`.${kind} svg`)].map((svg) =>
    [...svg.querySelectorAll("line.grid, line.zero")].map((e) => ["x1", "x2", "y1", "y2"].map((n) => (+e.getAttribute(n)).toFixed(1))));
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled;
  return {
    side: player.dataset.side, step: +player.dataset.step, frames: +player.dataset.frames, axes: [ticks("curves"), ticks("dots")],
    box: [box.left, box.top, box.right, box.bottom].map(Math.round),
    controls: [...root.querySelectorAll("button:not(.unit), input")].filter(seen).length,
    square: (() => { const b = root.querySelector(".picture").getBoundingClientRect(); return [b.width, b.height].map(Math.round); })(),
    overflow: player.scrollWidth > player.clientWidth + 1,
  };
})"""
REST = """() => ["header", "choices", "sentence", "controls", "stage"].map((key) => {
  const { left, top, right } = document.querySelector(`.st-key-${key}`).getBoundingClientRect();
  return [key, left, top, right];
})"""


def players(page: Page) -> list[dict[str, Any]]:
    """Each player from left to right."""
    page.wait_for_timeout(60)
    return page.evaluate(PLAYERS)


def test_pin_scrub_reload_and_unpin(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("activations?view=network&epochs=20")
    before = page.evaluate(REST)
    pin = named(page, "pin").get_by_role("button")
    pin.focus()
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate(REST) == before, "something beside the stage moved"
    a, b = players(page)
    assert [a["side"], b["side"]] == ["A", "B"] and a["box"][1::2] == b["box"][1::2], "A stands beside B, as high as B"
    assert a["box"][2] < b["box"][0] and b["box"][3] <= 720 and min(a["square"]) == max(a["square"]) >= 150
    assert not a["overflow"] and not b["overflow"]
    assert a["controls"] == 0 and b["controls"] > 5, "A can be changed"
    expect(page.locator("p.side")).to_have_text(["A: the same settings", "B: the same settings"])

    page.locator("[data-testid=stSelectbox]").filter(has_text="Activation").locator("input").click()
    page.get_by_role("option", name="ReLU", exact=True).click()
    settle(page)
    wait_until(page, lambda: link_of(page).pin is not None and "relu" in page.url, "both in the address")
    expect(page.locator("p.side")).to_have_text(["A: tanh", "B: ReLU"])
    a, b = players(page)
    assert a["axes"] == b["axes"] and len(a["axes"][0][0]) > 3 and len(a["axes"][1]) == 2, "the axes are not the same"
    assert page.locator("dl.facts dd").first.locator("b").all_inner_texts() == ["A", "B"], "a fact of one side only"

    sent.clear()
    scrub = page.locator(".st-key-side-b input.scrub")
    scrub.focus()
    for key in ("Home", *["ArrowRight"] * 9):
        page.keyboard.press(key)
    a, b = players(page)
    assert a["step"] == b["step"] > 0 and sent == [], "A does not follow B, or the server was asked"
    page.keyboard.press("End")
    a, b = players(page)
    assert a["step"] == b["step"] == 200 and sent == []

    link = link_of(page)
    page.reload()
    settle(page)
    assert link_of(page) == link and link.pin is not None
    expect(page.locator("p.side")).to_have_text(["A: tanh", "B: ReLU"])
    named(page, "pin").get_by_role("button").click()
    settle(page)
    (alone,) = players(page)
    assert alone["side"] == "alone" and link_of(page).pin is None
    page.go_back()
    settle(page)
    wait_until(page, lambda: len(players(page)) == 2, "A again after going back")
    visitor.check()


def test_a_pair_scene_in_all_its_places(visitor: Watched) -> None:
    """By link, in present mode and on a phone: both whole, both seen, and the sentence says both numbers."""
    page = visitor.open("activations?scene=sure_cross")
    a, b = players(page)
    scene = lessons.load("activations").scene("sure_cross")
    assert scene and link_of(page).pin == scene.pin and a["step"] == b["step"] == 600 and b["box"][3] <= 720
    assert "50 %" in named(page, "sentence").inner_text()
    page.evaluate(GO, "/activations?scene=sure_cross&present=1")
    settle(page)
    a, b = players(page)
    sentence = named(page, "sentence").bounding_box()
    assert sentence and b["box"][3] <= sentence["y"] and sentence["y"] + sentence["height"] <= 720
    assert not a["overflow"] and not b["overflow"] and a["box"][2] < b["box"][0]
    page.evaluate(GO, "/activations?scene=sure_cross")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    a, b = players(page)
    assert a["box"][3] <= b["box"][1] and a["box"][0] == b["box"][0] and b["box"][2] <= 390 and not b["overflow"]
    assert min(a["square"]) == max(a["square"]) > 250
    page.set_viewport_size({"width": 1280, "height": 720})
