"""A shopper's next connection resumes its TLS session, its own and nobody else's."""

from __future__ import annotations

import gevent
import pytest
from journey.http.far_ends import Certificates, FarEnd, echo, far_end, hear, open_wire, say, tls_dialer

from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.tls import TlsSession

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def exchange(dial: Dialer, server: FarEnd, session: TlsSession | None) -> bool:
    """Whether a new connection resumed an earlier one."""
    wire = open_wire(dial, server, session)
    say(wire, b"hello")
    assert hear(wire) == b"hello"
    resumed: bool = wire._connection.session_reused
    wire.close()
    return resumed


def test_a_shopper_resumes_its_own_session(certificates: Certificates, tls_server: FarEnd) -> None:
    dial, session = tls_dialer(certificates), TlsSession()

    assert [exchange(dial, tls_server, session) for _ in range(4)] == [False, True, True, True]


def test_shoppers_resume_nothing_of_each_other(certificates: Certificates, tls_server: FarEnd) -> None:
    dial = tls_dialer(certificates)

    assert [exchange(dial, tls_server, TlsSession()) for _ in range(3)] == [False] * 3
    assert [exchange(dial, tls_server, None) for _ in range(3)] == [False] * 3


def test_connections_that_are_open_side_by_side_resume_too(certificates: Certificates, tls_server: FarEnd) -> None:
    dial, session = tls_dialer(certificates), TlsSession()
    first = open_wire(dial, tls_server, session)
    say(first, b"hello")
    hear(first)

    assert exchange(dial, tls_server, session)
    first.close()


def test_connections_opened_all_at_once_are_well(certificates: Certificates, tls_server: FarEnd) -> None:
    dial, session = tls_dialer(certificates), TlsSession()
    shoppers = [gevent.spawn(exchange, dial, tls_server, session) for _ in range(6)]
    gevent.joinall(shoppers, raise_error=True)

    assert exchange(dial, tls_server, session)


def test_sessions_belong_to_their_origin(certificates: Certificates) -> None:
    with far_end(echo, certificates.server()) as one, far_end(echo, certificates.server()) as two:
        dial, session = tls_dialer(certificates), TlsSession()
        assert not exchange(dial, one, session)
        assert not exchange(dial, two, session)
        assert exchange(dial, one, session)
        assert exchange(dial, two, session)


def test_sessions_belong_to_their_settings(certificates: Certificates, tls_server: FarEnd) -> None:
    session = TlsSession()
    assert not exchange(tls_dialer(certificates, tls={"verify": False}), tls_server, session)
    assert not exchange(tls_dialer(certificates), tls_server, session)
    assert exchange(tls_dialer(certificates), tls_server, session)


def test_a_session_that_the_server_has_forgotten_is_replaced(certificates: Certificates, tls_server: FarEnd) -> None:
    dial, session = tls_dialer(certificates), TlsSession()
    assert not exchange(dial, tls_server, session)
    port = tls_server.port
    tls_server.close()
    with far_end(echo, certificates.server(), port=port) as renewed:
        assert [exchange(dial, renewed, session) for _ in range(3)] == [False, True, True]
