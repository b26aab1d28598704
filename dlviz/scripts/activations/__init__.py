"""The programs of the topic Activations."""
