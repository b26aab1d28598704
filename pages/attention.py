"""Attention heatmaps: which words each word looks at, and what comes of it."""

from dlviz.compute.attention import heatmap
from dlviz.figures import attention as figures
from dlviz.ui import frame

frame.show(
    "attention",
    {
        "heatmap": frame.Drawing("heads", figures.heatmap, missing=heatmap.missing),
        "by_hand": frame.Drawing("attending", figures.by_hand),
        "born": frame.Drawing("player", figures.born, grows=True),
    },
)
