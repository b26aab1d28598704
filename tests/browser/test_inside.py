"""Inside a real network in a browser: the patch by mouse and keys, a class and a channel by a click, what lies over the picture."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page

from dlviz.compute.filters import inside
from dlviz.compute.filters.attribution import finished
from dlviz.compute.filters.inside import Params, Result
from dlviz.data.photographs import FOLDER
from tests.browser.conftest import Watched, address, link_of, pill, settle, wait_until

START = Params(photo="coffee", method="grad_cam", layer="head")


def compute(params: Params) -> Result:
    """What the view shows for these settings."""
    return finished(inside.compute(params))


def params_of(page: Page) -> Params:
    params = link_of(page).params
    assert isinstance(params, Params)
    return params


def shown(page: Page, name: str) -> float:
    """A number that the picture was drawn from, in full."""
    value = page.locator(".dlviz.inside").get_attribute(f"data-{name}")
    assert value
    return float(value)


def test_the_patch_is_dragged_and_python_looks_again_when_it_is_let_go(visitor: Watched) -> None:
    page = visitor.open(address("filters.inside", START))
    box = page.locator("canvas.picture").bounding_box()
    assert box
    before, scale = shown(page, "patch"), box["width"] / 224
    page.mouse.move(box["x"] + 112 * scale, box["y"] + 112 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + 60 * scale, box["y"] + 150 * scale, steps=3)
    under = compute_under(START, 60, 150)
    wait_until(page, lambda: shown(page, "under") == pytest.approx(under, abs=1e-9), "the network has looked under the hand")
    assert params_of(page).patch_x == 112 and shown(page, "patch") == before, "the page waits until it is let go"
    page.mouse.up()
    wait_until(page, lambda: params_of(page).patch_x != 112 and shown(page, "patch") != before, "the patch has moved")
    settle(page)
    params = params_of(page)
    assert abs(params.patch_x - 60) <= 1 and abs(params.patch_y - 150) <= 1
    assert shown(page, "patch") == pytest.approx(compute(params).facts()["patch_p"].value, abs=1e-9)
    page.locator(".patch").focus()
    page.keyboard.press("ArrowLeft")
    wait_until(page, lambda: params_of(page).patch_x == params.patch_x - 8, "the patch has moved by a key")


def compute_under(params: Params, x: float, y: float) -> float:
    """The probability of the class that is most probable without a patch, with the patch there."""
    value = compute(replace(params, patch_x=x, patch_y=y)).facts()["patch_p"].value
    assert value is not None
    return value


def test_every_map_can_be_reached_by_its_page_or_its_number(visitor: Watched) -> None:
    page = visitor.open(address("filters.inside", START))
    order = compute(replace(START, page=2)).channels
    assert page.locator(".earlier").is_disabled()
    page.locator(".later").click()
    wait_until(page, lambda: page.locator(".shown").inner_text() == "25 to 48 of 1280", "the second page of maps is there")
    settle(page)
    page.locator(".maps button").nth(1).click()
    wait_until(page, lambda: params_of(page).channel == order[1], "a map of the second page is chosen")
    settle(page)
    assert page.locator(".maps button").nth(1).get_attribute("aria-pressed") == "true"
    number = page.get_by_label("Without channel")
    for wrong in ("1280", "-1", ""):
        number.fill(wrong)
        number.press("Enter")
        assert number.input_value() == str(order[1]), wrong
    number.fill("77")
    number.press("Enter")
    wait_until(page, lambda: params_of(page).channel == 77, "a map is chosen by its number")
    settle(page)
    assert shown(page, "ablated") == pytest.approx(compute(params_of(page)).facts()["ablated_p"].value, abs=1e-9)


def test_a_bar_chooses_the_class_and_a_map_the_channel(visitor: Watched) -> None:
    page = visitor.open(address("filters.inside", START))
    result = compute(START)
    second = int(result.probabilities.argsort()[-2])
    page.locator(".answer").nth(1).click()
    wait_until(page, lambda: params_of(page).target == second, "the class is chosen")
    settle(page)
    assert shown(page, "p") == pytest.approx(float(result.probabilities[second]), abs=1e-9)
    page.locator(".maps button").nth(2).click()
    wait_until(page, lambda: params_of(page).channel == result.channels[2], "the channel is chosen")
    settle(page)
    assert shown(page, "ablated") == pytest.approx(compute(params_of(page)).facts()["ablated_p"].value, abs=1e-9)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_until(page, lambda: params_of(page).channel == result.channels[3], "the next channel is chosen by keys")
    assert page.locator(".over").input_value() == "chosen" and page.locator(".opacity").is_enabled()


def test_a_map_lies_over_the_picture_as_strongly_as_the_slider_says(visitor: Watched) -> None:
    page = visitor.open(address("filters.inside", START))
    look = "(e) => e.toDataURL()"
    bare = page.locator("canvas.picture").evaluate(look)
    page.locator(".over").select_option("attribution")
    laid = page.locator("canvas.picture").evaluate(look)
    page.locator(".opacity").fill("0")
    assert laid != bare and page.locator("canvas.picture").evaluate(look) == bare


def test_a_picture_from_a_file_is_looked_at(visitor: Watched) -> None:
    page = visitor.open(address("filters.inside", START))
    before = shown(page, "p")
    page.get_by_role("tab", name="Your own picture").click()
    pill(page, "filters.inside.way", "File").click()
    settle(page)
    page.locator("input[type=file]").set_input_files(FOLDER / "camera.jpg")
    wait_until(page, lambda: params_of(page).photo == "own", "the picture has come")
    settle(page)
    expected = compute(Params(photo="camera", method="grad_cam", layer="head")).facts()["p"].value
    assert shown(page, "p") != before and shown(page, "p") == pytest.approx(expected, abs=1e-6)
