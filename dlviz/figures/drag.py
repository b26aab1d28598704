"""The picture of Drag the digit: what the component `drag` needs to know."""

import numpy as np

from dlviz.compute.filters import drag as dragging
from dlviz.compute.filters.rivals import DISTANCES, REACH, RIVALS
from dlviz.figures.payload import Clip, pack


def drag(results: tuple[dragging.Result, ...], clip: Clip) -> bytes:
    """The component `drag`: the digit, each network's p(true digit) and guess at every shift, and its accuracy at every distance.

    All axes are the same in every picture, so one beside it changes nothing. nan: not measured yet.
    """
    result = results[0]
    header = {
        "name": "dlviz-drag", "clip": clip.name, "done": clip.done, "again_ms": clip.again_ms,
        "settings": {"across": int(result.params.across), "down": int(result.params.down)},
        "label": result.label, "reach": REACH, "distances": DISTANCES, "networks": list(RIVALS.values()),
        "shuffled": [int(place) for place in dragging.order(result.params)],
    }  # fmt: skip
    return pack(
        header, picture=result.picture, maps=result.maps, guesses=result.guesses,
        accuracies=result.accuracies.astype(np.float32), cut=result.cut.astype(np.float32),
    )  # fmt: skip
