"""The pictures of the topic Attention heatmaps, one module a view."""

from dlviz.figures.born import born as born
