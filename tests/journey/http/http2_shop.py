"""A shop that speaks HTTP/2, well or badly, as a test says.

A script is called with the :class:`Peer` of each connection; behind its end the shop listens in silence until the
visitor closes. What it says by itself it says by the h2 library; beside that it sends whatever bytes a test wants.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gevent.event import Event as Gate
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import Frame
from journey.http.far_ends import Certificates, FarEnd, far_end
from journey.http.misbehaving import Visitor

from loadgen.journey.http.settings import TlsSettings

E = TypeVar("E", bound=Event)

Fields = list[tuple[bytes, bytes]]

OK: Fields = [(b":status", b"200")]


class Gone(Exception):  # noqa: N818 - it reads as what it is
    """The visitor has closed the connection."""


@dataclass
class Heard:
    """A request as it came.

    Attributes:
        stream: its stream's number.
        fields: as they were sent.
        body: as far as it has come.
        ended: whether that is all.
    """

    stream: int
    fields: Fields
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def __getitem__(self, name: str) -> str:
        return "; ".join(value.decode() for known, value in self.fields if known == name.encode())

    @property
    def path(self) -> str:
        return self[":path"]


class Peer:
    """The shop's side of one connection.

    Attributes:
        h2: the library's.
        sock: what it goes over.
        events: all that came, in order.
        lost: whether it has broken the protocol itself, and sees no frames any more.
    """

    def __init__(self, shop: Shop, sock: Any) -> None:
        self._shop, self.sock = shop, sock
        configuration = H2Configuration(
            client_side=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            normalize_inbound_headers=False,
        )
        self.h2 = H2Connection(configuration)
        if shop.settings:
            self.h2.local_settings = Settings(client=False, initial_values=shop.settings)
        self.h2.initiate_connection()
        self.events: list[Event] = []
        self.requests: dict[int, Heard] = {}
        self._new: list[Heard] = []
        self.lost = False
        if shop.greets:
            self.flush()

    # -- to the visitor

    def flush(self) -> None:
        self.raw(self.h2.data_to_send())

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def frame(self, frame: Frame, *flags: str) -> None:
        """Send a frame that the library need not know of."""
        for flag in flags:
            frame.flags.add(flag)
        self.raw(frame.serialize())

    def head(self, to: Heard, fields: Fields = OK, *, end: bool = False) -> None:
        self.h2.send_headers(to.stream, fields, end_stream=end)
        self.flush()

    def data(self, to: Heard, data: bytes, *, end: bool = False) -> None:
        """A piece of a body, when the visitor's windows allow it."""
        rest = memoryview(data)
        while True:
            room = min(self.h2.local_flow_control_window(to.stream), self.h2.max_outbound_frame_size)
            if rest and room <= 0:
                self.listen()
                continue
            piece, rest = rest[:room], rest[room:]
            self.h2.send_data(to.stream, piece, end_stream=end and not rest)
            self.flush()
            if not rest:
                return

    def answer(self, to: Heard, body: bytes = b"hello", fields: Fields = OK) -> None:
        self.head(to, fields, end=not body)
        if body:
            self.data(to, body, end=True)

    def reset(self, to: Heard, code: int = 2) -> None:
        self.h2.reset_stream(to.stream, code)
        self.flush()

    def goaway(self, last: int, code: int = 0) -> None:
        """Announce the end; the library would take it for the end itself."""
        state = self.h2.state_machine.state
        self.h2.close_connection(code, b"tired", last)
        self.flush()
        self.h2.state_machine.state = state

    def allow(self, **changes: int) -> None:
        """Change settings, by their names."""
        self.h2.update_settings({SettingCodes[name.upper()]: value for name, value in changes.items()})
        self.flush()

    def slam(self) -> None:
        """Reset the TCP connection."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    # -- from the visitor

    def listen(self) -> None:
        """Take what comes next.

        Raises:
            Gone: nothing will.
        """
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        if self.lost:
            return
        try:
            events = self.h2.receive_data(data)
        except ProtocolError:
            self.lost = True  # after its own misdeeds the library may not know what the visitor answers
            return
        for event in events:
            self.events.append(event)
            self._take(event)
        self.flush()

    def hear(self) -> Heard:
        """The next whole request."""
        while not (whole := [request for request in self._new if request.ended]):
            self.listen()
        self._new.remove(whole[0])
        return whole[0]

    def hear_head(self) -> Heard:
        """The next request, as soon as its head has come."""
        while not self._new:
            self.listen()
        return self._new.pop(0)

    def wait_for(self, kind: type[E], times: int = 1) -> E:
        """Listen until that has happened so many times."""
        while len(found := [event for event in self.events if isinstance(event, kind)]) < times:
            self.listen()
        return found[times - 1]

    def listen_to_the_end(self) -> None:
        while True:
            self.listen()

    @property
    def resets(self) -> dict[int, int]:
        """Streams that the visitor ended, with the codes."""
        return {event.stream_id: int(event.error_code or 0) for event in self.events if isinstance(event, StreamReset)}

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self.requests[event.stream_id] = request = Heard(event.stream_id, list(event.headers))
            self._new.append(request)
            self._shop.heard.append(request)
        elif isinstance(event, DataReceived):
            self.requests[event.stream_id].body += event.data
            if self._shop.widens:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self.requests[event.stream_id].ended = True


Script = Callable[[Peer], object]


class Shop:
    """The server: each connection plays the next script, the last one again and again.

    Attributes:
        heard: requests, in order.
        peers: connections, in order.
        settings: of the shop; the library's if there are none.
        widens: whether it takes up bodies.
        greets: whether it sends its settings by itself.
    """

    def __init__(self, *scripts: Script, settings: dict[SettingCodes, int], widens: bool, greets: bool) -> None:
        self._scripts = list(scripts)
        self.heard: list[Heard] = []
        self.peers: list[Peer] = []
        self.settings, self.widens, self.greets = settings, widens, greets
        self.end: FarEnd

    @property
    def url(self) -> str:
        return f"https://localhost:{self.end.port}"

    @property
    def connections(self) -> int:
        return len(self.end.peers)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.heard]

    def talk(self, sock: Any) -> None:
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        peer = Peer(self, sock)
        self.peers.append(peer)
        try:
            script(peer)
            peer.listen_to_the_end()
        except Gone:
            pass


def http2_context(certificates: Certificates, *protocols: str) -> ssl.SSLContext:
    context = certificates.server()
    context.set_alpn_protocols(list(protocols or ("h2", "http/1.1")))
    return context


@contextmanager
def http2_shop(
    certificates: Certificates,
    *scripts: Script,
    settings: dict[SettingCodes, int] | None = None,
    widens: bool = True,
    greets: bool = True,
) -> Iterator[Shop]:
    shop = Shop(*scripts, settings=settings or {}, widens=widens, greets=greets)
    with far_end(shop.talk, http2_context(certificates)) as end:
        shop.end = end
        yield shop


Come = Callable[..., Visitor]
"""Has a visitor who speaks HTTP/2 come to an address."""


def comer(visit: Callable[..., Visitor], certificates: Certificates) -> Come:
    """Visitors who speak HTTP/2 and trust the authority."""

    def come(url: str, **settings: Any) -> Visitor:
        return visit(url, **{"http": "2", "tls": TlsSettings(ca_file=certificates.ca_file), **settings})

    return come


# -- scripts


def serve(peer: Peer) -> None:
    """Answer each request with its path."""
    while True:
        request = peer.hear()
        peer.answer(request, request.path.encode())


def serving(times: int) -> Script:
    """Answer so many."""

    def script(peer: Peer) -> None:
        for _ in range(times):
            request = peer.hear()
            peer.answer(request, request.path.encode())

    return script


def in_turn(*steps: Callable[[Peer], object]) -> Script:
    """One script after the other on a connection."""

    def script(peer: Peer) -> None:
        for step in steps:
            step(peer)

    return script


def hang_up(_: Peer) -> None:
    raise Gone


def gated(gate: Gate) -> Script:
    """Wait until the test says so."""
    return lambda _: gate.wait()


def swallow(peer: Peer) -> None:
    """Read, and think nothing of it."""
    while peer.sock.recv(65536):
        pass
