"""How much a picture excites a channel of EfficientNet-Lite0, or a class: what activation maximisation climbs."""

from functools import lru_cache

from torch import Tensor

from dlviz.nets.efficientnet import EfficientNetLite0, Maps, build
from dlviz.zoo import efficientnet_lite0

GREY, RANGE = 127, 128  # the network's input is (colour − GREY) / RANGE
CLASS = ""  # in the place of a layer's name: the logits


@lru_cache(maxsize=4)
def straightened(layer: str) -> EfficientNetLite0:
    """The network without the ReLU6 of this layer, nothing after which is used: a channel that is silent has a gradient too."""
    network = build(efficientnet_lite0())
    if layer != CLASS:
        network.get_submodule(layer).bent = False
    return network


def maps_of(network: EfficientNetLite0, layer: str, pictures: Tensor) -> Tensor:
    """The maps of one convolution (B, C, h, w), nothing after it being computed."""
    x = network.stem(pictures)
    if layer == "stem":
        return x
    for i, block in enumerate(network.blocks):
        keep: Maps | None = {} if layer.startswith(f"blocks.{i}.") else None
        x = block(x, f"blocks.{i}", keep)
        if keep is not None:
            return keep[layer]
    return network.head(x)


def excitations(layer: str, pictures: Tensor) -> Tensor:
    """The mean of every channel's map before ReLU6, or every class's logit: (B, C) of pictures (B, 3, n, n), colours 0 to 255."""
    network, ready = straightened(layer), (pictures - GREY) / RANGE
    return network(ready) if layer == CLASS else maps_of(network, layer, ready).mean((2, 3))
