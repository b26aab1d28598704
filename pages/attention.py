"""Attention heatmaps: which words each word looks at, and what comes of it."""

from dlviz.figures import attention as figures
from dlviz.ui import frame

frame.show(
    "attention",
    {
        "heatmap": frame.Drawing("heads", figures.heatmap),
        "by_hand": frame.Drawing("attending", figures.by_hand),
        "born": frame.Drawing("player", figures.born, grows=True),
    },
)
