"""The pictures of the topic Gradient flow, one module a view."""

from dlviz.figures.by_hand import by_hand as by_hand
from dlviz.figures.depth import depth as depth
from dlviz.figures.depth import singular as singular
from dlviz.figures.own import own as own
from dlviz.figures.time import time as time
from dlviz.figures.training import training as training
