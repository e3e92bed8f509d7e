"""Exchanges that end early, and connections that do: what was begun is answered, what was not heard is sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event as Gate
from h2.settings import SettingCodes
from journey.http.far_ends import Certificates, until
from journey.http.http2_shop import Come, Gone, Peer, gated, http2_shop, in_turn, serve, serving
from journey.http.misbehaving import Visitor, let_run

from loadgen.journey.http.failures import ConnectionReset


def both(visitor: Visitor, *paths: str) -> list[gevent.Greenlet]:
    return [gevent.spawn(visitor.get, path) for path in paths]


def test_what_was_begun_before_the_end_was_announced_is_answered(come: Come, certificates: Certificates) -> None:
    gate = Gate()

    def ending(peer: Peer) -> None:
        first, second = peer.hear(), peer.hear()
        peer.head(first)
        peer.goaway(second.stream)
        gate.wait()
        peer.data(first, b"first", end=True)
        peer.answer(second, b"second")
        peer.listen_to_the_end()

    with http2_shop(certificates, ending, serve) as server:
        visitor = come(server.url)
        greenlets = both(visitor, "/1", "/2")
        until(lambda: len(server.heard) == 2)
        gevent.sleep(0.005)
        assert visitor.get("/3").text == "/3"
        assert server.connections == 2
        gate.set()
        let_run(*greenlets)
        assert [greenlet.value.text for greenlet in greenlets] == ["first", "second"]
        until(lambda: server.end.ended == 1)
        assert visitor.get("/4").text == "/4"
        assert server.connections == 2


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("code", [0, 11])
def test_what_the_server_had_not_looked_at_is_sent_once_more(
    come: Come, certificates: Certificates, method: str, code: int
) -> None:
    def ending(peer: Peer) -> None:
        peer.hear()
        peer.goaway(0, code)
        raise Gone

    with http2_shop(certificates, ending, serve) as server:
        visitor = come(server.url)
        response = visitor.client.request(method, "/buy", data=b"" if method == "GET" else b"hat")
        assert (response.text, response.error) == ("/buy", None)
        assert server.paths == ["/buy", "/buy"]
        assert visitor.counted() == {"": 1}


def test_those_above_the_last_stream_go_on_elsewhere(come: Come, certificates: Certificates) -> None:
    def ending(peer: Peer) -> None:
        requests = [peer.hear() for _ in range(3)]
        peer.goaway(requests[0].stream)
        peer.answer(requests[0], b"here")
        peer.listen_to_the_end()

    with http2_shop(certificates, ending, serve) as server:
        visitor = come(server.url)
        greenlets = both(visitor, "/1", "/2", "/3")
        let_run(*greenlets)
        assert [greenlet.value.text for greenlet in greenlets] == ["here", "/2", "/3"]
        assert server.connections == 2
        until(lambda: server.end.ended == 1)


def test_a_server_that_announces_the_end_twice_means_the_second(come: Come, certificates: Certificates) -> None:
    def ending(peer: Peer) -> None:
        first, _ = peer.hear(), peer.hear()
        peer.goaway(2**31 - 1)
        peer.answer(first, b"here")
        peer.goaway(first.stream)
        peer.listen_to_the_end()

    with http2_shop(certificates, ending, serve) as server:
        greenlets = both(come(server.url), "/1", "/2")
        let_run(*greenlets)
        assert [greenlet.value.text for greenlet in greenlets] == ["here", "/2"]


def test_it_is_sent_again_only_once(come: Come, certificates: Certificates) -> None:
    def ending(peer: Peer) -> None:
        peer.hear()
        peer.goaway(0)
        raise Gone

    with http2_shop(certificates, ending) as server:
        visitor = come(server.url)
        assert visitor.reason() == "reset"
        assert server.connections == len(server.heard) == 2


def test_a_body_that_was_streamed_is_not_there_to_be_sent_again(come: Come, certificates: Certificates) -> None:
    def ending(peer: Peer) -> None:
        peer.hear()
        peer.goaway(0)
        raise Gone

    with http2_shop(certificates, ending, serve) as server:
        assert come(server.url).reason("/", "PUT", data=iter([b"x"])) == "reset"
        assert server.connections == 1


def test_a_connection_that_announces_its_end_while_idle_is_not_used(come: Come, certificates: Certificates) -> None:
    def ending(peer: Peer) -> None:
        serving(1)(peer)
        peer.goaway(1)

    with http2_shop(certificates, ending, serve) as server:
        visitor = come(server.url)
        assert visitor.get().text == "/"
        until(lambda: server.end.ended == 1)
        assert visitor.client.post("/buy").text == "/buy"
        assert server.connections == 2


def test_a_connection_without_further_numbers_for_streams_is_replaced(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url)
        assert visitor.get("/1").text == "/1"
        lane: Any = visitor.client._connections._lanes[server.end.origin("localhost")]
        lane.shared._frames._h2.highest_outbound_stream_id = 2**31 - 1
        assert visitor.client.post("/2", data=b"x").text == "/2"
        until(lambda: server.end.ended == 1)


def test_an_end_with_a_reason_is_told(come: Come, certificates: Certificates) -> None:
    def ending(peer: Peer) -> None:
        peer.goaway(peer.hear().stream, 11)
        raise Gone

    with http2_shop(certificates, ending) as server:
        error = come(server.url).get().error
        assert isinstance(error, ConnectionReset)
        assert str(error) == "the server closed the connection without an answer (ENHANCE_YOUR_CALM)"


def test_a_refused_stream_is_asked_for_once_more_whatever_the_method(come: Come, certificates: Certificates) -> None:
    def refusing(peer: Peer) -> None:
        peer.reset(peer.hear(), 7)
        serve(peer)

    with http2_shop(certificates, refusing) as server:
        visitor = come(server.url)
        assert visitor.client.post("/buy", data=b"hat").text == "/buy"
        assert [bytes(request.body) for request in server.heard] == [b"hat", b"hat"]
        assert server.connections == 1
        assert visitor.counted() == {"": 1}


@pytest.mark.parametrize("end", ["refuse", "go away"])
def test_what_was_answered_cannot_be_said_not_to_have_been_looked_at(
    come: Come, certificates: Certificates, end: str
) -> None:
    def lying(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        if end == "refuse":
            peer.reset(request, 7)
        else:
            peer.goaway(0)

    with http2_shop(certificates, lying, serve) as server:
        assert come(server.url).reason("/buy", "POST", data=b"hat") == "reset"
        assert server.paths == ["/buy"]


def test_a_stream_that_is_refused_twice_has_failed(come: Come, certificates: Certificates) -> None:
    def refusing(peer: Peer) -> None:
        for _ in range(2):
            peer.reset(peer.hear(), 7)
        serve(peer)

    with http2_shop(certificates, refusing) as server:
        visitor = come(server.url)
        assert [visitor.reason(), visitor.reason()] == ["reset", ""]
        assert server.connections == 1


@pytest.mark.parametrize("code", [0, 1, 2, 5, 8, 11, 4242])
@pytest.mark.parametrize("begun", [False, True])
def test_a_stream_that_the_server_ends_is_a_failure_of_its_own(
    come: Come, certificates: Certificates, code: int, begun: bool
) -> None:
    def script(peer: Peer) -> None:
        first, second = peer.hear(), peer.hear()
        if begun:
            peer.head(first)
            peer.data(first, b"hel")
        peer.reset(first, code)
        peer.answer(second, b"well")
        serve(peer)

    with http2_shop(certificates, in_turn(serving(1), script)) as server:
        visitor = come(server.url)
        assert visitor.reason() == ""  # the connection is a kept one
        bad = gevent.spawn(visitor.reason, "/bad")
        until(lambda: len(server.heard) == 2)
        good = gevent.spawn(visitor.get, "/good")
        assert bad.get(timeout=10) == "reset"
        assert good.get(timeout=10).text == "well"
        assert visitor.get("/next").text == "/next"
        assert server.paths == ["/", "/bad", "/good", "/next"]


@pytest.mark.parametrize("how", ["whole", "pieces"])
@pytest.mark.parametrize("resets", [False, True])
def test_an_answer_before_the_whole_upload_is_an_answer(
    come: Come, certificates: Certificates, how: str, resets: bool
) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear_head()
        peer.answer(request, b"too much")
        if resets:
            peer.reset(request, 0)
        while len(server.heard) < 2:
            peer.listen()
        peer.answer(server.heard[1], b"next")

    data: Any = b"x" * (1 << 20) if how == "whole" else (b"x" * 65536 for _ in range(16))
    with http2_shop(certificates, script, widens=False) as server:
        visitor = come(server.url)
        assert visitor.client.post("/up", data=data).text == "too much"
        assert visitor.get("/next").text == "next"
        assert server.connections == 1


def test_a_streamed_answer_before_the_whole_upload(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear_head(), b"too much")

    with http2_shop(certificates, script, widens=False) as server:
        response = come(server.url).client.post("/up", data=b"x" * (1 << 20), stream=True)
        assert "".join(response.iter_content()) == "too much"


def test_a_connection_that_breaks_ends_all_on_it(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        first = peer.hear()
        peer.hear()
        peer.head(first)
        peer.slam()

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        greenlets = both(visitor, "/1", "/2")
        let_run(*greenlets)
        assert [greenlet.value.error.reason for greenlet in greenlets] == ["reset", "reset"]
        assert visitor.counted() == {"reset": 2}


def test_the_answer_counts_even_if_the_connection_breaks_with_it(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        raise Gone

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert [visitor.get().text for _ in range(3)] == ["hello"] * 3


def test_an_answer_that_ends_with_the_connection_is_none(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        peer.data(request, b"hel")
        raise Gone

    with http2_shop(certificates, script) as server:
        error = come(server.url).get().error
        assert str(error) == "the server closed the connection in the middle of the answer"


def wait_in_line(visitor: Visitor) -> None:
    visitor.get("/next")


def wait_for_an_answer(visitor: Visitor) -> None:
    visitor.get("/slow")


def send_what_nobody_takes(visitor: Visitor) -> None:
    visitor.client.post("/up", data=b"x" * (1 << 20))


def read_a_stream(visitor: Visitor) -> None:
    list(visitor.get("/slow", stream=True).iter_content())


@pytest.mark.parametrize("wait", [wait_in_line, wait_for_an_answer, send_what_nobody_takes, read_a_stream])
def test_who_is_killed_leaves_the_connection_to_the_others(
    come: Come, certificates: Certificates, wait: Callable[[Visitor], None]
) -> None:
    gate = Gate()

    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        first = peer.hear_head()
        if wait is read_a_stream:
            peer.head(first)
            peer.data(first, b"x")
        gate.wait()
        if wait is wait_in_line:
            peer.answer(first)
        else:
            while not peer.resets:
                peer.listen()
        peer.answer(peer.hear(), b"well")

    limit = {SettingCodes.MAX_CONCURRENT_STREAMS: 1 if wait is wait_in_line else 10}
    with http2_shop(certificates, script, settings=limit, widens=False) as server:
        visitor = come(server.url)
        assert visitor.get().text == "hello"
        held = gevent.spawn(visitor.get, "/held") if wait is wait_in_line else None
        until(lambda: held is None or len(server.heard) == 2)
        killed = gevent.spawn(wait, visitor)
        until(lambda: len(server.heard) == 2)
        gevent.sleep(0.005)
        killed.kill()
        gate.set()
        assert visitor.get("/well").text == "well"
        assert server.connections == 1
        assert "/next" not in server.paths


def test_a_kept_connection_is_ended_with_its_last_stream(come: Come, certificates: Certificates) -> None:
    gate = Gate()

    def ending(peer: Peer) -> None:
        held = peer.hear()
        peer.head(held)
        peer.goaway(held.stream)
        gated(gate)(peer)
        peer.data(held, b"held", end=True)

    with http2_shop(certificates, ending, serve) as server:
        visitor = come(server.url)
        held = visitor.get(stream=True)
        assert visitor.get("/next").text == "/next"
        assert server.end.ended == 0
        gate.set()
        assert held.content == b"held"
        until(lambda: server.end.ended == 1)
