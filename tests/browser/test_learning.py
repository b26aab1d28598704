"""Learning filters in the browser: the drawn digit's network is torch's, a drawing is centred, and a map switched off is scored."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from dlviz import lessons
from dlviz.compute import run
from dlviz.compute.filters import recognising, sets
from dlviz.compute.filters.changes import changed, filled
from dlviz.compute.filters.learning import Params, Result
from dlviz.compute.filters.weights import write
from dlviz.figures.digitpad import digitpad
from dlviz.figures.payload import unpack
from dlviz.nets.convolutional import folded
from dlviz.ui.components import FOLDER
from tests.browser.conftest import Watched, link_of, named, settle, wait_until

FORWARD = """({ header, arrays, pixels, off }) => {
  for (const [name, values] of Object.entries(arrays)) arrays[name] = Float32Array.from(values);
  const net = new TinyNet(header, arrays);
  for (const [layer, map] of off) net.layers[layer].off.add(map);
  const { maps, chances } = net.forward(pixels);
  return { maps: maps.map(({ values }) => [...values]), chances };
}"""
DATA_OF_PAD = "(root) => ({ input: [...root.pad.input], chances: root.pad.chances, values: [...root.pad.values] })"


def in_browser(page: Page, script: str, given: Any) -> Any:
    source = (FOLDER / "tiny.js").read_text(encoding="utf-8")
    return page.evaluate(f"(given) => {{ {source}\n return ({script})(given); }}", given)


@pytest.mark.parametrize(
    "params",
    [
        Params(pictures=500, layers=1, channels=4, pool="average", kernel="3"),
        Params(pictures=500, layers=3, channels=2, head="global", norm=True),
        Params(pictures=500, layers=2, channels=2, pool="none", kernel="7"),
        Params(data="emoji", layers=1, channels=2, batch_size=200),
    ],
)
def test_the_drawn_digits_network_is_torchs(visitor: Watched, params: Params) -> None:
    """The very code of the component with the very payload, against the network as it was trained; one map off as well."""
    result = run("filters.learning", params)
    assert isinstance(result, Result)
    header, arrays = unpack(digitpad(result))
    x = sets.load(params.as_dict(), "held_out").x[7]
    page, off = visitor.open(""), [(0, 1)]
    trained = filled(recognising.convolutional_net(params.as_dict()), result.state)
    given = {"header": header, "arrays": {name: array.tolist() for name, array in arrays.items()}, "pixels": x.flatten().tolist()}
    for without in ([], off):
        found = in_browser(page, FORWARD, given | {"off": without})
        net = changed(folded(trained), off) if without else trained
        with torch.no_grad():
            logits, maps = net.forward(x[None])
        assert np.abs(np.array(found["chances"]) - logits.softmax(1)[0].numpy()).max() < 1e-5
        for mine, torchs in zip(found["maps"], maps, strict=True):
            assert np.abs(np.array(mine) - torchs.flatten().numpy()).max() < 1e-4


def test_a_drawing_is_centred_as_mnist_was(visitor: Watched) -> None:
    """Its centre of mass comes to the middle and its larger side to 20 pixels, wherever and however small it was drawn."""
    ink = np.zeros((28, 28))
    ink[2:12, 3:7] = 255
    ink[10:12, 3:10] = 200
    seen = np.array(in_browser(visitor.open(""), "(ink) => [...centred(ink)]", ink.ravel().tolist())).reshape(28, 28)
    places = np.arange(28) + 0.5
    assert (seen.sum(1) @ places) / seen.sum() == pytest.approx(14, abs=0.1)
    assert (seen.sum(0) @ places) / seen.sum() == pytest.approx(14, abs=0.1)
    tall = np.flatnonzero(seen.max(1) > 0.5)
    assert 19 <= tall[-1] - tall[0] + 1 <= 21 and seen.max() == pytest.approx(1)


def test_a_stroke_moves_the_probabilities_and_a_map_off_is_scored(visitor: Watched) -> None:
    page = visitor.open("filters?scene=two")
    wait_until(page, lambda: page.locator(".player").first.get_attribute("data-done") == "true", "the end of the run")
    page.get_by_role("tab", name="Draw for it").click()
    settle(page)
    pad = page.locator(".digitpad")
    before = pad.evaluate(DATA_OF_PAD)
    assert sum(before["chances"]) == pytest.approx(1) and max(before["values"]) > 200
    pad.get_by_role("button", name="Clear").click()
    square = pad.locator("svg.main")
    square.scroll_into_view_if_needed()
    box = square.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    held = pad.evaluate(DATA_OF_PAD)
    assert np.abs(np.array(held["chances"]) - before["chances"]).max() > 0.01, "they follow before the button is let go"
    page.mouse.up()
    pad.locator("input.on").click()
    settle(page)
    said = page.get_by_text(re.compile(r"answers changed\. The link")).first
    said.wait_for()
    assert "Of all 2000 held-out" in said.inner_text()
    params = link_of(page).params
    assert isinstance(params, Params) and params.edits == "[[0,0]]"
    changed_facts = run("filters.learning", params).facts()
    assert f"{changed_facts['changed_accuracy'].text()} right, {changed_facts['accuracy'].text()} as it was trained" in said.inner_text()
    assert np.abs(np.array(pad.evaluate(DATA_OF_PAD)["values"])[28 * 14 + 14] - 255) < 60, "the drawing is still there"


def test_a_link_brings_the_changes_and_the_pad_takes_them_back(visitor: Watched) -> None:
    """Also an edit of the pad is one step of the address; as trained is without any."""
    page = visitor.open("filters?scene=two&edits=" + quote("[[0,1],[0,3,2.5]]"))
    wait_until(page, lambda: page.locator(".player").first.get_attribute("data-done") == "true", "the end of the run")
    page.get_by_role("tab", name="Draw for it").click()
    settle(page)
    pad = page.locator(".digitpad")
    shown = "(root) => { const [layer] = root.pad.net.layers; return [[...layer.off], layer.kernels[3]]; }"
    assert pad.evaluate(shown) == [[1], 2.5]
    pad.get_by_role("button", name="As trained").click()
    wait_until(page, lambda: link_of(page).params.as_dict()["edits"] == "", "no changes in the link")
    settle(page)
    off, weight = pad.evaluate(shown)
    assert off == [] and weight != 2.5


def test_a_weights_file_takes_the_place_of_what_was_trained_until_it_is_sent_away(visitor: Watched) -> None:
    """Of another seed; a file that is none is refused in a sentence and changes nothing."""
    scene = next(scene for scene in lessons.load("filters").scenes if scene.id == "two")
    other = run("filters.learning", replace(scene.params, pictures=500))  # type: ignore[type-var]
    assert isinstance(other, Result)
    page = visitor.open("filters?scene=two")
    wait_until(page, lambda: page.locator(".player").first.get_attribute("data-done") == "true", "the end of the run")
    page.get_by_role("tab", name="Weights").click()
    settle(page)
    for name, data in (("good", write(other)), ("bad", b"not a file of weights")):
        page.set_input_files("input[type=file]", {"name": f"{name}.safetensors", "mimeType": "application/octet-stream", "buffer": data})
        settle(page)
        wait_until(
            page, lambda: bool(re.search(r"weights=[0-9a-f]{64}", page.url)), "the file in the link"
        )  # this process does not keep it
    page.get_by_text("The file is not in the safetensors format. The network stays as it was.").wait_for()
    assert f"The weights of the file have {other.facts()['accuracy'].text()}" in named(page, "diagnosis").inner_text()
    page.get_by_role("button", name="Back to what was trained").click()
    wait_until(page, lambda: page.url.endswith("weights="), "no file in the link")
