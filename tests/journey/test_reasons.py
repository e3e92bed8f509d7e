"""Reasons of failures: errors as real clients raise them against servers that misbehave, and a table of others."""

from __future__ import annotations

import errno
import http.client
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests
import urllib3
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer
from gevent.ssl import PROTOCOL_TLS_SERVER, SSLContext
from geventhttpclient.response import HTTPConnectionClosed
from geventhttpclient.useragent import RetriesExceeded
from locust import FastHttpUser, HttpUser, task
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.exception import CatchResponseError

from loadgen.journey import PlanContext, Shopper
from loadgen.journey.reasons import reason_of
from loadgen.stats.reasons import REASONS


def close_at_once(connection: Any) -> None:
    connection.recv(4096)


def reset(connection: Any) -> None:
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say_nothing(connection: Any) -> None:
    connection.recv(4096)
    gevent.sleep(5)


def answer(text: bytes) -> Callable[[Any], None]:
    def give(connection: Any) -> None:
        connection.recv(4096)
        connection.sendall(text)

    return give


def go_round(connection: Any) -> None:
    while connection.recv(4096):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


MISBEHAVIOUR: dict[str, tuple[Callable[[Any], None], str]] = {
    "closes without an answer": (close_at_once, "reset"),
    "resets": (reset, "reset"),
    "says nothing": (say_nothing, "timeout"),
    "speaks something else": (answer(b"220 smtp.example.test ESMTP\r\n"), "protocol"),
    "stops in the middle": (answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "reset"),
    "sends broken gzip": (
        answer(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
        "protocol",
    ),
    "redirects for ever": (go_round, "protocol"),
    "refuses": (answer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), "status_4xx"),
    "is unavailable": (answer(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"), "status_5xx"),
}


class Fast(FastHttpUser):
    network_timeout = 0.2
    connection_timeout = 0.2
    max_redirects = 3

    @task
    def visit(self) -> None:
        self.client.get("/")


class Plain(HttpUser):
    @task
    def visit(self) -> None:
        self.client.get("/", timeout=0.2)


BOTH = pytest.mark.parametrize("user_class", [Fast, Plain])


@pytest.fixture
def misbehaving() -> Iterator[Callable[[Callable[[Any], None]], str]]:
    servers: list[StreamServer] = []

    def start(handle: Callable[[Any], None]) -> str:
        servers.append(StreamServer(("127.0.0.1", 0), lambda connection, _: handle(connection)))
        servers[-1].start()
        return f"127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.stop(timeout=0)


def reason_seen(stage: Any, user_class: type[Any], host: str) -> str:
    stage.environment.host = host
    stage.run(user_class)
    (series,) = stage.tally().series.values()
    (reason,) = series.reasons
    return str(reason)


@BOTH
@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_server_that_misbehaves_gives_its_reason(
    stage: Any, misbehaving: Callable[[Any], str], user_class: type[Any], what: str
) -> None:
    handle, expected = MISBEHAVIOUR[what]
    assert reason_seen(stage, user_class, f"http://{misbehaving(handle)}") == expected


@BOTH
def test_a_server_without_tls_gives_tls(stage: Any, misbehaving: Callable[[Any], str], user_class: type[Any]) -> None:
    place = misbehaving(answer(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert reason_seen(stage, user_class, f"https://{place}") == "tls"


@BOTH
def test_a_port_that_nobody_listens_on_gives_connect(stage: Any, user_class: type[Any]) -> None:
    assert reason_seen(stage, user_class, "http://127.0.0.1:1") == "connect"


@BOTH
def test_a_name_that_does_not_resolve_gives_dns(
    stage: Any, user_class: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(gevent.socket, "getaddrinfo", unknown)
    assert reason_seen(stage, user_class, "http://shop.invalid") == "dns"


def error_with(cause: BaseException) -> Exception:
    outer = RuntimeError("outer")
    outer.__cause__ = cause
    return outer


class Answer:
    error: Exception | None = None

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


@pytest.mark.parametrize(
    ("exception", "response", "expected"),
    [
        (CatchResponseError("no price"), Answer(200), "assertion"),
        (CatchResponseError("no price"), Answer(503), "status_5xx"),
        (AssertionError("no price"), None, "assertion"),
        (LocustBadStatusCode("/", code=418), None, "status_4xx"),
        (LocustBadStatusCode("/", code=304), None, "status"),
        (LocustBadStatusCode("/", code=600), None, "status"),
        (RetriesExceeded("/", 0, original=TimeoutError()), None, "timeout"),
        (requests.exceptions.ReadTimeout(), None, "timeout"),
        (
            requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError())),
            0,
            "reset",
        ),
        (requests.exceptions.ConnectionError("?"), None, "connect"),
        (urllib3.exceptions.ProtocolError("?"), None, "reset"),
        (gevent.Timeout(1), None, "timeout"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), None, "connect"),
        (OSError(errno.EADDRNOTAVAIL, "no port left"), None, "connect"),
        (OSError(errno.EMFILE, "too many open files"), None, "other"),
        (HTTPConnectionClosed("closed"), None, "reset"),
        (http.client.LineTooLong("header line"), None, "too_large"),
        (error_with(ConnectionRefusedError()), None, "connect"),
        (ValueError("?"), None, "other"),
    ],
)
def test_the_most_telling_link_of_a_chain_decides(exception: Exception, response: Any, expected: str) -> None:
    assert reason_of(exception, response) == expected
    assert expected in REASONS


def test_a_failure_called_by_rest_keeps_the_reason_of_the_broken_connection() -> None:
    answer = Answer(0)
    answer.error = ConnectionRefusedError()
    assert reason_of(CatchResponseError("[Errno 111]"), answer) == "connect"


def test_a_chain_that_bites_its_tail_ends() -> None:
    error = ValueError("a")
    error.__cause__ = error
    assert reason_of(error) == "other"


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[str]:
    """A server with a certificate that nobody vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is missing")
        pytest.skip("needs openssl: apt-get install openssl")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = [openssl, "req", "-x509", *kind, *names, "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = WSGIServer(("127.0.0.1", 0), certified_page, log=None, error_log=None, ssl_context=context)
    server.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.stop(timeout=1)


def certified_page(_: Any, start: Callable[..., None]) -> list[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


class Careful(Shopper):
    def journey(self) -> None:
        self.client.get("/")


@pytest.mark.parametrize("user_class", [Careful, Plain])
def test_a_certificate_that_nobody_vouches_for_gives_tls(stage: Any, certified: str, user_class: type[Any]) -> None:
    assert reason_seen(stage, user_class, certified) == "tls"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("user_class", [Careful, Fast, Plain])
def test_a_plan_may_accept_it(stage: Any, certified: str, user_class: type[Any]) -> None:
    class Accepting(user_class):  # type: ignore[misc]
        pass

    stage.environment.host = certified
    stage.environment.context = PlanContext(insecure_tls=True)
    stage.run(Accepting)
    assert stage.tally().failures == 0
