"""The views of the topic Activations."""
