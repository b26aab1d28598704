"""Every edit of Hinges can be had back: by button and by Ctrl+Z, in the picture, in the address, in the order they were made."""

from playwright.sync_api import Page

from dlviz.compute.activations.hinges import Params
from tests.browser.conftest import Watched, address, link_of, open_scene, settle, wait_until
from tests.browser.test_hinges import assert_torch, shown

START = Params(units=2, start="own", a=(1, 1), b=(0.5, -0.2), w=(1, -1), c=0.1, steps=100)


def now(page: Page) -> Params:
    """The settings in the address."""
    found = link_of(page).params
    assert isinstance(found, Params)
    return found.canonical()


def test_edits_are_undone_one_after_the_other(visitor: Watched) -> None:
    page = visitor.open(address("activations.hinges", START))
    undo = page.locator(".hinges .undo")
    assert undo.is_disabled()
    seen = [(now(page), shown(page)["theta"])]

    def edited(what: str) -> None:
        wait_until(page, lambda: now(page) != seen[-1][0], what)
        settle(page)
        seen.append((now(page), shown(page)["theta"]))

    page.locator("[data-unit='0']").focus()
    for _ in range(3):  # quick steps are one edit
        page.keyboard.press("ArrowRight")
    edited("a hinge moved")
    page.locator(".hinges .add").click()
    edited("a unit more")
    page.locator("[data-corner='1']").focus()
    page.keyboard.press("ArrowUp")
    edited("the square bent")
    page.locator("[data-unit='1']").focus()
    page.keyboard.press("Delete")
    edited("a unit less")
    page.locator(".hinges .pen").click()
    page.locator(".cross").focus()
    for key in ("Space", "ArrowUp", "ArrowRight", "Space"):
        page.keyboard.press(key)
    edited("another target")
    assert now(page).target == "own"
    page.locator(".hinges .pen").click()
    for number, (params, theta) in enumerate(reversed(seen[:-1])):
        if number % 2:
            undo.click()
        else:
            page.locator("[data-unit='0']").focus()
            page.keyboard.press("Control+z")
        wait_until(page, lambda params=params: now(page) == params, f"{number}: back at {params}")  # type: ignore[misc]
        settle(page)
        assert_torch(page, params)
        assert shown(page)["theta"] == theta, number
    assert undo.is_disabled()


def test_another_scene_forgets_the_edits_of_the_last_one(visitor: Watched) -> None:
    page = visitor.open("activations?scene=learn")
    before = now(page)
    page.locator(".hinges .add").click()
    wait_until(page, lambda: now(page) != before, "a unit more")
    settle(page)
    assert page.locator(".hinges .undo").is_enabled()
    open_scene(page, "activations.hinges", "Stuck")
    assert page.locator(".hinges .undo").is_disabled()
