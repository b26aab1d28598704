"""Chores that the Makefile calls."""
