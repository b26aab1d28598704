"""Gradient flow: why deep networks stop learning or blow up."""

from dlviz.figures import gradients as figures
from dlviz.ui import frame

frame.show("gradients", {"by_hand": frame.Drawing("by_hand", figures.by_hand)})
