"""Hinges follow the hand without traffic and say torch's numbers; the training plays; targets are drawn; keys do all of it."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from dlviz.compute.activations import hinges
from dlviz.compute.activations.hinges import OFFERED, Params, compute
from dlviz.nets import hinges as nets
from tests.browser.conftest import GO, Server, Watched, address, count_frames, link_of, pill, settle, wait_until

HOST = "document.querySelector('.st-key-stage [data-testid=stBidiComponentIsolated]').shadowRoot"
SHOWN = f"""() => {{
  const host = {HOST}, units = [...host.querySelectorAll("[data-unit]")], step = host.querySelector(".step");
  const part = (name) => units.map((unit) => +unit.dataset[name]), areas = host.querySelector(".areas").dataset;
  return {{
    theta: [...part("a"), ...part("b"), ...part("w"), +units[0].parentElement.dataset.c],
    sums: host.querySelector(".whole").dataset.sums.split(" ").map(Number),
    rms: +step.dataset.value, largest: +step.dataset.largest, step: +step.dataset.step,
    det: +areas.det, area: +areas.area, none: +areas.none,
  }};
}}"""


def shown(page: Page) -> dict[str, Any]:
    """Every number of the picture, in full."""
    return page.evaluate(SHOWN)


def assert_torch(page: Page, params: Params) -> dict[str, Any]:
    """The sum of the units that are shown is torch's, and so are both errors against the target. Gives what is shown."""
    found, x = shown(page), nets.grid()
    theta = torch.tensor([found["theta"]], dtype=torch.float64)
    y, wanted = nets.output(theta, x, params.function())[0], params.wanted(x)
    np.testing.assert_allclose(found["sums"], y, rtol=1e-6, atol=1e-9)
    assert found["rms"] == pytest.approx((y - wanted).square().mean().sqrt().item(), rel=1e-6)
    assert found["largest"] == pytest.approx((y - wanted).abs().max().item(), rel=1e-6)
    return found


def centre(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_activation_says_torchs_numbers_at_the_start_and_at_the_end(visitor: Watched) -> None:
    page = visitor.open("activations?view=hinges")
    for number, name in enumerate(OFFERED):
        target = ("sine", "step", "bump")[number % 3]
        params = Params(
            activation=name, target=target, units=3 + number, seed=number, steps=100, layer=(1, -0.9, 0.1 * number, 0.8, 1, -0.4)
        )
        page.evaluate(GO, "/" + address("activations.hinges", params))
        wait_until(page, lambda width=10 + 3 * number: len(shown(page)["theta"]) == width, f"{name} drawn")  # type: ignore[misc]
        settle(page)
        x = nets.grid()
        frames, _, losses = nets.train(params.begin(), x, params.function(), params.wanted(x), "adam", params.learning_rate, 100)
        found = assert_torch(page, params)
        np.testing.assert_allclose(found["theta"], frames[0, 0], rtol=1e-12)
        facts = hinges.layer_facts(hinges.layer_factors(params.layer, params.function()), params.layer, params.function())
        for fact, value in (("layer_determinant", "det"), ("layer_area", "area"), ("collapsed_share", "none")):
            assert found[value] == pytest.approx(facts[fact], rel=1e-6, abs=1e-9), (name, fact)
        page.locator(".scrub").focus()
        page.keyboard.press("End")
        found = assert_torch(page, params)
        np.testing.assert_allclose(found["theta"], frames[-1, 0], rtol=1e-9)
        assert found["step"] == 100 and found["rms"] ** 2 == pytest.approx(losses[-1].item(), rel=1e-6)


def test_a_dragged_hinge_costs_no_traffic_until_release_and_comes_back_after_a_reload(visitor: Watched) -> None:
    params = Params(units=5, activation="tanh", start="own", a=(1, -2, 3, 1, 2), b=(0.5, 0, -0.6, 0.2, 1), w=(1, -0.5, 0.4, 1, 0.2), c=0.1)
    sent = count_frames(visitor.page)
    page = visitor.open(address("activations.hinges", params))
    assert_torch(page, params)
    sent.clear()
    x, y = centre(page, "[data-unit='2'] circle")
    page.mouse.move(x, y)
    page.mouse.down()
    for by in (-40, 25, -90):
        page.mouse.move(x + by, y + 10, steps=4)
        found = assert_torch(page, params)
        assert found["theta"][2] == 3 and (found["theta"][7] > -0.6) == (by < 0), "the hinge goes with the hand"
    hinge = -found["theta"][7] / 3
    unit = page.evaluate(f"{HOST}.querySelector('svg.main').clientWidth - 54") / 2.2  # pixels for 1 along x
    assert hinge == pytest.approx(0.2 - 90 / unit, abs=0.01)
    assert sent == [], "dragging sent something to the server"
    page.mouse.up()
    wait_until(page, lambda: link_of(page).params.b == tuple(found["theta"][5:10]), "the hinge in the address")  # type: ignore[attr-defined]
    assert len(sent) == 1, "one release is one message"
    settle(page)
    # the end of the line turns the unit
    x, y = centre(page, ".tip rect")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=4)
    page.mouse.up()
    settle(page)
    now = link_of(page).params
    assert isinstance(now, Params) and now.w[:2] + now.w[3:] == params.w[:2] + params.w[3:]
    # 60 pixels up; its height is w tanh(a + b)
    height = page.evaluate(f"+{HOST}.querySelector('svg.main clipPath rect').getAttribute('height')")
    assert now.w[2] - 0.4 == pytest.approx(60 / height * 3.3 / math.tanh(3 + now.b[2]), abs=0.006)
    before = assert_torch(page, now)
    facts = page.locator("dl.facts dd").all_inner_texts()
    assert facts[0] == compute(now).facts()["error_start"].text_with_unit()
    page.reload()
    settle(page)
    assert shown(page) == before


def test_the_training_plays_without_traffic_and_its_hinges_can_be_kept(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("activations?view=hinges")
    result = compute(Params())
    sent.clear()
    page.locator(".play").click()
    wait_until(page, lambda: shown(page)["step"] > 20, "the training plays")
    page.evaluate("document.dispatchEvent(new CustomEvent('dlviz:play'))")
    at = shown(page)["step"]
    page.wait_for_timeout(150)
    assert shown(page)["step"] == at, "the event dlviz:play does not pause"
    page.locator(".on").click()
    assert shown(page)["step"] == at + 4
    page.locator(".back").click()
    page.locator(".scrub").focus()
    page.keyboard.press("ArrowLeft")
    k = list(result.frame_steps).index(at) - 1
    np.testing.assert_allclose(assert_torch(page, Params())["theta"], result.frames[k], rtol=1e-9)
    page.evaluate("document.dispatchEvent(new CustomEvent('dlviz:play'))")
    wait_until(page, lambda: shown(page)["step"] > at, "the event dlviz:play starts it again")
    page.keyboard.press("End")
    assert sent == [], "playing sent something to the server"
    page.locator(".keep").click()
    wait_until(page, lambda: link_of(page).params.start == "own", "the hinges are kept")  # type: ignore[attr-defined]
    settle(page)
    now = link_of(page).params
    assert isinstance(now, Params)
    np.testing.assert_allclose(now.begin()[0], result.frames[-1], atol=6e-5)
    assert assert_torch(page, now)["step"] == 0 and page.locator(".keep").is_disabled()


def test_a_target_is_drawn_by_hand_and_by_keys(visitor: Watched) -> None:
    sent = count_frames(visitor.page)
    page = visitor.open("activations?view=hinges")
    page.locator(".pen").click()
    box = page.locator("svg.main").bounding_box()
    assert box is not None
    sent.clear()
    page.mouse.move(box["x"] + 48, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 120, steps=5)
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 60, steps=9)
    assert sent == [], "drawing sent something to the server"
    held = shown(page)["rms"]
    page.mouse.up()
    wait_until(page, lambda: link_of(page).params.target == "own", "the drawn target in the address")  # type: ignore[attr-defined]
    settle(page)
    drawn = link_of(page).params
    assert isinstance(drawn, Params) and len(drawn.curve) == 81 and drawn.start == "random"
    low = int(np.argmin(drawn.curve))
    assert 5 < low < 30 and drawn.curve[0] > drawn.curve[low] < drawn.curve[-1], "down, then up again"
    assert assert_torch(page, drawn)["rms"] == pytest.approx(held, rel=1e-6), "the target is not drawn while the hand draws it"
    page.locator(".cross").focus()
    for key in ("Shift+ArrowUp", "Shift+ArrowUp", "Space", "ArrowRight", "Shift+ArrowRight", "Space"):
        page.keyboard.press(key)
    settle(page)
    now = link_of(page).params
    assert isinstance(now, Params)
    changed = [i for i in range(81) if now.curve[i] != drawn.curve[i]]
    assert set(changed) <= set(range(40, 47)) and now.curve[40:47] == (0.5,) * 7, "the pen wrote level at 1/2 from x = 0 to 0.15"
    assert_torch(page, now)
    np.testing.assert_array_equal(shown(page)["theta"], now.begin()[0])
    # another target takes the pen away; choosing one's own hands it over
    for words, pressed in (("sine", "false"), ("your own", "true")):
        pill(page, "activations.hinges.target", words).click()
        settle(page)
        assert page.locator(".pen").get_attribute("aria-pressed") == pressed
    assert link_of(page).params.curve == now.curve, "the drawn target is gone"  # type: ignore[attr-defined]


def test_units_and_corners_work_by_keys(visitor: Watched) -> None:
    page = visitor.open(address("activations.hinges", Params(target="bump", start="own", units=4)))
    page.locator("[data-unit='3']").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        page.keyboard.press(key)
    wait_until(page, lambda: link_of(page).params.w[3] == 2.05, "weight 2.5 + 0.05 - 0.5")  # type: ignore[attr-defined]
    settle(page)
    assert link_of(page).params.b == (0.5, 0.1, -0.1, -0.58)  # type: ignore[attr-defined]
    assert page.evaluate(f"{HOST}.activeElement.dataset.unit") == "3", "the hinge lost the focus"
    before = shown(page)
    page.get_by_role("button", name="+ unit").press("Enter")
    wait_until(page, lambda: link_of(page).params.units == 5, "five units")  # type: ignore[attr-defined]
    settle(page)
    now = link_of(page).params
    assert isinstance(now, Params) and now.w[4] == 0
    added = assert_torch(page, now)
    np.testing.assert_allclose(added["sums"], before["sums"], atol=1e-12)
    wrong = np.abs(np.array(before["sums"]) - now.wanted(nets.grid()).numpy())
    wrong[[any(abs(x + b) < 0.03 for b in now.b[:4]) for x in nets.grid().tolist()]] = 0
    assert wrong[round(100 * -now.b[4] / now.a[4]) + 100] == pytest.approx(wrong.max()), (
        "it stands where the sum is most wrong and no hinge near"
    )
    page.locator("[data-unit='0']").focus()
    page.keyboard.press("Delete")
    wait_until(page, lambda: link_of(page).params.w == (-2.5, -2.5, 2.05, 0), "the first one gone")  # type: ignore[attr-defined]
    settle(page)
    page.get_by_role("spinbutton", name="bias c").fill("0.25")
    page.keyboard.press("Enter")
    settle(page)
    now = link_of(page).params
    assert isinstance(now, Params) and now.c == 0.25
    page.locator("[data-corner='1']").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    wait_until(page, lambda: link_of(page).params.layer == (1.15, -0.9, 0, 0.85, 1, -0.4), "the corner in the address")  # type: ignore[attr-defined]
    settle(page)
    found = assert_torch(page, now)
    assert found["det"] == pytest.approx(1.15 * 1 + 0.9 * 0.85) and math.isclose(
        found["area"],
        hinges.layer_factors(link_of(page).params.layer, now.function()).mean().item(),
        rel_tol=1e-9,  # type: ignore[attr-defined]
    )


def test_a_finger_moves_a_hinge_and_the_page_stays(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor = Watched(context, server.url)
    page = visitor.open(address("activations.hinges", Params(target="bump", start="own", units=4)))
    page.locator("[data-unit='3']").scroll_into_view_if_needed()
    scrolled = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    finger, (x, y) = page.context.new_cdp_session(page), centre(page, "[data-unit='3'] circle")
    for kind, by in (("touchStart", 0), ("touchMove", 10), ("touchMove", 20), ("touchMove", 30), ("touchEnd", None)):
        touches = [] if by is None else [{"x": x + by, "y": y - 2 * by}]  # upwards, which would scroll the page down
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        page.wait_for_timeout(30)
    wait_until(page, lambda: link_of(page).params.b[3] < -0.6, "the hinge further to the right, in the address")  # type: ignore[attr-defined]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == scrolled, "the page scrolled under the hinge"
    visitor.check()
    context.close()
