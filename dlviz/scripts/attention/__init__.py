"""The programs of the topic Gradient flow."""
