"""In training, in the browser: the strips show the step of the bar, give values, and take one to the step that is clicked."""

import re

from playwright.sync_api import Page

from tests.browser.conftest import Watched, settle, wait_until

PLAYER = "document.querySelector('.st-key-side-b [data-testid=stBidiComponentIsolated]')?.shadowRoot?.querySelector('.player')"


def done(page: Page) -> None:
    wait_until(page, lambda: page.evaluate(f"{PLAYER}?.dataset.done") == "true", "the end of the run", 30)
    page.get_by_role("button", name="Pause").or_(page.get_by_role("button", name="Play")).first.wait_for()
    if page.get_by_role("button", name="Pause").count():
        page.get_by_role("button", name="Pause").click()


def step(page: Page) -> int:
    return int(page.evaluate(f"{PLAYER}.dataset.step"))


def reading(page: Page) -> str:
    return page.locator(".history .reading").last.inner_text()


def test_a_click_goes_to_its_step_and_hover_gives_layer_step_and_value(visitor: Watched) -> None:
    page = visitor.open("gradients?view=training")
    done(page)
    box = page.locator(".history canvas").bounding_box()
    button = page.get_by_role("button", name="Profile of gradient norm").bounding_box()
    assert box and button
    y, seen = button["y"] + button["height"] / 2, []
    for share in (0.25, 0.4):
        page.mouse.move(box["x"] + share * box["width"], y)
        found = re.fullmatch(r"step (\d+), layer (\d+): gradient norm ‖∂L/∂W‖ = (\S+)", reading(page))
        assert found, reading(page)
        assert 8 <= int(found[2]) <= 13, "the middle of twenty layers"
        page.mouse.down()
        page.mouse.up()
        assert 0 <= step(page) - int(found[1]) < 5, "the first picture that knows the step"
        seen.append(step(page))
    assert seen[0] < seen[1]
    page.mouse.move(0, 0)
    assert reading(page).startswith(f"step {seen[1]}: loss ")


def test_the_strips_are_read_by_keyboard(visitor: Watched) -> None:
    page = visitor.open("gradients?view=training")
    done(page)
    page.get_by_role("button", name="Profile of update ratio").press("Enter")
    slider = page.get_by_role("slider", name="Every layer at every step")
    slider.focus()
    at = step(page)
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    assert step(page) == at - 10 and slider.get_attribute("aria-valuenow") == "4"
    assert re.match(rf"step {at - 10}, layer 4: update ratio ", slider.get_attribute("aria-valuetext") or "")
    settle(page)
    assert "scene" not in page.url, "the arrows have left the page"


def test_the_pinned_run_says_where_it_diverged_on_the_same_scales(visitor: Watched) -> None:
    page = visitor.open("gradients?scene=training_clipped")
    done(page)
    settle(page)
    assert page.get_by_role("button", name="Profile of gradient norm").count() == 2
    assert "not a number" in page.locator(".history .reading").first.inner_text()
    assert "Diverged at step" in page.locator(".st-key-diagnosis").inner_text()
    page.get_by_role("button", name="Profile of variance").last.click()
    pressed = page.locator(".history [aria-pressed=true]")
    assert [pressed.nth(i).get_attribute("aria-label") for i in range(pressed.count())] == ["Profile of variance"] * 2
