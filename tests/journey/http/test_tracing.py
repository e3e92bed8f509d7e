"""What a traceparent looks like on the wire: one trace for a request, a parent id for whatever is sent for it."""

from __future__ import annotations

import re
from collections.abc import Callable

from journey.http.misbehaving import CLOSE, HEAR, Shop, Visitor, answer, moved, shop

from loadgen.journey.http.composing import Wanted, head_of
from loadgen.journey.http.http2.fields import request_fields
from loadgen.journey.http.wires import Origin
from loadgen.journey.tracing import new_trace_id

Visit = Callable[..., Visitor]

HEADER = re.compile(rb"(?im)^traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-01\r?$")


def ids(server: Shop) -> list[tuple[str, str]]:
    """Trace id and parent id of each request heard; each has one such header."""
    written = [
        re.findall(rb"(?im)^traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-01\r?$", head) for head in server.heads
    ]
    assert [len(found) for found in written] == [1] * len(written), server.heads
    return [(found[0][0].decode(), found[0][1].decode()) for found in written]


def test_each_hop_of_a_chain_has_a_parent_id_of_its_own_in_one_trace(visit: Visit) -> None:
    with shop([HEAR, moved("/b"), HEAR, moved("/c", 307), HEAR, answer()]) as server:
        visitor = visit(server.url, trace=True)
        response = visitor.client.post("/a", data={"x": "y"}, headers={"X-Own": "1"})

        traces, parents = zip(*ids(server), strict=True)
        assert server.lines == ["POST /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c HTTP/1.1"]
        assert set(traces) == {response.trace_id}
        assert len(set(parents)) == 3


def test_a_repeat_on_a_fresh_connection_has_a_parent_id_of_its_own_in_one_trace(visit: Visit) -> None:
    with shop([HEAR, answer(), HEAR, CLOSE], [HEAR, answer()]) as server:
        visitor = visit(server.url, trace=True)
        first, second = visitor.get("/first"), visitor.get("/second")

        (trace, _), (broken, parent), (repeated, another) = ids(server)
        assert server.lines == ["GET /first HTTP/1.1", "GET /second HTTP/1.1", "GET /second HTTP/1.1"]
        assert trace == first.trace_id
        assert broken == repeated == second.trace_id != trace
        assert parent != another


def test_it_stands_beside_cookies_bodies_and_default_headers(visit: Visit) -> None:
    with shop([HEAR, answer(b"", "200 OK", "Set-Cookie: a=1"), HEAR, answer()]) as server:
        visitor = visit(server.url, trace=True, default_headers=(("X-Load-Test", "yes"),))
        visitor.get("/")
        visitor.client.post("/cart", data=b"pay")

        assert len(ids(server)) == 2
        assert b"\r\nCookie: a=1" in server.heads[1]
        assert b"\r\nX-Load-Test: yes" in server.heads[1]
        assert server.bodies[1] == b"pay"


def test_a_request_that_was_not_answered_has_its_trace_id(visit: Visit) -> None:
    with shop([HEAR, CLOSE]) as server:
        visitor = visit(server.url, trace=True)
        response = visitor.get("/")
        ((trace, _),) = ids(server)

    assert response.error is not None
    assert response.trace_id == trace
    assert [sample.trace_id for sample in visitor.recorder.take(0).slowest] == [trace]


def test_an_own_header_goes_with_its_request_wherever_it_is_led(visit: Visit) -> None:
    own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    with shop([HEAR, moved("/b"), HEAR, answer()]) as server:
        response = visit(server.url, trace=True).get("/a", headers={"TRACEPARENT": own})

        assert [head.lower().count(b"traceparent") for head in server.heads] == [1, 1]
        assert all(own.encode() in head for head in server.heads)
        assert response.trace_id == own[3:35]


def test_over_http2_it_is_a_header_as_any_other() -> None:
    trace_id = new_trace_id()
    for own in ({}, {"X-Own": "1"}):
        wanted = Wanted("GET", own, b"", "", stream=False, trace_id=trace_id)
        head = head_of(wanted, Origin("https", "shop.example", 443), "/", b"a=1", (), None)
        (value,) = [value for name, value in request_fields(head, b"https") if name == b"traceparent"]
        assert re.fullmatch(rb"00-%b-[0-9a-f]{16}-01" % trace_id.encode(), value)


def test_nothing_is_sent_unless_asked_for(visit: Visit) -> None:
    with shop([HEAR, answer()]) as server:
        response = visit(server.url).get("/")

        assert b"traceparent" not in server.heads[0].lower()
        assert response.trace_id == ""
