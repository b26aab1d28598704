"""The pictures of the topic Gradient flow, one module a view."""

from dlviz.figures.own import own as own
