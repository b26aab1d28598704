"""One convolution in the browser: the same numbers as torch, no traffic while the hand moves, one report on release; own pictures."""

import io
import itertools
import random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from dlviz.compute.filters.convolution import Params, compute
from dlviz.figures.filters import convolution
from dlviz.figures.payload import unpack
from dlviz.ui.components import FOLDER
from tests.browser.conftest import Watched, address, count_frames, link_of, named, settle, wait_until
from tests.test_params import random_params

VIEW = "filters.convolution"
ALL_MAPS = """({ layer, image, kernel, flip }) => {
  const size = layer.n * layer.n, channels = Array.from({ length: image.length / size }, (_, c) => Float64Array.from(image.slice(c * size, (c + 1) * size), (v) => v / 255));
  return convolving(layer, channels, flip ? turned(kernel) : kernel).stages.map(({ order, maps }) => [order, maps.map((map) => [...map])]);
}"""  # noqa: E501


def params_of(page: Page) -> Params:
    params = link_of(page).params
    assert isinstance(params, Params)
    return params


def asset_of(page: Page) -> str:
    """The name of the own picture in the address; the test's own process does not have it."""
    return dict(parse_qsl(urlsplit(page.url).query))["picture"]


def told(page: Page) -> dict[str, float]:
    """Which output pixel the picture explains, and its numbers in full."""
    return {name: float(value) for name, value in page.locator("svg.main .sums").first.evaluate("(e) => ({ ...e.dataset })").items()}


def centre(place: Locator, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def weight(page: Page, i: int) -> Locator:
    return page.locator(f"svg.main .kernel rect[data-cell='{i}']")


def test_every_pixel_of_every_map_is_torchs(visitor: Watched) -> None:
    """The very code of the component, fed with what the component is fed, for random settings."""
    page, rng = visitor.open(""), random.Random(8)
    source = (FOLDER / "convolving.js").read_text(encoding="utf-8")
    chosen = [random_params(Params, rng).canonical() for _ in range(30)]
    assert {(p.padding, p.activation != "none", p.pooling) for p in chosen} >= set(
        itertools.product(("valid", "reflect"), (True,), ("max", "average"))
    )
    for params in chosen:
        result = compute(params)
        header, arrays = unpack(convolution((result,)))
        given = {"layer": header["layer"], "image": arrays["image"].tolist(), "flip": params.flip, "kernel": header["settings"]["kernel"]}
        stages: list[Any] = page.evaluate(f"(given) => {{ {source}; return ({ALL_MAPS})(given); }}", given)
        for order, maps in stages:
            torchs = (result.output, result.activated, result.pooled)[order]
            found = np.array(maps).reshape(torchs.shape)
            assert np.abs(found - torchs).max() <= 1e-12 * max(1, np.abs(result.output).max()), params


def test_the_window_follows_the_pointer_without_the_server(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("filters")
    result = compute(params_of(page))
    shown = page.locator("svg.main .map image")
    before = len(sent)
    for row, column in ((0, 0), (13, 15), (25, 25), (7, 20)):
        page.mouse.move(*centre(shown, (column + 0.5) / 26, (row + 0.5) / 26))
        value = pytest.approx(result.output[0, row, column], abs=1e-12)
        assert told(page) == {"row": row, "column": column, "sum": value, "value": value}
        cells = [float(e.get_attribute("data-value") or "nan") for e in page.locator("svg.main .value-cell").all()]
        assert cells == pytest.approx((result.image[0, row : row + 3, column : column + 3] / 255).ravel().tolist())
        products = [float(e.get_attribute("data-value") or "nan") for e in page.locator("svg.main .product-cell").all()]
        assert sum(products) == pytest.approx(result.output[0, row, column])
    page.mouse.move(*centre(page.locator("svg.main .input image"), 10.5 / 28, 4.5 / 28))  # the window whose middle is there
    assert (told(page)["row"], told(page)["column"]) == (3, 9)
    page.mouse.move(5, 5)
    assert (told(page)["row"], told(page)["column"]) == (13, 15)
    assert len(sent) == before


def test_a_weight_is_dragged_and_the_output_follows_before_the_server_hears_of_it(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("filters")
    image = page.locator("svg.main .map image")
    first, before, start = image.get_attribute("href"), len(sent), told(page)["sum"]
    x, y = centre(weight(page, 8))
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x, y - step)
    assert weight(page, 8).get_attribute("data-value") == "1.4"
    assert image.get_attribute("href") != first and told(page)["sum"] > start and len(sent) == before
    page.mouse.up()
    wait_until(page, lambda: params_of(page).preset == "own", "the server hears of it")
    settle(page)
    assert params_of(page).kernel == (-1, 0, 1, -2, 0, 2, -1, 0, 1.4)
    assert told(page)["sum"] == pytest.approx(compute(params_of(page)).output[0, 13, 15], abs=1e-12)
    assert named(page, f"{VIEW}.preset").locator("input").input_value() == "Your own"


def test_weights_are_typed_turned_and_given_more_room(visitor: Watched) -> None:
    page = visitor.open("filters")
    weight(page, 4).click()
    page.locator("input.weight").fill("-2.5")
    page.locator("input.weight").press("Enter")
    wait_until(page, lambda: params_of(page).kernel == (-1, 0, 1, -2, -2.5, 2, -1, 0, 1), "the weight")
    settle(page)
    page.get_by_role("button", name="Larger kernel").click()
    wait_until(page, lambda: len(params_of(page).kernel) == 16, "a size of 4")
    settle(page)
    page.get_by_role("button", name="Larger kernel").click()
    wait_until(page, lambda: len(params_of(page).kernel) == 25, "a size of 5")
    settle(page)
    inner = np.array(params_of(page).kernel).reshape(5, 5)
    assert inner[1:4, 1:4].ravel().tolist() == [-1, 0, 1, -2, -2.5, 2, -1, 0, 1] and np.count_nonzero(inner) == 7
    page.locator("input.flip").check()
    wait_until(page, lambda: params_of(page).flip, "flipped")
    settle(page)
    shown = [float(e.get_attribute("data-value") or "nan") for e in page.locator("svg.main .weight-cell").all()]
    assert shown == np.array(params_of(page).kernel)[::-1].tolist()


def test_a_named_kernel_grows_as_itself(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params(preset="gaussian")))
    page.get_by_role("button", name="Larger kernel").click()
    wait_until(page, lambda: params_of(page).size == "4", "size 4")
    settle(page)
    assert params_of(page).preset == "gaussian" and page.locator("svg.main .weight-cell").count() == 16


def test_what_cannot_be_is_said_and_the_picture_stays(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params(padding="same")))
    page.get_by_role("button", name="Larger kernel").click()
    page.get_by_text("would need half a pixel a side").wait_for()
    settle(page)
    assert page.locator("svg.main .weight-cell").count() == 9 and params_of(page) == Params(padding="same")


def test_keys_move_the_window_and_change_weights(visitor: Watched) -> None:
    page = visitor.open("filters")
    page.locator("svg.main .map").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert (told(page)["row"], told(page)["column"]) == (15, 11)
    wait_until(page, lambda: (params_of(page).row, params_of(page).column) == (15, 11), "the place in the link")
    settle(page)
    page.locator("svg.main .kernel").focus()
    for key in ("ArrowRight", "ArrowDown", "+", "+", "-"):
        page.keyboard.press(key)
    wait_until(page, lambda: params_of(page).preset == "own", "the weight")
    settle(page)
    assert params_of(page).kernel == (-1, 0, 1, -2, 0.1, 2, -1, 0, 1)
    page.locator("svg.main .kernel").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    wait_until(page, lambda: params_of(page).kernel[4] == 7, "the typed weight")


def test_it_plays_and_pauses_by_space(visitor: Watched) -> None:
    page = visitor.open("filters")
    page.locator("h1").first.click()
    page.keyboard.press("Space")
    wait_until(page, lambda: told(page)["column"] >= 18, "the window moves on")
    page.keyboard.press("Space")
    rested = told(page)
    page.wait_for_timeout(300)
    assert told(page) == rested and page.get_by_role("button", name="Play: move the window").count() == 1


def test_each_stage_can_be_looked_at(visitor: Watched) -> None:
    page = visitor.open("filters?scene=layer")
    result = compute(params_of(page))
    for words, maps in (("max pooling", result.pooled), ("ReLU", result.activated), ("convolution", result.output)):
        page.locator(".stages").get_by_role("button", name=words).click()
        side = maps.shape[1]
        page.mouse.move(*centre(page.locator("svg.main .map image"), 7.5 / side, 4.5 / side))
        assert told(page)["value"] == pytest.approx(maps[0, 4, 7], abs=1e-12), words


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_drawing_becomes_the_input_and_its_link_opens_until_it_is_gone(visitor: Watched) -> None:
    page = visitor.open("filters")
    pad = page.locator(".sketch svg.main")
    pad.scroll_into_view_if_needed()
    page.mouse.move(*centre(pad, 0.3, 0.3))
    page.mouse.down()
    for share in np.linspace(0.3, 0.7, 12):
        page.mouse.move(*centre(pad, share, share))
    page.mouse.up()
    wait_until(page, lambda: params_of(page).input == "own", "the drawing")
    settle(page)
    name = asset_of(page)
    assert len(name) == 64 and page.locator("svg.main .input image").get_attribute("href") != ""
    drawn = page.locator("svg.main .input image").get_attribute("href")
    page.goto(page.url)
    settle(page)
    assert asset_of(page) == name and page.locator("svg.main .input image").get_attribute("href") == drawn
    page.goto(page.url.replace(name, "0" * 64))
    settle(page)
    assert page.get_by_text("is not kept here any more").count() == 1
    assert page.locator("svg.main .input image").get_attribute("href") != drawn


def test_a_file_becomes_the_input_and_a_bad_one_leaves_everything_as_it_was(visitor: Watched) -> None:
    page = visitor.open("filters")
    named(page, f"{VIEW}.way").get_by_text("File").click()
    settle(page)
    uploads = page.get_by_test_id("stFileUploaderDropzoneInput")
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    uploads.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": png(pixels)})
    page.get_by_text("48 × 48 pixels.").wait_for()
    settle(page)
    kept = page.url
    assert params_of(page).input == "own" and page.locator("svg.main").first.get_by_text("input 48 × 48").count() == 1
    for name, data, sentence in (
        ("words.png", b"just words", "The file is no picture that can be read here"),
        ("half.png", png(pixels)[:900], "The picture is damaged or incomplete"),
        ("tiny.png", png(pixels[:1, :1]), "The picture has 1 × 1 pixels"),
    ):
        uploads.set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
        page.get_by_text(sentence).wait_for()
        settle(page)
        assert page.url == kept
