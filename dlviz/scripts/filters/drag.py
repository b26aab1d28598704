"""dlviz, CNN filters, Drag the digit: train three networks on digits, and read every held-out digit moved away from its place.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows for these SETTINGS; MATERIAL is the digits.
"""

import base64
import json
import zlib
from typing import Any

import numpy as np
import torch

from dlviz.compute.filters.rivals import DISTANCES, REACH, RIVALS, accuracy, away, cut_off, everywhere, fresh, handed, order_of, training

SETTINGS: dict[str, Any] = {
    "digit": 59.0,
    "shuffled": False,
    "augmentation": 0.0,
    "steps": 120.0,
    "learning_rate": 0.022,
    "permutation": 1.0,
    "seed": 1.0,
    "across": 4.0,
    "down": 0.0,
    "picture": "",
    "meant": "0",
    "centred": True,
}

# filled in when the program is exported: 5,120 digits for training, then 2,000 held out; a digit of one's own
MATERIAL: dict[str, Any] = {"images": "", "labels": "", "own": ""}


def main() -> dict[str, float]:
    """How often each network is right, moved and not, and what it makes of one digit."""
    images, classes = (np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL[name])), np.uint8) for name in ("images", "labels"))
    pictures, y = torch.from_numpy(images.reshape(-1, 1, 28, 28).astype(np.float32) / 255), torch.from_numpy(classes.astype(np.int64))
    held_out, truth = pictures[-2000:], y[-2000:]
    pictures, y = pictures[:-2000], y[:-2000]
    order = order_of(SETTINGS)
    digit, label = held_out[int(SETTINGS["digit"]), 0], int(truth[int(SETTINGS["digit"])])
    if MATERIAL["own"]:
        own = np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL["own"])), np.uint8).reshape(28, 28)
        digit, label = torch.from_numpy(own.astype(np.float32) / 255), int(SETTINGS["meant"])
    numbers = {
        "digit": float(label),
        "places": float((2 * REACH + 1) ** 2),
        "held_out": float(len(truth)),
        "cut_off_at_4": cut_off(held_out, away(held_out, 4)) / len(truth),
        "cut_off_at_8": cut_off(held_out, away(held_out, 8)) / len(truth),
    }
    for name in RIVALS:
        net = fresh(name, int(SETTINGS["seed"]))
        for _, _ in zip(range(int(SETTINGS["steps"])), training(net, pictures, y, SETTINGS), strict=False):
            pass
        found = {distance: accuracy(net, handed(away(held_out, distance), order), truth) for distance in DISTANCES}
        chances = everywhere(net, digit, order)  # (17, 17, 10)
        here = chances[int(SETTINGS["down"]) + REACH, int(SETTINGS["across"]) + REACH, label]
        numbers |= {
            f"accuracy[{name}]": found[0],
            f"accuracy_at_4[{name}]": found[4],
            f"accuracy_at_8[{name}]": found[8],
            f"lost_at_4[{name}]": found[0] - found[4],
            f"train_accuracy[{name}]": accuracy(net, handed(pictures[:1000], order), y[:1000]),
            f"p[{name}]": here.item(),
            f"right_places[{name}]": (chances.argmax(-1) == label).double().mean().item(),
            f"parameters[{name}]": float(sum(parameter.numel() for parameter in net.parameters)),
        }
    return numbers


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(), indent=1))
