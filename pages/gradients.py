"""Gradient flow: why deep networks stop learning or blow up."""

from dlviz.figures import gradients as figures
from dlviz.ui import frame

frame.show(
    "gradients",
    {
        "training": frame.Drawing("player", figures.training, grows=True),
    },
)
