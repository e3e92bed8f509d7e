"""One HTTP/2 connection: reads and writes for all of its streams, from the event loop's hub.

::

    hub: readable ─▶ bytes ─▶ Frames ─▶ events ─▶ the stream each is for, which wakes whoever waits for it
    stream: open, put, widen ─▶ Frames ─▶ flush ─▶ what can be sent now; the hub sends the rest when it can

Nothing here ever waits. A stream that is given up may be so by the garbage collector, in the midst of anything: its
end is noted, and told to the server from the hub.

All instants are of ``time.monotonic``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from gevent import get_hub
from h2 import events
from h2.errors import ErrorCodes

from loadgen.journey.http.failures import ConnectionReset, NotProcessed, ProtocolBroken, RequestFailed
from loadgen.journey.http.heads import HeaderList
from loadgen.journey.http.http2.frames import CONNECTION_WINDOW, Frames, code_name
from loadgen.journey.http.http2.sending import Outbox
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.waiting import Pause
from loadgen.journey.http.wires import WatchedWire

if TYPE_CHECKING:
    from loadgen.journey.http.http2.stream import Stream

PING_S: Final = 5.0
"""A server that has not answered a ping for so long is taken to be gone: no further stream is opened."""

AT_ONCE: Final = 16
"""Pieces read in a row: then others get their turn, however fast the server sends."""

BURST_BYTES: Final = 65536
"""Of a body, handed to the wire at once. The next piece follows when these are sent, so uploads take turns."""


class Http2Connection:
    """An open connection that speaks HTTP/2.

    Args:
        wire: open; owned by the connection from now on.
        settings: limits.
        resize: told how many streams may be open at once, now and whenever that changes.

    Attributes:
        completed: exchanges that were completed on it.
        outbox: what is being sent.
        retired: whether it takes no further streams.
        closed: whether it is closed.
    """

    __slots__ = (
        "_cancelled",
        "_ending",
        "_frames",
        "_hopefuls",
        "_idle_since_s",
        "_pinged_s",
        "_resize",
        "_settings",
        "_streams",
        "_taken_bytes",
        "_wire",
        "closed",
        "completed",
        "outbox",
        "retired",
    )

    proxy_head: bytes | None = None

    def __init__(self, wire: WatchedWire, settings: ClientSettings, resize: Callable[[int], None]) -> None:
        self._wire, self._settings, self._resize = wire, settings, resize
        self._frames = Frames(settings.max_header_bytes)
        self._streams: dict[int, Stream] = {}
        self._hopefuls: list[Pause] = []
        self._cancelled: list[int] = []
        self._taken_bytes = 0
        self._pinged_s = 0.0
        self._idle_since_s = monotonic()
        self._ending = ""
        self.outbox = Outbox(wire, self._moved)
        self.completed = 0
        self.retired = self.closed = False
        wire.call_when_readable(self.read)
        resize(self._frames.max_streams)

    # -- for those who look for a connection

    def takes_more(self) -> bool:
        """Whether another exchange can go this way; if not, it takes none any more."""
        if not self.retired:
            now_s = monotonic()
            overdue = self._pinged_s and now_s - self._pinged_s > PING_S
            stale = not self._streams and now_s - self._idle_since_s > self._settings.keep_alive_s
            if overdue or stale or self.outbox.is_deaf:
                self._retire()
        return not self.retired

    def is_stale(self) -> bool:
        """Whether no further exchange can go this way, after a look at what has come."""
        self.read()
        return not self.takes_more()

    def close(self) -> None:
        """Close the connection, and end the exchanges on it. Harmless when closed already."""
        self._end(ConnectionReset("the connection was closed"))

    def await_place(self, until_s: float) -> bool:
        """Wait, if the server allows no further stream now, until it may.

        Args:
            until_s: for how long.

        Returns:
            Whether one can be opened now; otherwise look again.

        Raises:
            TimedOut: the time is up.
        """
        if len(self._streams) < self._frames.max_streams:
            return True
        pause = Pause()
        self._hopefuls.append(pause)
        try:
            pause.wait(until_s, self._settings.first_byte_timeout_s, "first_byte")
        finally:
            self._hopefuls.remove(pause)
        return False

    # -- for streams

    def open(self, stream: Stream, fields: HeaderList, *, end: bool) -> int:
        """Begin a stream; :meth:`put` or :meth:`flush` must follow.

        Returns:
            Its number.

        Raises:
            NotProcessed: the connection takes no stream any more.
        """
        if self.retired:
            raise NotProcessed("the server takes no further request on this connection")
        self._reset_cancelled()
        try:
            number = self._frames.open(fields, end=end)
        except NotProcessed:
            self._retire()
            raise
        self._streams[number] = stream
        return number

    def put(self, number: int, data: memoryview, *, end: bool) -> int:
        """Send of a body what the server's windows let through, if all that came before is sent.

        Args:
            number: of the stream.
            data: of the body.
            end: nothing follows it; then also what is empty is sent.

        Returns:
            How much of it was taken, -1 if nothing could be sent.
        """
        if not self.outbox.is_empty:
            return -1
        taken = 0
        while taken < min(len(data), BURST_BYTES):
            room = self._frames.room(number)
            if room <= 0:
                break
            piece = data[taken : taken + room]
            taken += len(piece)
            self._frames.send(number, piece, end=end and taken == len(data))
        if not data and end:
            self._frames.send(number, data, end=True)
        elif not taken:
            return -1
        self.flush()
        return taken

    def widen(self, number: int, size: int) -> None:
        """Let the server send so much more on a stream; :meth:`flush` must follow."""
        self._frames.widen(size, number)

    def done(self, number: int) -> None:
        """An exchange is complete."""
        self.completed += 1
        self._forget(number)

    def cancel(self, number: int) -> None:
        """An exchange is given up: the server is told, soon and from the hub."""
        if not self.closed:
            self._forget(number)
            self._cancelled.append(number)
            get_hub().loop.run_callback(self._settle)

    def doubt(self) -> None:
        """The server has kept somebody waiting for too long: is it still there?"""
        if not self.closed and not self._pinged_s:
            self._pinged_s = monotonic()
            self._frames.ping()
            self.flush()

    def flush(self) -> None:
        """Send what can be sent now; the hub sends the rest."""
        if not self.closed:
            try:
                self.outbox.send(self._frames.output())
            except ProtocolBroken as error:
                self._end(error)

    # -- called by the hub

    def read(self) -> None:
        """Take what has come."""
        for _ in range(AT_ONCE):
            if self.closed:
                return
            try:
                data = self._wire.receive_now()
                if data:
                    self._take(data)
            except RequestFailed as error:
                self.flush()  # h2 has a last word for who breaks the protocol
                self._end(error)
                return
            if data is None:
                break
            if not data:
                self._end(None)
                return
        self.flush()

    def _moved(self) -> None:
        for stream in [*self._streams.values()]:
            stream.moved()

    def _settle(self) -> None:
        if not self.closed:
            self._reset_cancelled()
            self.flush()
            self._leave_if_empty()

    def _reset_cancelled(self) -> None:
        while self._cancelled:
            self._frames.reset(self._cancelled.pop())

    # -- what the server says

    def _take(self, data: bytes) -> None:
        for event in self._frames.receive(data):
            heard = self._HEARD.get(type(event))
            if heard is not None:
                heard(self, event)
            if self.closed:
                return

    def _head(self, event: Any) -> None:
        self._frames.idle = 0
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            self._frames.ignore_length(event.stream_id)
            stream.head_came(event.headers)

    def _interim(self, event: Any) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            stream.interim_came(event.headers)

    def _data(self, event: Any) -> None:
        size = event.flow_controlled_length
        self._taken_bytes += size
        if self._taken_bytes >= CONNECTION_WINDOW // 2:
            self._frames.widen(self._taken_bytes, None)
            self._taken_bytes = 0
        stream = self._streams.get(event.stream_id)
        if stream is not None and size:
            if event.data:
                self._frames.idle = 0
            stream.data_came(event.data, size)

    def _stream_ended(self, event: Any) -> None:
        self._frames.idle = 0
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            stream.end_came()

    def _stream_reset(self, event: Any) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        if not event.remote_reset:
            stream.fail(ProtocolBroken("the server breaks HTTP/2: it widened a window beyond all bounds"))
        elif event.error_code == ErrorCodes.REFUSED_STREAM:
            stream.refused("the server refused the stream")
        else:
            stream.reset_came(code_name(event.error_code))

    def _window(self, event: Any) -> None:
        if event.stream_id:
            stream = self._streams.get(event.stream_id)
            if stream is not None:
                stream.wake()
        else:
            self._wake_all()

    def _settings_changed(self, _: Any) -> None:
        self._frames.is_greeted = True
        self._resize(self._frames.max_streams)
        self._wake_all()

    def _ping_answered(self, _: Any) -> None:
        self._pinged_s = 0.0

    def _goes_away(self, event: Any) -> None:
        self.retired = True
        if event.error_code:
            self._ending = code_name(event.error_code)
        for number, stream in [*self._streams.items()]:
            if number > event.last_stream_id:
                stream.refused("the server ended the connection before it had looked at the request")
                self._forget(number)
        self._wake_all()
        self._leave_if_empty()

    _HEARD: ClassVar[Mapping[type[events.Event], Callable[[Http2Connection, Any], None]]] = {
        events.ConnectionTerminated: _goes_away,
        events.DataReceived: _data,
        events.InformationalResponseReceived: _interim,
        events.PingAckReceived: _ping_answered,
        events.RemoteSettingsChanged: _settings_changed,
        events.ResponseReceived: _head,
        events.StreamEnded: _stream_ended,
        events.StreamReset: _stream_reset,
        events.WindowUpdated: _window,
    }
    """What is heard of h2; it deals with the rest by itself. Trailers are read and mean nothing to a shopper."""

    # -- the end

    def _forget(self, number: int) -> None:
        if self._streams.pop(number, None) is not None:
            self._give_hope()
            if not self._streams:
                self._idle_since_s = monotonic()
                if self.retired:
                    get_hub().loop.run_callback(self._settle)

    def _wake_all(self) -> None:
        for stream in [*self._streams.values()]:
            stream.wake()
        self._give_hope()

    def _give_hope(self) -> None:
        for hopeful in [*self._hopefuls]:
            hopeful.end()

    def _retire(self) -> None:
        self.retired = True
        self._leave_if_empty()

    def _leave_if_empty(self) -> None:
        if self.retired and not self._streams:
            self.close()

    def _end(self, error: RequestFailed | None) -> None:
        """Close, and tell all streams why; None: the server has closed."""
        if self.closed:
            return
        self.closed = self.retired = True
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            if error is not None:
                stream.fail(error)
            else:
                stream.fail(self._closed_by_server(stream))
        self._give_hope()
        self._frames.close()
        self.outbox.close()
        self._resize = lambda _: None  # who is told holds on to this connection
        self._wire.close()

    def _closed_by_server(self, stream: Stream) -> ConnectionReset:
        where = "in the middle of the answer" if stream.answered else "without an answer"
        why = f" ({self._ending})" if self._ending else ""
        return ConnectionReset(f"the server closed the connection {where}{why}")
