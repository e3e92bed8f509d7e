"""Bytes to events and back: all that is said to the h2 library, and its errors in our words.

h2 keeps the protocol's state. What it leaves to its user, or sees otherwise, is done here:

- It is given one frame at a time, so that what came before a broken frame is still heard.
- A frame or a block of headers that is too large is refused when it begins, not when all of it is in memory.
- A server that announces its end (GOAWAY) still answers what it has begun; h2 would hear nothing after it.
- Headers, and the length of a body, are checked for each stream (:mod:`.fields`, :mod:`.stream`), so that one bad
  answer does not end the others.

Sizes are in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, Event
from h2.exceptions import (
    DenialOfServiceError,
    H2Error,
    InvalidBodyLengthError,
    NoSuchStreamError,
    ProtocolError,
)
from h2.settings import SettingCodes, Settings

from loadgen.journey.http.failures import NotProcessed, ProtocolBroken, TooLarge
from loadgen.journey.http.heads import HeaderList

STREAM_WINDOW: Final = 6 * 1024 * 1024
"""What a server may send on one stream before it is taken up: Chrome's, as shops are tuned to browsers."""

CONNECTION_WINDOW: Final = 15 * 1024 * 1024
"""The same for all streams together: Chrome's, too. It is widened as soon as data come, so that a body that nobody
reads is in nobody's way."""

MAX_FRAME: Final = 16384
"""Payload of a frame, at most, both ways: the protocol's default, and what one TLS record holds."""

MAX_STREAMS: Final = 256
"""Streams at once, whatever the server allows: Chrome's limit."""

USUAL_STREAMS: Final = 100
"""The same if the server has nothing to say about it: Chrome's, too."""

FIRST_STREAMS: Final = 10
"""The same before the server has said anything: what it allows is here a moment later, and servers that allow less than
this are rare."""

MAX_IDLE_FRAMES: Final = 10_000
"""Frames in a row that bring no answer forward (pings, settings, empty data); more is a flood, and would cost the
generator a second."""

_HEAD: Final = 9
_DEFAULT_WINDOW: Final = 65535
_HEADERS: Final = 1
_PUSH_PROMISE: Final = 5
_GOAWAY: Final = 7
_CONTINUATION: Final = 9

_CONFIGURATION: Final = H2Configuration(
    validate_outbound_headers=False,  # they were checked when the head was written
    normalize_outbound_headers=False,
    validate_inbound_headers=False,  # they are checked for their stream alone
    normalize_inbound_headers=False,
)


class Frames:
    """The protocol's side of one connection.

    Args:
        max_header_bytes: of one answer's headers, by HTTP/2's measure: 32 more for each.

    Attributes:
        idle: frames since something brought an answer forward; whoever sees that sets it to 0.
        is_greeted: whether the server's settings have come; set by who sees them.
    """

    __slots__ = ("_block", "_h2", "_kept", "_max_header_bytes", "_rest", "idle", "is_greeted")

    def __init__(self, max_header_bytes: int) -> None:
        self._max_header_bytes = max_header_bytes
        self._rest = b""
        self._kept = b""
        self._block = 0
        self.idle = 0
        self.is_greeted = False
        self._h2 = h2 = H2Connection(_CONFIGURATION)
        h2.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: max_header_bytes,
            },
        )
        del h2.local_settings[SettingCodes.ENABLE_CONNECT_PROTOCOL]  # some servers take it amiss from a client
        h2.decoder.max_header_list_size = max_header_bytes
        h2.initiate_connection()
        h2.increment_flow_control_window(CONNECTION_WINDOW - _DEFAULT_WINDOW)

    # -- from the server

    def receive(self, data: bytes) -> Iterator[Event]:
        """What came, frame by frame: each one's events must be dealt with before the next is taken.

        Raises:
            ProtocolBroken: it is no HTTP/2; the connection is at its end.
            TooLarge: headers beyond the limit; the same.
        """
        data = self._rest + data
        start, size = 0, len(data)
        while size - start >= _HEAD:
            length = int.from_bytes(data[start : start + 3], "big")
            if length > MAX_FRAME:
                raise _too_long(data[start:], length)
            end = start + _HEAD + length
            if end > size:
                break
            self._check(data[start + 3], length)
            yield from self._events(data[start:end], data[start + 3])
            start = end
        self._rest = data[start:]

    def _check(self, kind: int, length: int) -> None:
        self.idle += 1
        if self.idle > MAX_IDLE_FRAMES:
            raise ProtocolBroken(f"the server sends frame after frame ({MAX_IDLE_FRAMES}) and no answer")
        if kind in (_HEADERS, _PUSH_PROMISE, _CONTINUATION):
            self._block = length + (self._block if kind == _CONTINUATION else 0)
            if self._block > self._max_header_bytes:
                raise self._too_large()

    def _events(self, frame: bytes, kind: int) -> list[Event]:
        if kind == _GOAWAY:
            self._kept = self.output()  # h2 drops what it has not given away yet
        try:
            events = self._h2.receive_data(frame)
        except DenialOfServiceError as error:
            raise self._too_large() from error
        except ProtocolError as error:
            raise ProtocolBroken(f"the server breaks HTTP/2: {_sentence(error)}") from error
        except Exception as error:
            raise ProtocolBroken(f"the server sends what the h2 library cannot read: {error!r}") from error
        if kind == _GOAWAY and any(isinstance(event, ConnectionTerminated) for event in events):
            self._h2.state_machine.state = ConnectionState.CLIENT_OPEN
        return events

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the answer's headers are larger than {self._max_header_bytes} bytes")

    def ignore_length(self, stream: int) -> None:
        """Leave the length of an answer's body to the stream.

        h2 takes a wrong one for the end of the connection, and that of an answer without a body (304) for wrong.
        """
        known = self._h2.streams.get(stream)
        if known is not None:
            known._expected_content_length = None  # noqa: SLF001 - h2 has no setting for it

    @property
    def max_streams(self) -> int:
        """Streams that may be open at once."""
        if not self.is_greeted:
            return FIRST_STREAMS
        return min(self._h2.remote_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS, USUAL_STREAMS), MAX_STREAMS)

    # -- to the server

    def output(self) -> bytes:
        """What is to be sent, given away once."""
        kept, self._kept = self._kept, b""
        return kept + self._h2.data_to_send()

    def open(self, fields: HeaderList, *, end: bool) -> int:
        """Begin a stream.

        Args:
            fields: of the request, those of the protocol (``:method`` and so on) first.
            end: there is no body.

        Returns:
            The stream's number.

        Raises:
            NotProcessed: the connection takes none any more.
        """
        try:
            stream = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream, fields, end_stream=end)
        except H2Error as error:
            raise NotProcessed(f"the connection takes no request any more: {error}") from error
        return stream

    def room(self, stream: int) -> int:
        """How much of a body may be sent at once; 0 or less when the server must widen its window first."""
        return min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size, MAX_FRAME)

    def send(self, stream: int, data: memoryview, *, end: bool) -> None:
        """A piece of a body, no larger than there is room for, or its end."""
        self.idle = 0
        self._h2.send_data(stream, data, end_stream=end)

    def widen(self, size: int, stream: int | None) -> None:
        """Let the server send so much more on a stream, if it has not ended, or with None on the connection."""
        with suppress(NoSuchStreamError):
            self._h2.increment_flow_control_window(size, stream)

    def reset(self, stream: int) -> None:
        """End a stream before its time. Harmless when it has ended already."""
        with suppress(NoSuchStreamError):
            self._h2.reset_stream(stream, ErrorCodes.CANCEL)

    def ping(self) -> None:
        """Have the server show that it is there."""
        self._h2.ping(b"loadgen.")

    def close(self) -> None:
        """Let go of h2's state. It holds methods of its own: a circle that only the collector would find."""
        vars(self._h2).clear()


def code_name(code: ErrorCodes | int | None) -> str:
    """An error code as people know it: ``INTERNAL_ERROR``."""
    return code.name if isinstance(code, ErrorCodes) else f"code {code}"


def _too_long(data: bytes, length: int) -> ProtocolBroken:
    if data[:5] == b"HTTP/":
        return ProtocolBroken("the server answers in HTTP/1.1, although it had agreed on HTTP/2")
    return ProtocolBroken(f"the server breaks HTTP/2: a frame of {length} bytes, more than {MAX_FRAME}")


def _sentence(error: ProtocolError) -> str:
    if isinstance(error, InvalidBodyLengthError):
        return f"a body of {error.actual_length} bytes, of which the headers say {error.expected_length}"
    if isinstance(error, NoSuchStreamError):
        return f"a frame for stream {error.stream_id}, which is not open"
    return str(error)
