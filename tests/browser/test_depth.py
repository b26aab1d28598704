"""Depth in the browser: one cursor by pointer and keys, torch's numbers, and a click on the map that asks for a real network."""

import pytest
from playwright.sync_api import Page

from dlviz.compute.gradients.depth import Params, compute
from dlviz.results import three_digits
from tests.browser.conftest import Watched, address, link_of, settle, wait_until

HOST = "document.querySelector('.st-key-stage [data-testid=stBidiComponentIsolated]').shadowRoot"


def readout(page: Page) -> list[str]:
    """The numbers of the chosen layer, and the product."""
    return page.evaluate(f"() => [...{HOST}.querySelectorAll('.readout h3, .readout dd, .product')].map((each) => each.textContent)")


def test_every_layers_numbers_are_torchs_by_keyboard_alone(visitor: Watched) -> None:
    params = Params(depth=5, activation="tanh", skip="plain", norm="layer")
    page = visitor.open(address("gradients.depth", params))
    settle(page)
    result = compute(params)
    page.evaluate(f"{HOST}.querySelector('svg.main').focus()")
    for layer in range(5):
        title, signal, weight, relative, *_, product = readout(page)
        assert title == f"Layer {layer + 1} of 5"
        assert signal == three_digits(result.signal_gradient[layer]) and weight == three_digits(result.weight_gradient[layer])
        assert relative == three_digits(result.weight_gradient[layer] / result.weight_norm[layer])
        if layer < 4:
            for name in ("through_weights", "through_slope", "through_rest"):
                assert three_digits(getattr(result, name)[layer]) in product
        page.keyboard.press("ArrowRight")
    assert readout(page)[0] == "Layer 5 of 5", "the last layer is the last"
    page.keyboard.press("Home")
    assert readout(page)[0] == "Layer 1 of 5"


def test_the_pointer_chooses_a_layer_and_sends_nothing(visitor: Watched) -> None:
    page = visitor.open("gradients")
    settle(page)
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", sent.append))
    box = page.locator(".depth svg.main").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 15, box["y"] + 50)
    assert readout(page)[0] == "Layer 20 of 20"
    assert sent == []


def test_a_click_on_the_map_asks_for_that_network(visitor: Watched) -> None:
    page = visitor.open("gradients?activation=tanh&initialisation=he")
    settle(page)
    box = page.locator(".depth .map svg").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    wait_until(page, lambda: "weight_spread" in page.url, "the address has σ_w")
    settle(page)
    params = link_of(page).params
    assert isinstance(params, Params) and params.initialisation == "normal"
    assert params.weight_spread == pytest.approx(2, abs=0.4) and params.bias_spread == pytest.approx(1.2, abs=0.4)
    assert readout(page)[1] == three_digits(compute(params).signal_gradient[0])


def test_the_third_row_shows_what_is_chosen_and_sends_nothing(visitor: Watched) -> None:
    page = visitor.open("gradients?view=depth")
    sent, row = page.evaluate("sentAt"), page.locator(".st-key-stage .depth .third")
    for name, words in (("update", "‖∂L/∂W‖ / ‖W‖"), ("shares", "dead units"), ("signal", "variance of outputs")):
        row.locator(f"[data-row={name}]").focus()
        page.keyboard.press("Enter")
        assert row.locator("[aria-pressed=true]").get_attribute("data-row") == name
        assert words in (page.locator(".st-key-stage .depth svg.main").text_content() or "")
    assert page.evaluate("sentAt") == sent
