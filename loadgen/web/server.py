"""The page's HTTP server: reads requests, writes answers and events. What they mean is in ``routes``.

One thread listens and each connection has its own, up to a number; each carries one request. Whoever reads too slowly
is let go, and comes back by itself.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from io import BufferedReader, RawIOBase
from socketserver import TCPServer, ThreadingMixIn
from threading import BoundedSemaphore, Thread
from typing import Any, Final

from loadgen.bus import Bus
from loadgen.errors import LoadgenError, PortError
from loadgen.web.access import Access
from loadgen.web.answers import ALWAYS, Answer, failed, refused
from loadgen.web.routes import Asked, Routes, Starting, Stream

log = logging.getLogger("loadgen.web")

IDLE_S: Final = 15.0
"""How long a client may take to send its whole request, byte by byte or at once, or to take what it is sent."""

BEAT_S: Final = 5.0
"""How often a stream says something: a connection that is gone is noticed by writing to it."""

POLL_S: Final = 0.05
"""How often the listening thread looks whether it is to stop."""

CONNECTIONS: Final = 160
"""Connections at once at most; more are closed as they come."""

BODY_BYTES: Final = 3 * 1024 * 1024
"""A plan has a mebibyte at most; as JSON, escaped, somewhat more."""

CHUNK_BYTES: Final = 64 * 1024
"""Of a body that nobody will read, kept at a time."""


class PageServer:
    """Serves the live page of one cluster.

    Args:
        connect: opens a connection to Redis.
        port: 0 for any free one.
        access: the address to listen on, and who may do what.
        starting: how plans are started; None where none may be.

    Attributes:
        port: as given, once started the one it listens on.
    """

    def __init__(self, connect: Callable[[], Bus], port: int, access: Access, starting: Starting | None = None) -> None:
        self.port, self.access = port, access
        self._routes = Routes(connect, access, starting)
        self._listening: tuple[_Server, Thread] | None = None

    @property
    def url(self) -> str:
        """Where it is, for a browser."""
        address = self.access.address
        return f"http://{f'[{address}]' if ':' in address else address}:{self.port}/"

    def start(self) -> None:
        """Listen and answer, until :meth:`stop`.

        Raises:
            PortError: the address is taken, not allowed, or not one of this machine.
        """
        server = _listen(self.access.address, self.port, self._routes)
        self.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=(POLL_S,), name="loadgen-page", daemon=True)
        thread.start()
        self._listening = server, thread

    def stop(self) -> None:
        """Stop to listen, and end the streams; harmless when it does not."""
        if self._listening is None:
            return
        server, thread = self._listening
        self._listening = None
        server.ending = True
        server.shutdown()
        thread.join()
        server.server_close()
        self._routes.watches.close()


def _listen(address: str, port: int, routes: Routes) -> _Server:
    try:
        family, *_ = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        kind = _ServerV6 if family == socket.AF_INET6 else _Server
        return kind((address, port), routes)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        hint = "choose another port, or 0 for any free one; the address must be one of this machine"
        raise PortError(f"cannot serve the page on {address}:{port}: {why.lower()}", hint=hint) from error


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], routes: Routes) -> None:
        self.routes, self.ending = routes, False
        self._room = BoundedSemaphore(CONNECTIONS)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- socketserver's signature
        log.debug("a viewer at %s broke off", client_address, exc_info=True)


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _InTime(RawIOBase):
    """What a client sends, until its time is over: a timeout of the socket would begin anew with each byte."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection, self._until_s = connection, time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._connection.settimeout(left_s)
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(IDLE_S)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = IDLE_S
    server_version = "loadgen"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = BufferedReader(_InTime(self.connection, IDLE_S))

    def do_GET(self) -> None:
        self._answer(self._asked())

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_BYTES:
            self._write(refused(413, f"expected at most {BODY_BYTES:,} bytes, and their number"))
            return
        asked = self._asked()
        refusal = self.server.routes.refusal(asked)
        if refusal is None:
            self._answer(replace(asked, body=self.rfile.read(int(length))))
        else:
            self._pass_over(int(length))
            self._write(refusal)

    def _asked(self) -> Asked:
        return Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})

    def _pass_over(self, length: int) -> None:
        """Read a body without keeping it: who closes a connection on unread bytes takes back what he has answered."""
        while length > 0:
            part = self.rfile.read1(min(length, CHUNK_BYTES))
            length = length - len(part) if part else 0

    def _answer(self, asked: Asked) -> None:
        answer = self.server.routes.answer(asked)
        if isinstance(answer, Answer):
            self._write(answer)
            return
        try:
            self._stream(answer)
        except LoadgenError as error:
            self._write(failed(error))

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        told = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body))}
        policy = {"Content-Security-Policy": answer.policy}
        for name, value in {**ALWAYS, **told, **policy, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 -- http.server's signature
        """What is no request at all is refused like the rest, under the same policy."""
        self.close_connection, self.request_version = True, self.protocol_version  # or there would be no headers
        self._write(refused(code, message or "this is no request"))

    def _stream(self, stream: Stream) -> None:
        """Send events until the run has ended, the viewer is gone, or the server stops."""
        with self.server.routes.watches.watching(stream.run) as watch:
            self.send_response(200)
            for name, value in {**ALWAYS, "Content-Type": "text/event-stream; charset=utf-8"}.items():
                self.send_header(name, value)
            self.end_headers()
            version, second = 0, stream.second
            while not (self.server.ending or watch.is_over):
                event = watch.next(version, second, BEAT_S)
                if event is None:
                    self.wfile.write(b": still here\n\n")
                    continue
                number = f"id: {event.second}\n" if event.second >= 0 else ""
                self.wfile.write(f"{number}event: run\ndata: {event.data}\n\n".encode())
                version, second = event.version, event.second
                if event.last:
                    self.wfile.write(b"event: end\ndata: {}\n\n")
                    return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- http.server's signature
        """One line for each request would drown what is worth reading."""
