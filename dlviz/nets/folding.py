"""EfficientNet-Lite0 with its normalisations folded into its convolutions: the same function with fewer steps, for many passes."""

import copy

import torch
from torch import nn

from dlviz.nets.efficientnet import EfficientNetLite0


def fold(network: EfficientNetLite0) -> EfficientNetLite0:
    """A copy of the network that computes w' ∗ x + b' where w ∗ x was normalised: w' = w γ/σ, b' = β − μ γ/σ.

    In exact arithmetic the same; the tensors lie channels last in memory, which convolutions on a CPU like better.
    """
    folded = copy.deepcopy(network)
    for _, layer in folded.convolutions():
        norm = layer.norm
        assert isinstance(norm.running_var, torch.Tensor) and isinstance(norm.running_mean, torch.Tensor)
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        layer.conv.weight = nn.Parameter(layer.conv.weight * factor[:, None, None, None], requires_grad=False)
        layer.conv.bias = nn.Parameter(norm.bias - norm.running_mean * factor, requires_grad=False)
        layer.norm = nn.Identity()
    return folded.to(memory_format=torch.channels_last)


def silenced(network: EfficientNetLite0, layer: str, channel: int) -> EfficientNetLite0:
    """A copy of a folded network in which one channel of a convolution gives 0 everywhere."""
    copied = copy.deepcopy(network)
    convolution = dict(copied.convolutions())[layer].conv
    assert convolution.bias is not None
    convolution.weight[channel] = 0
    convolution.bias[channel] = 0
    return copied
