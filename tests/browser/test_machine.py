"""The whole machine in the browser: keys lead through all stations, cells say the model's numbers, and stations lead on."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from dlviz.compute.attention.machine import Params, Result
from tests.browser.conftest import Watched, address, count_frames, link_of, settle, wait_until
from tests.fetched import need
from tests.sharing import shared

ADDRESS = "attention"


def result() -> Result:
    found = shared("attention.machine", Params()).result
    assert isinstance(found, Result)
    return found


def machine(page: Page) -> Locator:
    return page.locator(".st-key-stage .machine")


def pressed(page: Page) -> str:
    """The station that is open, as the row of stations has it."""
    (open_one,) = machine(page).locator(".way button[aria-pressed=true]").all()
    return open_one.get_attribute("data-station") or ""


def test_arrows_lead_through_all_stations(visitor: Watched) -> None:
    need(Params())
    page = visitor.open(ADDRESS)
    columns, title = machine(page).locator("svg.main"), machine(page).locator(".station h3")
    expect(title).to_have_text("Layer 24 of 30: attention, 9 heads of 64 numbers")
    columns.focus()
    page.keyboard.press("ArrowRight")
    assert pressed(page) == "feed_forward" and title.inner_text().startswith("Layer 24 of 30: feed-forward")
    page.keyboard.press("ArrowRight")
    assert pressed(page) == "attention" and title.inner_text().startswith("Layer 25 of 30")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    wait_until(page, lambda: link_of(page).params == Params(token=4), "what is open stands in the address")
    for _ in range(2 * 23):
        page.keyboard.press("ArrowLeft")
    assert pressed(page) == "attention" and title.inner_text().startswith("Layer 1 of 30")
    page.keyboard.press("ArrowLeft")
    assert pressed(page) == "embedding"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # the first one: there is none before
    assert pressed(page) == "tokens"
    machine(page).locator("[data-station=unembedding]").click()
    page.keyboard.press("ArrowRight")
    assert pressed(page) == "next" and title.inner_text() == "After “France” comes"
    settle(page)


def test_a_cell_says_what_the_stream_says_there(visitor: Watched) -> None:
    page, found = visitor.open(ADDRESS), result()
    cells = machine(page).locator("rect.cell")
    assert cells.count() == 31 * 5
    for layer, token in ((0, 4), (23, 1), (30, 4)):
        box = cells.nth(layer * 5 + token).bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        said = machine(page).locator(".reading").inner_text()
        best = re.search(r": “(.+?)” ([\d.]+) %", said)
        assert best and best[1] == found.words[found.lens[layer, token, 0]].strip()
        assert float(best[2]) == pytest.approx(100 * found.lens_chances[layer, token, 0], rel=5e-3)
        rank = re.search(r"is no\. ([\d,]+)", said)
        assert (int(rank[1].replace(",", "")) if rank else 1) == found.rank[layer, token]


def test_another_layer_opens_at_once_without_an_answer_of_the_server(visitor: Watched) -> None:
    page, found = visitor.open(ADDRESS), result()
    page.context.set_offline(True)  # nothing reaches the server any more
    box = machine(page).locator("rect.cell").nth(12 * 5 + 3).bounding_box()
    assert box
    page.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
    expect(machine(page).locator(".station h3")).to_have_text(re.compile("^Layer 12 of 30: attention"), timeout=1_000)
    assert "on their way" in machine(page).locator(".said").inner_text()  # the shares of its heads
    added = re.search(r"Adds ([+−\d.·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+) to the score of “(\w+)”", machine(page).locator(".said").inner_text())
    assert added and added[2] == found.words[found.final[3]].strip()
    assert float(added[1].replace("−", "-")) == pytest.approx(found.adds[0, 11, 3], rel=1e-2)
    page.context.set_offline(False)


def test_it_plays_without_the_server_and_says_where_it_stopped(visitor: Watched) -> None:
    params = Params(text="Emma was", model="austen", station="tokens")
    page = visitor.open(address("attention.machine", params))
    for _ in range(2):
        machine(page).locator(".speed").click()
    page.mouse.click(640, 4)  # Space is for whoever holds nothing
    frames = count_frames(page)
    page.keyboard.press("Space")
    wait_until(page, lambda: machine(page).locator("h3").nth(1).inner_text().startswith("Layer 2"), "it goes through the layers")
    assert not frames, "playing sends nothing"
    page.keyboard.press("Space")
    expect(machine(page).locator(".play")).to_have_text("▶")
    settle(page)
    stopped = link_of(page).params.as_dict()
    assert stopped["station"] == pressed(page) and f"Layer {stopped['layer']:g} of 6" in machine(page).locator("h3").nth(1).inner_text()
    machine(page).locator("[data-station=next]").click()
    machine(page).locator(".play").click()  # from the first station again, and to the end
    wait_until(page, lambda: pressed(page) != "next", "it begins anew")
    wait_until(page, lambda: pressed(page) == "next" and machine(page).locator(".play").inner_text() == "▶", "it ends by itself")


def test_attention_leads_to_the_heatmap_of_the_same_text(visitor: Watched) -> None:
    page = visitor.open(ADDRESS)
    machine(page).locator(".go").click()
    wait_until(page, lambda: link_of(page).view == "heatmap", "the view is another one")
    settle(page)
    assert link_of(page).params.as_dict() | {"layer": 24, "head": 5, "text": Params().text} == link_of(page).params.as_dict()
    expect(page.locator(".st-key-stage .heads .opened h3")).to_have_text("Layer 24, head 5")


def test_the_likeliest_token_is_written_and_the_machine_goes_on(visitor: Watched) -> None:
    params = Params(text="It is a truth universally acknowledged", model="austen")
    page = visitor.open(address("attention.machine", params))
    machine(page).locator("[data-station=next]").click()  # and before the server has heard of it:
    go = machine(page).locator(".go")
    word = re.fullmatch(r"Write “(.+)” and go on", go.inner_text())
    assert word
    go.click()
    wait_until(page, lambda: getattr(link_of(page).params, "text", "") != params.text, "the text is longer")
    settle(page)
    longer = getattr(link_of(page).params, "text", "")
    assert pressed(page) == "next" == getattr(link_of(page).params, "station", "")
    assert longer.startswith(params.text) and longer[len(params.text) :].strip() == word[1]
    assert page.get_by_label("Your text").input_value() == longer
    assert machine(page).locator(".station h3").inner_text() == f"After “{word[1]}” comes"


def test_a_text_of_tags_is_shown_and_never_run(visitor: Watched) -> None:
    text = "<img src=x onerror=alert(1)>"
    page = visitor.open(address("attention.machine", Params(text=text, model="austen", station="tokens")))
    pieces = machine(page).locator("svg.detail text tspan:first-of-type").all_text_contents()
    assert "".join(pieces).replace("␣", " ").strip() == text
    assert machine(page).locator("img").count() == 0
