"""A picture's numbers on their way to a component: one bytes object, the only form in which Streamlit passes bytes unharmed."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

TYPES = ("u1", "f4", "f8")  # what a browser has typed arrays for


def pack(header: Mapping[str, Any], **arrays: np.ndarray) -> bytes:
    """[u32 header length][JSON header][arrays], little-endian, every part padded to a multiple of 8 bytes.

    The header gains "arrays": [[name, type, count]...]. Types are kept if the browser has them, else they become f8.
    ValueError if the header holds nan or infinity, which JSON cannot say.
    """
    parts = {name: _plain(array) for name, array in arrays.items()}
    manifest = [[name, array.dtype.str[1:], array.size] for name, array in parts.items()]
    text = json.dumps({**header, "arrays": manifest}, allow_nan=False, ensure_ascii=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + b"".join(_padded(array.tobytes()) for array in parts.values())


def unpack(payload: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the flat arrays that `pack` was given."""
    (length,) = struct.unpack_from("<I", payload)
    header, at = json.loads(payload[4 : 4 + length]), 4 + length
    arrays = {}
    for name, kind, count in header["arrays"]:
        arrays[name] = np.frombuffer(payload, dtype=f"<{kind}", count=count, offset=at)
        at += len(_padded(arrays[name].tobytes()))
    return header, arrays


def _plain(array: np.ndarray) -> np.ndarray:
    kind = array.dtype.str[1:]
    return np.ascontiguousarray(array, dtype=f"<{kind if kind in TYPES else 'f8'}")


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 8)


@dataclass(frozen=True)
class Clip:
    """A run as its player must know it: its name (equal names keep their place), its last step, whether it is done.

    `until`: the last step of the run beside it, so that both axes end there.
    """

    name: str
    last: int
    done: bool
    again_ms: int = 250
    until: int = 0
