"""The picture of the view Hinges: units, their training as snapshots, the price, and the bent square."""

from typing import Any

import numpy as np

from dlviz.compute.activations.hinges import MOST, SIZES, Result
from dlviz.figures.payload import pack

SETTINGS = ("target", "start", "units", "a", "b", "w", "c", "curve", "layer")
PRICE = ("lines through the target, ReLU", "even hinges, best weights", "trained, best of four")


def hinges(results: tuple[Result, ...]) -> bytes:
    """The component `hinges`. Behind the header: the target, every snapshot's a, b, w, c, the losses, and three lines of the price.

    The first result is drawn; one beside it only widens the axes, so that both pictures have the same.
    """
    result = results[0]
    params = result.params.canonical()
    header = {
        "name": "dlviz-hinges",
        "settings": {name: getattr(params, name) for name in SETTINGS} | {"units": params.count()},
        "activation": params.activation,
        "units": params.count(),
        "most": MOST,
        "steps": [int(step) for step in result.frame_steps],
        "total": round(params.steps),
        "losses": len(result.losses),
        "sizes": SIZES,
        "price": PRICE,
        "axes": _axes(results),
    }
    return pack(header, values=np.concatenate([result.wanted, result.frames.ravel(), result.losses, *_price(result)]))


def _price(result: Result) -> tuple[np.ndarray, ...]:
    """The three lines of the price."""
    return result.interpolated, result.solved, result.trained.min(0)


def _axes(results: tuple[Result, ...]) -> dict[str, Any]:
    """What all pictures have to hold: the last step, the losses, the errors of price and training, and the bent square's corners."""
    losses = np.concatenate([result.losses for result in results])
    losses = losses[np.isfinite(losses)]
    errors = np.concatenate([np.sqrt(losses), *(line for result in results for line in _price(result))])
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]])  # (u1, u2, 1): a row of the layer is w1, w2, b
    return {
        "last": max(round(result.params.steps) for result in results),
        "losses": [float(losses.min()), float(losses.max())],
        "errors": [float(errors.min()), float(errors.max())],
        "reach": max(float(np.abs(corners @ np.reshape(result.params.layer, (2, 3)).T).max()) for result in results),
    }
