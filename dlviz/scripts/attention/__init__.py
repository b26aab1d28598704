"""The programs of the topic Attention heatmaps."""
