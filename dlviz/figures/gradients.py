"""The pictures of the topic Gradient flow, one module a view."""

from dlviz.figures.depth import depth as depth
from dlviz.figures.depth import singular as singular
