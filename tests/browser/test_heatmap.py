"""Heatmap in the browser: a click opens a head at once, its numbers are the model's, and everything can be reached by keys."""

import re

import pytest
from playwright.sync_api import Page, expect

from dlviz import lessons
from dlviz.compute.attention.heatmap import Result
from tests.browser.conftest import Watched, link_of, settle, wait_until
from tests.fetched import need
from tests.sharing import shared

SCENE = next(scene for scene in lessons.load("attention").scenes if scene.id == "two_banks")
ADDRESS = "attention?scene=two_banks"


def result() -> Result:
    found = shared("attention.heatmap", SCENE.params).result
    assert isinstance(found, Result)
    return found


def reading(page: Page) -> str:
    return page.locator(".st-key-stage .heads .reading").inner_text()


def point(page: Page, row: int, column: int) -> None:
    """Move to the middle of a cell of the opened map."""
    box = page.locator(".st-key-stage .heads svg.main image").bounding_box()
    assert box
    cell = box["width"] / len(result().pieces)
    page.mouse.move(box["x"] + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell)


def test_a_cell_says_its_weight_and_the_products_of_its_score(visitor: Watched) -> None:
    page, found = visitor.open(ADDRESS), result()
    point(page, 7, 2)
    said = reading(page)
    assert said.startswith("“bank”: ") and "“river”" in said
    weight, score = (float(number.replace("−", "-")) for number in re.findall(r"(?:“bank”: |= )([−\d.]+)", said))
    assert weight == pytest.approx(found.attention[7, 2], rel=5e-3) and score == pytest.approx(found.before[7, 2], rel=5e-3)
    sums = page.locator(".st-key-stage .heads .products svg").get_attribute("aria-label") or ""
    assert float(sums.rsplit("is ", 1)[1].replace("−", "-")) == pytest.approx(score, rel=1e-2)
    point(page, 2, 6)
    assert "comes later" in reading(page)


def test_a_click_opens_a_head_at_once_without_an_answer_of_the_server(visitor: Watched) -> None:
    page, found = visitor.open(ADDRESS), result()
    heads = page.locator(".st-key-stage .heads")
    box = heads.locator(".thumbs").bounding_box()
    assert box
    page.context.set_offline(True)  # nothing reaches the server any more
    page.mouse.click(box["x"] + 22 + 4, box["y"] + 22 + 4)
    expect(heads.locator(".opened h3")).to_have_text("Layer 1, head 1", timeout=1_000)
    point(page, 7, 0)
    weight = re.search(r"“bank”: ([\d.]+)", reading(page))
    assert weight and float(weight[1]) == pytest.approx(found.maps[0, 0, 7, 0] / 255, abs=3e-3)
    page.context.set_offline(False)


def test_steps_lines_and_heads_are_reached_by_keys(visitor: Watched) -> None:
    need(SCENE.params)
    page = visitor.open(ADDRESS)
    heads = page.locator(".st-key-stage .heads")
    for step in ("scores", "masked", "lines", "softmax"):
        heads.locator(f"[data-step={step}]").focus()
        page.keyboard.press("Enter")
        assert heads.locator(f"[data-step={step}]").get_attribute("aria-pressed") == "true"
        assert heads.locator("svg.main line, svg.main image").count() > 0
    heads.locator("svg.main").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    assert reading(page).startswith("“we”: ")
    heads.locator(".thumbs").focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: getattr(link_of(page).params, "head", 0) == 4, "the head that was opened stands in the address")
    settle(page)
    expect(heads.locator(".opened h3")).to_have_text("Layer 10, head 4")
