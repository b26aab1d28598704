"""Keys of one letter can be switched off, which WCAG 2.1.4 asks for, and the browser remembers it."""

from tests.browser.conftest import Watched, link_of, settle
from tests.browser.test_present import arrive, press, scene_of


def test_single_keys_are_switched_off_and_on_in_the_list(visitor: Watched) -> None:
    page = visitor.open("activations?scene=sigmoid")
    title, keys = scene_of(page), page.locator(".dlviz-keys .list")
    press(page, "?")
    keys.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    assert keys.is_hidden()
    page.reload()
    settle(page)
    press(page, "p", "?", "0")
    assert not link_of(page).mode.present and keys.is_hidden(), "a letter still works"
    press(page, "ArrowRight")
    assert scene_of(page) != title, "arrows are no letters"
    press(page, "ArrowLeft")
    arrive(page, title)
    page.locator(".dlviz-keys .open").click()
    assert keys.is_visible() and not keys.get_by_role("checkbox").is_checked()
    keys.get_by_role("checkbox").check()
    keys.get_by_role("button", name="Close").click()
    press(page, "p")
    assert link_of(page).mode.present and page.locator(".dlviz-keys .open").is_hidden()
