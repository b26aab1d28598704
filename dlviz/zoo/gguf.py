"""GGUF files, llama.cpp's form of a language model: what they say about it, and their tensors, widened to float32.

Source: the GGUF specification (ggml, docs/gguf.md, version 3) and ggml's block formats. In blocks of 32 weights, with d and m in
float16:  Q8_0: w = d·q, q from −128 to 127;  Q4_1: w = d·q + m, q from 0 to 15, two in a byte: weight i low, weight i + 16 high.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MAGIC, VERSION = b"GGUF", 3
BLOCK = 32  # weights
# kinds of values in the header: struct's letters; 8 is a string, 9 a list
LETTERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, LIST = 8, 9
# kinds of tensors: bytes a block, weights a block
F32, F16, Q4_1, Q8_0 = 0, 1, 3, 8
SIZES = {F32: (4, 1), F16: (2, 1), Q4_1: (4 + BLOCK // 2, BLOCK), Q8_0: (2 + BLOCK, BLOCK)}


class UnreadableGguf(ValueError):
    """A file that is no GGUF, or of a kind that is not read here."""


@dataclass
class Reader:
    """Reads values one after another."""

    data: mmap.mmap
    at: int = 0

    def value(self, kind: int) -> Any:
        """The next value: a number, a string or a list."""
        if kind == STRING:
            length = self.value(10)
            self.at += length
            return self.data[self.at - length : self.at].decode("utf-8")
        if kind == LIST:
            inner, count = self.value(4), self.value(10)
            return [self.value(inner) for _ in range(count)]
        if kind not in LETTERS:
            raise UnreadableGguf(f"There is no value of kind {kind}.")
        (value,) = struct.unpack_from(f"<{LETTERS[kind]}", self.data, self.at)
        self.at += struct.calcsize(f"<{LETTERS[kind]}")
        return value


@dataclass(frozen=True)
class Stored:
    """Where a tensor stands in the file. `shape` as torch and numpy have it, rows first."""

    kind: int
    shape: tuple[int, ...]
    offset: int


class Gguf:
    """A file. `fields`: what it says about the model; `tensors()`: its tensors by name, one at a time."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        if self._data[:4] != MAGIC:
            raise UnreadableGguf(f"{file.name} is no GGUF file.")
        reader = Reader(self._data, 4)
        version, tensors, fields = reader.value(4), reader.value(10), reader.value(10)
        if version != VERSION:
            raise UnreadableGguf(f"{file.name} is GGUF version {version}: expected {VERSION}.")
        self.fields: dict[str, Any] = {reader.value(STRING): reader.value(reader.value(4)) for _ in range(fields)}
        self._stored = dict(self._tensor(reader) for _ in range(tensors))
        step = self.fields.get("general.alignment", 32)
        self._start = -(-reader.at // step) * step

    @staticmethod
    def _tensor(reader: Reader) -> tuple[str, Stored]:
        name, axes = reader.value(STRING), reader.value(4)
        shape = tuple(reader.value(10) for _ in range(axes))[::-1]
        return name, Stored(reader.value(4), shape, reader.value(10))

    def tensors(self) -> Iterator[tuple[str, np.ndarray]]:
        """Every tensor in float32, by its name."""
        for name, stored in self._stored.items():
            if stored.kind not in SIZES:
                raise UnreadableGguf(f"{name} is stored as kind {stored.kind}: only {sorted(SIZES)} are read.")
            size, weights = SIZES[stored.kind]
            count = int(np.prod(stored.shape)) // weights * size
            raw = np.frombuffer(self._data, np.uint8, count, self._start + stored.offset)
            yield name, widened(raw.reshape(-1, size), stored.kind).reshape(stored.shape)


def widened(blocks: np.ndarray, kind: int) -> np.ndarray:
    """The weights in float32 of uint8 blocks (n, bytes a block), as the formulas above say."""
    if kind == F32:
        return blocks.view(np.float32)
    scale = blocks[:, :2].view(np.float16).astype(np.float32)  # d
    if kind == F16:
        return scale
    if kind == Q8_0:
        return scale * blocks[:, 2:].view(np.int8)
    least, packed = blocks[:, 2:4].view(np.float16).astype(np.float32), blocks[:, 4:]  # m
    return scale * np.concatenate([packed & 15, packed >> 4], 1) + least
