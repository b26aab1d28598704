"""How fine a picture's detail is, from its Fourier spectrum."""

import numpy as np

FINE = 0.25  # cycles a pixel: half of what pixels can carry along an axis, waves shorter than four pixels


def fine_share(pixels: np.ndarray) -> float | None:
    """The share of a picture's variance at frequencies above FINE, all colours together; None for a picture without variance.

    Σ_{|f| > 1/4} |F|² / Σ_{|f| > 0} |F|², (h, w, 3). White noise has 1 − π/16 = 0.80 of it, for the disc of radius 1/4
    covers π/16 of all frequencies.
    """
    values = pixels.astype(np.float64)
    energy = np.square(np.abs(np.fft.fft2(values - values.mean((0, 1)), axes=(0, 1)))).sum(2)
    down, across = (np.fft.fftfreq(side) for side in pixels.shape[:2])
    total = energy.sum()
    return float(energy[down[:, None] ** 2 + across[None] ** 2 > FINE**2].sum() / total) if total > 1e-9 else None
