"""What a connection has to send: now what the wire takes, the rest by the event loop's hub, when it takes more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from loadgen.journey.http.failures import ProtocolBroken, RequestFailed
from loadgen.journey.http.wires import WatchedWire

MAX_UNSENT_BYTES: Final = 1024 * 1024
"""What may wait to be sent, at most: more is a server that asks and asks and takes no answer."""


class Outbox:
    """Sends over a wire without ever waiting.

    Args:
        wire: open.
        moved: called from the hub when some of what had to wait was sent, or when nothing can be any more.

    Attributes:
        queued_bytes: given to it since the wire is open.
        sent_bytes: of those, taken by the wire.
        is_deaf: whether the server takes no bytes any more. It may still answer.
    """

    __slots__ = ("_moved", "_unsent", "_wire", "is_deaf", "queued_bytes", "sent_bytes")

    def __init__(self, wire: WatchedWire, moved: Callable[[], None]) -> None:
        self._wire, self._moved = wire, moved
        self._unsent = b""
        self.queued_bytes = self.sent_bytes = 0
        self.is_deaf = False

    @property
    def is_empty(self) -> bool:
        """Whether all is sent."""
        return not self._unsent

    def send(self, data: bytes) -> None:
        """Send after what is waiting already.

        Raises:
            ProtocolBroken: far too much is waiting.
        """
        if self.is_deaf or not data:
            return
        self.queued_bytes += len(data)
        if self._unsent:
            self._unsent += data
            if len(self._unsent) > MAX_UNSENT_BYTES:
                raise ProtocolBroken("the server asks for more and more and takes no answer")
        else:
            self._unsent = data
            self._go_on()
            if self._unsent:
                self._wire.call_when_writable(self._write)

    def close(self) -> None:
        """Let go of who is called: it holds on to this."""
        self._moved = lambda: None

    def _go_on(self) -> None:
        try:
            sent = self._wire.send_now(self._unsent)
        except RequestFailed:
            self.is_deaf = True  # it may have answered before; reading will tell
            self._unsent = b""
        else:
            self.sent_bytes += sent
            self._unsent = self._unsent[sent:]

    def _write(self) -> None:
        before = self.sent_bytes
        self._go_on()
        if not self._unsent:
            self._wire.call_when_writable(None)
        if self.is_deaf or self.sent_bytes > before:
            self._moved()
