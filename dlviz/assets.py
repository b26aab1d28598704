"""What people bring that is too large for a link, such as a picture: small arrays of bytes, by the sha256 of their normal form.

In memory only, shared by all sessions, bounded: the ones that were used least lately go first.
"""

import hashlib
import threading
from collections import OrderedDict

import numpy as np

KEPT_BYTES = 64 * 2**20


class Assets:
    """A bounded store of read-only uint8 arrays."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._arrays: OrderedDict[str, np.ndarray] = OrderedDict()

    def put(self, array: np.ndarray) -> str:
        """Keep the array, and the name it is found under. ValueError for anything but uint8, or more than the store can hold."""
        if array.dtype != np.uint8 or array.nbytes > self._most_bytes:
            raise ValueError(f"{array.nbytes} bytes of {array.dtype}: expected uint8, at most {self._most_bytes} bytes.")
        kept = np.array(array, order="C")
        kept.flags.writeable = False
        name = name_of(kept)
        with self._lock:
            self._arrays[name] = kept
            self._arrays.move_to_end(name)
            while sum(each.nbytes for each in self._arrays.values()) > self._most_bytes:
                self._arrays.popitem(last=False)
        return name

    def get(self, name: str) -> np.ndarray | None:
        """The array of this name, or None if it is not kept (any more)."""
        with self._lock:
            if name in self._arrays:
                self._arrays.move_to_end(name)
            return self._arrays.get(name)


def name_of(array: np.ndarray) -> str:
    """The sha256 of the array's shape and bytes, 64 hex digits: equal arrays, equal names.

    >>> name_of(np.zeros((2, 3), np.uint8)) == name_of(np.zeros((3, 2), np.uint8))
    False
    """
    return hashlib.sha256(repr(array.shape).encode() + b"\n" + array.tobytes()).hexdigest()


_shared = Assets()
put, get = _shared.put, _shared.get
