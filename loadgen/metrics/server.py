"""Answer scrapes: ``/metrics`` for Prometheus, ``/-/healthy`` and ``/-/ready`` for whoever watches the process.

It is healthy while it lives, and ready once there is something to show: a coordinator has reached Redis, and leads or
stands by.

Protobuf, OpenMetrics or text, plain or gzip, as the scraper asks (:mod:`loadgen.metrics.negotiation`). One thread
listens and each request has its own, so a scrape takes no turn of the coordinator's loop. A few may wait for a page at
once (:mod:`loadgen.metrics.rendering` writes it once for all); who comes then is sent away and may come again.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from socketserver import TCPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client.exposition import ThreadingWSGIServer

from loadgen.errors import PortError
from loadgen.metrics.exposition import Latest
from loadgen.metrics.negotiation import takes_gzip
from loadgen.metrics.rendering import Rendering

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("loadgen.metrics")

IDLE_S: Final = 10.0
"""How long a client may be silent: Prometheus gives up a scrape after as long by default."""

SCRAPES_MOST: Final = 8
"""Scrapes answered at once: a pair of Prometheus servers, those who look at the page by hand, and some more."""

POLL_S: Final = 0.05
"""How often the listening thread looks whether it is to stop."""


class MetricsServer:
    """An HTTP server for the metrics of one coordinator, with a registry of its own.

    Args:
        address: name or address to listen on; ``127.0.0.1`` for this machine alone.
        port: 0 for any free one.
        latest: gives the snapshot to show.

    Attributes:
        address: as given.
        port: as given, once started the one it listens on.
    """

    def __init__(self, address: str, port: int, latest: Latest) -> None:
        self.address = address
        self.port = port
        self._app = _routes(_metrics(Rendering(latest)), latest)
        self._listening: tuple[ThreadingWSGIServer, Thread] | None = None

    def start(self) -> None:
        """Listen and answer, until :meth:`stop`.

        Raises:
            PortError: the address is taken, not allowed, or not one of this machine.
        """
        server = _listen(self.address, self.port, self._app)
        self.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(POLL_S,), name="loadgen-metrics", daemon=True)
        thread.start()
        self._listening = server, thread

    def stop(self) -> None:
        """Stop to listen; harmless when it does not."""
        if self._listening is None:
            return
        server, thread = self._listening
        self._listening = None
        server.shutdown()
        thread.join()
        server.server_close()


def _listen(address: str, port: int, app: WSGIApplication) -> ThreadingWSGIServer:
    try:
        family, *_ = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        kind = _ServerV6 if family == socket.AF_INET6 else _Server
        return make_server(address, port, app, kind, _Handler)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PortError(f"cannot serve metrics on {address}:{port}: {why.lower()}", hint=_hint(port)) from error


def _hint(port: int) -> str:
    if 0 < port < 1024:
        return "ports below 1024 need privileges; choose another, or 0 for any free one"
    return "choose another port, or 0 for any free one; the address must be one of this machine"


def _routes(metrics: WSGIApplication, latest: Latest) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return metrics(environ, start_response)
        status, said = "404 Not Found", "the metrics are at /metrics"
        ready = environ["PATH_INFO"] == "/-/ready"
        if ready and latest() is None:
            status, said = "503 Service Unavailable", "nothing is known of the cluster yet"
        elif ready or environ["PATH_INFO"] == "/-/healthy":
            status, said = "200 OK", "ok"
        return _say(start_response, status, said)

    return app


def _metrics(rendering: Rendering) -> WSGIApplication:
    places = BoundedSemaphore(SCRAPES_MOST)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _say(start_response, "405 Method Not Allowed", "use GET", ("Allow", "GET, HEAD"))
        if not places.acquire(blocking=False):
            busy = f"{SCRAPES_MOST} scrapes wait already"
            return _say(start_response, "503 Service Unavailable", busy, ("Retry-After", "1"))
        try:
            return _answer(rendering, environ, start_response)
        finally:
            places.release()

    return app


def _answer(rendering: Rendering, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    packed = takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    names = frozenset(parse_qs(environ.get("QUERY_STRING", "")).get("name[]", ()))
    kind, body = rendering.page(environ.get("HTTP_ACCEPT", ""), names, packed=packed)
    head = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Vary", "Accept, Accept-Encoding")]
    start_response("200 OK", [*head, ("Content-Encoding", "gzip")] if packed else head)
    return [body] if environ["REQUEST_METHOD"] == "GET" else []


def _say(start_response: StartResponse, status: str, text: str, *more: tuple[str, str]) -> Iterable[bytes]:
    body = f"{text}\n".encode()
    head = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *more]
    start_response(status, head)
    return [body]


class _Server(ThreadingWSGIServer):
    # Two servers that share a port would each answer half of the scrapes.
    allow_reuse_port = False

    def server_bind(self) -> None:
        # HTTPServer asks the name server for its own name here, which can take seconds where there is none.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- socketserver's signature
        log.debug("a scrape from %s broke off", client_address, exc_info=True)


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = IDLE_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- http.server's signature
        """One line for each scrape would drown what is worth reading."""
