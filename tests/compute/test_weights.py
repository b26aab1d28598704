"""Weights as a safetensors file: read back to the last bit, and what does not fit is refused in one sentence."""

import json
import struct

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from dlviz.compute import run
from dlviz.compute.filters.learning import Params, Result
from dlviz.compute.filters.weights import LARGEST, UnreadableWeights, read, write

PARAMS = Params(pictures=500, channels=2, norm=True)


@pytest.fixture(scope="module")
def result() -> Result:
    found = run("filters.learning", PARAMS)
    assert isinstance(found, Result)
    return found


def test_what_was_written_is_read_back_to_the_last_bit(result: Result) -> None:
    """By safetensors itself too, whose count of numbers is that of the network and of batch norm's followed ones."""
    data = write(result)
    assert (read(data, PARAMS) == result.state).all()
    tensors = load(data)
    facts = result.facts()
    assert sum(tensor.numel() for tensor in tensors.values()) == facts["parameters"].value + 2 * (2 + 4)
    assert np.array_equal(tensors["convolution1.weight"].numpy().ravel(), result.kernels[-1][:50])
    (length,) = struct.unpack_from("<Q", data)
    assert json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["settings"])["channels"] == 2


def variants(data: bytes) -> dict[str, bytes]:
    """Files that do not fit, each in its own way."""
    tensors = load(data)
    kernel = tensors["convolution1.weight"]
    return {
        "empty": b"",
        "text": b"not a file of weights" * 9,
        "cut": data[:-7],
        "header": struct.pack("<Q", 2**62) + data[8:],
        "large": data + b"\0" * LARGEST,
        "missing": save({name: tensor for name, tensor in tensors.items() if name != "head.bias"}),
        "more": save(tensors | {"extra": torch.zeros(1)}),
        "shape": save(tensors | {"convolution1.weight": kernel.reshape(1, 2, 5, 5)}),
        "size": save(tensors | {"convolution1.weight": torch.zeros(4, 1, 5, 5)}),
        "nan": save(tensors | {"convolution1.weight": kernel * torch.nan}),
        "whole": save(tensors | {"convolution1.weight": kernel.to(torch.int32)}),
        "variance": save(tensors | {"norm1.running_var": -torch.ones(2)}),
    }


@pytest.mark.parametrize("which", variants(save({"convolution1.weight": torch.zeros(2, 1, 5, 5)})))
def test_a_file_that_does_not_fit_is_refused_in_a_sentence(result: Result, which: str) -> None:
    with pytest.raises(UnreadableWeights, match=r"^[^\n]{20,400}\.$"):
        read(variants(write(result))[which], PARAMS)


def test_weights_of_other_settings_are_refused(result: Result) -> None:
    with pytest.raises(UnreadableWeights, match="expected 4 × 1 × 5 × 5"):
        read(write(result), Params(pictures=500, channels=4, norm=True))
