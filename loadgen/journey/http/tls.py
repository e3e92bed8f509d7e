"""A wire over TLS.

OpenSSL works on the raw non-blocking socket itself, through the same private call as gevent's and the standard
library's own TLS sockets (``SSLContext._wrap_socket``). The public alternative, ``SSLObject`` between two memory
buffers, copies each byte twice more: measured, 4 % more CPU for an exchange of 1 KB, 25 % for one of 100 KB, and 3 KB
more memory per connection. The public ``SSLSocket`` cannot be used where gevent has patched the process.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from loadgen.journey.http.certificates import context_of, explained
from loadgen.journey.http.failures import ConnectionReset, Phase, RequestFailed, TlsFailed
from loadgen.journey.http.settings import ClientSettings
from loadgen.journey.http.sockets import Socket
from loadgen.journey.http.waiting import Waiter
from loadgen.journey.http.wires import NEVER, End, Origin, wait_to_write

RECORD_BYTES: Final = 16384
"""The most that one TLS record holds (RFC 8446, 5.1), and so the most that OpenSSL gives at once."""

LARGE_BYTES: Final = RECORD_BYTES // 2
"""After a record of this size the next one is probably there already: it is read without waiting first."""

AT_ONCE: Final = 16
"""Records read without waiting, in a row: then others get their turn, however fast the server sends."""

_ENDS: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""The other side has ended its sending. Python before 3.11.9 and 3.12.3 takes a reset for an end, too."""


class TlsSession:
    """What one shopper's next connection to an origin needs to skip most of the handshake.

    OpenSSL takes hundreds of microseconds to copy a session, and many shoppers never open a second connection. So the
    first connection itself is kept, and its session taken from it when another one is opened. By then it usually holds
    the tickets that TLS 1.3 sends after the handshake. A session is offered until the server refuses it.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[tuple[ssl.SSLContext, Origin], Any] = {}

    def offer(self, context: ssl.SSLContext, origin: Origin) -> ssl.SSLSession | None:
        """The session to resume, None if there is none."""
        kept = self._kept.get((context, origin))
        if kept is None or isinstance(kept, ssl.SSLSession):
            return kept
        session: ssl.SSLSession = kept.session
        if not session.has_ticket and not session.id:
            return None
        self._kept[context, origin] = session
        return session

    def keep(self, context: ssl.SSLContext, origin: Origin, connection: Any) -> None:
        """Remember a new connection, unless it resumed what is remembered already."""
        if not connection.session_reused:
            self._kept[context, origin] = connection


class TlsWire:
    """A wire over TLS, after the handshake.

    Args:
        sock: connected and non-blocking; owned by the wire from now on.
        waiter: of this socket; the same.
        connection: OpenSSL's side of it.
        origin: for messages.
    """

    __slots__ = (
        "_at_once",
        "_closed",
        "_connection",
        "_origin",
        "_read",
        "_socket",
        "_waiter",
        "_write",
        "protocol",
    )

    proxy_head: bytes | None = None

    def __init__(self, sock: Socket, waiter: Waiter, connection: Any, origin: Origin) -> None:
        self._socket, self._waiter, self._connection, self._origin = sock, waiter, connection, origin
        self._read, self._write = connection.read, connection.write
        self._at_once = 0
        self._closed = False
        self.protocol: str = connection.selected_alpn_protocol() or "http/1.1"

    def send(self, data: bytes, deadline_s: float, limit_s: float, end: End = NEVER) -> None:
        """Send all bytes."""
        try:
            sent = self._write(data)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        except OSError as error:
            raise self._cannot_send(error) from error
        if sent < len(data):
            self._send_rest(memoryview(data)[sent:], deadline_s, limit_s, end)

    def _send_rest(self, rest: memoryview, deadline_s: float, limit_s: float, end: End) -> None:
        while rest:
            try:
                rest = rest[self._write(rest) :]
                deadline_s = monotonic() + limit_s
            except ssl.SSLWantWriteError:
                wait_to_write(self._waiter, deadline_s, limit_s, end)
            except ssl.SSLWantReadError:
                self._waiter.readable(deadline_s, limit_s, "idle")
            except OSError as error:
                raise self._cannot_send(error) from error

    def receive(self, deadline_s: float, limit_s: float, phase: Phase) -> bytes:
        """The next bytes, empty at the end, whether or not the server has said good-bye in TLS."""
        if self._at_once:
            self._at_once -= 1
        else:
            self._waiter.readable(deadline_s, limit_s, phase)
            self._at_once = AT_ONCE
        while True:
            try:
                data: bytes = self._read(RECORD_BYTES)
            except ssl.SSLWantReadError:
                self._waiter.readable(deadline_s, limit_s, phase)
            except ssl.SSLWantWriteError:
                self._waiter.writable(deadline_s, limit_s, phase)
            except _ENDS:
                self._at_once = AT_ONCE
                return b""
            except OSError as error:
                raise self._broken(error) from error
            else:
                if 0 < len(data) < LARGE_BYTES:  # an end stays one
                    self._at_once = 0
                return data

    def send_now(self, data: bytes) -> int:
        """Send what can be sent without waiting, and say how much it was; the rest must follow as it is."""
        try:
            return int(self._write(data))
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        except OSError as error:
            raise self._broken(error) from error

    def receive_now(self) -> bytes | None:
        """What is there already: None if nothing is, empty at the end."""
        try:
            return bytes(self._read(RECORD_BYTES))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except _ENDS:
            return b""
        except OSError as error:
            raise self._broken(error) from error

    def call_when_readable(self, call: Callable[[], None]) -> None:
        """See :meth:`~loadgen.journey.http.waiting.Waiter.call_when_readable`."""
        self._waiter.call_when_readable(call)

    def call_when_writable(self, call: Callable[[], None] | None) -> None:
        """See :meth:`~loadgen.journey.http.waiting.Waiter.call_when_writable`."""
        self._waiter.call_when_writable(call)

    def is_stale(self) -> bool:
        """Whether the idle connection was closed, or speaks unasked. TLS itself may speak: it sends tickets late."""
        if self._closed:
            return True
        try:
            self._socket.recv(1, socket.MSG_PEEK)
            self._read(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close at once, with TLS's good-bye: some servers resume no session that ended without."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):  # sent if it can be; nobody waits for the answer
                self._connection.shutdown()
            self._waiter.close()
            self._socket.close()

    def _cannot_send(self, error: OSError) -> RequestFailed:
        """A server that refuses a client certificate says so and closes: what it said is still there to read."""
        try:
            self._read(1)
        except ssl.SSLError as said:
            if said.reason and "ALERT" in said.reason:
                return explained(said, self._origin)
        except OSError:
            pass
        return self._broken(error)

    def _broken(self, error: OSError) -> RequestFailed:
        if isinstance(error, (*_ENDS, ssl.SSLSyscallError)):
            return ConnectionReset("the connection broke")
        if isinstance(error, ssl.SSLError):
            return explained(error, self._origin)
        return ConnectionReset(f"the connection broke: {error.strerror or error}")


def secure(
    sock: Socket, waiter: Waiter, origin: Origin, settings: ClientSettings, session: TlsSession | None
) -> TlsWire:
    """Shake hands over a connection.

    Args:
        sock: connected and non-blocking; the wire owns it afterwards, the caller if this raises.
        waiter: of this socket; the same.
        origin: whose certificate it must be.
        settings: certificates, timeout, protocols.
        session: of the shopper; None resumes nothing.

    Raises:
        RequestFailed: ``TlsFailed``, ``TimedOut`` or ``ConnectionReset``.
    """
    context = context_of(settings.tls, settings.http)
    connection = _wrap(context, sock, origin, session.offer(context, origin) if session else None)
    limit_s = settings.tls_timeout_s
    deadline_s = monotonic() + limit_s
    while True:
        try:
            connection.do_handshake()
            break
        except ssl.SSLWantReadError:
            waiter.readable(deadline_s, limit_s, "tls")
        except ssl.SSLWantWriteError:
            waiter.writable(deadline_s, limit_s, "tls")
        except ssl.SSLError as error:
            raise explained(error, origin) from error
        except OSError as error:
            raise ConnectionReset(f"the connection broke during the TLS handshake: {error.strerror}") from error
    if session:
        session.keep(context, origin, connection)
    return TlsWire(sock, waiter, connection, origin)


def _wrap(context: Any, sock: Socket, origin: Origin, session: ssl.SSLSession | None) -> Any:
    name = origin.host.rstrip(".")  # neither in certificates nor in SNI (RFC 6066, 3)
    try:
        return context._wrap_socket(sock, False, name, owner=None, session=session)  # noqa: SLF001 - see the module
    except (ValueError, ssl.SSLError) as error:  # empty, or too long
        raise TlsFailed(f"{origin.host} is no name that TLS can ask for") from error
