"""What a network says under many patches, fast: near the picture only what a patch can change is computed again.

A patch of r × r pixels changes only the units whose receptive field it touches. In the first blocks, whose maps are large, these are few:
the others are taken from the pass without a patch. From block CUT on whole maps go through the network, a few patches at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor

from dlviz.compute.filters.attribution import CHUNK
from dlviz.nets.efficientnet import SIDE, Block, ConvNorm, EfficientNetLite0

CUT = 6  # blocks that are computed around the patches alone; later units see most of the picture
LATE = 8  # pictures at once behind them


@dataclass(frozen=True)
class Tiles:
    """The parts of a map that patches change, all of one size: `values` (B, C, h, w), whose first rows and columns are `corners`."""

    corners: list[tuple[int, int]]
    values: Tensor

    def on(self, whole: Tensor) -> Tensor:
        """The whole map with each part in its place: (B, C, n, n)."""
        height, width = self.values.shape[2:]
        changed = whole.repeat(len(self.corners), 1, 1, 1).contiguous(memory_format=torch.channels_last)
        for i, (top, left) in enumerate(self.corners):
            changed[i, :, top : top + height, left : left + width] = self.values[i]
        return changed


def changed_units(first: int, size: int, layer: ConvNorm, n: int) -> tuple[int, int, int]:
    """First and last unit of a layer on n pixels that see one of `size` pixels from `first` on, and the padding before, one way."""
    units = -(-n // layer.stride)
    before = max(0, (units - 1) * layer.stride + layer.kernel - n) // 2
    low = -(-(first + before - layer.kernel + 1) // layer.stride)
    return max(0, low), min(units - 1, (first + size - 1 + before) // layer.stride), before


def spread(first: int, size: int, layers: list[ConvNorm], n: int = SIDE) -> tuple[tuple[int, ...], ...]:
    """How a change of `size` pixels from `first` on grows from layer to layer, one way: its size, where it begins against the one
    before, and what it lacks at the map's ends. Patches that are equal in this, both ways, can be computed together."""
    found = []
    for layer in layers:
        low, high, before = changed_units(first, size, layer, n)
        seen, last = low * layer.stride - before, high * layer.stride - before + layer.kernel - 1
        found.append((high - low + 1, seen - first, max(0, -seen), max(0, last - n + 1)))
        first, size, n = low, high - low + 1, -(-n // layer.stride)
    return tuple(found)


def alike(places: list[tuple[slice, slice]], layers: list[ConvNorm]) -> Iterator[list[int]]:
    """The places in groups of at most CHUNK that can be computed together, as their numbers."""
    groups: dict[object, list[int]] = {}
    for number, (rows, columns) in enumerate(places):
        sides = [range(*each.indices(SIDE)) for each in (rows, columns)]
        groups.setdefault(tuple(spread(side.start, len(side), layers) for side in sides), []).append(number)
    for group in groups.values():
        yield from (group[start : start + CHUNK] for start in range(0, len(group), CHUNK))


def around(whole: Tensor, tiles: Tiles, starts: list[tuple[int, int]], height: int, width: int) -> Tensor:
    """Windows of a map, each with its tile in its place, from `starts` on, 0 outside the map. (B, C, height, width)."""
    n, (tall, wide) = whole.shape[-1], tiles.values.shape[2:]
    parts = torch.cat([whole[:, :, max(top, 0) : top + height, max(left, 0) : left + width] for top, left in starts])
    (top, left), (y, x) = starts[0], tiles.corners[0]  # the others lie in the same way
    first_row, first_column = max(top, 0), max(left, 0)
    bottom, right = min(top + height, n), min(left + width, n)
    inside = tiles.values[:, :, max(first_row - y, 0) : bottom - y, max(first_column - x, 0) : right - x]
    down, across = max(y - first_row, 0), max(x - first_column, 0)
    parts[:, :, down : down + tall, across : across + wide] = inside
    outside = (first_column - left, left + width - right, first_row - top, top + height - bottom)
    return functional.pad(parts, outside) if any(outside) else parts


def through(layer: ConvNorm, whole: Tensor, tiles: Tiles) -> Tiles:
    """What a folded layer makes of maps that differ from `whole` in the tiles: the parts of its output that differ."""
    n, (tall, wide) = whole.shape[-1], tiles.values.shape[2:]
    rows, columns = ([changed_units(corner[axis], size, layer, n) for corner in tiles.corners] for axis, size in ((0, tall), (1, wide)))
    height, width = (span[0][1] - span[0][0] + 1 for span in (rows, columns))
    part = tiles.values
    if layer.kernel > 1:
        starts = [(row[0] * layer.stride - row[2], column[0] * layer.stride - column[2]) for row, column in zip(rows, columns, strict=True)]
        part = around(whole, tiles, starts, (height - 1) * layer.stride + layer.kernel, (width - 1) * layer.stride + layer.kernel)
    conv = layer.conv
    values = functional.conv2d(part, conv.weight, conv.bias, layer.stride, groups=conv.groups)
    corners = [(row[0], column[0]) for row, column in zip(rows, columns, strict=True)]
    return Tiles(corners, values.clamp_(0, 6) if layer.bent else values)


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


def follow(steps: list[Step], tiles: Tiles) -> Tiles:
    """What changes of the picture become after the first layers."""
    for layers, added in steps:
        came = tiles
        for layer, whole in layers:
            tiles = through(layer, whole, tiles)
        if added is not None:
            tiles = Tiles(tiles.corners, tiles.values + around(added, came, tiles.corners, *tiles.values.shape[2:]))
    return tiles


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
    with torch.inference_mode():
        steps, after = whole_pass(network, x)
        maps = after.new_empty(len(places), *after.shape[1:]).contiguous(memory_format=torch.channels_last)
        for group in alike(places, [layer for layers, _ in steps for layer, _ in layers]):
            patches = torch.cat([torch.full_like(x[:, :, places[i][0], places[i][1]], value) for i in group])
            tiles = Tiles([(places[i][0].start, places[i][1].start) for i in group], patches)
            maps[group] = follow(steps, tiles).on(after)
        return torch.cat([onwards(network, chunk) for chunk in maps.split(LATE)])
