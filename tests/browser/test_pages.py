"""Every page, in every size and theme: nothing fails, nothing sticks out, the stage is in the window, axe is content."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from dlviz import catalog
from tests.browser.conftest import GO, Watched, settle

# The front view of each topic by its bare address, the other views by name.
ADDRESSES = [""] + [
    topic.slug if number == 0 else f"{topic.slug}?view={view.partition('.')[2]}"
    for topic in catalog.TOPICS
    for number, view in enumerate(topic.views)
]
SIZES = [(1440, 900), (1280, 720), (390, 844)]
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
# The drawer that Streamlit puts the navigation into on a phone nests its list wrongly: Streamlit's own.
CONTEXT = {"exclude": [["[data-testid='stSidebarNav']"]]}
# KaTeX marks its wide formulas scrollable without making them focusable: Streamlit's own.
ALLOWED = {"scrollable-region-focusable": "katex"}


# The same elements at 1440 as at 1280, and the same colours on a phone: a look by axe at each is enough.
LOOKED_AT = {((1280, 720), "light"), ((1280, 720), "dark"), ((390, 844), "light")}


def go(visitor: Watched, address: str) -> Page:
    """The page at this address: opened if it is the first, else gone to as Back and Forward do."""
    if not visitor.page.url.startswith(visitor.url):
        return visitor.open(address)
    visitor.page.evaluate(GO, f"/{address}")
    settle(visitor.page)
    return visitor.page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_page_at_every_size(visitor: Watched, theme: Literal["light", "dark"], size: tuple[int, int]) -> None:
    visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
    visitor.page.emulate_media(color_scheme=theme)
    for address in ADDRESSES:
        page = go(visitor, address)
        assert page.title() == next((topic.title for topic in catalog.TOPICS if address.startswith(topic.slug)), "dlviz")
        visitor.check()
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= size[0] + 1, f"{address or 'home'}: {wide - size[0]} px too wide"
        stage = page.locator(".st-key-stage")
        if size[0] >= 1280 and stage.count():
            box = stage.bounding_box()
            assert box is not None and box["y"] + box["height"] <= size[1], f"{address}: the stage ends at {box}"
        if (size, theme) not in LOOKED_AT:
            continue
        serious = [
            (violation["id"], node["target"])
            for violation in Axe().run(page, context=CONTEXT, options=AXE).response["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
            if ALLOWED.get(violation["id"], "\0") not in node["html"]
        ]
        assert not serious, f"{address or 'home'}: {serious}"
