"""A pair of Hinges or of Cost on a page: the same numbers stand at both pictures' axes."""

from urllib.parse import quote

import pytest

from tests.browser.conftest import Watched

NUMBERS = """() => [...document.querySelectorAll(".st-key-pair [data-testid=stBidiComponentIsolated]")].map((host) =>
  [...host.shadowRoot.querySelectorAll("svg")].map((svg) => [...svg.querySelectorAll("text.quiet")].map((text) => text.textContent)))"""
HINGES = "activations?view=hinges&steps=100&pin=" + quote("start=own&units=2&w=900,-800&steps=1000&target=bump&layer=2,-3,0.5,0,1,-4")
COST = "activations?view=cost&functions=tanh&exponent=14&repetitions=5&pin=" + quote("functions=gelu&precision=float64")


@pytest.mark.parametrize("address", [HINGES, COST], ids=["hinges", "cost"])
def test_both_pictures_have_the_same_numbers_at_their_axes(visitor: Watched, address: str) -> None:
    page = visitor.open(address)
    a, b = page.evaluate(NUMBERS)
    assert a == b and sum(len(numbers) for numbers in a) >= 2
