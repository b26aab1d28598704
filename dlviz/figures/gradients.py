"""The pictures of the topic Gradient flow, one module a view."""

from dlviz.figures.by_hand import by_hand

__all__ = ["by_hand"]
