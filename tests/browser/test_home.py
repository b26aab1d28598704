"""The home page: whole cards are links, by mouse and by keyboard, and their pictures follow the page's theme."""

import io

import pytest
from PIL import Image

from dlviz import catalog
from tests.browser.conftest import Watched, named, settle

BLUE = {"light": (0x00, 0x72, 0xB2), "dark": (0x56, 0xB4, 0xE9)}  # the first line's colours, as in .streamlit/config.toml


@pytest.mark.parametrize("topic", catalog.TOPICS, ids=lambda topic: topic.slug)
def test_the_whole_card_leads_to_its_topic(visitor: Watched, topic: catalog.Topic) -> None:
    page = visitor.open("")
    card = named(page, f"topic-{topic.slug}")
    for corner in ("{ x: 6, y: 6 }", "{ x: e.clientWidth - 6, y: e.clientHeight - 6 }"):
        card.click(position=card.evaluate(f"(e) => ({corner})"))
        page.wait_for_url(f"**/{topic.slug}**")
        settle(page)
        page.go_back()
        settle(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("(key) => !!document.activeElement.closest(`.st-key-${key}`)", f"topic-{topic.slug}"):
            break
    assert card.evaluate("(e) => getComputedStyle(e).boxShadow") != "none", "the focus cannot be seen on the card"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{topic.slug}**")
    settle(page)
    assert page.title() == topic.title


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pictures_follow_the_pages_theme_not_the_systems(visitor: Watched, theme: str) -> None:
    visitor.page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    page = visitor.open(f"?embed_options={theme}_theme")
    shot = Image.open(io.BytesIO(page.locator(".card").first.screenshot())).convert("RGB")
    colours = shot.getcolors(shot.width * shot.height) or []
    count = {name: sum(n for n, colour in colours if colour == blue) for name, blue in BLUE.items()}
    assert count[theme] > 200 and count["dark" if theme == "light" else "light"] == 0, count
