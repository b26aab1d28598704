"""View One convolution: a kernel laid over a picture, pixel by pixel, with padding, stride, dilation, activation and pooling."""

import base64
import math
import zlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlviz import params as p
from dlviz.compute.filters import inputs
from dlviz.fields import ParameterError
from dlviz.nets import convolution as layer
from dlviz.nets.kernels import KERNELS, SIDE_3, Shape
from dlviz.results import Fact
from dlviz.results import Result as Base

OWN = "own"
SIDES = {str(k): f"{k} × {k}" for k in range(1, 8)}
PADDINGS = {"valid": "valid", "same": "same", "reflect": "reflect"}
ACTIVATIONS = {"none": "none", "relu": "ReLU", "abs": "|x|", "tanh": "tanh", "sigmoid": "sigmoid"}
POOLINGS = {"none": "none", "max": "max", "average": "average"}
COLOURS = {"grey": "as grey", "depthwise": "each by itself", "mixed": "mixed"}
BENT = tuple(name for name in KERNELS if name not in SIDE_3)
SOBEL = (-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0)


@dataclass(frozen=True)
class Params(p.Params):
    """The picture, the kernel, how it is laid over the picture, and what comes after it."""

    input: str = p.choice("digit", inputs.INPUTS, label="Input", help="“Your own”: draw, upload or photograph it in the tab below.")
    preset: str = p.choice(
        "sobel_x", {name: label for name, (label, _) in KERNELS.items()} | {OWN: "Your own"}, label="Kernel", help="Every cell is editable."
    )
    padding: str = p.choice(
        "valid", PADDINGS, label="Padding",
        help="valid: none. same: zeros, as many as keep the size; odd kernels at stride 1 only. reflect: as many, mirrored.",
    )  # fmt: skip
    stride: float = p.number(1, 1, 4, 1, label="Stride", help="The window moves on by so many pixels.")
    dilation: float = p.number(1, 1, 3, 1, label="Dilation", more=True, help="The weights lie so many pixels apart.")
    digit: float = p.number(3, 0, 1999, 1, label="Which digit", more=True, when=("input", "digit"), help="Of 2,000 of MNIST.")
    zoom: float = p.number(1, 1, 4, 0.5, label="Zoom", more=True, when=("input", inputs.CROPPED), help="How much smaller the crop is.")
    across: float = p.number(0.5, 0, 1, 0.05, label="Crop, left to right", more=True, when=("input", inputs.CROPPED))
    down: float = p.number(0.5, 0, 1, 0.05, label="Crop, top to bottom", more=True, when=("input", inputs.CROPPED))
    colour: str = p.choice(
        "grey", COLOURS, label="Colours", more=True, when=("input", inputs.CROPPED),
        help="Each channel by itself (depthwise), or all three into one, each with its own copy of the kernel times a weight.",
    )  # fmt: skip
    red: float = p.number(1, -1, 1, 0.1, label="Weight of red", more=True, when=("colour", "mixed"))
    green: float = p.number(1, -1, 1, 0.1, label="Weight of green", more=True, when=("colour", "mixed"))
    blue: float = p.number(1, -1, 1, 0.1, label="Weight of blue", more=True, when=("colour", "mixed"))
    angle: float = p.number(0, 0, 180, 5, label="Angle of Gabor", unit="°", more=True, when=("preset", "gabor"))
    wavelength: float = p.number(4, 2, 10, 0.5, label="Wavelength of Gabor", unit="pixels", more=True, when=("preset", "gabor"))
    seed: float = p.number(0, 0, 99, 1, label="Seed of random", more=True, when=("preset", "random"))
    bias: float = p.number(0, -2, 2, 0.1, label="Bias", more=True)
    activation: str = p.choice("none", ACTIVATIONS, label="Activation", more=True)
    pooling: str = p.choice("none", POOLINGS, label="Pooling", more=True)
    pool_side: float = p.number(2, 2, 4, 1, label="Pooling window", more=True, when=("pooling", ("max", "average")))
    size: str = p.choice("3", SIDES, label="Kernel size", stage=True, when=("preset", BENT))
    kernel: tuple[float, ...] = p.numbers(
        SOBEL, -1000, 1000, 0.1, at_least=1, at_most=49, label="Weights", stage=True, when=("preset", OWN), help="Row by row."
    )
    flip: bool = p.switch(False, label="Flip the kernel", stage=True, help="Turned by 180°: then it is the convolution of mathematics.")
    row: float = p.number(13, 0, 63, 1, label="Row", stage=True, help="Of the output pixel whose arithmetic is shown.")
    column: float = p.number(15, 0, 63, 1, label="Column", stage=True, help="Of that pixel.")
    picture: str = p.asset(label="Own picture", when=("input", inputs.OWN))

    def check(self) -> None:
        k = self.side()
        if k * k != len(self.kernel) and self.preset == OWN or math.isqrt(len(self.kernel)) ** 2 != len(self.kernel):
            raise ParameterError("kernel", f"a list of {len(self.kernel)}", "a square of 1, 4, 9, 16, 25, 36 or 49 numbers")
        if self.padding == "same" and (k % 2 == 0 or self.stride != 1):
            why = f"a {k} × {k} kernel would need half a pixel a side" if k % 2 == 0 else f"stride {self.stride:g} makes the output smaller"
            raise ParameterError("padding", "same", f"valid or reflect, because {why}: same needs an odd kernel and stride 1")
        final = self.final_side()
        if final < 1:
            most = int(self.output_side())
            raise ParameterError("pool_side", self.pool_side, f"a window that fits into the {most} × {most} pixels that it pools")

    def side(self) -> int:
        """The kernel's side k."""
        return 3 if self.preset in SIDE_3 else math.isqrt(len(self.kernel)) if self.preset == OWN else int(self.size)

    def input_side(self) -> int:
        """The picture's side n."""
        return inputs.side(self.input, self.picture, self.zoom)

    def padded_by(self) -> int:
        """Pixels p that are added on each side."""
        return layer.padding_of(self.padding, self.side(), int(self.dilation))

    def output_side(self) -> int:
        """The output's side."""
        return layer.output_side(self.input_side(), self.side(), self.padded_by(), int(self.stride), int(self.dilation))

    def final_side(self) -> int:
        """The side after pooling."""
        return self.output_side() // (1 if self.pooling == "none" else int(self.pool_side))

    def weights(self) -> Tensor:
        """The kernel as it is laid over the picture, float64 (k, k)."""
        k = self.side()
        if self.preset == OWN:
            kernel = torch.tensor(self.kernel, dtype=torch.float64).reshape(k, k)
        else:
            kernel = KERNELS[self.preset][1](Shape(k, self.angle, self.wavelength, int(self.seed)))
        return kernel.flip(0, 1) if self.flip else kernel

    def pixels(self) -> np.ndarray:
        """The picture as the layer sees it, uint8 (C, n, n)."""
        picture = inputs.picture(self.input, int(self.digit), self.picture, self.zoom, self.across, self.down)
        return inputs.channels(picture, self.colour)


@dataclass(frozen=True, eq=False)
class Result(Base):
    """`image` uint8 (C, n, n); float64: `kernel` (k, k) as applied, `output` (O, m, m), `turned` with the kernel turned round,
    `activated` (O, m, m), `pooled` (O, q, q)."""

    VERSION: ClassVar[int] = 1
    PARAMS: ClassVar[type[p.Params]] = Params
    params: Params
    image: np.ndarray
    kernel: np.ndarray
    output: np.ndarray
    turned: np.ndarray
    activated: np.ndarray
    pooled: np.ndarray

    def facts(self) -> dict[str, Fact]:
        """Sizes and costs, what came out, and how much of it padding, turning and the border decide."""
        k, m, channels = len(self.kernel), self.output.shape[1], self.image.shape[0]
        mixed = channels if self.params.colour == "mixed" else 1  # channels that one output pixel looks at
        ring = np.ones((m, m), bool)
        ring[1:-1, 1:-1] = False
        size = np.abs(self.output)
        return {
            "input_side": Fact(float(self.image.shape[1]), "input", "pixels a side"),
            "kernel_side": Fact(float(k), "kernel", "weights a side"),
            "reach": Fact(float(int(self.params.dilation) * (k - 1) + 1), "window", "pixels a side"),
            "padding": Fact(float(self.params.padded_by()), "padding", "pixels"),
            "stride": Fact(self.params.stride, "stride", "pixels"),
            "dilation": Fact(self.params.dilation, "dilation", "pixels"),
            "channels_seen": Fact(float(mixed), "channels that each output looks at"),
            "channels_out": Fact(float(self.output.shape[0]), "output channels"),
            "output_side": Fact(float(m), "output", "pixels a side"),
            "final_side": Fact(float(self.pooled.shape[1]), "after pooling", "pixels a side"),
            "parameters": Fact(float(self.output.shape[0] * (mixed * k * k + 1)), "parameters, with bias"),
            "multiply_adds": Fact(float(self.output.size * mixed * k * k), "multiply-adds"),
            "kernel_sum": Fact(round(float(self.kernel.sum()), 12) + 0.0, "sum of the weights"),
            "output_low": Fact(float(self.output.min()), "smallest output"),
            "output_high": Fact(float(self.output.max()), "largest output"),
            "output_mean": Fact(float(self.output.mean()), "mean output"),
            "input_mean": Fact(float(self.image.mean() / 255), "mean input"),
            "contrast": Fact(float(np.ptp(self.output)), "contrast: largest − smallest output"),
            "outer_spread": Fact(float(self.output[:, ~_middle(m)].std()) if m > 3 else None, "standard deviation outside the middle"),
            "zero_share": Fact(float((self.output == 0).mean()), "outputs that are exactly 0", "%"),
            "final_zero_share": Fact(float((self.pooled == 0).mean()), "final outputs that are exactly 0", "%"),
            "flip_difference": Fact(float(np.abs(self.output - self.turned).max()), "largest change if the kernel is turned round"),
            "largest_change": Fact(self._largest_change(), "largest difference from the pixel under the middle of the window"),
            "border_strength": Fact(float(size[:, ring].mean()), "mean |output| at the border"),
            "inner_strength": Fact(float(size[:, ~ring].mean()) if m > 2 else None, "mean |output| inside"),
        }

    def _largest_change(self) -> float | None:
        """How far any output is from the input pixel under the middle of its window; None where there is no such pixel."""
        k, stride, n = len(self.kernel), int(self.params.stride), self.image.shape[1]
        if k % 2 == 0 or self.output.shape[0] != self.image.shape[0]:
            return None
        start = int(self.params.dilation) * (k // 2) - self.params.padded_by()
        places = start + stride * np.arange(self.output.shape[1])
        assert places.max() < n
        return float(np.abs(self.output - self.image[:, places][:, :, places] / 255).max())


def _middle(m: int) -> np.ndarray:
    """True in the middle half of m pixels, both ways. (m, m)."""
    inside = np.abs(np.arange(m) - (m - 1) / 2) <= m / 4
    return inside[:, None] & inside[None]


def material(params: Params) -> dict[str, Any]:
    """What a program of its own needs besides the settings: the picture's bytes, packed."""
    pixels = params.pixels()
    return {"shape": list(pixels.shape), "pixels": base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode()}


def compute(params: Params) -> Result:
    """The picture through kernel, bias, activation and pooling, in float64."""
    pixels, kernel = params.pixels(), params.weights()
    image = layer.pad(torch.from_numpy(pixels / 255), params.padding, params.side(), int(params.dilation))

    def convolve(kernel: Tensor) -> Tensor:
        weights = layer.weights_of(kernel, params.colour, (params.red, params.green, params.blue), len(pixels))
        return layer.convolve(image, weights, params.bias, int(params.stride), int(params.dilation))

    output = convolve(kernel)
    activated = layer.activate(output, params.activation)
    pooled = layer.pool(activated, params.pooling, int(params.pool_side))
    turned = convolve(kernel.flip(0, 1))
    return Result(params, pixels, *(each.numpy() for each in (kernel, output, turned, activated, pooled)))
