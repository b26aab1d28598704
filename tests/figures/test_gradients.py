"""The topic Gradient flow: every view of the catalog has its picture, which is bytes."""

from dlviz import catalog
from dlviz.compute import resolve, run
from dlviz.figures import gradients
from dlviz.figures.payload import unpack


def test_every_short_view_is_drawn() -> None:
    view = "gradients.by_hand"
    assert view in catalog.find("gradients").views
    header, arrays = unpack(gradients.by_hand((run(view, resolve(view)[0]()),)))  # type: ignore[arg-type]
    assert header["name"] == "dlviz-by-hand" and arrays
