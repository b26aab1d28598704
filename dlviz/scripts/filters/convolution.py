"""dlviz, CNN filters, One convolution: a kernel laid over a picture, with padding, stride, dilation, activation and pooling.

Needs torch and numpy. Prints, as JSON, the numbers that the page shows for these SETTINGS; MATERIAL is the picture.
"""

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
import torch

from dlviz.nets.convolution import activate, convolve, pad, pool, weights_of
from dlviz.nets.kernels import KERNELS, Shape

SETTINGS: dict[str, Any] = {
    "input": "digit",
    "preset": "sobel_x",
    "padding": "valid",
    "stride": 1.0,
    "dilation": 1.0,
    "digit": 3.0,
    "zoom": 1.0,
    "across": 0.5,
    "down": 0.5,
    "colour": "grey",
    "red": 1.0,
    "green": 1.0,
    "blue": 1.0,
    "angle": 0.0,
    "wavelength": 4.0,
    "seed": 0.0,
    "bias": 0.0,
    "activation": "none",
    "pooling": "none",
    "pool_side": 2.0,
    "size": "3",
    "kernel": (-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0),
    "flip": False,
    "row": 13.0,
    "column": 15.0,
    "picture": "",
}

MATERIAL: dict[str, Any] = {
    "shape": [1, 28, 28],
    "pixels": (
        "eNpjYBhJgE8pa8KU5ZxIIhbOYLB408bzf0HACUnq218I+A+lkeQUnkPFPs2qLOBKQJFj8Dx07NixzRER6iBO5N9XqricE/n3nTZuuYs4vZH7dx9OueN/k3HL"
        "feHFKXfiM04p9befcMql/MUtt+zvS1xS/Pf/NuOSE//7VxeXXM3fv2K45Frxyj3ixyUnvT8OwQEA+TBRpA=="
    ),
}


def kernel_of(settings: dict[str, Any]) -> torch.Tensor:
    """The named kernel, or the weights that were typed; turned by 180° if so set."""
    if settings["preset"] == "own":
        side = math.isqrt(len(settings["kernel"]))
        kernel = torch.tensor(settings["kernel"], dtype=torch.float64).reshape(side, side)
    else:
        shape = Shape(int(settings["size"]), settings["angle"], settings["wavelength"], int(settings["seed"]))
        kernel = KERNELS[settings["preset"]][1](shape)
    return kernel.flip(0, 1) if settings["flip"] else kernel


def main() -> dict[str, float]:
    """Sizes, costs, and what comes out of the convolution."""
    stride, dilation = int(SETTINGS["stride"]), int(SETTINGS["dilation"])
    pixels = np.frombuffer(zlib.decompress(base64.b64decode(MATERIAL["pixels"])), np.uint8).reshape(MATERIAL["shape"])  # (C, n, n)
    kernel = kernel_of(SETTINGS)  # (k, k)
    padded = pad(torch.from_numpy(pixels / 255), SETTINGS["padding"], len(kernel), dilation)
    mix = (SETTINGS["red"], SETTINGS["green"], SETTINGS["blue"])
    weights = weights_of(kernel, SETTINGS["colour"], mix, len(pixels))  # (O, C / groups, k, k)
    output = convolve(padded, weights, SETTINGS["bias"], stride, dilation)  # (O, m, m)
    turned = convolve(padded, weights.flip(2, 3), SETTINGS["bias"], stride, dilation)
    final = pool(activate(output, SETTINGS["activation"]), SETTINGS["pooling"], int(SETTINGS["pool_side"]))
    return {
        "input_side": float(pixels.shape[1]),
        "kernel_side": float(len(kernel)),
        "reach": float(dilation * (len(kernel) - 1) + 1),
        "output_side": float(output.shape[1]),
        "final_side": float(final.shape[1]),
        "parameters": float(weights.numel() + len(weights)),
        "multiply_adds": float(output[0].numel() * weights.numel()),
        "kernel_sum": round(kernel.numpy().sum().item(), 12) + 0.0,
        "output_low": output.min().item(),
        "output_high": output.max().item(),
        "output_mean": output.numpy().mean().item(),
        "zero_share": (output == 0).double().mean().item(),
        "final_zero_share": (final == 0).double().mean().item(),
        "flip_difference": (output - turned).abs().max().item(),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(), indent=1))
