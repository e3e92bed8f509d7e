"""Fields of protobuf messages, as bytes: the little of the encoding that Prometheus' formats need.

A message is its fields one after the other, each a tag (number and wire type) and then its content. Source:
https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_VARINT, _FIXED64, _BYTES = 0, 1, 2
"""Wire types."""

_double: Final = struct.Struct("<d").pack


def varint(number: int) -> bytes:
    """A whole number, not negative: seven bits to a byte, the lowest first, the eighth says that more come."""
    if number < len(_SHORT):
        return _SHORT[number]
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def zigzag(number: int) -> int:
    """A signed number as one that is not negative: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4, and so on."""
    return number << 1 if number >= 0 else (-number << 1) - 1


_SHORT: tuple[bytes, ...] = ()
_SHORT = tuple(varint(number) for number in range(1 << 12))
"""Most numbers are short: labels' lengths, differences of buckets."""


_NEAR: Final = 1 << 11
_SIGNED: Final = tuple(varint(zigzag(number)) for number in (*range(_NEAR), *range(-_NEAR, 0)))
"""Those of numbers near 0, also below it: Python counts negative indices from the end."""


def packed_sints(numbers: Sequence[int]) -> bytes:
    """Signed numbers, one after the other, as a packed field has them."""
    if numbers and min(numbers) >= -_NEAR and max(numbers) < _NEAR:
        return b"".join([_SIGNED[number] for number in numbers])
    return b"".join([varint(zigzag(number)) for number in numbers])


@lru_cache(maxsize=256)
def _tag(field: int, wire: int) -> bytes:
    return varint(field << 3 | wire)


def uint_field(field: int, number: int) -> bytes:
    """A whole number, not negative."""
    return _tag(field, _VARINT) + varint(number)


def sint_field(field: int, number: int) -> bytes:
    """A signed number, as zigzag."""
    return _tag(field, _VARINT) + varint(zigzag(number))


def double_field(field: int, number: float) -> bytes:
    """A float of 64 bits."""
    return _tag(field, _FIXED64) + _double(number)


def bytes_field(field: int, content: bytes) -> bytes:
    """A text, a message or packed numbers."""
    return _tag(field, _BYTES) + varint(len(content)) + content


@lru_cache(maxsize=8192)
def label_pair(name: str, value: str) -> bytes:
    """A label as field 1 of its metric or series: the same in what is scraped and in remote write."""
    return bytes_field(1, bytes_field(1, name.encode()) + bytes_field(2, value.encode()))
