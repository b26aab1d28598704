"""In a network, in a browser: the picture belongs to the run that is shown, and its points come by click and by file."""

from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from dlviz.compute import run
from dlviz.compute.activations import network
from dlviz.compute.activations.classifier import START
from dlviz.data.own import decode
from tests.browser.conftest import GO, Watched, count_frames, link_of, named, settle, wait_until
from tests.browser.test_drawpad import PLACE

STAGE = ".st-key-stage"
DRAWN = """() => {
  const root = document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot;
  return [root.querySelector("canvas.points").toDataURL(), root.querySelector(".curves .line").getAttribute("d")];
}"""


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box."""
    page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def test_the_points_and_the_loss_on_the_picture_are_those_of_the_run(visitor: Watched) -> None:
    page = visitor.open("activations?view=network&epochs=4")
    circle = page.evaluate(DRAWN)
    choose(page, "Data", "moons")
    moons = page.evaluate(DRAWN)
    assert moons[0] != circle[0] and moons[1] != circle[1], "the picture keeps what belongs to the run before"
    page.reload()
    settle(page)
    assert page.evaluate(DRAWN) == moons, "drawn anew, the same settings give another picture"


SHARES = """(n) => {
  const root = document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot;
  const panel = root.querySelectorAll(".dots svg")[n], [strip, cursor] = [".strip", ".cursor"].map((name) => panel.querySelector(name));
  const number = (e, name) => +e.getAttribute(name), { left, top, width, height } = strip.getBoundingClientRect();
  const places = (path) => path.getAttribute("d").slice(1).split("L").map((at) => at.split(",").map(Number));
  return {
    words: panel.textContent, left, top, width, height, tall: number(strip, "height"), bottom: number(strip, "y") + number(strip, "height"),
    cursor: (number(cursor, "x1") - number(strip, "x")) / number(strip, "width"), lines: [...panel.querySelectorAll(".share")].map(places),
  };
}"""


def shares(page: Page, layer: int) -> dict[str, Any]:
    """The strip of a layer's dead and saturated shares, and the words above."""
    return page.evaluate(SHARES, layer)


def test_dead_and_saturated_shares_stand_over_all_steps(visitor: Watched) -> None:
    """Each line is the result's, to the tenth of a pixel that is drawn; the cursor follows the scrub bar; pointing gives the number."""
    params = network.Params(activation="relu", widths=(8, 8, 8), initialisation="he", learning_rate=2.2, epochs=20)
    sent = count_frames(visitor.page)
    page = visitor.open("activations?view=network&activation=relu&widths=8,8,8&initialisation=he&learning_rate=2.2&epochs=20")
    result = run("activations.network", params)
    assert isinstance(result, network.Result) and result.dead[-1].max() > 0.2, "nothing dies here: nothing is tested"
    sent.clear()
    for layer in range(3):
        strip = shares(page, layer)
        for line, expected in zip(strip["lines"], (result.dead[:, layer], result.saturated[:, layer]), strict=True):
            found = [(strip["bottom"] - 1 - y) / (strip["tall"] - 2) for _, y in line]
            assert len(found) == len(expected) and all(abs(a - b) < 0.02 for a, b in zip(found, expected, strict=True))
        assert strip["cursor"] == 1, "not at the last step, which is shown"
    page.locator("input.scrub").focus()
    page.keyboard.press("Home")
    assert shares(page, 1)["cursor"] == 0
    strip = shares(page, 1)
    page.mouse.move(strip["left"] + 0.5 * strip["width"], strip["top"] + strip["height"] / 2)
    words = shares(page, 1)["words"]
    middle = int((result.steps <= 100).sum()) - 1
    assert result.steps[middle] == 100 and "at step 100" in words
    assert f"{100 * result.dead[middle, 1]:.3g} % dead" in words and f"{100 * result.saturated[middle, 1]:.3g} % saturated" in words
    page.mouse.click(strip["left"] + 0.5 * strip["width"], strip["top"] + strip["height"] / 2)
    # clicks come in whole pixels, steps are less than two of them apart
    assert abs(shares(page, 0)["cursor"] - 0.5) < 0.02, "a click does not go to the step"
    assert page.locator(f"{STAGE} .player").get_attribute("data-step") in ("97", "100", "103") and sent == []
    page.mouse.move(0, 0)
    assert "layer 2: f(z)" in shares(page, 1)["words"]


def test_ones_own_points_come_by_click_and_by_file(visitor: Watched) -> None:
    page = visitor.open("activations?view=network&epochs=4")
    circle = page.evaluate(DRAWN)
    page.get_by_role("tab", name="Your points").click()
    pad = named(page, "activations.network.pad").locator("svg.main")
    pad.scroll_into_view_if_needed()
    settle(page)
    left, top, width, height = pad.evaluate(PLACE)
    page.mouse.click(left + width * 0.95, top + height * 0.05)  # at 0.99, 0.99
    wait_until(page, lambda: "own=" in page.url and "data=own" in page.url, "the clicked point in the address")
    settle(page)
    before, _ = decode(START)
    x, y = decode(link_of(page).params.as_dict()["own"])
    assert len(x) == len(before) + 1 and (abs(x - 0.99).max(1) < 0.02).any() and set(y) == {0, 1}
    clicked = page.evaluate(DRAWN)
    assert clicked[0] != circle[0], "the clicked points are not on the map"

    place = page.locator("input[type=file]")
    bad = "x,y,class\n0,0,red\n1,oops,blue\n"
    place.set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": bad.encode()})
    said = "Line 3 has 'oops' in column y: expected a finite number. The picture keeps the points before."
    page.get_by_text(said).wait_for()
    settle(page)
    assert page.evaluate(DRAWN)[0] == clicked[0], "the picture did not keep the points before"
    good = "x,y,class\n0,0,red\n1,0,blue\n0,1,blue\n1,1,red\n0.5,0.5,red\n"
    place.set_input_files({"name": "good.csv", "mimeType": "text/csv", "buffer": good.encode()})
    page.get_by_text("5 of 5 points").wait_for()
    settle(page)
    x, y = decode(link_of(page).params.as_dict()["own"])
    found = {(float(a), float(b)): int(c) for (a, b), c in zip(x, y, strict=True)}
    # scaled to -1 to 1; by the alphabet blue is class 0
    assert found == {(-1, -1): 1, (1, -1): 0, (-1, 1): 0, (1, 1): 1, (0, 0): 1}
    assert page.get_by_text(said).count() == 0 and page.evaluate(DRAWN)[0] != clicked[0]


CURVE = """() => {
  const root = document.querySelector(".st-key-stage [data-testid=stBidiComponentIsolated]").shadowRoot;
  const dots = [...root.querySelector(".dots svg").querySelectorAll("circle.dot")], y = (k) => +dots[k].getAttribute("cy");
  return { rise: (y(0) - y(47)) / (y(20) - y(27)), map: root.querySelector("canvas.picture").toDataURL() };
}"""


def test_before_a_branch_the_picture_has_the_activation_of_then(visitor: Watched) -> None:
    """tanh is flat far out and steep in the middle, the identity is equally steep everywhere: 47 bins against 7."""
    legs = quote('[[100,{"activation":"tanh"},[]]]')
    page = visitor.open(f"activations?view=network&activation=identity&epochs=10&history={legs}")
    scrub = page.locator("input.scrub")
    scrub.focus()
    page.keyboard.press("End")
    after = page.evaluate(CURVE)
    assert abs(after["rise"] - 47 / 7) < 0.2
    page.keyboard.press("Home")
    before = page.evaluate(CURVE)
    assert before["rise"] < 3.2, "2 / (tanh(0.875) - tanh(-0.875)) is 1.4"
    page.evaluate(GO, "/activations?view=network&activation=tanh&epochs=10")
    settle(page)
    scrub.focus()
    page.keyboard.press("Home")
    assert page.evaluate(CURVE)["map"] == before["map"], "the same weights under the same activation are another map"
