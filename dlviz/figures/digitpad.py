"""The pad on which something is drawn for a trained network: what the component `digitpad` needs to know."""

import numpy as np

from dlviz.compute.filters import learning as learnings
from dlviz.compute.filters import recognising, sets
from dlviz.figures.payload import pack
from dlviz.figures.sketch import BRUSH
from dlviz.params import key


def digitpad(result: learnings.Result) -> bytes:
    """The pad with the network before the viewer's changes, these changes, and the first watched picture to begin with."""
    params, settings, depth = result.params, result.params.as_dict(), recognising.depth_of(result.params.as_dict())
    layers, into = [], depth
    for out in recognising.channels_of(settings):
        layers.append({"out": out, "into": into, "k": int(params.kernel)})
        into = out
    ends = np.cumsum([sum(size for _, size in params.kernels()), sum(out for out, _ in params.kernels())])
    kernels, biases, head = np.split(result.plain, ends)
    header = {
        "name": "dlviz-drawn-digit", "run": key("", params.of_training()) + params.weights, "edits": params.edits, "layers": layers,
        "pool": params.pool, "head": params.head, "brush": BRUSH, "names": sets.NAMES[params.data], "depth": depth,
        "paper": int(recognising.paper_of(settings)),
    }  # fmt: skip
    first = sets.images(settings, "held_out")[sets.shown(settings)[0]]
    offsets = head[-recognising.CLASSES :]
    return pack(header, kernels=kernels, biases=biases, head=head[: -len(offsets)], head_bias=offsets, pixels=first)
