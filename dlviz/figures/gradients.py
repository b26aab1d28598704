"""The pictures of the topic Gradient flow, one module a view."""

from dlviz.figures.time import time as time
