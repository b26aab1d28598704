"""The views of the topic Attention heatmaps."""
