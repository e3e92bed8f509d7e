"""Whatever byte of a TLS conversation is lost or wrong, the shopper gets a failure with a reason, in time."""

from __future__ import annotations

import ssl
from typing import Any

import gevent
import gevent.socket
import pytest
from journey.http.far_ends import TLS_VERSIONS, Certificates, FarEnd, echo, exactly, far_end, hear_all, say, tls_dialer

from loadgen.journey.http.failures import RequestFailed
from loadgen.journey.http.wires import Origin

pytestmark = pytest.mark.usefixtures("nothing_left_open")

PLACES = [*range(8), *range(50, 3000, 131)]
"""Bytes from the server: heads of records, the handshake, tickets, and the answer."""


class Between:
    """Passes bytes between a shopper and a server, but for one of the server's.

    Args:
        server: the far end.
        place: of the byte, from 0.
        cut: end there; otherwise the byte is changed.
    """

    def __init__(self, server: FarEnd, place: int, *, cut: bool) -> None:
        self._server, self._left, self._cut = server, place, cut

    def __call__(self, sock: Any) -> None:
        far = gevent.socket.create_connection((self._server.ip, self._server.port))
        there = gevent.spawn(self._pass_on, sock, far)
        try:
            while data := far.recv(65536):
                if len(data) > self._left >= 0:
                    if self._cut:
                        sock.sendall(data[: self._left])
                        return
                    wrong = bytearray(data)
                    wrong[self._left] ^= 0x55
                    data = bytes(wrong)
                self._left -= len(data)
                sock.sendall(data)
        finally:
            there.kill()
            far.close()

    @staticmethod
    def _pass_on(one: Any, other: Any) -> None:
        while data := one.recv(65536):
            other.sendall(data)


@pytest.mark.parametrize("version", TLS_VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("cut", [True, False], ids=["lost", "wrong"])
def test_no_byte_is_trusted(certificates: Certificates, version: ssl.TLSVersion, cut: bool) -> None:
    dial = tls_dialer(certificates, tls_timeout_s=0.2)
    outcomes = set()
    with far_end(echo, exactly(certificates.server(), version)) as server:
        for place in PLACES:
            with far_end(Between(server, place, cut=cut)) as between:
                outcomes.add(visit(dial.open, between))

    assert outcomes <= {"tls", "reset", "timeout_tls", "timeout_idle", "an end", "all of it"}
    assert {"tls", "all of it"} <= outcomes


def visit(open_wire: Any, between: FarEnd) -> str:
    """How an exchange of 500 bytes ended."""
    try:
        wire = open_wire(Origin("https", "localhost", between.port), None)
        try:
            say(wire, b"x" * 500)
            heard = hear_all(wire, 500, 0.2)
        finally:
            wire.close()
    except RequestFailed as failure:
        return failure.reason
    assert heard == b"x" * len(heard), "what came is what was sent"
    return "all of it" if len(heard) == 500 else "an end"
