"""One connection to an origin, whoever asks for it and however many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event as Gate
from h2.settings import SettingCodes
from journey.http.far_ends import Certificates, Tunnels, far_end, silence, until
from journey.http.http2_shop import Come, Gone, Heard, Peer, http2_context, http2_shop, in_turn, serve, serving
from journey.http.misbehaving import LIMIT_S, Visitor, answer, let_run

from loadgen.journey import FastHttpUser
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.leaving import ShopperGone


def all_at_once(visitor: Visitor, number: int) -> list[Any]:
    greenlets = [gevent.spawn(visitor.get, f"/{each}") for each in range(number)]
    let_run(*greenlets)
    return [greenlet.value for greenlet in greenlets]


def when_all_are_here(number: int) -> Callable[[Peer], None]:
    """Answer so many requests when all have come, the last one first."""

    def script(peer: Peer) -> None:
        requests = [peer.hear() for _ in range(number)]
        for request in reversed(requests):
            peer.answer(request, request.path.encode())

    return script


def test_requests_at_once_share_the_first_connection(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, when_all_are_here(10)) as server:
        visitor = come(server.url)
        assert [response.text for response in all_at_once(visitor, 10)] == [f"/{each}" for each in range(10)]
        assert server.connections == 1
        assert visitor.counted() == {"": 10}


def test_as_many_at_once_as_the_server_allows(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, when_all_are_here(60)) as server:
        visitor = come(server.url, concurrency=3)
        assert {response.status_code for response in all_at_once(visitor, 60)} == {200}
        assert server.connections == 1


def test_those_above_the_servers_limit_wait_for_their_turn(come: Come, certificates: Certificates) -> None:
    most = 0

    def script(peer: Peer) -> None:
        nonlocal most
        peer.answer(peer.hear())
        for _ in range(30):
            request = peer.hear()
            gevent.sleep(0.001)
            while len(peer.requests) < 31 and peer.h2.open_inbound_streams < 4:
                peer.listen()
            most = max(most, peer.h2.open_inbound_streams)
            peer.answer(request)

    with http2_shop(certificates, script, settings={SettingCodes.MAX_CONCURRENT_STREAMS: 4}) as server:
        visitor = come(server.url)
        assert visitor.get().text == "hello"  # from now on the limit is known
        assert {response.status_code for response in all_at_once(visitor, 30)} == {200}
        assert (most, server.connections) == (4, 1)


def test_a_limit_that_changes_holds_from_then_on(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        peer.allow(max_concurrent_streams=1)
        serving(1)(peer)
        for _ in range(5):
            request = peer.hear()
            assert peer.h2.open_inbound_streams == 1
            peer.answer(request)
        peer.allow(max_concurrent_streams=5)
        serving(1)(peer)
        when_all_are_here(5)(peer)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert [visitor.get().status_code for _ in range(2)] == [200, 200]
        assert {response.status_code for response in all_at_once(visitor, 5)} == {200}
        assert visitor.get().status_code == 200
        assert {response.status_code for response in all_at_once(visitor, 5)} == {200}
        assert server.connections == 1


def test_a_server_that_allows_nothing_is_waited_for_as_for_an_answer(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        peer.allow(max_concurrent_streams=0)
        gate.wait()
        peer.allow(max_concurrent_streams=3)
        serve(peer)

    gate = Gate()
    with http2_shop(certificates, script) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        assert visitor.reason() == ""
        until(lambda: visitor.reason() == "timeout_first_byte")
        late = gevent.spawn(visitor.reason)
        gevent.sleep(0.01)
        gate.set()
        assert late.get(timeout=10) == ""
        assert len(server.heard) == 2
        assert server.connections == 1


def test_a_server_that_chooses_the_older_protocol_gets_it(come: Come, certificates: Certificates) -> None:
    gate = Gate()

    def talk(sock: Any) -> None:
        while b"\r\n\r\n" in (heard := sock.recv(65536)):
            assert heard.startswith(b"GET /")
            gate.wait()
            sock.sendall(answer())

    with far_end(talk, http2_context(certificates, "http/1.1")) as server:
        visitor = come(f"https://localhost:{server.port}", concurrency=3)
        greenlets = [gevent.spawn(visitor.reason) for _ in range(6)]
        until(lambda: len(server.peers) == 3)
        gate.set()
        let_run(*greenlets)
        assert [greenlet.value for greenlet in greenlets] == [""] * 6
        assert len(server.peers) == 3


def test_those_who_wait_for_the_first_connection_share_its_failure(come: Come) -> None:
    with far_end(silence) as server:
        visitor = come(f"https://127.0.0.1:{server.port}", tls_timeout_s=LIMIT_S)
        greenlets = [gevent.spawn(visitor.reason) for _ in range(8)]
        let_run(*greenlets)
        assert [greenlet.value for greenlet in greenlets] == ["timeout_tls"] * 8
        assert len(server.peers) == 1
        assert visitor.reason() == "timeout_tls"
        assert len(server.peers) == 2


def test_when_the_first_is_killed_the_next_one_opens_the_connection(
    come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, opened = Gate(), []
    open_now = Dialer.open

    def open_later(dialer: Dialer, *details: Any) -> Any:
        opened.append(1)
        if len(opened) == 1:
            gate.wait()
        return open_now(dialer, *details)

    monkeypatch.setattr(Dialer, "open", open_later)
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url)
        first = gevent.spawn(visitor.reason)
        until(lambda: opened)
        others = [gevent.spawn(visitor.reason) for _ in range(3)]
        gevent.sleep(0.001)
        first.kill()
        let_run(*others)
        assert [other.value for other in others] == [""] * 3
        assert len(opened) == 2
        assert server.connections == 1


def test_who_waits_for_the_first_connection_goes_with_the_shopper(
    come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    open_now = Dialer.open

    def open_later(dialer: Dialer, *details: Any) -> Any:
        gate.wait()
        return open_now(dialer, *details)

    monkeypatch.setattr(Dialer, "open", open_later)
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url)
        first, second = gevent.spawn(visitor.reason), gevent.spawn(visitor.reason)
        gevent.sleep(0.001)
        visitor.client.close()
        assert second.get(timeout=10) == "reset"
        gate.set()
        assert first.get(timeout=10) == "reset"
        until(lambda: server.end.ended == server.connections)


def test_streams_end_with_the_shopper(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.head(peer.hear())
        peer.hear()
        peer.hear_head()

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        held = visitor.get(stream=True)
        waiting = gevent.spawn(visitor.reason)
        sending = gevent.spawn(visitor.reason, "/", "POST", data=b"x" * (1 << 24))
        until(lambda: len(server.heard) == 3)
        visitor.client.close()
        assert (waiting.get(timeout=10), sending.get(timeout=10)) == ("reset", "reset")
        with pytest.raises(OSError, match="closed"):
            list(held.iter_content())
        until(lambda: server.end.ended == 1)


def test_a_stopped_shopper_gets_the_answer_that_is_on_its_way_and_asks_no_more(
    stage: Any, certificates: Certificates
) -> None:
    gate = Gate()
    late: list[Any] = []

    def journey(user: Any) -> None:
        greenlets = [gevent.spawn(user.client.get, f"/{each}") for each in range(2)]
        try:
            gevent.joinall(greenlets)
        finally:
            late.append(gevent.spawn(user.client.get, "/late"))

    def script(peer: Peer) -> None:
        requests = [peer.hear() for _ in range(2)]
        gate.wait()
        for request in requests:
            peer.answer(request)

    with http2_shop(certificates, script) as server:
        stage.environment.host = server.url
        user_class = type("Stopped", (FastHttpUser,), {"tasks": [journey], "http": "2"})
        session = stage.session(user_class)
        living = stage.spawn(session, user_class)
        until(lambda: len(server.heard) == 2)
        session.stop(now=True)
        gate.set()
        assert living.get(timeout=10) == "interrupted"
        tally = stage.tally()
        assert (tally.sent, tally.requests, tally.failures, tally.in_flight) == (2, 2, 0, 0)
        let_run(*late)
        assert [type(greenlet.value) for greenlet in late] == [ShopperGone]
        until(lambda: server.end.ended == 1)


def test_a_stream_that_is_dropped_is_ended_and_the_connection_stays(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        for _ in range(2):
            request = peer.hear()
            peer.head(request)
            peer.data(request, b"hello")
        serve(peer)

    with http2_shop(certificates, script, settings={SettingCodes.MAX_CONCURRENT_STREAMS: 1}) as server:
        visitor = come(server.url)
        visitor.get(stream=True)  # dropped where it stands
        with visitor.get(stream=True, catch_response=True) as response:
            assert next(response.iter_content()) == "hello"
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1
        assert server.peers[0].resets == {1: 8, 3: 8}


def test_an_origin_has_a_connection_of_its_own(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as first, http2_shop(certificates, serve) as second:
        visitor = come(first.url)
        for _ in range(2):
            assert visitor.get().text == "/"
            assert visitor.get(f"{second.url}/b").text == "/b"
        assert (first.connections, second.connections) == (1, 1)


def test_it_goes_through_the_tunnels_of_proxies(come: Come, certificates: Certificates) -> None:
    tunnels = Tunnels()
    with http2_shop(certificates, serve) as server, far_end(tunnels) as proxy:
        visitor = come(server.url, proxy=f"http://127.0.0.1:{proxy.port}")
        assert [visitor.get(f"/{each}").text for each in range(3)] == ["/0", "/1", "/2"]
        assert len(proxy.peers) == server.connections == len(tunnels.heads) == 1


def test_idle_connections_do_not_outlive_their_time(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url, keep_alive_s=0.01)
        for _ in range(3):
            assert visitor.get().text == "/"
            gevent.sleep(0.02)
        assert server.connections == 3
        until(lambda: server.end.ended == 2)


def test_an_idle_connection_that_the_server_closed_is_replaced_whatever_the_method(
    come: Come, certificates: Certificates
) -> None:
    def closing(peer: Peer) -> None:
        peer.answer(peer.hear())
        raise Gone

    with http2_shop(certificates, closing) as server:
        visitor = come(server.url)
        for count in range(1, 5):
            assert visitor.client.post("/", data=b"x").text == "hello"
            until(lambda count=count: server.end.ended == count)
        assert visitor.counted() == {"": 4}
        assert server.connections == 4


def test_a_connection_that_breaks_before_it_is_looked_at_costs_an_idempotent_request_nothing(
    come: Come, certificates: Certificates
) -> None:
    def closing(peer: Peer) -> None:
        peer.answer(peer.hear())
        peer.hear()
        raise Gone

    with http2_shop(certificates, closing, closing, serve) as server:
        visitor = come(server.url)
        assert [visitor.reason() for _ in range(2)] == ["", ""]
        assert visitor.reason("/", "POST", data=b"x") == "reset"
        assert [request[":method"] for request in server.heard] == ["GET", "GET", "GET", "POST"]


def test_a_new_connection_that_breaks_is_a_failure(come: Come, certificates: Certificates) -> None:
    def closing(peer: Peer) -> None:
        peer.hear()
        raise Gone

    with http2_shop(certificates, closing) as server:
        visitor = come(server.url)
        assert visitor.reason() == "reset"
        assert server.connections == 1


def test_many_shoppers_share_nothing(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        visitors = [come(server.url) for _ in range(5)]
        for visitor in visitors:
            assert visitor.get().text == "/"
        assert server.connections == 5


def test_what_is_half_asked_is_not_waited_for_by_others(come: Come, certificates: Certificates) -> None:
    gate = Gate()

    def pieces() -> Any:
        yield b"first"
        gate.wait()
        yield b"second"

    def script(peer: Peer) -> None:
        slow: Heard = peer.hear_head()
        quick = peer.hear()
        peer.answer(quick, b"quick")
        while not slow.ended:
            peer.listen()
        peer.answer(slow, bytes(slow.body))

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        slow = gevent.spawn(visitor.client.post, "/slow", data=pieces())
        until(lambda: server.heard and bytes(server.heard[0].body) == b"first")
        assert visitor.get("/quick").text == "quick"
        gate.set()
        assert slow.get(timeout=10).text == "firstsecond"


def test_requests_at_once_after_some_in_a_row(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, in_turn(serving(2), when_all_are_here(2))) as server:
        visitor = come(server.url)
        assert [visitor.get().text for _ in range(2)] == ["/", "/"]
        assert [response.text for response in all_at_once(visitor, 2)] == ["/0", "/1"]
