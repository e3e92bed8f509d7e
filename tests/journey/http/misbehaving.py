"""A shop that does to its visitors whatever a test says, byte by byte, and a visitor who comes to it.

A script is what happens on one connection, step by step: bytes are sent as they are; :data:`HEAR` waits for a request;
:data:`CLOSE`, :data:`RESET` and :data:`HALF_CLOSE` end the connection, or one side of it; anything else is called with
the socket. Behind its end, the shop listens in silence until the visitor closes.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import gevent
from journey.http.far_ends import FarEnd, far_end, until
from locust.event import Events

from loadgen.journey import JourneyEnvironment, PlanContext, Recorder, Session, install, listen
from loadgen.journey.http.client import Client
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.names import Names
from loadgen.journey.http.reporting import Reporter
from loadgen.journey.http.settings import ClientSettings
from loadgen.stats import Tally

HEAR: Final = "hear a request"
CLOSE: Final = "close"
RESET: Final = "reset"
HALF_CLOSE: Final = "close one side"

Step = bytes | str | Callable[[Any], object]
Script = list[Step]

LIMIT_S: Final = 0.15
"""A limit that a test waits for."""


def answer(body: bytes = b"hello", status: str = "200 OK", *headers: str) -> bytes:
    """A plain answer."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def moved(location: str, status: int = 302, *headers: str) -> bytes:
    """An answer that leads elsewhere."""
    return answer(b"moved", f"{status} Moved", f"Location: {location}", *headers)


def trickle(data: bytes, pause_s: float) -> Callable[[Any], None]:
    """Send one byte after the other."""

    def step(sock: Any) -> None:
        for byte in data:
            sock.sendall(bytes([byte]))
            gevent.sleep(pause_s)

    return step


def in_pieces(data: bytes, *cuts: int) -> list[Step]:
    """Bytes that arrive apart, cut at these places."""
    bounds = [0, *sorted(cuts), len(data)]
    steps: list[Step] = []
    for start, end in pairwise(bounds):
        steps += [data[start:end], lambda _: gevent.sleep(0.0005)]
    return steps


class Shop:
    """The server: each connection plays the next script, the last one again and again.

    Attributes:
        heads: of the requests heard, in order.
        bodies: of the same requests.
    """

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.end: FarEnd

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.end.port}"

    @property
    def connections(self) -> int:
        return len(self.end.peers)

    @property
    def lines(self) -> list[str]:
        """The first lines of the requests heard."""
        return [head.split(b"\r\n")[0].decode() for head in self.heads]

    def talk(self, sock: Any) -> None:
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        rest = bytearray()
        for step in script:
            if step == HEAR:
                if not self._hear(sock, rest):
                    return
            elif step == CLOSE:
                return
            elif step == RESET:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            elif step == HALF_CLOSE:
                sock.shutdown(socket.SHUT_WR)
            elif isinstance(step, bytes):
                sock.sendall(step)
            elif callable(step):
                step(sock)
        while sock.recv(65536):
            pass

    def _hear(self, sock: Any, rest: bytearray) -> bool:
        """One request, with its body if its length is told."""
        while b"\r\n\r\n" not in rest:
            data = sock.recv(65536)
            if not data:
                return False
            rest += data
        head, _, body = bytes(rest).partition(b"\r\n\r\n")
        told = re.search(rb"(?i)content-length: (\d+)", head)
        size = int(told[1]) if told and b"100-continue" not in head else 0
        while len(body) < size:
            data = sock.recv(65536)
            if not data:
                return False
            body += data
        if b"chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                data = sock.recv(65536)
                if not data:
                    return False
                body += data
            size = len(body)
        self.heads.append(head)
        self.bodies.append(body[:size])
        rest[:] = body[size:]
        return True


@contextmanager
def shop(*scripts: Script) -> Iterator[Shop]:
    running = Shop(*scripts)
    with far_end(running.talk) as end:
        running.end = end
        yield running


class Visitor:
    """A shopper's client, counted as in a run.

    Attributes:
        client: the client.
        session: whose it is.
        recorder: what counts.
        events: Locust's.
    """

    def __init__(self, url: str, **settings: Any) -> None:
        limits = {"first_byte_timeout_s": 10.0, "idle_timeout_s": 10.0, **settings}
        self.recorder = Recorder("w1")
        self.session = Session(self.recorder, "Visitor")
        self.events = Events()
        environment = JourneyEnvironment(PlanContext(), events=self.events, host=url)
        install()
        listen(environment, self.recorder)
        self.loadgen_session = self.session
        known = ClientSettings(**limits)
        self.client = Client(url, known, Dialer(known, Names()), Reporter(self, self.events.request))

    def context(self) -> dict[str, Any]:
        return {"visitor": 1}

    def get(self, url: str = "/", **options: Any) -> Any:
        return self.client.get(url, **options)

    def reason(self, url: str = "/", method: str = "GET", **options: Any) -> str:
        """Why a request failed; empty if it did not."""
        error = self.client.request(method, url, **options).error
        return str(getattr(error, "reason", error)) if error else ""

    def counted(self) -> dict[str, int]:
        """Requests that were recorded, by reason; a success has none."""
        return counts(self.recorder.take(0))


def counts(tally: Tally) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, series in tally.series.items():
        if key.result == "ok":
            found[""] = found.get("", 0) + series.service.count
        for reason, number in series.reasons.items():
            found[reason] = found.get(reason, 0) + number
    return found


def let_run(*greenlets: Any) -> None:
    """Until these have ended."""
    until(lambda: all(greenlet.dead for greenlet in greenlets))
