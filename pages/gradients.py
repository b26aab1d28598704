"""Gradient flow: why deep networks stop learning or blow up."""

from dlviz.compute.gradients import own
from dlviz.figures import gradients as figures
from dlviz.figures.own import layers
from dlviz.ui import frame
from dlviz.ui.state import Settings
from dlviz.ui.table import show_table


def own_layers(result: own.Result, _: Settings) -> None:
    """Every layer of the pasted network with its numbers."""
    show_table(layers(result), "Layers of the network, in the order of the pass")


frame.show(
    "gradients",
    {
        "own": frame.Drawing("own", figures.own, {"Layers": own_layers}),
    },
)
