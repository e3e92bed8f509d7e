"""What carries an exchange to a shop and back: an HTTP/1.1 connection, or one stream of an HTTP/2 connection.

The client speaks to both in the same words. A request's head is always written as HTTP/1.1 has it; a stream puts it in
its own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from loadgen.journey.http.answers import Answer
    from loadgen.journey.http.wires import Origin


class Way(Protocol):
    """What lies between a carrier and the shop."""

    @property
    def proxy_head(self) -> bytes | None:
        """See :attr:`loadgen.journey.http.wires.Wire.proxy_head`."""

    def is_stale(self) -> bool:
        """Whether no further exchange can go this way."""


class Carrier(Protocol):
    """Carries one exchange at a time. Methods raise :class:`~loadgen.journey.http.failures.RequestFailed`.

    Attributes:
        used: exchanges that were completed on its connection before this one.
        answered: whether the server has said anything to the present exchange.
        is_complete: whether all of the answer has come.
        reusable: whether another exchange may follow on it.
        idle_since_s: when the last one was, monotonic.
    """

    used: int
    answered: bool
    is_complete: bool
    reusable: bool
    idle_since_s: float

    @property
    def origin(self) -> Origin:
        """Where it leads."""

    @property
    def wire(self) -> Way:
        """What it goes over."""

    def exchange(self, head: bytes, body: bytes, *, no_body: bool) -> Answer:
        """Send a request and read its whole answer."""

    def send_streamed(self, head: bytes, pieces: Iterable[bytes], *, chunked: bool, no_body: bool) -> None:
        """Send a request whose body comes in pieces; :meth:`read_head` or :meth:`finish` has the answer."""

    def await_continue(self, head: bytes, *, no_body: bool) -> bool:
        """Send a head with ``Expect: 100-continue``, and say whether :meth:`send_body` may follow."""

    def send_body(self, body: bytes) -> None:
        """Send the body to such a head."""

    def read_head(self) -> Answer:
        """Read until the answer's headers are here; unless it is complete by then, :meth:`read_some` has its body."""

    def read_some(self) -> bytes:
        """The next piece of the body as it travels, empty at its end."""

    def finish(self) -> Answer:
        """Read the rest of the answer."""

    def close(self) -> None:
        """End the exchange, whatever has become of it."""
