"""The picture follows the hand in the browser, says the same numbers as torch, and stays where it is while the page works."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page

from dlviz.compute.activations import curve, softmax
from dlviz.compute.derivatives import derivatives
from dlviz.results import three_digits
from tests.browser.conftest import (
    GO,
    Server,
    Watched,
    address,
    count_frames,
    link_of,
    named,
    open_scene,
    pill,
    readings,
    settle,
    wait_until,
)

MAIN = ".st-key-stage svg.main"
HOST = "document.querySelector('.st-key-stage [data-testid=stBidiComponentIsolated]').shadowRoot"
NEURON = ("input_1", "weight_1", "input_2", "weight_2", "bias")
EVERYTHING = {
    "functions": curve.FRONT,
    "more_functions": tuple(name for name in curve.ACTIVATIONS if name not in curve.FRONT),
    "expression": "where(x > 0, log(x), exp(x)*sin(3*x)) + 1/x",
    "show": ("value", "slope", "curvature", "difference"),
}


def near(shown: object, expected: float, tolerance: float = 1e-6) -> bool:
    """Whether a number on the page, as text, is the expected one; not-a-number and infinity only equal themselves."""
    found = float(str(shown))
    if not math.isfinite(expected):
        return math.isnan(found) if math.isnan(expected) else found == expected
    return math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance * 1e-3)


def assert_near(shown: Sequence[object], expected: Sequence[float], what: str, tolerance: float = 1e-6) -> None:
    """Every number on the page is the expected one."""
    wrong = [(i, a, b) for i, (a, b) in enumerate(zip(shown, expected, strict=True)) if not near(a, b, tolerance)]
    assert not wrong, f"{what}: {wrong[:4]}"


def box_of(page: Page, selector: str) -> dict[str, float]:
    """Where something is on the page."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return dict(box)


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = box_of(page, selector)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# The curves ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float64", "float16"])
def test_readings_at_the_pointer_are_torchs_numbers_and_cost_no_traffic(visitor: Watched, precision: str) -> None:
    params = curve.Params(**EVERYTHING, precision=precision, leaky_slope=-0.3, prelu_slope=1.5, elu_alpha=2, swish_beta=-1.5, span=9)
    result = curve.compute(params)
    sent = count_frames(visitor.page)
    page = visitor.open(address("activations.curve", params))
    sent.clear()
    box, seen = box_of(page, MAIN), set()
    for share in (0.0, 0.07, 0.21, 0.333, 0.47, 0.5, 0.52, 0.6, 0.77, 0.9, 0.999):
        page.mouse.move(box["x"] + 44 + share * (box["width"] - 54), box["y"] + 30 + 200 * share)
        shown = readings(page)
        x = torch.tensor([round(float(shown["x"]) * 100)], dtype=torch.float64) / 100
        assert float(shown["x"]) == float(x), "the probe stands between two rows of the table"
        seen.add(float(x))
        for i, name in enumerate(params.names()):
            if precision == "float64":
                expected = derivatives(params.function(name), x)[:, 0].tolist()
            else:  # torch's vectorised kernels round other than its scalar ones, so ask the whole table
                expected = result.curves[i, :, list(result.x).index(float(x))].tolist()
            assert_near(shown["rows"][name], expected, f"{name} at {float(x)}")
    assert len(seen) == 11 and min(seen) < -8.9 and max(seen) > 8.9
    assert sent == [], "moving the pointer sent something to the server"


def test_the_pointer_reads_the_x_that_the_axis_shows(visitor: Watched) -> None:
    page = visitor.open("activations")
    ticks = page.evaluate(
        HOST
        + """.querySelectorAll("svg.main text.quiet[text-anchor=middle]").values().map((t) => [t.textContent, t.getBoundingClientRect()])
        .map(([words, box]) => [words, box.x + box.width / 2]).toArray()"""
    )
    assert len(ticks) >= 5
    y = middle(page, MAIN)[1]
    for words, x in ticks:
        page.mouse.move(x, y)
        assert abs(float(readings(page)["x"]) - float(words.replace("−", "-"))) < 0.03, f"tick {words}"


def test_the_neuron_follows_its_sliders_without_traffic_and_reports_once(visitor: Watched) -> None:
    params = curve.Params(functions=("tanh", "gelu"), focus="gelu")
    sent = count_frames(visitor.page)
    page = visitor.open(address("activations.curve", params))
    sent.clear()
    for name in NEURON:
        box = box_of(page, f"input[name={name}]")
        y, before = box["y"] + box["height"] / 2, len(sent)
        page.mouse.move(box["x"] + box["width"] * (0.5 + getattr(params, name) / 4), y)
        page.mouse.down()
        for share in (0.9, 0.2, 0.35):
            page.mouse.move(box["x"] + share * box["width"], y, steps=3)
            values = {
                n: float(page.locator(f"input[name={n}]").input_value()) for n in ("input_1", "weight_1", "input_2", "weight_2", "bias")
            }
            now = curve.Params(**(params.as_dict() | values))
            z, shown = now.pre_activation(), readings(page)
            expected = float(derivatives(now.function("gelu"), torch.tensor([z], dtype=torch.float64))[0])
            assert near(shown["z"], z) and near(shown["output"], expected), (values, shown)
        assert len(sent) == before, "dragging sent something to the server"
        page.mouse.up()
        params = now
        wait_until(page, lambda now=now: link_of(page).params == now, f"{name} in the address")  # type: ignore[misc]
        assert len(sent) == before + 1, "one release is one message"
    settle(page)
    facts = named(page, "stage").locator("xpath=following::dl[contains(@class, 'facts')][1]").locator("dd").all_inner_texts()
    assert facts[0] == three_digits(params.pre_activation())


def test_a_marked_function_is_shaded_and_stays_marked(visitor: Watched) -> None:
    page = visitor.open("activations")
    zones = (
        HOST
        + ".querySelectorAll('svg.main .zone').values().map((e) => Math.round(+e.getAttribute('x') + +e.getAttribute('width'))).toArray()"
    )
    before = page.evaluate(zones)
    page.locator("tr[data-name=relu] input").check()
    marked = page.evaluate(zones)
    assert marked != before, "the shading did not follow at once"
    settle(page)
    assert link_of(page).params.as_dict()["focus"] == "relu"
    pill(page, "activations.curve.functions", "step").click()
    settle(page)
    assert page.locator("tr[data-name=relu] input").is_checked()
    assert page.evaluate(zones) == marked
    zero = 44 + (box_of(page, MAIN)["width"] - 54) / 2
    assert all(abs(end - zero) < 3 for end in marked), "ReLU is flat for x < 0 and nowhere else"


def test_the_probe_and_the_scroll_position_survive_a_rerun(visitor: Watched) -> None:
    page = visitor.open("activations")
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 130")
    page.evaluate(HOST + ".querySelector('svg.main').kept = true")
    x, y = middle(page, MAIN)
    page.mouse.move(x + 100, y)
    before = readings(page)
    pill(page, "activations.curve.functions", "GELU").dispatch_event("click")  # the pointer stays where it is
    settle(page)
    after = readings(page)
    assert "gelu" in after["rows"] and after["x"] == before["x"], "the probe moved"
    assert after["rows"]["tanh"] == before["rows"]["tanh"]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 130
    assert page.evaluate(HOST + ".querySelector('svg.main').kept === true"), "the picture was built anew"
    named(page, "share").get_by_role("button").first.dispatch_event("click")
    page.get_by_test_id("stPopoverBody").wait_for()
    settle(page)
    assert readings(page)["x"] == before["x"]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 130
    assert page.evaluate(HOST + ".querySelector('svg.main').kept === true")


WATCH = """() => {
  window.boxes = {};
  const look = () => {
    for (const name of ["stage", "body", "controls", "sentence"]) {
      const box = document.querySelector(`.st-key-${name}`)?.getBoundingClientRect();
      const seen = (window.boxes[name] ??= {});
      const key = name === "stage" ? (box ? [box.x, box.y, box.width, box.height] : ["gone"]) : box ? [box.x, box.y, box.width] : ["gone"];
      seen[key.map((n) => (n === "gone" ? n : Math.round(n))).join()] = true;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.mark.parametrize("view", ["curve", "softmax"])
def test_nothing_jumps_while_the_page_works(visitor: Watched, view: str) -> None:
    page = visitor.open(f"activations?view={view}")
    page.evaluate(WATCH)
    if view == "curve":
        pill(page, "activations.curve.functions", "GELU").click()
        settle(page)
        pill(page, "activations.curve.show", "f″").click()
        settle(page)
        open_scene(page, "activations.curve", "Float32 runs out")
        open_scene(page, "activations.curve", "ELU, α = 2")
        page.locator("input[name=bias]").press("ArrowRight")
    else:
        page.get_by_role("button", name="Add a class").click()
        settle(page)
        pill(page, "activations.softmax.precision", "float16").click()
        settle(page)
        open_scene(page, "activations.softmax", "Logit 1000")
        open_scene(page, "activations.softmax", "Hot: T = 10")
        page.locator("[data-handle='0']").press("ArrowUp")
        page.wait_for_timeout(300)
    settle(page)
    moved = {name: list(seen) for name, seen in page.evaluate("window.boxes").items() if len(seen) > 1}
    assert not moved, f"these moved: {moved}"


@pytest.mark.parametrize("view", ["curve", "softmax"])
def test_the_picture_can_be_saved(visitor: Watched, view: str, tmp_path: Path) -> None:
    page = visitor.open(f"activations?view={view}")
    box = box_of(page, MAIN)
    for kind in ("svg", "png"):
        with page.expect_download() as started:
            page.locator(f"[data-save={kind}]").click()
        name = started.value.suggested_filename
        assert name.endswith(f".{kind}") and name.startswith("dlviz-")
        started.value.save_as(tmp_path / name)
        if kind == "png":
            with Image.open(tmp_path / name) as image:
                image.load()
                assert image.width == pytest.approx(2 * box["width"], abs=3) and image.height == pytest.approx(2 * box["height"], abs=3)
                assert len(image.convert("RGB").getcolors(1_000_000) or []) > 50, "the picture is empty"
        else:
            root = ElementTree.fromstring((tmp_path / name).read_text())
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            shapes = [e for e in root.iter() if e.tag.endswith(("path", "rect"))]
            assert len(shapes) > 4
            styles = [e.get("style", "") for e in root.iter()][2:]  # not of the root, and not of the paper laid under it
            assert all("fill:" in style and "var(" not in style for style in styles), "the picture does not stand alone"


def finger(page: Page) -> Callable[..., None]:
    """A finger on the screen: call it with "touchStart", "touchMove" or "touchEnd" and the places it touches."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    return touch


def test_a_finger_moves_the_probe_and_the_bars(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor = Watched(context, server.url)
    sent = count_frames(visitor.page)
    touch = finger(visitor.page)
    page = visitor.open("activations")
    page.locator(MAIN).scroll_into_view_if_needed()
    page.evaluate(HOST + ".querySelector('svg.main').addEventListener('pointermove', (e) => (window.kind = e.pointerType))")
    box = box_of(page, MAIN)
    y = box["y"] + 120
    sent.clear()
    touch("touchStart", (box["x"] + 100, y))
    found = []
    for x in (140, 200, 260):
        touch("touchMove", (box["x"] + x, y))
        page.wait_for_timeout(30)
        found.append(float(readings(page)["x"]))
    touch("touchEnd")
    assert page.evaluate("window.kind") == "touch"
    assert found == sorted(set(found)) and found[2] - found[0] > 1, found
    assert sent == []
    page = visitor.open("activations?view=softmax")
    page.locator("[data-handle='1']").scroll_into_view_if_needed()
    scrolled = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    x, y = middle(page, "[data-handle='1']")
    sent.clear()
    touch("touchStart", (x, y))
    for up in (10, 25, 40):
        touch("touchMove", (x, y - up))
        page.wait_for_timeout(30)
    held = float(page.locator("[data-handle='1']").get_attribute("aria-valuenow") or "nan")
    assert held > 1 and sent == []
    touch("touchEnd")
    wait_until(page, lambda: link_of(page).params.as_dict()["logits"][1] == held, "the bar's logit in the address")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == scrolled, "the page scrolled under the bar"
    visitor.check()
    context.close()


# Softmax -------------------------------------------------------------------------------------------------------------


def assert_softmax(page: Page, params: softmax.Params) -> None:
    """Every number of the softmax picture is torch's."""
    result, shown = softmax.compute(params), readings(page)
    facts = {name: fact.value if fact.value is not None else math.inf for name, fact in result.facts().items()}
    what = json.dumps(params.as_dict())
    assert_near(shown["p"], result.probabilities.tolist(), f"probabilities, {what}")
    assert_near(shown["jacobian"], result.jacobian.flatten().tolist(), f"Jacobian, {what}")
    names = ("entropy", "entropy_bits", "perplexity", "winner", "odds", "log_odds")
    assert_near([shown[name] for name in names], [facts[name] for name in names], f"{names}, {what}")
    winner = int(torch.tensor(params.logits).argmax())
    formulas = [float(values[winner]) for values in (result.naive_terms, result.naive, result.shifted)]
    tolerance = 2e-3 if params.precision == "float16" else 1e-6
    assert_near([shown[f"{name}"] for name in ("naive-term", "naive-p", "shifted-p")], formulas, f"formulas, {what}", tolerance)


def random_settings() -> list[softmax.Params]:
    """Settings of every kind: drawn from a fixed seed, and the hard ones by hand."""
    generator = torch.Generator().manual_seed(7)
    drawn = []
    for precision in softmax.DTYPES:
        for spread, temperature in ((3, 1.0), (0.5, 0.05), (40, 20.0)):
            count = int(torch.randint(2, softmax.MOST + 1, (1,), generator=generator))
            logits = (spread * torch.randn(count, generator=generator, dtype=torch.float64)).mul(100).round().div(100).clamp(-1000, 1000)
            followed = str(int(torch.randint(1, count + 1, (1,), generator=generator)))
            drawn.append(softmax.Params(logits=tuple(logits.tolist()), temperature=temperature, chosen=followed, precision=precision))
        drawn += [
            softmax.Params(logits=(1000, 999, 0), precision=precision),
            softmax.Params(logits=(2, 2.1), temperature=0.05, precision=precision),
            softmax.Params(logits=(12.3, 11.9, 11.7), temperature=0.7, precision=precision),
            softmax.Params(logits=(1000, 999.97), temperature=0.05, precision=precision),
            softmax.Params(logits=(-1000, 1000), temperature=0.05, chosen="2", precision=precision),
        ]
    return drawn


def logits_of(page: Page) -> tuple[float, ...]:
    """The logits that the bars stand at."""
    return tuple(page.locator("[data-handle]").evaluate_all("(handles) => handles.map((handle) => +handle.ariaValueNow)"))


@pytest.mark.parametrize("precision", softmax.DTYPES)
def test_softmax_says_torchs_numbers(visitor: Watched, precision: str) -> None:
    page, wrong = visitor.page, []
    for number, params in enumerate(p for p in random_settings() if p.precision == precision):
        if number == 0:
            visitor.open(address("activations.softmax", params))
        else:  # from one setting to the next within the page: the address by itself starts a rerun
            page.evaluate(GO, "/" + address("activations.softmax", params))
            wait_until(page, lambda z=params.logits: logits_of(page) == z, "the bars of the address")  # type: ignore[misc]
            settle(page)
        try:
            assert_softmax(page, params)
        except AssertionError as error:
            wrong.append(str(error).splitlines()[0])
    assert not wrong, "\n".join(wrong)


def test_dragging_a_bar_costs_no_traffic_until_release(visitor: Watched) -> None:
    params = softmax.Params(logits=(2, 1, 0, -1, 0.5), temperature=0.8, chosen="1", precision="float64")
    sent = count_frames(visitor.page)
    page = visitor.open(address("activations.softmax", params))
    assert_softmax(page, params)
    sent.clear()
    x, y = middle(page, "[data-handle='3']")
    page.mouse.move(x, y)
    page.mouse.down()
    for up in (30, -20, 55):
        page.mouse.move(x, y - up, steps=4)
        z = float(page.locator("[data-handle='3']").get_attribute("aria-valuenow") or "nan")
        now = softmax.Params(**(params.as_dict() | {"logits": (2, 1, 0, z, 0.5), "chosen": "4"}))
        assert z != -1
        assert_softmax(page, now)
    assert sent == [], "dragging sent something to the server"
    page.mouse.up()
    wait_until(page, lambda: link_of(page).params == now, "the dragged bar in the address")
    assert len(sent) == 1, "one release is one message"
    settle(page)
    assert_softmax(page, now)


def test_classes_numbers_keys_and_temperature_change_the_distribution(visitor: Watched) -> None:
    params = softmax.Params()
    page = visitor.open("activations?view=softmax")

    def becomes(**changes: object) -> None:
        nonlocal params
        params = softmax.Params(**(params.as_dict() | changes))
        wait_until(page, lambda: link_of(page).params == params, f"{changes} in the address")
        settle(page)
        assert_softmax(page, params)

    page.get_by_role("button", name="Add a class").click()
    becomes(logits=(2, 1, 0, -1, 0))
    page.get_by_role("button", name="Remove a class").click()
    page.get_by_role("button", name="Remove a class").click()
    becomes(logits=(2, 1, 0))
    page.get_by_role("spinbutton", name="logit of class 3").fill("3.25")
    page.keyboard.press("Enter")
    becomes(logits=(2, 1, 3.25), chosen="3")
    page.locator("[data-handle='1']").focus()
    for key in ("PageUp", "ArrowUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    becomes(logits=(2, 2.1, 3.25), chosen="2")
    assert page.evaluate(HOST + ".activeElement.dataset.handle") == "1", "the bar lost the focus"
    page.locator("#softmax-temperature").focus()
    page.keyboard.press("End")
    becomes(temperature=20)
    page.keyboard.press("Home")
    becomes(temperature=0.05)
    page.get_by_role("button", name="Remove a class").click()
    becomes(logits=(2, 2.1))
    assert page.get_by_role("button", name="Remove a class").is_disabled()


def test_softmax_keeps_its_node_and_its_focus_over_a_rerun(visitor: Watched) -> None:
    page = visitor.open("activations?view=softmax")
    page.evaluate(HOST + ".querySelector('svg.main').kept = true")
    page.locator("[data-handle='1']").focus()
    pill(page, "activations.softmax.precision", "float64").dispatch_event("click")
    settle(page)
    assert page.evaluate(HOST + ".querySelector('svg.main').kept === true"), "the picture was built anew"
    assert page.evaluate(HOST + ".activeElement?.dataset.handle") == "1", "the bar lost the focus"
