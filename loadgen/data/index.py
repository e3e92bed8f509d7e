"""The index of a file on disk: where each row begins, as 64-bit numbers. Made once on each machine.

::

    "LGROWS01" │ number of rows n │ n + 1 offsets │ columns as JSON
       8 B     │       8 B        │   8 B each    │

It is read at the places that are asked for, so what a process holds of it does not grow with the rows.
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
from array import array
from pathlib import Path
from typing import Final
from weakref import finalize

from loadgen.data.scanning import Scan

_MAGIC: Final = b"LGROWS01"
_HEAD: Final = struct.Struct("<8sQ")
_PAIR: Final = struct.Struct("<QQ")
_NUMBER: Final = 8


class Index:
    """An index that was written before.

    Args:
        path: its file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not whole.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY)
        finalize(self, os.close, self._fd)
        head = os.pread(self._fd, _HEAD.size, 0)
        if len(head) < _HEAD.size or not head.startswith(_MAGIC):
            raise ValueError("no index of rows")
        self.count: int = _HEAD.unpack(head)[1]
        """How many rows there are."""
        tail = _HEAD.size + (self.count + 1) * _NUMBER
        self.columns = tuple(json.loads(os.pread(self._fd, os.fstat(self._fd).st_size - tail, tail)))
        """Names of the columns; empty for JSON lines."""

    def span(self, number: int) -> tuple[int, int]:
        """Where a row begins and ends, bytes."""
        begins, ends = _PAIR.unpack(os.pread(self._fd, _PAIR.size, _HEAD.size + number * _NUMBER))
        return begins, ends


def write_index(path: Path, found: Scan) -> None:
    """Write an index; it is there whole or not at all.

    Raises:
        OSError: there is no room.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(_HEAD.pack(_MAGIC, len(found.offsets) - 1))
            file.write(_little_endian(found.offsets))
            file.write(json.dumps(found.columns).encode())
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def _little_endian(numbers: array[int]) -> memoryview:
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        numbers = numbers[:]
        numbers.byteswap()
    return memoryview(numbers)
