"""The pictures of the topic Gradient flow, one module a view."""

from dlviz.figures.training import training as training
