"""The pad on which something is drawn for a trained network: what the component `digitpad` needs to know."""

import numpy as np

from dlviz.compute.filters import learning as learnings
from dlviz.compute.filters import recognising, sets
from dlviz.compute.filters.trying import folded
from dlviz.figures.payload import pack
from dlviz.figures.sketch import BRUSH


def digitpad(result: learnings.Result, run: str) -> bytes:
    """The pad with the network of the end of a run, batch norm folded in, and its first watched picture to begin with."""
    params, net, settings = result.params, folded(learnings.trained(result)), result.params.as_dict()
    layers, into = [], recognising.depth_of(settings)
    for out in recognising.channels_of(settings):
        layers.append({"out": out, "into": into, "k": int(params.kernel)})
        into = out
    header = {
        "name": "dlviz-drawn-digit", "run": run, "layers": layers, "pool": params.pool, "head": params.head, "brush": BRUSH,
        "names": sets.NAMES[params.data], "depth": recognising.depth_of(settings), "paper": int(recognising.paper_of(settings)),
    }  # fmt: skip
    flat = [np.concatenate([tensor.numpy().ravel() for tensor in part]) for part in (net.kernels, net.biases)]
    first = sets.images(settings, "held_out")[sets.shown(settings)[0]]
    return pack(header, kernels=flat[0], biases=flat[1], head=net.head.numpy(), head_bias=net.head_bias.numpy(), pixels=first)
