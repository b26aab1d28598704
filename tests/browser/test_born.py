"""A head is born in the browser: the maps say what they show, one can be seen alone, and keys do what the pointer does."""

import re

import pytest
from playwright.sync_api import Locator, Page

from dlviz.compute import resolve
from dlviz.compute.attention.born import Params, Result
from tests.browser.conftest import Watched, address
from tests.sharing import shared

SETTINGS = Params(heads="2", steps=20, batch_size=4, width=16)


def maps(page: Page) -> Locator:
    return page.locator(".st-key-stage .panel.headmaps svg")


def result() -> Result:
    found = shared("attention.born", SETTINGS).result
    assert isinstance(found, resolve("attention.born")[1])
    return found


def point(page: Page, number: int, row: int, column: int) -> None:
    """Move to the middle of a cell of the map that is drawn as number `number`."""
    box = maps(page).locator("image").nth(number).bounding_box()
    assert box
    cell = box["width"] / len(result().codes)
    page.mouse.move(box["x"] + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell)


def test_a_cell_says_the_weight_that_it_shows(visitor: Watched) -> None:
    page = visitor.open(address("attention.born", SETTINGS))
    symbols = [result().task.symbols[code] for code in result().codes]
    for number, row, column in ((0, 20, 3), (3, 31, 30), (2, 5, 5)):
        point(page, number, row, column)
        said = maps(page).locator(".reading").text_content() or ""
        layer, head = divmod(number, 2)
        assert said.startswith(f"head {layer + 1}.{head + 1}: “{symbols[row]}” ({row + 1}) takes")
        assert f"from “{symbols[column]}” ({column + 1})" in said
        told = re.search(r"takes ([\d.]+)(?:·10⁻(.))? from", said)
        assert told
        exponent = "⁰¹²³⁴⁵⁶⁷⁸⁹".index(told[2]) if told[2] else 0
        assert float(told[1]) * 10**-exponent == pytest.approx(result().attention[-1, layer, head, row, column] / 255, rel=5e-3)
    point(page, 0, 4, 9)
    assert "comes later" in (maps(page).locator(".reading").text_content() or "")


def test_one_map_can_be_seen_alone_by_click_and_by_key(visitor: Watched) -> None:
    page = visitor.open(address("attention.born", SETTINGS))
    images = maps(page).locator("image")
    assert images.count() == 4
    small = images.first.bounding_box()
    images.nth(2).click()
    assert images.count() == 1 and "head 2.1" in (maps(page).text_content() or "")
    large = images.first.bounding_box()
    assert small and large and large["width"] > 1.5 * small["width"]
    images.first.click()
    assert images.count() == 4
    maps(page).focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    assert "head 2.2" in (maps(page).text_content() or "")
    page.keyboard.press("Home")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    assert maps(page).get_attribute("aria-valuenow") == "7"
    page.keyboard.press("Enter")
    assert images.count() == 4
