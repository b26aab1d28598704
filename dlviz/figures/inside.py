"""The picture of Inside a real network: what the component `inside` needs to know."""

import numpy as np

from dlviz import zoo
from dlviz.compute.filters import explaining
from dlviz.compute.filters import inside as insides
from dlviz.compute.filters.attribution import DEPTHS
from dlviz.figures.payload import pack


def inside(results: tuple[insides.Result, ...]) -> bytes:
    """The component `inside`. One beside it widens the colour scales of maps of the same layer, attributions by the same method."""
    result, params, names = results[0], results[0].params, zoo.imagenet_labels()
    facts, layer = result.facts(), params.convolution_shown()
    best = np.argsort(-result.probabilities, kind="stable")[:5]
    signed = params.method not in explaining.UNSIGNED
    same_layer = [each for each in results if each.params.convolution_shown() == layer]
    same_method = [each for each in results if each.params.method == params.method]
    clipped = params.method in explaining.ADDING  # a few pixels would leave all others without colour
    reach = {
        "maps": max(each.largest for each in same_layer),
        "attribution": max(_reach(each.attribution, clipped) for each in same_method),
        "sanity": max(_reach(each.sanity, clipped) for each in same_method),
    }
    bent = not layer.endswith("project")
    header = {
        "name": "dlviz-inside",
        "settings": {name: getattr(params, name) for name in ("patch_x", "patch_y", "target", "channel", "page")},
        "names": names,
        "top": [[int(i), float(result.probabilities[i])] for i in best],
        "target": result.target,
        "patch": int(params.patch),
        "method": explaining.METHODS[params.method],
        "depth": DEPTHS[params.depth],
        "signed": {"attribution": signed, "sanity": signed, "maps": not bent},
        "reach": reach,
        "clipped": clipped,
        "layer": insides.CONVOLUTIONS[layer],
        "channels": result.channels.tolist(),
        "channel": result.channel,
        "before": result.before,
        "of": int(facts["channels"].value or 0),
        "field": list(result.field),
        "facts": {name: facts[name].value for name in ("p", "patch_p", "ablated_p", "field_measured", "field_formula")},
    }
    return pack(
        header,
        image=result.image,
        maps=_levels(result.maps, reach["maps"], not bent),
        chosen=_levels(result.chosen, reach["maps"], not bent),
        attribution=_levels(result.attribution, reach["attribution"], signed),
        sanity=_levels(result.sanity, reach["sanity"], signed),
    )


def glimpse(params: insides.Params, result: insides.Result, patch_p: float) -> bytes:
    """What the component is told while the patch is still held: the probability of the class of `result` with the patch at `params`."""
    answer = {"patch_x": params.patch_x, "patch_y": params.patch_y, "p": result.facts()["p"].value, "patch_p": patch_p}
    return pack({"name": "dlviz-inside", "answer": answer})


def _size(*arrays: np.ndarray) -> float:
    return max(float(np.abs(array).max()) for array in arrays)


def _reach(values: np.ndarray, clipped: bool) -> float:
    """What the colour scale ends at: the largest size of a value, or, clipped, the size that 99 % of the values stay below."""
    return float(np.quantile(np.abs(values), 0.99)) if clipped else _size(values)


def _levels(values: np.ndarray, reach: float, signed: bool) -> np.ndarray:
    """Values as bytes: 0 to `reach` as 0 to 255, or with a sign −reach to reach as 1 to 255, 0 as 128."""
    share = np.clip(values / reach if reach > 0 else np.zeros_like(values), -1, 1)
    return np.rint(128 + 127 * share if signed else 255 * np.maximum(share, 0)).astype(np.uint8)
