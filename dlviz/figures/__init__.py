"""Results in, pictures out. A figure draws numbers that were computed once; it never receives a model."""
