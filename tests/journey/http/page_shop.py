"""A server of pages and their files that says what it was asked for, and how much at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from gevent.event import Event
from gevent.server import StreamServer
from journey.http.mirror import Received, _read

HTML = "text/html; charset=utf-8"
CSS = "text/css"

TYPES = {"css": CSS, "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png", "woff2": "font/woff2"}

HOME = """<!doctype html><link rel=stylesheet href=/app.3f9c.css><script src=/app.js></script>
<img src=/img/one.png><img src=/img/two.png><p class=hero>"""
SHEET = "@import 'more.css'; .hero { background: url(img/hero.png) } .absent { background: url(img/no.png) }"


class File(NamedTuple):
    body: bytes = b""
    headers: tuple[str, ...] = ()
    status: int = 200


class PageShop:
    """The server. Paths that it does not know are answered with 404, and ``/cut…`` in the middle of the body.

    Attributes:
        files: what it serves, by path; or what answers a request.
        received: requests in the order in which they came.
        held: paths that wait for the gate.
        gate: lets them go.
        connections: those that were opened.
        open: those that are.
        most_open: the most at once.
    """

    def __init__(self) -> None:
        self.files: dict[str, File | Callable[[Received], File]] = {}
        self.received: list[Received] = []
        self.held: set[str] = set()
        self.gate = Event()
        self.connections = self.open = self.most_open = 0
        self.url = ""

    def put(self, path: str, body: str | bytes, *headers: str, status: int = 200) -> None:
        """Serve something; its type is told by the ending of its path."""
        kind = TYPES.get(path.partition("?")[0].rpartition(".")[2], HTML)
        typed = (f"Content-Type: {kind}", *headers)
        self.files[path] = File(body.encode() if isinstance(body, str) else body, typed, status)

    @property
    def paths(self) -> list[str]:
        return [request.target for request in self.received]

    def asked(self, path: str) -> dict[str, str]:
        """The headers of the last request for a path, by name in lower case."""
        return next(request.by_name for request in reversed(self.received) if request.target == path)

    def serve(self, sock: Any, _peer: Any) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        with suppress(OSError), sock.makefile("rb") as reader:
            while (request := _read(reader)) is not None:
                self.received.append(request)
                if request.target in self.held:
                    self.gate.wait()
                known = self.files.get(request.target, File(b"no such file", status=404))
                file = known if isinstance(known, File) else known(request)
                cut = request.target.startswith("/cut")
                sock.sendall(_written(file, cut))
                if cut:
                    break
        self.open -= 1
        sock.close()


def _written(file: File, cut: bool) -> bytes:
    has_body = file.status != 304
    length = [f"Content-Length: {len(file.body) + 10 * cut}"] if has_body else []
    head = "\r\n".join([f"HTTP/1.1 {file.status} Told", *file.headers, *length])
    return head.encode("latin-1") + b"\r\n\r\n" + (file.body if has_body else b"")


@contextmanager
def page_shop(**tls: Any) -> Iterator[PageShop]:
    shown = PageShop()
    server = StreamServer(("127.0.0.1", 0), shown.serve, **tls)
    server.start()
    shown.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield shown
    finally:
        shown.gate.set()
        server.stop(timeout=1)


@contextmanager
def home_shop() -> Iterator[PageShop]:
    """A shop of one page and the seven files that belong to it."""
    with page_shop() as running:
        running.put("/", HOME)
        running.put("/app.3f9c.css", SHEET)
        running.put("/more.css", "@font-face { src: url(a.woff2) }")
        for path in ("/app.js", "/img/one.png", "/img/two.png", "/img/hero.png", "/a.woff2"):
            running.put(path, "x" * 10)
        yield running
