"""The pictures of the topic Gradient flow, one module a view."""
