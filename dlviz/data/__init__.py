"""Data sets, made or shipped: (name, n, noise, seed) -> numpy arrays. No torch here."""
