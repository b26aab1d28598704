"""Heatmap in the browser: a click opens a head at once, its numbers are the model's, and everything can be reached by keys."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dlviz import lessons
from dlviz.compute.attention.heatmap import Params, Result, compute
from dlviz.ui.link import encode
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


LONG = Params(
    text="It is a truth universally acknowledged, that a single man must be in want of a wife. " * 20, model="austen", layer=2, head=3
)


@cache
def long_result(start: int) -> Result:
    return compute(replace(LONG, start=start))


def open_long(visitor: Watched) -> Page:
    return visitor.open("attention?" + urlencode(encode("heatmap", LONG)))


def cell_of(page: Page, row: float, column: float, span: int) -> tuple[float, float]:
    """The middle of a cell of the opened map, of which so many rows are shown."""
    box = page.locator(".st-key-stage .heads svg.main image").bounding_box()
    assert box
    cell = box["width"] / span
    return box["x"] + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell


def part(page: Page) -> tuple[int, int, int]:
    """The first row, the first column and how many of each are shown, from 0, as the page says while nothing is pointed at."""
    page.mouse.move(2, 2)
    numbers = re.findall(r"\d+", reading(page))
    assert len(numbers) == 5, reading(page)
    top, bottom, left, right, _ = map(int, numbers)
    assert bottom - top == right - left
    return top - 1, left - 1, bottom - top + 1


def shown(piece: str) -> str:
    """A token as the picture writes it."""
    word = piece.strip() or "␣"
    return f"{word[:11]}…" if len(word) > 12 else word


def pixels(page: Page) -> np.ndarray:
    """The pixels of the opened map, as many as it shows cells (rows, columns, 4)."""
    image = page.locator(".st-key-stage .heads svg.main image")
    flat = image.evaluate(
        """async (shown) => {
          const image = Object.assign(new Image(), { src: shown.getAttribute("href") });
          await image.decode();
          const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
          canvas.getContext("2d").drawImage(image, 0, 0);
          return [image.width, ...canvas.getContext("2d").getImageData(0, 0, image.width, image.height).data];
        }"""
    )
    return np.array(flat[1:]).reshape(flat[0], flat[0], 4)


def said_weight(page: Page) -> float:
    found = re.search(r"”: ([−\d.·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+) of its", reading(page))
    assert found, reading(page)
    return float(found[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace("·10", "e"))


@pytest.fixture
def alone(visitor: Watched) -> Iterator[Page]:
    """The page of the long text, from which nothing reaches the server any more."""
    page = open_long(visitor)
    page.context.set_offline(True)
    yield page
    page.context.set_offline(False)


def test_a_part_of_a_large_map_is_read_with_its_words_without_the_server(alone: Page) -> None:
    page, found = alone, long_result(1)
    heads = page.locator(".st-key-stage .heads")
    assert heads.locator("svg.main .token").count() == 0, "256 words on top of each other"
    whole = pixels(page)
    page.mouse.click(*cell_of(page, 200, 100, 256))
    top, left, span = part(page)
    assert heads.locator("svg.main .token.row").count() == span < 100 and top < 200 < top + span and left < 100 < left + span
    np.testing.assert_array_equal(pixels(page), whole[top : top + span, left : left + span])
    page.mouse.move(*cell_of(page, 5, 7, span))
    assert said_weight(page) == pytest.approx(found.attention[top + 5, left + 7], rel=5e-3, abs=1e-9)
    words = heads.locator("svg.main .token.row").all_text_contents()
    assert words == [shown(found.pieces[t]) for t in range(top, top + span)]
    x, y = cell_of(page, 10, 10, span)
    step = cell_of(page, 11, 10, span)[1] - y
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 3 * step, y + 4 * step, steps=4)
    page.mouse.up()
    assert part(page) == (top - 4, left + 3, span), "the map follows the hand"
    heads.get_by_role("button", name="all", exact=True).click()
    assert heads.locator("svg.main .token").count() == 0


def test_keys_and_the_wheel_show_more_or_less_and_arrows_take_the_part_along(visitor: Watched) -> None:
    page, found = open_long(visitor), long_result(1)
    main = page.locator(".st-key-stage .heads svg.main")
    main.focus()
    for _ in range(9):
        page.keyboard.press("+")
    span = part(page)[2]
    assert span < 15
    page.keyboard.press("-")
    assert part(page)[2] > span
    top, left, span = part(page)
    page.keyboard.press("ArrowDown")
    for _ in range(span + 3):
        page.keyboard.press("ArrowDown")
    row = top + span + 3
    assert reading(page).startswith(f"“{found.pieces[row].strip()}”: ")
    assert main.locator(".chosen").get_attribute("d"), "the chosen token is out of sight"
    assert shown(found.pieces[row]) == main.locator(".token.row").all_text_contents()[-1], "the picture has stayed where it was"
    page.mouse.move(*cell_of(page, 1, 1, span))
    page.mouse.wheel(0, 100)
    assert part(page)[2] > span
    page.locator(".st-key-stage .heads .thumbs").focus()
    before = part(page)
    page.mouse.move(*cell_of(page, 1, 1, before[2]))
    page.mouse.wheel(0, 100)  # without the focus it scrolls the page
    assert part(page) == before


def test_the_window_moves_over_a_long_text(visitor: Watched) -> None:
    page, total = open_long(visitor), long_result(1).window[2]
    window = page.locator(".st-key-stage .heads .window")
    expect(window).to_contain_text(f"The model reads only tokens 1–256 of {total}")
    window.get_by_role("slider").focus()
    page.keyboard.press("End")
    wait_until(page, lambda: getattr(link_of(page).params, "start", 0) == total - 255, "the window stands in the address")
    settle(page)
    expect(window).to_contain_text(f"The model reads only tokens {total - 255}–{total} of {total}")
    found = long_result(total - 255)
    page.mouse.move(*cell_of(page, 60, 0, 256))
    assert said_weight(page) == pytest.approx(found.attention[60, 0], rel=5e-3)


def test_a_text_that_fits_has_neither_window_nor_zoom(visitor: Watched) -> None:
    page = visitor.open(ADDRESS)
    for part_of in (".window", ".zoom"):
        expect(page.locator(f".st-key-stage .heads {part_of}")).to_be_hidden()
