"""Gradient flow: why deep networks stop learning or blow up."""

from dlviz.figures import gradients as figures
from dlviz.ui import frame

frame.show("gradients", {"time": frame.Drawing("player", figures.time, grows=True)})
