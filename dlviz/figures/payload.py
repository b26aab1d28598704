"""A picture's numbers on their way to a component: one bytes object, the only form in which Streamlit passes bytes unharmed."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np


def pack(header: Mapping[str, Any], values: np.ndarray) -> bytes:
    """[u32 header length][JSON header, padded so that what follows starts at a multiple of 8][values as float64], little-endian.

    ValueError if the header holds nan or infinity, which JSON cannot say.
    """
    text = json.dumps(header, allow_nan=False, ensure_ascii=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + np.ascontiguousarray(values, dtype="<f8").tobytes()


def unpack(payload: bytes) -> tuple[dict[str, Any], np.ndarray]:
    """The header and the flat values that `pack` was given."""
    (length,) = struct.unpack_from("<I", payload)
    return json.loads(payload[4 : 4 + length]), np.frombuffer(payload, dtype="<f8", offset=4 + length)
