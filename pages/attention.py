"""Attention heatmaps: which words look at which."""

from dlviz.figures import attention as figures
from dlviz.ui import frame

frame.show("attention", {"born": frame.Drawing("player", figures.born, grows=True)})
