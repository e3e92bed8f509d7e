"""The content codings of HTTP, each in bounded steps: gzip, deflate, br, zstd.

A coding takes packed bytes as they come and hands out what is in them in pieces, none much larger than
:data:`STEP_BYTES`, so whoever takes the pieces can stop a bomb after any of them. Nothing is held back: after the last
piece, all that the bytes so far can tell has been told.

=======  ========================  =======================================================================
coding   a body may be             what follows its end
=======  ========================  =======================================================================
gzip     several members           ignored, unless it begins like another member (browsers and curl do so)
deflate  zlib, or raw              ignored
br       one stream                refused
zstd     several frames            refused; so are windows over 8 MiB (RFC 9659), which take as much memory
=======  ========================  =======================================================================

Sizes are in bytes.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP_BYTES: Final = 64 * 1024
"""What is unpacked at once."""

GZIP_WBITS: Final = 31
"""zlib: a gzip header, and any window."""

_GZIP_FIRST_BYTE: Final = 0x1F
_ZSTD_OPTIONS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}

MAX_PARTS: Final = 10_000
"""Members or frames of one body. Packers in parallel write one for every 64 KiB or more; a body of tiny ones is a bomb
too, of time: each costs ten microseconds and may be nine bytes long."""


class TooManyPartsError(Exception):
    """There are more than :data:`MAX_PARTS` members or frames."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {MAX_PARTS} parts")


ERRORS: Final = (zlib.error, brotli.error, zstd.ZstdError, TooManyPartsError)
"""What the codings raise when bytes are not theirs."""


class Coding(Protocol):
    """One body, packed in one way."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What is in the next bytes; raises one of :data:`ERRORS`. All pieces must be taken."""

    def is_complete(self) -> bool:
        """Whether the bytes so far are a whole body. None at all are one too: an answer to HEAD has no body."""


class Gzip:
    """gzip (RFC 1952): one member after the other."""

    __slots__ = ("_ended", "_member", "_parts")

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None
        self._parts = 0
        self._ended = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What is in the next bytes."""
        while data and not self._ended:
            if self._member is None:
                if self._parts and data[0] != _GZIP_FIRST_BYTE:
                    self._ended = True
                    return
                self._member = zlib.decompressobj(GZIP_WBITS)
                self._parts = _next_part(self._parts)
            yield from _inflated(self._member, data)
            data = self._member.unused_data
            if self._member.eof:
                self._member = None

    def is_complete(self) -> bool:
        """Whether the last member is complete."""
        return self._member is None


class Deflate:
    """deflate as servers mean it: the zlib format (RFC 1950), or wrongly but often the raw one (RFC 1951)."""

    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream: zlib._Decompress | None = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What is in the next bytes."""
        if self._stream is None:
            if not data:
                return
            # zlib's first byte has method 8 in its low half. In raw deflate that would be a stored block whose
            # padding is not zero, which no packer writes.
            is_zlib = data[0] & 0x0F == 8
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        if not self._stream.eof:
            yield from _inflated(self._stream, data)

    def is_complete(self) -> bool:
        """Whether the stream has ended."""
        return self._stream is None or self._stream.eof


class Brotli:
    """br (RFC 7932)."""

    __slots__ = ("_empty", "_stream")

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._empty = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What is in the next bytes."""
        if data:
            self._empty = False
            piece = self._stream.process(data, output_buffer_limit=STEP_BYTES)
            while piece:  # its can_accept_more_data() says yes even while there is something to hand out
                yield piece
                if self._stream.is_finished():
                    return
                piece = self._stream.process(b"", output_buffer_limit=STEP_BYTES)

    def is_complete(self) -> bool:
        """Whether the stream has ended."""
        return self._empty or self._stream.is_finished()


class Zstd:
    """zstd (RFC 8878): one frame after the other."""

    __slots__ = ("_frame", "_parts")

    def __init__(self) -> None:
        self._frame: zstd.ZstdDecompressor | None = None
        self._parts = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What is in the next bytes."""
        while data:
            if self._frame is None:
                self._frame = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
                self._parts = _next_part(self._parts)
            frame = self._frame
            while True:
                if piece := frame.decompress(data, max_length=STEP_BYTES):
                    yield piece
                if frame.eof or frame.needs_input:
                    break
                data = b""
            data = frame.unused_data
            if frame.eof:
                self._frame = None

    def is_complete(self) -> bool:
        """Whether the last frame is complete."""
        return self._frame is None


CODINGS: Final[dict[str, Callable[[], Coding]]] = {
    "gzip": Gzip,
    "x-gzip": Gzip,
    "deflate": Deflate,
    "br": Brotli,
    "zstd": Zstd,
}
"""By the names of Content-Encoding, in lower case; ``identity`` is none."""


def _next_part(parts: int) -> int:
    if parts == MAX_PARTS:
        raise TooManyPartsError
    return parts + 1


def _inflated(stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What zlib makes of the next bytes, to their end or to the end of the stream."""
    while True:
        piece = stream.decompress(data, STEP_BYTES)
        if piece:
            yield piece
        data = stream.unconsumed_tail
        if stream.eof or (not data and len(piece) < STEP_BYTES):  # a full piece may have left something inside
            return
