"""Two classes have the same colours wherever they are drawn, and points on a map of these colours can be told from it."""

import pytest

from dlviz.compute import run
from dlviz.compute.activations import network
from dlviz.figures.activations import network as draw_network
from dlviz.figures.colours import CLASSES, MARKS
from dlviz.figures.drawpad import points_pad
from dlviz.figures.payload import Clip, unpack


def luminance(colour: str) -> float:
    """The relative luminance of "#rrggbb" (WCAG 2.1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.1)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_pad_and_the_map_agree_which_class_has_which_colour() -> None:
    result = run("activations.network", network.Params(epochs=1, points=20))
    assert isinstance(result, network.Result)
    panel = unpack(draw_network((result,), Clip("a", 1, True)))[0]["panels"][0]
    pad = unpack(points_pad("own", ".", ("class 0", "class 1")))[0]
    assert pad["colours"] == panel["classes"] == list(CLASSES)
    assert [panel["colours"][0], panel["colours"][-1]] == list(CLASSES), "the map is of the probability of class 1"


@pytest.mark.parametrize("mark", MARKS)
def test_points_stand_out_on_every_colour_of_the_map(mark: str) -> None:
    """Dark on a light map; on the darkest colours their white rim does it. Filled and white inside are far apart anywhere."""
    for colour in (*CLASSES, "#FFFFFF"):
        assert max(contrast(mark, colour), contrast("#FFFFFF", colour)) >= 4.5
        assert contrast(mark, colour) >= 2.2, "not even a shade darker"
    assert contrast(mark, "#FFFFFF") >= 10
