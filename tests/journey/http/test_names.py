"""A host's addresses are kept, shared, taken in turn, and followed when they change."""

from __future__ import annotations

import socket
from time import monotonic

import gevent
import pytest
from journey.http.far_ends import PATIENCE_S, Resolver, until

from loadgen.journey.http import names
from loadgen.journey.http.failures import ConnectFailed, NameUnknown
from loadgen.journey.http.names import Host, Names

A, B, C = "192.0.2.1", "192.0.2.2", "2001:db8::3"


def order(host: Host, ttl_s: float = 60.0) -> list[str]:
    return [address.ip for address in host.turn(ttl_s, monotonic() + PATIENCE_S)[1]]


def test_addresses_are_asked_for_once(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A]
    known = Names()

    for _ in range(5):
        assert order(known.host("shop.example")) == [A]

    assert resolver.asked == ["shop.example"]


def test_addresses_are_begun_with_in_turn(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A, B, C]
    host = Host("shop.example")

    assert [order(host) for _ in range(4)] == [[A, B, C], [B, C, A], [C, A, B], [A, B, C]]
    assert host.turn(60, 0)[0] == 1, "the second round has begun"


def test_addresses_named_twice_are_one(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A, B, A]

    assert order(Host("shop.example")) == [A, B]


def test_ipv6_addresses_keep_their_scope(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [C]
    _, (address,) = Host("shop.example").turn(60, monotonic() + PATIENCE_S)

    assert address == (socket.AF_INET6, C, (0, 0))


def test_no_time_to_keep_asks_for_each_connection(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A]
    host = Host("shop.example")
    order(host, ttl_s=0)
    resolver.answers["shop.example"] = [B]

    assert order(host, ttl_s=0) == [B]


def test_a_literal_address_is_asked_for_once_and_for_all(resolver: Resolver) -> None:
    resolver.answers[A] = [A]
    host = Host(A)

    assert order(host, ttl_s=0) == order(host, ttl_s=0) == [A]
    assert resolver.asked == [A]


def test_all_wait_for_one_question(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A]
    resolver.gate.clear()
    host = Host("shop.example")
    shoppers = [gevent.spawn(order, host) for _ in range(50)]
    until(lambda: resolver.asked)
    resolver.gate.set()
    gevent.joinall(shoppers, timeout=PATIENCE_S)

    assert [shopper.get() for shopper in shoppers] == [[A]] * 50
    assert resolver.asked == ["shop.example"]


def test_a_shopper_that_leaves_takes_no_answer_from_the_others(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A]
    resolver.gate.clear()
    host = Host("shop.example")
    first, second = gevent.spawn(order, host), gevent.spawn(order, host)
    until(lambda: resolver.asked)
    first.kill()
    resolver.gate.set()

    assert second.get(timeout=PATIENCE_S) == [A]


@pytest.mark.usefixtures("resolver")
def test_an_unknown_name_is_said_to_be_one() -> None:
    with pytest.raises(NameUnknown, match=r"shop\.example does not resolve: Name or service not known"):
        order(Host("shop.example"))


def test_what_is_no_name_is_said_to_be_none(resolver: Resolver) -> None:
    resolver.answers["a..b"] = UnicodeError("label empty or too long")

    with pytest.raises(NameUnknown, match="no name of a host"):
        order(Host("a..b"))


def test_a_forbidden_name_tells_why(resolver: Resolver) -> None:
    resolver.answers["bank.example"] = PermissionError(13, "this worker may not send to bank.example")

    with pytest.raises(ConnectFailed, match=r"^this worker may not send to bank\.example$"):
        order(Host("bank.example"))


def test_a_failed_question_is_asked_again_soon_but_not_at_once(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host("shop.example")
    for _ in range(3):
        with pytest.raises(NameUnknown):
            order(host)
    assert len(resolver.asked) == 1

    resolver.answers["shop.example"] = [A]
    monkeypatch.setattr(names, "FAILURE_S", 0.0)
    assert order(host) == [A]


def test_old_addresses_are_used_while_new_ones_cannot_be_had(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver.answers["shop.example"] = [A]
    host = Host("shop.example")
    order(host)
    resolver.answers["shop.example"] = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert order(host, ttl_s=0) == order(host, ttl_s=0) == [A]
    assert len(resolver.asked) == 2, "and nobody asks at once again"

    resolver.answers["shop.example"] = [B]
    monkeypatch.setattr(names, "FAILURE_S", 0.0)
    assert order(host, ttl_s=0) == [B]


def test_a_name_server_that_hangs_holds_up_nobody_for_longer_than_their_time(resolver: Resolver) -> None:
    resolver.gate.clear()
    host = Host("shop.example")

    with pytest.raises(NameUnknown, match=r"did not resolve within 0\.02 s"):
        host.turn(60, monotonic() + 0.02)
    resolver.gate.set()


def test_a_name_server_that_hangs_holds_up_one_shopper_if_addresses_are_known(resolver: Resolver) -> None:
    resolver.answers["shop.example"] = [A]
    host = Host("shop.example")
    order(host)
    resolver.gate.clear()
    patient = gevent.spawn(host.turn, 0, monotonic() + 0.2)
    until(lambda: len(resolver.asked) == 2)

    assert order(host, ttl_s=0) == [A]
    assert not patient.ready(), "the one who asked still waits"
    assert patient.get(timeout=PATIENCE_S)[1][0].ip == A
    resolver.gate.set()


def test_an_address_that_failed_comes_last_for_a_while(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver.answers["shop.example"] = [A, B, C]
    host = Host("shop.example")
    _, (first, *_) = host.turn(60, monotonic() + PATIENCE_S)
    host.rest(first)
    assert [order(host) for _ in range(3)] == [[B, C, A], [C, B, A], [B, C, A]]

    monkeypatch.setattr(names, "monotonic", lambda: monotonic() + names.REST_S + 1)
    assert [ips[0] for ips in (order(host), order(host), order(host))] == [B, C, A]


def test_the_real_resolver_knows_this_machine() -> None:
    assert set(order(Names().host("localhost"))) <= {"127.0.0.1", "::1"}
    assert order(Names().host("127.0.0.1")) == ["127.0.0.1"]
