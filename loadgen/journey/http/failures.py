"""What goes wrong between a shopper and a shop, mostly before there is an answer to judge.

::

    RequestFailed (an OSError)     reason
    ├── NameUnknown                dns
    ├── ConnectFailed              connect
    ├── TlsFailed                  tls
    ├── TimedOut                   timeout_connect, timeout_tls, timeout_first_byte, timeout_idle, timeout_total
    ├── ConnectionReset            reset
    │   └── NotProcessed           reset
    ├── ProtocolBroken             protocol
    └── TooLarge                   too_large

They are ``OSError``, because locustfiles catch connection errors as such. An answer with a status that counts as a
failure is a ``BadStatus``, which is Locust's ``ResponseError``.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from locust.exception import ResponseError

Phase = Literal["connect", "tls", "first_byte", "idle", "total"]
"""Where an exchange was when its time was up."""


class RequestFailed(OSError):  # noqa: N818 - these read as what they are, like the standard library's
    """Base of all. ``reason`` is from the closed list of :mod:`loadgen.journey.reasons`."""

    reason: str = "other"


class NameUnknown(RequestFailed):
    """The host's name does not resolve."""

    reason = "dns"


class ConnectFailed(RequestFailed):
    """No connection: refused, unreachable, no free port, or a proxy that will not."""

    reason = "connect"


class TlsFailed(RequestFailed):
    """The handshake or the certificate failed."""

    reason = "tls"


class TimedOut(RequestFailed):
    """It took longer than the client waits.

    Args:
        phase: where the exchange was.
        limit_s: how long it may take there.
    """

    _WORDS: ClassVar[dict[Phase, str]] = {
        "connect": "no connection",
        "tls": "no TLS handshake",
        "first_byte": "no answer",
        "idle": "silence in the middle of an exchange",
        "total": "the exchange was not complete",
    }

    def __init__(self, phase: Phase, limit_s: float) -> None:
        super().__init__(f"{self._WORDS[phase]} within {limit_s:g} s")
        self.reason = f"timeout_{phase}"


class ConnectionReset(RequestFailed):
    """The connection broke, or was closed before the answer was complete."""

    reason = "reset"


class NotProcessed(ConnectionReset):
    """The server said that it had not even looked at the request: any method may be sent again."""


class ProtocolBroken(RequestFailed):
    """What came is no HTTP, or cannot be unpacked."""

    reason = "protocol"


class TooLarge(RequestFailed):
    """More came than the client takes."""

    reason = "too_large"


class BadStatus(ResponseError):  # noqa: N818 - it reads as what it is
    """The shop answered with a status that counts as a failure."""

    def __init__(self, status: int, url: str) -> None:
        super().__init__(f"URL {url}: code={status}")
        self.status = status
