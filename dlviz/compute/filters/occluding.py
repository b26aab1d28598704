"""What a network says under many patches, fast: near the picture only what a patch can change is computed again.

A patch of r × r pixels changes only the units whose receptive field it touches. In the first blocks, whose maps are large, these are few:
the others are taken from the pass without a patch. From block CUT on whole maps go through the network, LATE at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor

from dlviz.compute.filters.attribution import Passes, finished
from dlviz.nets.efficientnet import Block, ConvNorm, EfficientNetLite0

CUT = 6  # blocks that are computed around the patch alone; later units see most of the picture
LATE = 8  # pictures at once


@dataclass(frozen=True)
class Tile:
    """The part of a map that a patch changes: `values` (1, C, h, w), whose first row and column are `top` and `left`."""

    top: int
    left: int
    values: Tensor

    def on(self, whole: Tensor) -> Tensor:
        """The whole map (1, C, n, n) with this part in its place."""
        height, width = self.values.shape[2:]
        changed = whole.clone(memory_format=torch.channels_last)
        changed[:, :, self.top : self.top + height, self.left : self.left + width] = self.values
        return changed


def changed_units(first: int, size: int, layer: ConvNorm, n: int) -> tuple[int, int, int]:
    """First and last unit of a layer on n pixels that see one of `size` pixels from `first` on, and the padding before, one way."""
    units = -(-n // layer.stride)
    before = max(0, (units - 1) * layer.stride + layer.kernel - n) // 2
    low = -(-(first + before - layer.kernel + 1) // layer.stride)
    return max(0, low), min(units - 1, (first + size - 1 + before) // layer.stride), before


def around(whole: Tensor, tile: Tile, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """Rows and columns (first, last) of a map with the tile in its place, 0 outside the map."""
    n, (height, width) = whole.shape[-1], tile.values.shape[2:]
    (top, bottom), (left, right) = ((max(first, 0), min(last, n - 1)) for first, last in (rows, columns))
    part = whole[:, :, top : bottom + 1, left : right + 1].clone(memory_format=torch.channels_last)
    y, x = tile.top - top, tile.left - left
    inside = tile.values[:, :, max(-y, 0) : bottom + 1 - tile.top, max(-x, 0) : right + 1 - tile.left]
    part[:, :, max(y, 0) : y + height, max(x, 0) : x + width] = inside
    outside = (left - columns[0], columns[1] - right, top - rows[0], rows[1] - bottom)
    return functional.pad(part, outside) if any(outside) else part


def through(layer: ConvNorm, whole: Tensor, tile: Tile) -> Tile:
    """What a folded layer makes of a map that differs from `whole` in the tile: the part of its output that differs."""
    height, width = tile.values.shape[2:]
    (top, bottom, before), (left, right, _) = (
        changed_units(first, size, layer, whole.shape[-1]) for first, size in ((tile.top, height), (tile.left, width))
    )

    def seen(first: int, last: int) -> tuple[int, int]:
        return first * layer.stride - before, last * layer.stride - before + layer.kernel - 1

    conv = layer.conv
    part = around(whole, tile, seen(top, bottom), seen(left, right)) if layer.kernel > 1 else tile.values
    values = functional.conv2d(part, conv.weight, conv.bias, layer.stride, groups=conv.groups)
    return Tile(top, left, values.clamp_(0, 6) if layer.bent else values)


Step = tuple[list[tuple[ConvNorm, Tensor]], Tensor | None]  # a block's layers with their inputs, and the block's input if it is added


def whole_pass(network: EfficientNetLite0, x: Tensor) -> tuple[list[Step], Tensor]:
    """The first layers with the maps that they are given without a patch, and the map after them."""
    steps: list[Step] = [([(network.stem, x)], None)]
    x = network.stem(x)
    for block in first_blocks(network):
        layers, y = [], x
        for layer in block.children():
            assert isinstance(layer, ConvNorm)
            layers.append((layer, y))
            y = layer(y)
        steps.append((layers, x if block.adds_its_input else None))
        x = x + y if block.adds_its_input else y
    return steps, x


def first_blocks(network: EfficientNetLite0) -> Iterator[Block]:
    """The blocks before CUT."""
    for block in list(network.blocks)[:CUT]:
        assert isinstance(block, Block)
        yield block


def follow(steps: list[Step], tile: Tile) -> Tile:
    """What a change of the picture becomes after the first layers."""
    for layers, added in steps:
        came = tile
        for layer, whole in layers:
            tile = through(layer, whole, tile)
        if added is not None:
            (height, width), (top, left) = tile.values.shape[2:], (tile.top, tile.left)
            tile = Tile(top, left, tile.values + around(added, came, (top, top + height - 1), (left, left + width - 1)))
    return tile


def onwards(network: EfficientNetLite0, maps: Tensor) -> Tensor:
    """The logits of maps that come out of the first blocks. (B, 1000). As the folded network's own layers, but in place."""
    for block in list(network.blocks)[CUT:]:
        y = maps
        for layer in block.children():
            assert isinstance(layer, ConvNorm)
            y = in_place(layer, y)
        maps = y.add_(maps) if block.adds_its_input else y
    return network.classify(in_place(network.head, maps).mean((2, 3)))


def in_place(layer: ConvNorm, x: Tensor) -> Tensor:
    """What a folded layer makes of whole maps; at stride 1 the convolution pads by itself, which copies nothing."""
    conv, n = layer.conv, x.shape[-1]
    lacking = max(0, (-(-n // layer.stride) - 1) * layer.stride + layer.kernel - n)
    before = lacking // 2
    if lacking % 2:
        x = functional.pad(x, (before, lacking - before, before, lacking - before))
        before = 0
    y = functional.conv2d(x, conv.weight, conv.bias, layer.stride, before, groups=conv.groups)
    return y.clamp_(0, 6) if layer.bent else y


def logits_under(network: EfficientNetLite0, x: Tensor, places: list[tuple[slice, slice]], value: float = 0) -> Tensor:
    """The logits with a patch of `value` at each of the places, for a folded network. (places, 1000)."""
    return finished(hiding(network, x, places, value))


def hiding(network: EfficientNetLite0, x: Tensor, places: list[tuple[slice, slice]], value: float = 0) -> Passes[Tensor]:
    """The same, LATE places at a time."""
    found = []
    with torch.inference_mode():
        steps, after = whole_pass(network, x)
    for first in range(0, len(places), LATE):
        some = places[first : first + LATE]
        with torch.inference_mode():
            tiles = [Tile(rows.start, columns.start, torch.full_like(x[:, :, rows, columns], value)) for rows, columns in some]
            found.append(onwards(network, torch.cat([follow(steps, tile).on(after) for tile in tiles])))
        yield len(some)
    return torch.cat(found)
