"""Every page, in every size and theme: nothing fails, nothing sticks out, the stage is in the window, axe is content."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from dlviz import catalog
from tests.browser.conftest import GO, Watched, settle

# The front view of each topic by its bare address, the other views by name; and the home page.
ADDRESSES = {"home": [""]} | {
    topic.slug: [topic.slug if number == 0 else f"{topic.slug}?view={view.partition('.')[2]}" for number, view in enumerate(topic.views)]
    for topic in catalog.TOPICS
}
SIZES = [(1440, 900), (1280, 720), (390, 844)]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
# The drawer that Streamlit puts the navigation into on a phone nests its list wrongly: Streamlit's own.
CONTEXT = {"exclude": [["[data-testid='stSidebarNav']"]]}
# KaTeX marks its wide formulas scrollable without making them focusable: Streamlit's own.
ALLOWED = {"scrollable-region-focusable": "katex"}


# The same elements at 1440 as at 1280, and the same colours on a phone: a look by axe at each is enough.
LOOKED_AT = {((1280, 720), "light"), ((1280, 720), "dark"), ((390, 844), "light")}


# Until colours have changed that change by and by.
REST = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished))"""


FOLLOWS = "(theme) => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === theme"


def go(visitor: Watched, address: str) -> Page:
    """The page at this address: opened if it is the first, else gone to as Back and Forward do."""
    if not visitor.page.url.startswith(visitor.url):
        return visitor.open(address)
    visitor.page.evaluate(GO, f"/{address}")
    settle(visitor.page)
    return visitor.page


@pytest.mark.parametrize("place", ADDRESSES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_page_at_every_size_in_both_themes(visitor: Watched, size: tuple[int, int], place: str) -> None:
    """Opened in the light theme; then the viewer's system goes dark, and the page with it."""
    visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
    for address in ADDRESSES[place]:
        visitor.page.emulate_media(color_scheme="light")
        page = go(visitor, address)
        assert page.title() == next((topic.title for topic in catalog.TOPICS if topic.slug == place), "dlviz")
        grounds = []
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(FOLLOWS, arg=theme)
            settle(page)
            page.evaluate(REST)
            grounds.append(page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"))
            assert_fits(visitor, address or "home", size)
            if (size, theme) in LOOKED_AT:
                assert_accessible(page, address or "home")
        assert len(set(grounds)) == 2, f"{address or 'home'} does not follow the theme"


def assert_fits(visitor: Watched, address: str, size: tuple[int, int]) -> None:
    """Nothing has failed, nothing sticks out, and on a screen the stage ends within the window."""
    visitor.check()
    wide = visitor.page.evaluate("document.scrollingElement.scrollWidth")
    assert wide <= size[0] + 1, f"{address}: {wide - size[0]} px too wide"
    stage = visitor.page.locator(".st-key-stage")
    if size[0] >= 1280 and stage.count():
        box = stage.bounding_box()
        assert box is not None and box["y"] + box["height"] <= size[1], f"{address}: the stage ends at {box}"


def assert_accessible(page: Page, address: str) -> None:
    """Axe finds nothing serious but what is Streamlit's own."""
    serious = [
        (violation["id"], node["target"])
        for violation in Axe().run(page, context=CONTEXT, options=AXE).response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if ALLOWED.get(violation["id"], "\0") not in node["html"]
    ]
    assert not serious, f"{address}: {serious}"
