"""Gradient flow: why deep networks stop learning or blow up."""

from dlviz.ui import frame

frame.show("gradients", {})
