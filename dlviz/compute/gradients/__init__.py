"""The views of the topic Gradient flow."""
