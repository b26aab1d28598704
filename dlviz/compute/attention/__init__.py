"""Attention heatmaps: which words look at which."""
