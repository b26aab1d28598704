"""Data sets, made or shipped, and data that people bring themselves. No torch here."""
