"""Answer scrapes: ``/metrics`` for Prometheus, ``/-/healthy`` and ``/-/ready`` for whoever watches the process.

It is healthy while it lives, and ready once there is something to show: a coordinator has reached Redis, and leads or
stands by.

Text or OpenMetrics, plain or gzip, as the scraper asks: that is ``prometheus_client``'s own negotiation. One thread
listens and each request has its own, so a scrape takes no turn of the coordinator's loop.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from socketserver import TCPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from loadgen.errors import PortError
from loadgen.metrics.exposition import Latest, SnapshotCollector

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("loadgen.metrics")

IDLE_S: Final = 10.0
"""How long a client may be silent: Prometheus gives up a scrape after as long by default."""

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
        # Families without samples have no name to be asked for by ?name[]=…, hence the flag.
        registry = CollectorRegistry(support_collectors_without_names=True)
        registry.register(SnapshotCollector(latest))
        self._app = _routes(make_wsgi_app(registry), latest)
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
        status, body = "404 Not Found", b"the metrics are at /metrics\n"
        ready = environ["PATH_INFO"] == "/-/ready"
        if ready and latest() is None:
            status, body = "503 Service Unavailable", b"nothing is known of the cluster yet\n"
        elif ready or environ["PATH_INFO"] == "/-/healthy":
            status, body = "200 OK", b"ok\n"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
        return [body]

    return app


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
