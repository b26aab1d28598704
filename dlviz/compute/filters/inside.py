"""View Inside a real network: what EfficientNet-Lite0 says of a picture, its maps, and which pixels made it say so."""

import base64
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import assets, zoo
from dlviz import params as p
from dlviz.compute.filters import attribution as attributions
from dlviz.compute.filters import explaining, receptive
from dlviz.compute.shelf import Shelf
from dlviz.data import photographs
from dlviz.nets.efficientnet import CLASSES, SIDE, EfficientNetLite0, Maps, build, prepare, probabilities
from dlviz.nets.folding import fold, silenced
from dlviz.results import Fact, Progress
from dlviz.results import Result as Base

OWN, OTHER = "own", "other"
PHOTOGRAPHS = {slug: each.title for slug, each in photographs.PHOTOGRAPHS.items()} | {OWN: "Your own"}
LAYERS = {
    "stem": "Stem: 112 × 112",
    "blocks.2.depthwise": "Block 3: 56 × 56",
    "blocks.4.depthwise": "Block 5: 28 × 28",
    "blocks.10.depthwise": "Block 11: 14 × 14",
    "blocks.14.project": "Block 15: 7 × 7",
    "head": "Head: 7 × 7",
    OTHER: "Another of the 49",
}
PARTS = {"expand": "1 × 1, more channels", "depthwise": "each channel by itself", "project": "1 × 1, fewer channels"}
PATCHES = {"32": "32", "64": "64", "96": "96"}
GRADED = ("integrated", "times_input", "saliency", "smooth")
SHOWN = 24  # maps of a layer at a time
MOST_PAGES = 54  # of the head's 1,280


def _tree() -> dict[str, str]:
    """The 49 convolutions with their places: stem, 16 blocks of two or three, head."""
    found = {"stem": "Stem"}
    for i in range(16):
        found |= {f"blocks.{i}.{part}": f"Block {i + 1} └ {words}" for part, words in PARTS.items() if i or part != "expand"}
    return found | {"head": "Head"}


CONVOLUTIONS = _tree()


@dataclass(frozen=True)
class Params(p.Params):
    """The picture, the class that is looked for, the method, the layer; a patch, and a channel that is switched off."""

    photo: str = p.choice("cat", PHOTOGRAPHS, label="Picture", help="“Your own”: a file, a snapshot or a drawing, in the tab below.")
    method: str = p.choice("occlusion", explaining.METHODS, label="Method", help="How it is found out which pixels matter.")
    patch: str = p.choice("64", PATCHES, label="Patch", help="Side of the grey square, in pixels of 224. Drag it over the picture.")
    layer: str = p.choice("blocks.10.depthwise", LAYERS, label="Layer", help="Whose maps are shown. Grad-CAM explains at this layer.")
    convolution: str = p.choice("blocks.0.depthwise", CONVOLUTIONS, label="Convolution", more=True, when=("layer", OTHER))
    depth: str = p.choice(
        "all", attributions.DEPTHS, label="Weights redrawn", more=True, help="For the sanity check: from the classifier down to here."
    )
    baseline: str = p.choice("black", explaining.BASELINES, label="Baseline", more=True, when=("method", GRADED))
    steps: float = p.number(32, 8, 64, 8, label="Steps of the integral", more=True, when=("method", "integrated"))
    samples: float = p.number(16, 4, 32, 4, label="Noisy copies", more=True, when=("method", "smooth"))
    noise: float = p.number(0.15, 0, 0.5, 0.05, label="Noise", more=True, when=("method", "smooth"), help="Of the picture's range.")
    seed: float = p.number(0, 0, 99, 1, label="Seed", more=True, help="Of the redrawn weights, the noise and the random pixels.")
    target: float = p.number(-1, -1, CLASSES - 1, 1, label="Class looked for", stage=True, help="-1: the most probable.")
    channel: float = p.number(
        -1, -1, 1279, 1, label="Channel switched off", stage=True, help="-1, or one that is not there: the strongest."
    )
    patch_x: float = p.number(112, 0, SIDE, 1, label="Patch, from the left", stage=True, help="Its middle, in pixels.")
    patch_y: float = p.number(112, 0, SIDE, 1, label="Patch, from the top", stage=True, help="Its middle, in pixels.")
    page: float = p.number(1, 1, MOST_PAGES, 1, label="Page of maps", stage=True, help="Of 24 each; of a layer with fewer, the last.")
    picture: str = p.asset(label="Own picture", when=("photo", OWN))

    def convolution_shown(self) -> str:
        """The name of the convolution whose maps are shown."""
        return self.convolution if self.layer == OTHER else self.layer

    def pixels(self) -> np.ndarray:
        """The picture as the network sees it, uint8 (224, 224, 3). What was brought and is gone is the cat."""
        brought = assets.get(self.picture) if self.photo == OWN and self.picture else None
        found = photographs.load("cat" if self.photo == OWN else self.photo) if brought is None else brought
        return np.asarray((prepare(torch.from_numpy(np.array(found))) * 128 + 127).round().to(torch.uint8)[0].permute(1, 2, 0).contiguous())

    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the patch, which stays inside the picture."""
        side = int(self.patch)
        top, left = (min(max(int(middle) - side // 2, 0), SIDE - side) for middle in (self.patch_y, self.patch_x))
        return slice(top, top + side), slice(left, left + side)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """`image` uint8 (224, 224, 3); `probabilities` float64 (1000,).

    `channels` a page of all channels in the order of their `means`, at most 24, and their `maps` float32 (24, h, w); `before` how many
    stand before them, and `largest` the largest size of a value in all maps of the layer. `chosen` the map (h, w) of the `channel` that
    is switched off. `attribution` and `sanity` float32: the method's map with the weights as trained and redrawn. `field` the first
    and last row and column that the layer's middle unit sees; `measures` the numbers that facts are made of.
    """

    VERSION: ClassVar[int] = 2
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    image: np.ndarray
    target: int
    channel: int
    before: int
    largest: float
    field: tuple[int, ...]
    measures: tuple[tuple[str, float | None], ...]
    probabilities: np.ndarray
    channels: np.ndarray
    means: np.ndarray
    maps: np.ndarray
    chosen: np.ndarray
    attribution: np.ndarray
    sanity: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """What the network says, and what patch, channel, deleted pixels and redrawn weights change."""
        return {name: Fact(value, *LABELS[name]) for name, value in self.measures}

    def provenance(self) -> str:
        """Which network looks, and at what."""
        return f"EfficientNet-Lite0, 4,652,008 parameters, trained on ImageNet by others · {PHOTOGRAPHS[self.params.photo].lower()}"


LABELS: dict[str, tuple[str, str]] = {
    "top_p": ("largest probability", "%"),
    "p": ("probability of the class looked for", "%"),
    "patch_p": ("with the patch", "%"),
    "patch_change": ("change by the patch", "%"),
    "lowest_p": ("lowest under any patch of the map", "%"),
    "highest_p": ("highest under any patch of the map", "%"),
    "ablated_p": ("without the channel", "%"),
    "ablation_change": ("change by switching the channel off", "%"),
    "channels": ("channels of the layer", ""),
    "map_side": ("maps", "pixels a side"),
    "silent_share": ("channels of the layer that are 0 everywhere", "%"),
    "field_formula": ("receptive field by formula", "pixels a side"),
    "field_seen": ("of it in the picture", "pixels high"),
    "field_measured": ("receptive field by gradient", "pixels high"),
    "similarity": ("rank correlation with the sanity check", ""),
    "attribution_sum": ("sum of the attributions", ""),
    "score_change": ("S(x) − S(baseline)", ""),
    "gap": ("gap between the two", ""),
    "deleted_p": ("10 % of the pixels grey, those that matter most", "%"),
    "random_p": ("10 % of the pixels grey, at random", "%"),
}


@cache
def trained() -> EfficientNetLite0:
    """The network as it was trained; read by all jobs, changed by none."""
    return fold(build(zoo.efficientnet_lite0()))


@lru_cache(maxsize=3)
def redrawn(depth: str, seed: int) -> EfficientNetLite0:
    """The network with its weights redrawn down to a depth."""
    network = build(zoo.efficientnet_lite0())
    network.load_state_dict(attributions.randomised(network.state_dict(), depth, torch.Generator().manual_seed(seed)))
    return fold(network)


Explanation = tuple[Tensor, Tensor, dict[str, float | None]]
SHELF: Shelf[Explanation] = Shelf(16)


def explained(params: Params, target: int) -> Generator[Progress, None, Explanation]:
    """As `explaining.explained`. Kept for a while by the settings that it depends on, so that moving the patch does not make it anew."""
    if (kept := SHELF.take((params, target))) is not None:
        return kept
    other, doing = redrawn(params.depth, int(params.seed)), "patch" if params.method == "occlusion" else "gradient"
    x = explaining.ready(torch.from_numpy(params.pixels()))
    way = explaining.explained(trained(), other, x, target, params.convolution_shown(), params.as_dict())
    while True:
        try:
            step, last = next(way)
        except StopIteration as end:
            explanation: Explanation = end.value
            SHELF.put((params, target), explanation)
            return explanation
        yield Progress(step, last, doing)


def material(params: Params) -> dict[str, Any]:
    """What a program of its own needs besides the settings: the picture's bytes, packed."""
    return {"pixels": base64.b64encode(zlib.compress(params.pixels().tobytes(), 9)).decode()}


def compute(params: Params) -> Generator[Progress, None, Result]:
    """One pass through the network, the attribution and its sanity check, the patch, the channel, and the receptive field; yields how
    far the attribution is."""
    pixels, layer, network = params.pixels(), params.convolution_shown(), trained()
    x, keep = explaining.ready(torch.from_numpy(pixels)), Maps()
    with torch.inference_mode():
        spread = probabilities(network(x, keep))[0]
    maps = keep[layer][0]
    means = maps.mean((1, 2))
    ranked = means.argsort(descending=True, stable=True)
    before = SHOWN * min(int(params.page) - 1, (len(maps) - 1) // SHOWN)
    order = ranked[before : before + SHOWN]
    target = int(params.target) if params.target >= 0 else int(spread.argmax())
    channel = int(params.channel) if 0 <= params.channel < len(maps) else int(ranked[0])
    patch_p = under_patch(params, target)
    with torch.inference_mode():
        ablated_p = float(probabilities(silenced(network, layer, channel)(x))[0, target])
    found, sanity, measured = yield from explained(_still(params), target)
    p_target, (seen, box) = float(spread[target]), receptive.fields(network, x, layer, maps.shape[-1])
    measures: dict[str, float | None] = {
        "top_p": float(spread.max()), "p": p_target, "patch_p": patch_p, "patch_change": patch_p - p_target, "ablated_p": ablated_p,
        "ablation_change": ablated_p - p_target, "channels": float(len(maps)), "map_side": float(maps.shape[-1]),
        "silent_share": float((maps.abs().amax((1, 2)) == 0).double().mean()),
    }  # fmt: skip
    tensors = (spread, order, means[order], maps[order], maps[channel], found, sanity)
    arrays = [tensor.contiguous().numpy() for tensor in tensors]
    named = tuple((measures | seen | measured).items())
    return Result(params, pixels, target, channel, before, float(maps.abs().max()), box, named, *arrays)


def under_patch(params: Params, target: int) -> float:
    """The probability of a class with the patch where these settings have it."""
    x = explaining.ready(torch.from_numpy(params.pixels()))
    with torch.inference_mode():
        return float(probabilities(trained()(attributions.occluded(x, [params.place()])))[0, target])


def _still(params: Params) -> Params:
    """The settings that the method's map depends on; the others at their defaults."""
    moved = ["patch_x", "patch_y", "channel", "target", "page"]
    moved += [] if params.method == "occlusion" else ["patch"]
    moved += [] if params.method == "grad_cam" else ["layer", "convolution"]
    return Params(**params.canonical().as_dict() | {name: Params.default(name) for name in moved})
