"""A wire without a socket, for connections that the hub reads."""

from __future__ import annotations

from collections.abc import Callable

from gevent import get_hub


class Fed:
    """A wire that gives bytes in pieces, then the end, once it was sent something. The hub reads it as a socket.

    Args:
        pieces: what comes.
        takes: how much can be sent at once.
    """

    protocol = "h2"
    proxy_head = None

    def __init__(self, pieces: list[bytes], takes: int = 1 << 30) -> None:
        self._pieces, self._takes = [*pieces, b""], takes
        self._asked = self._given = False
        self.sent = b""
        self.is_open = True

    def call_when_readable(self, call: Callable[[], None]) -> None:
        self._call = call

    def call_when_writable(self, call: Callable[[], None] | None) -> None: ...

    def _run(self) -> None:
        if self.is_open:
            self._call()
            get_hub().loop.run_callback(self._run)

    def receive_now(self) -> bytes | None:
        assert self.is_open
        self._given = not self._given
        return self._pieces.pop(0) if self._given else None

    def send_now(self, data: bytes) -> int:
        assert self.is_open
        if not self._asked:
            self._asked = True
            get_hub().loop.run_callback(self._run)
        self.sent += data[: self._takes]
        return min(len(data), self._takes)

    def close(self) -> None:
        self.is_open = False
