"""The pictures of the topic Attention heatmaps, one module a view."""

from dlviz.figures.attending import by_hand as by_hand
from dlviz.figures.born import born as born
from dlviz.figures.effect import effect as effect
from dlviz.figures.effect import rankings as rankings
from dlviz.figures.heads import contexts as contexts
from dlviz.figures.heads import heatmap as heatmap
from dlviz.figures.machine import machine as machine
