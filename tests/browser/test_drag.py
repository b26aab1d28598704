"""Drag the digit in the browser: maps follow the hand without the server, keys do what the mouse does, one report on release."""

import re

import numpy as np
from playwright.sync_api import Locator, Page

from dlviz.compute import run
from dlviz.compute.filters.drag import Params, Result
from dlviz.compute.filters.rivals import REACH
from tests.browser.conftest import Watched, count_frames, link_of, named, settle, wait_until

ADDRESS = "filters?v=1&view=drag&steps=20&across=0&down=0"


def params_of(page: Page) -> Params:
    params = link_of(page).params
    assert isinstance(params, Params)
    return params


def shown(page: Page) -> tuple[int, int, list[float], list[str]]:
    """Where the digit lies, what each network gives the true digit there, in full, and what it reads."""
    svg = page.locator(".drag svg.main")
    place = [int(svg.get_attribute(f"data-{name}") or "0") for name in ("across", "down")]
    found = [float(text.get_attribute("data-value") or "nan") for text in svg.locator(".found").all()]
    return place[0], place[1], found, svg.locator(".read").all_text_contents()


def agrees(page: Page, result: Result, across: int, down: int) -> bool:
    """Whether the page shows this place, with the result's numbers for it."""
    i, j = down + REACH, across + REACH
    told = shown(page)
    reads = [f"reads {guess} {'✓' if guess == result.label else '✗'}" for guess in result.guesses[:, i, j].tolist()]
    return told[:2] == (across, down) and np.allclose(told[2], result.maps[:, i, j], rtol=1e-6) and told[3] == reads


def at(place: Locator, across: float, down: float) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_the_digit_follows_the_hand_and_the_server_hears_of_it_once(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open(ADDRESS)
    result = run("filters.drag", params_of(page))
    assert isinstance(result, Result) and agrees(page, result, 0, 0)
    paper = page.locator(".drag .digit image")
    page.mouse.move(*at(paper, 0.5, 0.5))
    page.mouse.down()
    before = len(sent)
    for across, down in ((1, 0), (3, -2), (-8, 8), (-5, 4)):
        page.mouse.move(*at(paper, 0.5 + across / 28, 0.5 + down / 28))
        assert agrees(page, result, across, down)
    page.mouse.move(*at(paper, 2.5, 0.5))
    assert shown(page)[:2] == (REACH, 0) and len(sent) == before, "no farther than REACH, and nothing is sent"
    page.mouse.move(*at(paper, 0.5 - 5 / 28, 0.5 + 4 / 28))
    page.mouse.up()
    wait_until(page, lambda: (params_of(page).across, params_of(page).down) == (-5, 4), "let go at (-5, 4)")
    settle(page)
    assert agrees(page, result, -5, 4)


def test_resting_on_a_map_reads_it_and_a_click_puts_the_digit_there(visitor: Watched) -> None:
    page = visitor.open(ADDRESS)
    result = run("filters.drag", params_of(page))
    assert isinstance(result, Result)
    shown_map = page.locator(".drag .map image").nth(2)
    page.mouse.move(*at(shown_map, (6 + REACH + 0.5) / 17, (-3 + REACH + 0.5) / 17))
    assert agrees(page, result, 6, -3)
    page.mouse.move(5, 5)
    assert agrees(page, result, 0, 0)
    page.mouse.click(*at(shown_map, (6 + REACH + 0.5) / 17, (-3 + REACH + 0.5) / 17))
    page.mouse.move(5, 5)
    assert agrees(page, result, 6, -3)
    wait_until(page, lambda: (params_of(page).across, params_of(page).down) == (6, -3), "put at (6, -3)")


def test_arrow_keys_move_the_digit_and_home_brings_it_back(visitor: Watched) -> None:
    page = visitor.open(ADDRESS)
    result = run("filters.drag", params_of(page))
    assert isinstance(result, Result)
    page.locator(".drag .digit").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert agrees(page, result, 1, 1) and "p(9)" in page.locator(".drag .hear").inner_text()
    wait_until(page, lambda: (params_of(page).across, params_of(page).down) == (1, 1), "moved to (1, 1)")
    settle(page)
    page.keyboard.press("Home")
    assert agrees(page, result, 0, 0)
    wait_until(page, lambda: (params_of(page).across, params_of(page).down) == (0, 0), "back in the middle")


def test_a_digit_of_ones_own_is_drawn_named_and_dragged(visitor: Watched) -> None:
    page = visitor.open(ADDRESS)
    pad = page.locator(".sketch svg.main")
    pad.scroll_into_view_if_needed()
    page.mouse.move(*at(pad, 0.6, 0.2))
    page.mouse.down()
    page.mouse.move(*at(pad, 0.6, 0.8), steps=5)
    page.mouse.up()
    drawn = re.compile(r"picture=[0-9a-f]{64}&")  # this process does not keep it, so its name is looked for in the address
    wait_until(page, lambda: bool(drawn.search(page.url)), "the drawing in the link")
    settle(page)
    named(page, "own_digit-meant").get_by_role("radio", name="1").click()
    wait_until(page, lambda: "meant=1" in page.url, "meant as a 1")
    settle(page)
    svg = page.locator(".drag svg.main")
    assert svg.locator(".found").first.text_content().startswith("p(1) = ")  # type: ignore[union-attr]
    svg.scroll_into_view_if_needed()
    page.locator(".drag .digit").focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: params_of(page).across == 1, "moved to the right")
    assert drawn.search(page.url) and params_of(page).digit == Params().digit
    pad.scroll_into_view_if_needed()
    page.locator(".sketch .clear").click()
    wait_until(page, lambda: "picture=&" in page.url, "the held-out digit again")
