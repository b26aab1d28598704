"""The pictures of the topic CNN filters: One convolution here, the others one module a view."""

import numpy as np

from dlviz.compute.filters import convolution as convolutions
from dlviz.figures.drag import drag as drag
from dlviz.figures.inside import glimpse as glimpse
from dlviz.figures.inside import inside as inside
from dlviz.figures.learning import learning as learning
from dlviz.figures.maximise import channel as channel
from dlviz.figures.payload import pack


def convolution(results: tuple[convolutions.Result, ...]) -> bytes:
    """The component `convolution`. The first result is drawn; one beside it only widens the colour scales."""
    result, params = results[0], results[0].params
    kernel = result.kernel[::-1, ::-1] if params.flip else result.kernel  # the browser turns it itself
    header = {
        "name": "dlviz-convolution",
        "settings": {
            "preset": params.preset,
            "size": params.size,
            "kernel": [float(weight) for weight in kernel.ravel()],
            "flip": params.flip,
            "row": int(params.row),
            "column": int(params.column),
        },
        "layer": {
            "n": result.image.shape[1],
            "kind": params.padding,
            "padding": params.padded_by(),
            "stride": int(params.stride),
            "dilation": int(params.dilation),
            "colour": params.colour,
            "mix": [params.red, params.green, params.blue],
            "bias": params.bias,
            "activation": params.activation,
            "activationName": convolutions.ACTIVATIONS[params.activation],
            "pooling": params.pooling,
            "poolSide": int(params.pool_side),
        },
        "sized": params.preset in convolutions.BENT,
        "signed": any((other.output < 0).any() or (other.kernel < 0).any() for other in results[1:]),
        "reach": _reaches(results[1:]),
    }
    return pack(header, image=result.image)


def _reaches(others: tuple[convolutions.Result, ...]) -> list[float]:
    """The largest |value| of the maps beside this picture: after the convolution, after each further stage."""
    if not others:
        return []
    maps = [[other.output, other.activated, other.pooled] for other in others]
    return [float(max(np.abs(stages[i]).max() for stages in maps)) for i in range(3)]
