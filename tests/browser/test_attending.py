"""By hand of attention in the browser: torch's numbers while the hand moves, what made each, steps, keys, and edits that travel."""

import json
import random
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from dlviz.compute.attention.by_hand import Params, compute
from dlviz.figures.attention import by_hand
from dlviz.figures.payload import unpack
from dlviz.ui.components import FOLDER
from tests.browser.conftest import Watched, address, count_frames, link_of, settle, wait_until
from tests.test_params import random_params

VIEW = "attention.by_hand"
TEXTS = ("a b", "one two three one", "x y z u v w", '{"a": [1, -2, 3, 0.5]}', "")
WORK = """({ header, settings }) => {
  const rows = (words) => words.map((word) => header.own[word]);
  const found = attendTo(header, settings, rows(header.tokens), rows(header.sources));
  return Object.fromEntries(Object.entries(found).map(([name, numbers]) => [name, [...numbers].map((n) => (n === -Infinity ? null : n))]));
}"""


def params_of(page: Page) -> Params:
    params = link_of(page).params
    assert isinstance(params, Params)
    return params


def cell(page: Page, name: str, row: int, column: int) -> Locator:
    return page.locator(f"svg.main [data-name={name}] rect[data-row='{row}'][data-column='{column}']")


def numbers(page: Page, name: str) -> list[float]:
    found = page.locator(f"svg.main [data-name={name}] rect.cell").evaluate_all("(all) => all.map((e) => e.dataset.value)")
    return [float(value.replace("Infinity", "inf")) for value in found]


def line(page: Page) -> str:
    return page.locator(".attending .line").inner_text()


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pull(page: Page, place: Locator, up: float) -> None:
    """Drag a number upwards by so many pixels, and keep holding it."""
    x, y = middle(place)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - up / 2)
    page.mouse.move(x, y - up)


def test_every_step_is_torchs(visitor: Watched) -> None:
    """The very code of the component, fed with what the component is fed, for random settings."""
    page, rng = visitor.open(""), random.Random(9)
    source = (FOLDER / "attend.js").read_text(encoding="utf-8")
    seen = set()
    for _ in range(24):
        params = random_params(Params, rng, TEXTS).canonical()
        result = compute(params)
        header, arrays = unpack(by_hand((result,)))
        seen |= {params.by_position(), params.mask, params.kind, f"{params.head_count()} heads", f"{params.scaled}"}
        found: dict[str, Any] = page.evaluate(
            f"(given) => {{ {source}; return ({WORK})(given); }}", {"header": header, "settings": header["settings"]}
        )
        assert set(found) == {field.name for field in fields(result)} - {"params", "gaps", "study"}
        for name, values in found.items():
            ours, torchs = np.array([-np.inf if value is None else value for value in values]), arrays[name]
            scale = max(1.0, np.abs(torchs[np.isfinite(torchs)]).max(initial=0))
            # a difference in the scores' last digit is one in the logarithm of the weights
            bound = 1e-12 * scale * (max(1.0, np.abs(result.scores).max()) if name in ("weights", "joined", "projected") else 1)
            np.testing.assert_array_equal(np.isneginf(ours), np.isneginf(torchs))
            finite = np.isfinite(torchs)
            assert np.abs(ours[finite] - torchs[finite]).max(initial=0) <= bound, (name, params)
    assert seen >= {"none", "sinusoidal", "learned", "rope", "causal", "window", "cross", "1 heads", "2 heads", "True", "False"}


def test_hovering_says_what_made_a_number_without_the_server(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("attention?v=1&view=by_hand&mask=causal")
    before = len(sent)
    assert line(page).startswith("output of dog = 1·v(dog) = ")
    expected = {
        ("query", 1, 0): "query of bites, number 1 = (−.4)·1 + 1.5·(−.5) = −1.15",
        ("scores", 2, 1): "q(man)·k(bites) = 1.4·1.3 + (−.8)·1.7 = 0.46",
        ("scaled", 2, 1): "score of man for bites = .46 / √2 = 0.325",
        ("masked", 0, 2): "dog looking at man = hidden = −∞",
        ("weights", 0, 2): "weight of man for dog = e to the −∞ = 0",
        ("vectors", 0, 1): "dog, number 2: 0.3",
        ("wq", 1, 0): "W_Q row 2, column 1: −0.5",
    }
    for (name, row, column), words in expected.items():
        page.mouse.move(*middle(cell(page, name, row, column)))
        assert line(page) == words
    page.mouse.move(*middle(cell(page, "joined", 1, 0)))
    assert page.locator(".marks .made").count() == 2, "the row of weights and the column of values"
    assert len(sent) == before


def test_a_weight_is_dragged_and_everything_follows_before_the_server_hears_of_it(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("attention?view=by_hand")
    root = page.locator(".attending")
    assert root.get_attribute("data-source") == "torch"
    np.testing.assert_allclose(numbers(page, "weights"), compute(params_of(page)).weights.ravel(), rtol=0)
    before = len(sent)
    pull(page, cell(page, "wq", 0, 1), 60)
    held = compute(Params(query=(1, 1.7, *Params().query[2:])))
    assert root.get_attribute("data-source") == "browser" and len(sent) == before
    for name in ("query", "scores", "masked", "weights", "joined"):
        np.testing.assert_allclose(numbers(page, name), getattr(held, name).ravel(), rtol=0, atol=1e-12)
    output = page.locator("svg.main path.output.followed")
    assert [float(output.get_attribute(f"data-{axis}") or "nan") for axis in "xy"] == pytest.approx(held.joined[0].tolist(), abs=1e-12)
    page.mouse.up()
    wait_until(page, lambda: params_of(page).query[1] == 1.7, "the server hears of it")
    settle(page)
    assert root.get_attribute("data-source") == "torch"
    np.testing.assert_allclose(numbers(page, "weights"), compute(params_of(page)).weights.ravel(), rtol=0)


def test_a_words_vector_changes_wherever_the_word_stands_and_travels_in_the_link(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params(words="cat <b>x</b> cat")))
    assert page.locator("svg.main [data-name=vectors] .token").all_text_contents() == ["cat", "<b>x</b>", "cat"]
    cell(page, "vectors", 2, 0).click()
    field = page.locator(".attending .number input")
    field.fill("7.25")
    assert numbers(page, "vectors")[0] == numbers(page, "vectors")[4] == 7.25
    field.press("Enter")
    wait_until(page, lambda: "cat" in json.loads(params_of(page).vectors or "{}"), "the server hears of it")
    settle(page)
    assert compute(params_of(page)).vectors[:, 0].tolist()[::2] == [7.25, 7.25]
    page.reload()
    settle(page)
    assert numbers(page, "vectors")[0] == 7.25


def test_a_click_follows_a_query_and_the_server_hears_of_it(visitor: Watched) -> None:
    page = visitor.open("attention?view=by_hand")
    cell(page, "weights", 2, 0).click()
    assert page.locator("svg.main .output-name").text_content() == "output of man"
    wait_until(page, lambda: params_of(page).followed == 3, "the server hears of it")
    page.locator("svg.main path.output[data-row='1']").click()
    assert page.locator("svg.main .output-name").text_content() == "output of bites"
    wait_until(page, lambda: params_of(page).followed == 2, "the server hears of it")


def test_it_goes_step_by_step(visitor: Watched) -> None:
    """Only what has been reached stands there; playing begins anew at the end, and Space does the same."""
    page = visitor.open("attention?view=by_hand")
    away = page.locator("svg.main g.away")
    assert away.count() == 0
    page.get_by_role("button", name="One step back").click()
    assert away.evaluate_all("(all) => all.map((e) => e.dataset.name)") == ["joined"] and "shares that sum to 1" in line(page)
    for _ in range(5):
        page.get_by_role("button", name="One step back").click()
    assert page.locator(".attending .where").inner_text() == "1/7 vectors" and away.count() >= 10
    page.get_by_role("button", name="One step on").click()
    assert "a query, a key and a value" in line(page)
    page.locator("h1").click()
    page.keyboard.press("Space")
    wait_until(page, lambda: page.locator(".attending .where").inner_text() == "4/7 divided", "it plays")


def test_by_keyboard_a_number_is_chosen_and_changed(visitor: Watched) -> None:
    page = visitor.open("attention?view=by_hand")
    page.locator("svg.main [data-name=vectors]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):  # the first number, the second, W_Q
        page.keyboard.press(key)
    assert line(page).startswith("W_Q row 2, column 1")
    for key in (*["ArrowRight"] * 5, "+", "+", "-"):  # through W_K into W_V
        page.keyboard.press(key)
    assert numbers(page, "wv") == [-1, 0.5, 0.5, 1.1]
    wait_until(page, lambda: params_of(page).value[5] == 1.1, "the server hears of it")
    settle(page)
    page.keyboard.press("Enter")
    page.keyboard.type("-2")
    page.keyboard.press("Enter")
    wait_until(page, lambda: params_of(page).value[5] == -2, "the server hears of it")


def test_heads_and_studies_are_chosen_under_the_picture(visitor: Watched) -> None:
    page = visitor.open("attention?scene=hand_heads")
    page.get_by_role("button", name="head 2").click()
    wait_until(page, lambda: params_of(page).head == 2, "the server hears of it")
    settle(page)
    np.testing.assert_allclose(numbers(page, "weights"), compute(params_of(page)).weights[1].ravel(), rtol=0)
    for words, name, lines in (("why √d", "scaling", 5), ("by offset", "offsets", 6), ("KV cache", "cache", 4)):
        page.get_by_role("button", name=words).click()
        wait_until(page, lambda name=name: params_of(page).beside == name, "the server hears of it")  # type: ignore[misc]
        settle(page)
        assert page.locator("svg.main .study path.line").count() == lines
    page.get_by_role("button", name="values").click()
    settle(page)
    assert page.locator("svg.main .plane .hull").count() == 1


def test_beside_a_pinned_picture_both_planes_have_one_scale_and_a_is_not_edited(visitor: Watched) -> None:
    page = visitor.open("attention?scene=hand_linear")
    a, b = (page.locator(f".attending[data-side={side}]") for side in "AB")
    weights = [side.locator("[data-name=weights] rect.cell").evaluate_all("(all) => all.map((e) => e.dataset.value)") for side in (a, b)]
    assert weights[0] == weights[1]
    places = [[float(side.locator("path.output.followed").get_attribute(f"data-{axis}") or "nan") for axis in "xy"] for side in (a, b)]
    assert places[1] == [2 * number for number in places[0]]
    circles = [
        side.locator("circle.value").evaluate_all("(all) => all.map((e) => [+e.dataset.x, +e.getAttribute('cx')])") for side in (a, b)
    ]
    unit = [(c[1][1] - c[0][1]) / (c[1][0] - c[0][0]) for c in circles]
    assert unit[0] == pytest.approx(unit[1], rel=1e-3)
    assert a.locator(".number input").is_disabled() and a.locator("g.matrix[tabindex='0']").count() == 0
