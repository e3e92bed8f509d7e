"""Plain values on the wire: msgpack within limits, and a check for each kind of value.

Bytes from Redis may come from anyone: whatever does not fit raises :class:`loadgen.errors.MessageError`.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import msgpack

from loadgen.errors import MessageError

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""A frame of 10,000 series is below this; anything larger is refused unread."""

MAX_ROWS: Final = 60_000
"""Rows of one message. A plan's name cap keeps a run far below."""

MAX_TEXT: Final = 400
"""Characters of any label or sample text."""


def dumps(value: Any) -> bytes:
    """Pack plain lists, maps, strings, bytes and numbers.

    Whatever a journey made of it, a frame can be packed: half a character (a lone surrogate) becomes a question mark,
    a number that fits no 64 bits the nearest that does.
    """
    packed: bytes = msgpack.packb(value, use_bin_type=True, unicode_errors="replace", default=_nearest)
    return packed


def _nearest(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a message cannot hold {type(value).__name__}")
    return max(-(2**63), min(value, 2**64 - 1))


def loads(data: bytes) -> Any:
    """Unpack with limits.

    Raises:
        MessageError: too large, or no msgpack.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageError(f"a message of {len(data)} bytes is larger than {MAX_MESSAGE_BYTES}")
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, max_array_len=MAX_ROWS)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
        raise MessageError(f"a message cannot be unpacked: {error or type(error).__name__}") from error


def shrunk(data: bytes) -> bytes:
    """The same in a third to a fifth of the room, for what lies in Redis for days: most bytes of counts are zero."""
    return zlib.compress(data, 1)


def grown(data: bytes) -> bytes:
    """What was shrunk, within limits.

    Raises:
        MessageError: it was not shrunk by us, or is too large.
    """
    expander = zlib.decompressobj()
    try:
        whole = expander.decompress(data, MAX_MESSAGE_BYTES + 1)
    except zlib.error as error:
        raise MessageError(f"a message cannot be expanded: {error}") from error
    if len(whole) > MAX_MESSAGE_BYTES or not expander.eof or expander.unused_data:
        raise MessageError(f"a message does not end after at most {MAX_MESSAGE_BYTES} bytes")
    return whole


def listed(value: Any, length: int | None = None, *, most: int = MAX_ROWS) -> list[Any]:
    """A list.

    Args:
        value: what should be one.
        length: how long it must be; None for any.
        most: how long it may be.

    Raises:
        MessageError: it is no list, or not of that length.
    """
    if not isinstance(value, list) or len(value) > most or (length is not None and len(value) != length):
        raise MessageError(f"expected a list{'' if length is None else f' of {length}'}")
    return value


def natural(value: Any) -> int:
    """A whole number of 0 or more.

    Raises:
        MessageError: it is not.
    """
    if type(value) is not int or not 0 <= value < 2**64:
        raise MessageError("expected a whole number of 0 or more")
    return value


def naturals(*values: Any) -> None:
    """Check some whole numbers of 0 or more.

    Raises:
        MessageError: one of them is none.
    """
    for value in values:
        if type(value) is not int or not 0 <= value < 2**64:
            raise MessageError("expected a whole number of 0 or more")


def whole(value: Any) -> int:
    """A whole number.

    Raises:
        MessageError: it is not.
    """
    if type(value) is not int or not -(2**63) <= value < 2**64:
        raise MessageError("expected a whole number")
    return value


def number(value: Any) -> float:
    """A finite number.

    Raises:
        MessageError: it is not.
    """
    if type(value) not in {int, float} or not -1e300 < value < 1e300:
        raise MessageError("expected a finite number")
    return float(value)


def text(value: Any) -> str:
    """A short text.

    Raises:
        MessageError: not a text, or too long.
    """
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise MessageError(f"expected a text of at most {MAX_TEXT} characters")
    return value
