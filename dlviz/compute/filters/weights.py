"""The weights of a trained network as a safetensors file, and such a file read back: only what fits the network is taken."""

import json

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from dlviz.compute.filters.changes import filled, tensors_of
from dlviz.compute.filters.learning import Params, Result
from dlviz.compute.filters.recognising import convolutional_net
from dlviz.nets.convolutional import Convolutional

LARGEST = 5_000_000  # bytes of a file; the largest network here has less than half of that


class UnreadableWeights(ValueError):
    """A file that holds no weights for this network: what is wrong with it, as one sentence."""


def names_of(net: Convolutional) -> list[str]:
    """A name for every tensor, in the order of `tensors_of`."""
    count = range(1, len(net.kernels) + 1)
    normed = range(1, len(net.gains) + 1)
    parts = [[f"convolution{i}.{part}" for i in count] for part in ("weight", "bias")]
    norms = [[f"norm{i}.{part}" for i in normed] for part in ("weight", "bias", "running_mean", "running_var")]
    return [*parts[0], *parts[1], "head.weight", "head.bias", *(name for names in norms for name in names)]


def write(result: Result) -> bytes:
    """The file: every tensor as float32 under its name, the settings beside them."""
    net = filled(convolutional_net(result.params.as_dict()), result.state)
    tensors = {name: tensor.detach().contiguous() for name, tensor in zip(names_of(net), tensors_of(net), strict=True)}
    return save(tensors, {"settings": json.dumps(result.params.of_training().as_dict())})


def read(data: bytes, params: Params) -> np.ndarray:
    """Every number of the file as `Result.state` has them, float32. UnreadableWeights for anything that does not fit these settings."""
    if len(data) > LARGEST:
        raise UnreadableWeights(f"The file has {len(data) / 1e6:.3g} MB: expected at most {LARGEST / 1e6:g} MB.")
    try:
        found = load(data)
    except (SafetensorError, ValueError, KeyError, OverflowError, RuntimeError, MemoryError) as error:
        raise UnreadableWeights("The file is not in the safetensors format.") from error
    net = convolutional_net(params.as_dict())
    names, parts = names_of(net), []
    if set(found) != set(names):
        raise UnreadableWeights(f"The file has {len(found)} tensors with other names: expected {', '.join(names)}.")
    for name, tensor in zip(names, tensors_of(net), strict=True):
        given = found[name]
        if given.shape != tensor.shape:
            raise UnreadableWeights(f"{name} is {_size(given)}: expected {_size(tensor)}, as the settings of the page have it.")
        if given.dtype not in (torch.float16, torch.float32, torch.float64, torch.bfloat16) or not given.isfinite().all():
            raise UnreadableWeights(f"{name} does not hold finite real numbers.")
        parts.append(given.float().flatten())
    if any(name.endswith("running_var") and (found[name] < 0).any() for name in names):
        raise UnreadableWeights("A variance is below 0: expected what batch norm has followed.")
    return torch.cat(parts).numpy()


def _size(tensor: torch.Tensor) -> str:
    return " × ".join(str(side) for side in tensor.shape)
