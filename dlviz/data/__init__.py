"""Data sets, and data that people bring themselves."""
