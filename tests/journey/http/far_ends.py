"""The far ends of wires: servers in this process that do as a test says, certificates, and a resolver that is told."""

from __future__ import annotations

import base64
import datetime as dt
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import gevent
import gevent.event
import gevent.socket
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.names import Names
from loadgen.journey.http.settings import ClientSettings, TlsSettings
from loadgen.journey.http.tls import TlsSession
from loadgen.journey.http.wires import Origin, Wire

PATIENCE_S = 10.0
TLS_VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

Talk = Callable[[Any], None]


def echo(sock: Any) -> None:
    """Send back all that comes."""
    while data := sock.recv(65536):
        sock.sendall(data)


def silence(sock: Any) -> None:
    """Read, and say nothing."""
    while sock.recv(65536):
        pass


class FarEnd:
    """A server on a free port that talks to each connection as it is told.

    Args:
        talk: given the connected socket.
        context: for TLS, after whose handshake the talk begins; None leaves the connection plain.
        ip: where to listen.

    Attributes:
        peers: who connected, by (address, port).
        ended: connections whose talk is over.
    """

    def __init__(self, talk: Talk, context: ssl.SSLContext | None = None, ip: str = "127.0.0.1", port: int = 0) -> None:
        self._talk, self._context = talk, context
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self._listener = gevent.socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((ip, port))
        self._listener.listen(128)
        self.ip, self.port = ip, int(self._listener.getsockname()[1])
        self.peers: list[tuple[str, int]] = []
        self.ended = 0
        self._greenlets = [gevent.spawn(self._accept)]

    def origin(self, host: str = "", scheme: str = "") -> Origin:
        return Origin(scheme or ("https" if self._context else "http"), host or self.ip, self.port)

    def close(self) -> None:
        gevent.killall(self._greenlets)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            sock, peer = self._listener.accept()
            self.peers.append(peer[:2])
            self._greenlets.append(gevent.spawn(self._serve, sock))

    def _serve(self, sock: Any) -> None:
        try:
            with suppress(OSError):  # what a client does to its server is the test's affair
                if self._context:
                    sock = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                    sock.do_handshake()
                self._talk(sock)
        finally:
            sock.close()
            self.ended += 1


@contextmanager
def far_end(
    talk: Talk, context: ssl.SSLContext | None = None, ip: str = "127.0.0.1", port: int = 0
) -> Iterator[FarEnd]:
    server = FarEnd(talk, context, ip, port)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def full_house() -> Iterator[Origin]:
    """A listener that nobody accepts from, its queue full: a further connection is neither opened nor refused."""
    listener = socket.socket()
    guests = [gevent.socket.socket() for _ in range(4)]
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for guest in guests:
            guest.setblocking(False)
            guest.connect_ex(listener.getsockname())
        yield Origin("http", "127.0.0.1", listener.getsockname()[1])
    finally:
        for each in (*guests, listener):
            each.close()


class Tunnels:
    """What a small proxy does: connects to where CONNECT says, and passes bytes both ways.

    Attributes:
        heads: what was asked, in order.
        user: demanded if not empty, ``name:password``.
    """

    def __init__(self, user: str = "") -> None:
        self.heads: list[bytes] = []
        self.user = user

    def __call__(self, sock: Any) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = sock.recv(1000)
            if not piece:
                return
            head += piece
        self.heads.append(head)
        if self.user and b"Basic " + base64.b64encode(self.user.encode()) not in head:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno.")
            return
        port = int(head.split()[1].rpartition(b":")[2])
        far = gevent.socket.create_connection(("127.0.0.1", port))
        sock.sendall(b"HTTP/1.1 200 Connection established\r\nVia: a test\r\n\r\n")
        back = gevent.spawn(_pass_on, far, sock)
        try:
            _pass_on(sock, far)
        finally:
            back.kill()
            far.close()


def _pass_on(one: Any, other: Any) -> None:
    while data := one.recv(65536):
        other.sendall(data)


class Certificates:
    """An authority, the certificates it issues, and one that nobody issued.

    Args:
        folder: for the files that clients are given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.ca_file = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.ca_file)

    def server(self, *hosts: str, age_days: int = 0) -> ssl.SSLContext:
        """For a server of these hosts.

        Args:
            hosts: names and addresses in the certificate; ``localhost`` and 127.0.0.1 if none.
            age_days: since it ran out; negative if it is not valid yet for so long.
        """
        now = dt.datetime.now(dt.UTC)
        bounds = {}
        if age_days:
            bounds["not_before"] = now - dt.timedelta(days=age_days + 30 if age_days > 0 else age_days)
            bounds["not_after"] = bounds["not_before"] + dt.timedelta(days=30)
        certificate = self._authority.issue_cert(*(hosts or ("localhost", "127.0.0.1")), **bounds)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    def self_signed(self) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        path = self._folder / "self-signed.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client(self) -> str:
        """A file with a shopper's own certificate and key."""
        path = self._folder / "client.pem"
        self._authority.issue_cert("shopper@example.org").private_key_and_cert_chain_pem.write_to_path(str(path))
        return str(path)

    def trust(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """Have a server demand certificates of this authority."""
        context.verify_mode = ssl.CERT_REQUIRED
        self._authority.configure_trust(context)
        return context


def exactly(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = version
    return context


def tls_dialer(certificates: Certificates, *, tls: dict[str, Any] | None = None, **settings: Any) -> Dialer:
    """One that trusts the authority."""
    trust = TlsSettings(**{"ca_file": certificates.ca_file, **(tls or {})})
    return Dialer(ClientSettings(tls=trust, **settings), Names())


def open_wire(dial: Dialer, server: FarEnd, session: TlsSession | None = None, host: str = "localhost") -> Any:
    """A wire over TLS, whatever the server speaks."""
    return dial.open(server.origin(host, "https"), session)


class Resolver:
    """Stands in for the event loop's resolver.

    Attributes:
        answers: by host, its addresses or what goes wrong.
        asked: hosts asked for, in order.
        gate: answers wait for it.
    """

    def __init__(self, **answers: list[str] | Exception) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.gate = gevent.event.Event()
        self.gate.set()

    def getaddrinfo(self, host: str, port: int, family: int, kind: int) -> list[Any]:
        assert (port, family) == (0, 0)
        self.asked.append(host)
        self.gate.wait()
        answer = self.answers.get(host, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if isinstance(answer, Exception):
            raise answer
        return [
            (socket.AF_INET6, kind, 6, "", (ip, 0, 0, 0)) if ":" in ip else (socket.AF_INET, kind, 6, "", (ip, 0))
            for ip in answer
        ]


def say(wire: Wire, data: bytes) -> None:
    wire.send(data, monotonic() + PATIENCE_S, PATIENCE_S)


def hear(wire: Wire, patience_s: float = PATIENCE_S) -> bytes:
    return wire.receive(monotonic() + patience_s, patience_s, "idle")


def hear_all(wire: Wire, size: int, patience_s: float = PATIENCE_S) -> bytes:
    """As many bytes, or those before the end."""
    heard = b""
    while len(heard) < size and (piece := hear(wire, patience_s)):
        heard += piece
    return heard


def until(condition: Callable[[], object]) -> None:
    """Let greenlets run until something is so."""
    with gevent.Timeout(PATIENCE_S):
        while not condition():
            gevent.sleep(0.001)
