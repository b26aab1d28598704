"""EfficientNet-Lite0 (Tan and Le 2019; the Lite variant has no squeeze-and-excitation, and ReLU6): 49 convolutions, 4,652,008 parameters.

Every convolution stands in a `ConvNorm` with a name such as "stem", "blocks.3.depthwise" or "head"; `forward` can hand out what
each of them gives, after its normalisation and, where it has one, its ReLU6.
"""

import re
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

CLASSES = 1000
SIDE = 224  # pixels of the input
SHOWN = 0.875  # of the shorter side of a picture that the square of SIDE pixels covers
# the blocks in groups: expansion, channels out, how many, stride of the first, side of the kernel
GROUPS = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3))
STEM, HEAD = 32, 1280  # channels
Maps = dict[str, Tensor]


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalisation, and ReLU6 where `bent`.

    The padding is TensorFlow's "same": ceil(n / stride) pixels come out, and an odd pixel of padding goes to the right and below.
    """

    def __init__(self, inside: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, bent: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, out, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(out, eps=1e-3)
        self.kernel, self.stride, self.bent = kernel, stride, bent

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, n, n) to (B, out, ceil(n / stride), ceil(n / stride))."""
        n = x.shape[-1]
        lacking = max(0, (-(-n // self.stride) - 1) * self.stride + self.kernel - n)
        before, after = lacking // 2, lacking - lacking // 2
        if lacking:  # padding by nothing would copy
            x = functional.pad(x, (before, after, before, after))
        x = self.norm(self.conv(x))
        return functional.relu6(x) if self.bent else x


class Block(nn.Module):
    """An inverted bottleneck: 1×1 to `expansion` times as many channels, k×k on each by itself, 1×1 to few; plus its input if it fits."""

    def __init__(self, inside: int, out: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = inside * expansion
        if expansion > 1:
            self.expand = ConvNorm(inside, wide)
        self.depthwise = ConvNorm(wide, wide, kernel, stride, groups=wide)
        self.project = ConvNorm(wide, out, bent=False)
        self.adds_its_input = stride == 1 and inside == out

    def forward(self, x: Tensor, name: str, keep: Maps | None) -> Tensor:
        """The block's output; what its convolutions give goes into `keep` under "name.expand" and so on."""
        y = x
        for part, module in self.named_children():
            y = kept(keep, f"{name}.{part}", module(y))
        return x + y if self.adds_its_input else y


class EfficientNetLite0(nn.Module):
    """Pictures (B, 3, 224, 224), as `prepare` makes them, to logits (B, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, STEM, kernel=3, stride=2)
        self.blocks = nn.ModuleList()
        inside = STEM
        for expansion, out, count, first_stride, kernel in GROUPS:
            for number in range(count):
                self.blocks.append(Block(inside, out, expansion, kernel, first_stride if number == 0 else 1))
                inside = out
        self.head = ConvNorm(inside, HEAD)
        self.classify = nn.Linear(HEAD, CLASSES)

    def forward(self, pictures: Tensor, keep: Maps | None = None) -> Tensor:
        """The logits; if `keep` is a dict, every convolution's maps (B, C, h, w) are put into it by name, in order."""
        x = kept(keep, "stem", self.stem(pictures))  # (B, 32, 112, 112)
        for i, block in enumerate(self.blocks):
            x = block(x, f"blocks.{i}", keep)
        x = kept(keep, "head", self.head(x))  # (B, 1280, 7, 7)
        return self.classify(x.mean((2, 3)))

    def convolutions(self) -> Iterator[tuple[str, ConvNorm]]:
        """The 49 convolutions with their names, in the order in which they are computed."""
        yield from ((name, module) for name, module in self.named_modules() if isinstance(module, ConvNorm))


def kept(keep: Maps | None, name: str, maps: Tensor) -> Tensor:
    """The maps, which are also put into `keep` if there is one."""
    if keep is not None:
        keep[name] = maps
    return maps


def prepare(pixels: Tensor) -> Tensor:
    """A picture uint8 (h, w, 3) or (h, w) as the network wants it: float32 (1, 3, 224, 224), (pixel − 127) / 128.

    The square in the middle, 0.875 of the shorter side; resized (bilinear, antialiased) unless it has 224 pixels already.
    """
    colour = pixels if pixels.ndim == 3 else pixels[:, :, None].expand(-1, -1, 3)
    edge = max(1, round(SHOWN * min(colour.shape[:2])))
    top, left = (colour.shape[0] - edge) // 2, (colour.shape[1] - edge) // 2
    square = colour[top : top + edge, left : left + edge].permute(2, 0, 1)[None].float()
    if edge != SIDE:
        square = functional.interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    return (square - 127) / 128


def build(weights: Mapping[str, Tensor]) -> EfficientNetLite0:
    """The network with the weights of a checkpoint of the package efficientnet-lite-pytorch, ready to be asked, not to be trained."""
    network = EfficientNetLite0()
    network.load_state_dict({name: weights[theirs(name)] for name in network.state_dict()})
    return network.requires_grad_(False).eval()


def theirs(name: str) -> str:
    """What a parameter of ours is called in the checkpoint.

    >>> theirs("stem.norm.bias"), theirs("blocks.3.project.norm.weight"), theirs("blocks.0.depthwise.conv.weight")
    ('_bn0.bias', '_blocks.3._bn2.weight', '_blocks.0._depthwise_conv.weight')
    """
    if name.startswith("classify"):
        return name.replace("classify", "_fc")
    place, part, kind, rest = re.fullmatch(r"(blocks\.\d+\.)?(\w+)\.(conv|norm)\.(\w+)", name).groups("")  # type: ignore[union-attr]
    norm = {"stem": "_bn0", "head": "_bn1", "expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[part]
    conv = f"_conv_{part}" if part in ("stem", "head") else f"_{part}_conv"
    return f"{place and '_' + place}{conv if kind == 'conv' else norm}.{rest}"


def probabilities(logits: Tensor) -> Tensor:
    """Softmax over all 1,000 classes, in float64."""
    return torch.softmax(logits.double(), -1)
