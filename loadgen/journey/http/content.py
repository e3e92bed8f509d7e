"""Unpacking bodies: what Content-Encoding says was done to them is undone, within a limit.

::

    packed ─▶ 16 KiB slices ─▶ last coding ─▶ … ─▶ first coding ─▶ pieces of about 64 KiB ─▶ content
                                     └── each one's output is counted: a bomb ends at the limit ──┘

A small gzip can hold gigabytes, so nothing is unpacked faster than it is counted. Sizes are in bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Final

from loadgen.journey.http.codings import CODINGS, ERRORS, GZIP_WBITS, STEP_BYTES, Coding
from loadgen.journey.http.failures import ProtocolBroken, TooLarge
from loadgen.units import format_bytes

if TYPE_CHECKING:
    import zlib as fastest
else:
    try:
        from isal import isal_zlib as fastest  # 100 KB of HTML in 170 µs, where zlib takes 500
    except ImportError:  # ISA-L knows x86-64 and ARM only
        import zlib as fastest

ACCEPT_ENCODING: Final = "gzip, deflate, br, zstd"
"""What a shopper says it can unpack: the same as browsers."""

MAX_CODINGS: Final = 4
"""Codings in a row; nobody in earnest uses more than two."""

_SLICE_BYTES: Final = 16 * 1024
"""Packed bytes given at once to a coding: libraries copy the rest at each member, which thousands of empty ones would
make quadratic."""

_DIRECT_CHUNKS: Final = 64
_DIRECT_BYTES: Final = 1024 * 1024
"""A page that came in few chunks and is no larger than this is unpacked in one call."""

_RESERVED_FLAGS: Final = 0xE0
"""Of gzip's fourth byte; zlib refuses them, ISA-L does not look."""


def unpack(encodings: str, chunks: list[bytes], limit_bytes: int) -> bytes:
    """Unpack a whole body.

    Args:
        encodings: the value of Content-Encoding.
        chunks: the body as it travelled, in pieces.
        limit_bytes: how large it may become.

    Raises:
        ProtocolBroken: it is not what the header says, is cut short, or is packed in an unknown way.
        TooLarge: there is more in it than the limit.
    """
    if encodings == "gzip" and len(chunks) <= _DIRECT_CHUNKS:
        page = _page(b"".join(chunks), limit_bytes)
        if page is not None:
            return page
    unpacker = Unpacker(encodings, limit_bytes)
    content = _joined(piece for chunk in chunks for piece in unpacker.pieces(chunk))
    unpacker.finish()
    return content


class Unpacker:
    """Unpacks a body as it comes.

    Args:
        encodings: the value of Content-Encoding; empty for a body that is not packed.
        limit_bytes: how large the body may become.

    Raises:
        ProtocolBroken: an unknown coding, or too many of them.
    """

    __slots__ = ("_codings", "_counts", "_limit_bytes", "_names")

    def __init__(self, encodings: str, limit_bytes: int) -> None:
        self._names = _codings_of(encodings)
        self._codings: list[Coding] = [CODINGS[name]() for name in self._names]
        self._counts = [0] * (len(self._names) + 1)
        self._limit_bytes = limit_bytes

    def feed(self, data: bytes) -> bytes:
        """The next bytes of the body, unpacked.

        Args:
            data: as they travelled.

        Returns:
            All that they tell; empty when more must come first.

        Raises:
            ProtocolBroken: they are not what the header says.
            TooLarge: with them the body is larger than the limit.
        """
        return _joined(self.pieces(data))

    def finish(self) -> bytes:
        """The end of the body.

        Returns:
            What is left of it: nothing, as these codings hold nothing back.

        Raises:
            ProtocolBroken: it is cut short.
        """
        for name, coding in zip(self._names, self._codings, strict=True):
            if not coding.is_complete():
                raise ProtocolBroken(f"the body ends in the middle of its {name}")
        return b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Like :meth:`feed`, in pieces of about 64 KiB; all must be taken."""
        if not self._codings:
            yield self._counted(0, data)
            return
        for start in range(0, len(data), _SLICE_BYTES):
            yield from self._through(0, data[start : start + _SLICE_BYTES])

    def _through(self, index: int, data: bytes) -> Iterator[bytes]:
        """Bytes through the coding of that index and all after it."""
        last = index + 1 == len(self._codings)
        pieces = self._codings[index].pieces(data)
        while True:
            try:
                piece = next(pieces)
            except StopIteration:
                return
            except ERRORS as error:
                raise _broken(self._names[index], error) from error
            self._counted(index, piece)
            if last:
                yield piece
            else:
                yield from self._through(index + 1, piece)

    def _counted(self, index: int, piece: bytes) -> bytes:
        """What came out of a coding, if it may."""
        self._counts[index] += len(piece)
        limit = self._limit_bytes
        if index + 1 < len(self._codings):
            limit += limit // 64 + STEP_BYTES  # what is still packed can be a little larger than what it holds
        if self._counts[index] > limit:
            raise _too_large(self._limit_bytes)
        return piece


def _page(packed: bytes, limit_bytes: int) -> bytes | None:
    """What nearly every packed body is: one small gzip member. None when it must be looked at step by step."""
    if len(packed) < 4 or packed[3] & _RESERVED_FLAGS:
        return None
    member = fastest.decompressobj(GZIP_WBITS)
    try:
        content = member.decompress(packed, min(limit_bytes, _DIRECT_BYTES) + 1)
    except fastest.error:
        return None
    return content if member.eof and not member.unused_data and len(content) <= limit_bytes else None


def _codings_of(encodings: str) -> list[str]:
    """Names of the codings to undo, the last one applied first."""
    named = [name.strip().lower() for name in encodings.split(",")]
    names = [name for name in named if name not in ("", "identity")]
    for name in names:
        if name not in CODINGS:
            raise ProtocolBroken(f"the body is packed in an unknown way: {name[:40]!r}")
    if len(names) > MAX_CODINGS:
        raise ProtocolBroken(f"the body is packed {len(names)} times, more than {MAX_CODINGS}")
    return names[::-1]


def _joined(pieces: Iterable[bytes]) -> bytes:
    """Pieces in one, without holding them twice."""
    remaining = iter(pieces)
    first = next(remaining, b"")
    second = next(remaining, None)
    if second is None:
        return first
    whole = BytesIO()
    whole.write(first)
    whole.write(second)
    for piece in remaining:
        whole.write(piece)
    return whole.getvalue()


def _broken(name: str, error: Exception) -> ProtocolBroken:
    return ProtocolBroken(f"the body cannot be unpacked as {name}: {error}")


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"the body is larger than {format_bytes(limit_bytes)} unpacked")
