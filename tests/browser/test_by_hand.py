"""By hand in the browser: torch's numbers while the hand moves, steps, updates, paths, finite differences, keys, and bad input."""

import math
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dlviz.compute.gradients.by_hand import Params, compute
from dlviz.compute.gradients.examples import EXAMPLES
from tests.browser.conftest import GO, Watched, address, count_frames, link_of, named, settle, wait_until

VIEW = "gradients.by_hand"
HOST = "document.querySelector('.st-key-stage [data-testid=stBidiComponentIsolated]').shadowRoot"
SHOWN = f"""() => {{
  const host = {HOST}, number = (text) => (text === "" ? null : Number(text));
  const boxes = [...host.querySelectorAll("[data-node]")], text = (name) => host.querySelector(name).textContent;
  const data = (name) => Object.fromEntries([...host.querySelectorAll(name)].map((e) => [e.dataset.name, number(e.dataset.value)]));
  return {{
    values: boxes.map((box) => number(box.dataset.value)), gradients: boxes.map((box) => number(box.dataset.gradient)),
    words: boxes.map((box) => [...box.querySelectorAll("text")].map((e) => e.textContent).join(" ").trim()),
    slopes: Object.fromEntries([...host.querySelectorAll("[data-edge]")].map((e) => [e.dataset.edge, number(e.dataset.value)])),
    products: [...host.querySelectorAll(".paths [data-product]")].map((e) => number(e.dataset.product)),
    verdict: data(".verdict dd[data-name]"), equal: text(".equal"), found: data(".found [data-name]"),
    line: text(".line"), rule: text(".rule"), where: text(".where"), step: +host.querySelector(".by_hand").dataset.step,
    playing: text(".play").includes("Pause"), whole: text(".whole"),
  }};
}}"""


def shown(page: Page) -> dict[str, Any]:
    """Every number and line of the picture, in full."""
    return page.evaluate(SHOWN)


def settings(page: Page) -> Params:
    """The settings that stand in the address."""
    params = link_of(page).params
    assert isinstance(params, Params)
    return params


def assert_torch(page: Page, params: Params) -> dict[str, Any]:
    """Values, gradients and slopes in the picture are torch's. Gives what is shown."""
    found, result = shown(page), compute(params)
    np.testing.assert_allclose(found["values"], result.values, rtol=1e-12, atol=1e-14)
    expected = [gradient if varies else None for gradient, varies in zip(result.gradients, params.graph().varies, strict=True)]
    np.testing.assert_allclose(np.array(found["gradients"], dtype=float), np.array(expected, dtype=float), rtol=1e-11, atol=1e-14)
    assert len(found["slopes"]) == len(result.local)
    for (n, k), slope in zip(params.graph().edges(), result.local, strict=True):
        assert found["slopes"][f"{n}.{k}"] == pytest.approx(slope, rel=1e-12, abs=1e-14)
    return found


def centre(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


EVERYTHING = "max(a, b)*sigmoid(c) - sqrt(d)/cos(e) + log(f)**2"
OWN = [
    Params(example="own", expression=EVERYTHING, own=(0.3, -0.7, 0.4, 1.7, 0.6, 2.5)),
    Params(example="own", expression="exp(-a)*relu(b) + min(a, b).sin() - 2**-1.5", own=(0.3, 1.2)),
    Params(example="own", expression="(a + b)**-1.5 + a**0 + a - -3*b", own=(0.3, 1.2)),
]


@pytest.mark.parametrize("params", [*(Params(example=slug) for slug in EXAMPLES), *OWN], ids=lambda params: params.text()[:20])
def test_every_expression_says_torchs_numbers(visitor: Watched, params: Params) -> None:
    page = visitor.open(address(VIEW, params))
    found, result = assert_torch(page, params), compute(params)
    sweep = result.gradients[params.graph().leaves[params.leaf()]]
    assert found["verdict"] == {"sweep": sweep, "autograd": sweep} and found["equal"] == "equal to the last digit"


def test_a_dragged_leaf_moves_everything_without_traffic_until_release(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open(address(VIEW, Params(beside="differences", followed="w2")))
    sent.clear()
    x, y = centre(page, "[data-leaf=w3]")
    page.mouse.move(x, y)
    page.mouse.down()
    for up in (20, -35, 60):
        page.mouse.move(x, y - up, steps=3)
        value = round(1.5 + up / 50, 2)
        values = (*EXAMPLES["network"].values[:6], value, *EXAMPLES["network"].values[7:])
        found = assert_torch(page, Params(network=values))
        assert found["verdict"]["autograd"] is None and found["equal"] == "", "autograd has not answered yet"
        gradient = found["gradients"][Params().graph().leaves["w3"]]
        assert found["found"]["central"] == pytest.approx(gradient, abs=1e-8) and abs(found["found"]["ahead"] - gradient) < 1e-5
    assert sent == [], "dragging sent something to the server"
    page.mouse.up()
    wait_until(page, lambda: settings(page).network[6] == value, "the leaf in the address")
    assert len(sent) == 1 and settings(page).followed == "w3"
    settle(page)
    now = settings(page)
    found = assert_torch(page, now)
    result = compute(now)
    assert found["verdict"]["sweep"] == found["verdict"]["autograd"] == result.autograd[6]
    assert found["found"]["ahead"] == result.at_step[0] and found["found"]["central"] == result.at_step[1]
    assert page.locator("dl.facts dd").all_inner_texts()[0] == result.facts()["loss"].text_with_unit()
    page.reload()
    settle(page)
    assert shown(page) == found


def test_steps_go_forward_then_back_one_box_at_a_time(visitor: Watched) -> None:
    """Values in the order of the graph, gradients in its reverse, each with its product; only then the update, which is no part of it."""
    page = visitor.open(address(VIEW, Params(example="reuse", opens="leaves")))
    found = shown(page)
    assert (
        found["step"] == 0
        and found["slopes"] == {}
        and found["gradients"] == [None] * 5
        and found["words"] == ["a 2", "b 0.5", "×", "sin", "+"]
    )
    on, seen = page.get_by_role("button", name="One step on"), []
    for _ in range(10):
        on.click()
        found = shown(page)
        seen.append((found["where"], found["line"], sum(gradient is not None for gradient in found["gradients"])))
    assert seen == [
        ("forward 1/3", "a·b = 2 · 0.5 = 1", 0),
        ("forward 2/3", "sin(a) = sin(2) = 0.909", 0),
        ("forward 3/3", "L = 1 + 0.909 = 1.91", 0),
        ("backward 1/5", "∂L/∂L = 1", 1),
        ("backward 2/5", "∂L/∂(sin(a)) = 1 · 1 = 1", 2),
        ("backward 3/5", "∂L/∂(a·b) = 1 · 1 = 1", 3),
        ("backward 4/5", "∂L/∂b = 1 · 2 = 2", 4),
        ("backward 5/5", "∂L/∂a = 1 · (−0.416) + 1 · 0.5 = 0.0839", 5),
        ("update 1/2", "a ← 2 − 0.1 · 0.0839 = 1.99", 5),
        ("update 2/2", "L: 1.91 → 1.51", 5),
    ]
    assert on.is_disabled() and found["whole"].startswith("Update, another act")
    page.get_by_role("button", name="Forward", exact=True).click()
    assert shown(page)["where"] == "forward 3/3"
    # a click on a box says its own arithmetic, both ways
    page.locator("[data-node='3']").click()
    found = shown(page)
    assert (found["line"], found["rule"]) == ("sin(a) = sin(2) = 0.909", "∂L/∂(sin(a)) = 1 · 1 = 1")


def test_playing_ends_with_the_gradients_and_space_and_arrows_do_the_same(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open(address(VIEW, Params(example="product", opens="leaves")))
    sent.clear()
    page.locator("h1").click()
    page.keyboard.press("Space")
    assert shown(page)["playing"]
    wait_until(page, lambda: not shown(page)["playing"], "the end of playing", 20)
    assert shown(page)["where"] == "backward 5/5" and sent == []
    page.keyboard.press("Space")  # again from the start
    wait_until(page, lambda: shown(page)["step"] == 1, "the first step again")
    page.keyboard.press("Space")
    assert not shown(page)["playing"]
    page.locator("[data-node='2']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert shown(page)["step"] == 2 and settings(page).opens == "leaves"
    page.locator(".scrub").focus()
    page.keyboard.press("End")
    assert shown(page)["where"] == "update 2/2"
    assert sent == [], "stepping sent something to the server"


def test_the_update_is_kept_only_when_asked_for(visitor: Watched) -> None:
    """Twice: two steps of gradient descent by hand, each of which lowers L; inputs and targets stay."""
    page = visitor.open(address(VIEW, Params()))
    params, losses = Params(), [compute(Params()).values[-1]]
    page.get_by_role("button", name="Update", exact=True).click()
    assert settings(page) == params, "showing the update changes nothing"
    for _ in range(2):
        result = compute(params)
        found = shown(page)
        np.testing.assert_allclose(found["values"], result.updated, rtol=1e-12)
        expected = result.updated[list(params.graph().leaves.values())]
        page.get_by_role("button", name="Keep the new weights").click()
        wait_until(page, lambda expected=expected: np.allclose(settings(page).network, expected, rtol=1e-11), "the new weights")  # type: ignore[misc]
        settle(page)
        params = settings(page)
        losses.append(compute(params).values[-1])
        assert shown(page)["where"] == "update 2/2"
    assert losses[0] > losses[1] > losses[2]
    assert [params.values()[name] for name in ("x1", "x2", "t")] == [1, 0.5, 1]


def test_a_clicked_leaf_is_followed_along_its_paths(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params()))
    page.get_by_role("button", name="Paths").click()
    page.locator("[data-leaf=x1]").click()
    wait_until(page, lambda: settings(page).followed == "x1" and settings(page).beside == "paths", "x1 in the address")
    settle(page)
    found, result = shown(page), compute(settings(page))
    np.testing.assert_allclose(sorted(found["products"]), sorted(result.products), rtol=1e-12)
    assert len(found["products"]) == 2 and sum(found["products"]) == pytest.approx(found["verdict"]["autograd"], rel=1e-12)
    assert page.locator("path.edge.path").count() == sum(len(path) for path in params_paths(settings(page)))


def params_paths(params: Params) -> list[tuple[tuple[int, int], ...]]:
    """The paths of the followed leaf."""
    return list(params.graph().paths(params.graph().leaves[params.leaf()]))


def test_a_leaf_is_set_by_keys_and_by_typing(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params(example="product")))
    page.locator("[data-leaf=b]").focus()
    for key in ("ArrowUp", "ArrowUp", "PageDown"):
        page.keyboard.press(key)
    wait_until(page, lambda: settings(page).product == (3, -2.8, 4), "b in the address")
    assert settings(page).followed == "b"
    settle(page)
    field = page.get_by_label("value of leaf b")
    for typed, kept in (("0.123456789", 0.123456789), ("1e9", 100), ("-1e9", -100), ("", -100), ("7", 7)):
        field.fill(typed)
        field.press("Enter")
        wait_until(page, lambda kept=kept: settings(page).product[1] == kept, f"{typed} as {kept}")  # type: ignore[misc]
        settle(page)
        assert float(field.input_value()) == kept
    assert_torch(page, settings(page))
    page.locator("[data-leaf=c]").focus()
    page.keyboard.press("Enter")
    wait_until(page, lambda: settings(page).followed == "c", "c followed")


def test_the_step_of_the_differences_is_dragged_in_their_chart(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open(address(VIEW, Params(example="reuse", beside="differences", h=1e-6)))
    result = compute(Params(example="reuse", h=1e-6))
    gradient = result.gradients[0]
    found = shown(page)["found"]
    assert found == {
        "ahead": result.at_step[0], "ahead_error": abs(result.at_step[0] - gradient),
        "central": result.at_step[1], "central_error": abs(result.at_step[1] - gradient),
    }  # fmt: skip
    sent.clear()
    x, y = centre(page, ".handle circle")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 90, y, steps=5)
    moving = shown(page)["found"]
    assert sent == []
    page.mouse.up()
    wait_until(page, lambda: settings(page).h < 1e-6, "the step in the address")
    settle(page)
    now = compute(settings(page))
    assert shown(page)["found"]["ahead"] == now.at_step[0] and settings(page).h < 1e-8
    assert moving["ahead"] == pytest.approx(now.at_step[0], abs=4 * 2.0**-52 / settings(page).h), "the browser's own, up to rounding"
    dragged = settings(page).h
    page.locator(".handle").focus()
    page.keyboard.press("PageUp")
    wait_until(page, lambda: math.isclose(settings(page).h, 100 * dragged, rel_tol=0.05), "two decades more")


HOSTILE = {
    "import": ("__import__('os').system('true')", "cannot stand in an expression"),
    "cycle": ("a = b*a", "has no cycles"),
    "unknown": ("foo + a", "foo"),
    "call": ("open(a)", "not a function here"),
    "dunder": ("a.__class__()", "__class__"),
    "lambda": ("(lambda a)", "cannot be read"),
    "bomb": ("[a for a in b]", "cannot stand in an expression"),
    "tower": ("10**10**10*a", "plain number"),
    "html": ("<img src=x onerror=alert(1)>", "nothing can be assigned"),
    "markdown": ("**a** + b", "cannot be read"),
    "deep": ("-" * 100 + "a", "24 nodes"),
    "nothing": ("", "cannot be read"),
}


def test_what_is_no_expression_gives_one_sentence_and_keeps_the_picture(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params(example="own")))
    before, field = shown(page), named(page, f"{VIEW}.expression").get_by_role("textbox")
    for name, (text, words) in HOSTILE.items():
        field.fill(text)
        field.press("Enter")
        settle(page)
        alert = page.get_by_test_id("stAlert")
        expect(alert).to_have_count(1)
        assert words in alert.inner_text() and alert.inner_text().strip().endswith("The picture still shows the settings before."), name
        assert alert.locator("img, strong, a, em, code").count() == 0, f"{name}: something typed was rendered"
        assert shown(page) == before, f"{name}: the picture changed"
        visitor.check()
    field.fill("w*x + b")
    field.press("Enter")
    settle(page)
    assert page.get_by_test_id("stAlert").count() == 0 and len(shown(page)["values"]) == 5
    assert_torch(page, settings(page))


def test_what_is_not_defined_is_shown_as_such(visitor: Watched) -> None:
    page = visitor.open(address(VIEW, Params(example="own", expression="a*log(b)", own=(1, -1))))
    found = shown(page)
    assert found["words"][2:] == ["log NaN ∂ 1", "× NaN ∂ 1"] and found["words"][0] == "a 1 ∂ NaN"
    assert "not a number" in found["line"] and found["equal"] == "equal to the last digit"
    assert "2 of 4 nodes are not finite numbers" in named(page, "diagnosis").inner_text()


def test_pinned_beside_each_other_a_follows_the_steps_of_b(visitor: Watched) -> None:
    page = visitor.open("gradients?scene=overshoot")
    assert page.locator(".by_hand").count() == 2
    page.locator("[data-side=B] .back").click()
    page.locator("[data-side=B] .back").click()
    steps = page.evaluate(
        """() => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
          .map((e) => e.shadowRoot.querySelector(".by_hand")?.dataset.step).filter((step) => step !== undefined)"""
    )
    assert steps == ["14", "14"], "both at the end of the way back: 5 values and 9 gradients"
    page.evaluate(GO, "/" + address(VIEW, Params()))
    settle(page)
    assert_torch(page, Params())
