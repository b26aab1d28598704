"""The picture of the view Hinges: units, their training as snapshots, the price, and the bent square."""

import numpy as np

from dlviz.compute.activations.hinges import MOST, SIZES, Result
from dlviz.figures.payload import pack

SETTINGS = ("target", "start", "units", "a", "b", "w", "c", "curve", "layer")
PRICE = ("lines through the target, ReLU", "even hinges, best weights", "trained, best of four")


def hinges(results: tuple[Result, ...]) -> bytes:
    """The component `hinges`. Behind the header: the target, every snapshot's a, b, w, c, the losses, and three lines of the price."""
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
    }
    price = (result.interpolated, result.solved, result.trained.min(0))
    return pack(header, values=np.concatenate([result.wanted, result.frames.ravel(), result.losses, *price]))
