"""Your network in a browser: pasted text is measured, wrong text gets one sentence and keeps the picture, keys and pointer give numbers."""

import numpy as np
from playwright.sync_api import Page, expect

from dlviz.compute.gradients.own import Params, Result, compute
from dlviz.results import three_digits
from tests.browser.conftest import Watched, address, link_of, named, settle

FIELD = "gradients.own.code"
CODE = """nn.Sequential(
    nn.Linear(2, 12),
    nn.BatchNorm1d(12),
    nn.ReLU(),
    *[nn.Linear(12, 12)] * 2,
    nn.Linear(12, 2),
)"""
HOSTILE = {
    "import": ("import os\nnn.Sequential(nn.Linear(2, 2))", "line 1"),
    "call": ("nn.Sequential(\n    nn.Linear(2, 2),\n    open('/etc/passwd'),\n)", "line 3"),
    "lambda": ("nn.Sequential(\n    (lambda: 0)(),\n)", "line 2"),
    "dunder": ("nn.__class__.__mro__", "line 1"),
    "bomb": ("nn.Sequential(\n*[nn.Sequential(*[nn.Linear(2, 2) for _ in range(200)]) for _ in range(200)])", "line 2"),
    "width": ("nn.Sequential(nn.Linear(2, 1000000000))", "line 1"),
    "shapes": ("nn.Sequential(\n    nn.Linear(2, 8),\n\n    nn.Linear(4, 2),\n)", "line 4"),
    "html": ("<img src=x onerror=\"document.title='run'\">", "line 1"),
    "markdown": ("**x** [a](http://b.example)", "line 1"),
    "empty": ("", "line 1"),
    "long": ("nn.Sequential(" + "nn.Tanh()," * 1000, "at most 4000 characters"),
}


def paste(page: Page, text: str) -> None:
    """Put a text into the field and press Ctrl+Enter."""
    field = named(page, FIELD).get_by_role("textbox")
    field.fill(text)
    field.press("Control+Enter")
    settle(page)


def reading(page: Page) -> str:
    return page.locator(".own .reading").inner_text()


def drawn(page: Page) -> list[list[str | None]]:
    """Where every point of the picture is."""
    return page.locator(".own svg").evaluate(
        "svg => [...svg.querySelectorAll('circle')].map(c => [c.getAttribute('cx'), c.getAttribute('cy')])"
    )


def assert_says(words: str, result: Result, i: int) -> None:
    """The numbers of layer i, each where its name stands."""
    assert words.startswith(f"Layer {i + 1}, line {result.lines[i]}: ") and f"gives {int(result.widths[i])} numbers" in words
    for name, values in {"‖∂L/∂output‖": result.signal_gradient, "‖∂L/∂W‖": result.weight_gradient, "variance": result.variance}.items():
        assert (f"{name} {three_digits(values[i])}" in words) if np.isfinite(values[i]) else name not in words, (name, words)
    assert ("the same as further left" in words) == (result.numbers[i] in result.numbers[:i])


def test_a_pasted_network_is_measured_and_read_by_keys_and_pointer(visitor: Watched) -> None:
    page = visitor.open("gradients?view=own")
    paste(page, CODE)
    params = link_of(page).params
    assert isinstance(params, Params) and params.code == CODE
    result = compute(params)
    svg = page.locator(".own svg.main")
    svg.focus()
    for i in range(len(result.kinds)):
        svg.press("ArrowRight")
        assert_says(reading(page), result, i)
        assert svg.get_attribute("aria-valuenow") == str(i + 1) and svg.get_attribute("aria-valuetext") == reading(page)
    svg.press("Home")
    assert_says(reading(page), result, 0)
    box = svg.bounding_box()
    assert box is not None
    column = (box["width"] - 52) / len(result.kinds)  # 44 px at the left, 8 at the right
    page.mouse.move(box["x"] + 44 + 2.5 * column, box["y"] + 60)
    assert_says(reading(page), result, 2)
    before = drawn(page)
    page.reload()
    settle(page)
    assert named(page, FIELD).get_by_role("textbox").input_value() == CODE and drawn(page) == before


def test_wrong_text_gives_one_sentence_with_its_line_and_keeps_the_picture(visitor: Watched) -> None:
    page = visitor.open(address("gradients.own", Params(code=CODE)))
    before, old = drawn(page), page.url
    assert before
    for name, (text, words) in HOSTILE.items():
        paste(page, text)
        alert = page.get_by_test_id("stAlert")
        expect(alert).to_have_count(1)
        said = alert.inner_text()
        assert words in said and said.strip().endswith("The picture still shows the settings before.") and len(said) < 500, (
            f"{name}: {said}"
        )
        assert alert.locator("img, strong, a, em, code").count() == 0, f"{name}: something typed was rendered"
        assert drawn(page) == before and page.url == old, f"{name}: the picture changed"
        assert page.title() == "Gradient flow"
        box = alert.bounding_box()
        assert box is not None and box["y"] + 40 < 720, "the advice is out of sight"
        visitor.check()
    paste(page, CODE.replace("ReLU", "Tanh"))
    assert page.get_by_test_id("stAlert").count() == 0 and drawn(page) != before
    assert "Tanh" in str(link_of(page).params.as_dict()["code"])
