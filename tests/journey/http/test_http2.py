"""A request over HTTP/2 says what one over HTTP/1.1 says, and its answer reads the same."""

from __future__ import annotations

import gzip
from typing import Any

import gevent
import pytest
from h2.events import PingAckReceived, RemoteSettingsChanged
from h2.settings import SettingCodes
from journey.http.far_ends import Certificates, until
from journey.http.http2_shop import OK, Come, Fields, Peer, http2_shop, serve
from journey.http.misbehaving import HEAR, Visitor, answer, moved, shop

from loadgen.journey.http.failures import ProtocolBroken
from loadgen.journey.http.http2 import frames as http2_frames
from loadgen.journey.http.http2 import stream as http2_stream
from loadgen.journey.http.http2.frames import STREAM_WINDOW


def status(code: str, *fields: tuple[bytes, bytes]) -> Fields:
    return [(b":status", code.encode()), *fields]


def test_a_request_and_its_answer(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear(), b"<p>hello</p>", status("200", (b"content-type", b"text/html"), (b"x-a", b"1, 2")))

    with http2_shop(certificates, script) as server:
        response = come(server.url).get("/hat?size=7", headers={"X-Trace": "AbC", "Authorization": "Basic Og=="})
        assert (response.status_code, response.text, response.error) == (200, "<p>hello</p>", None)
        assert (response.headers["Content-Type"], response.headers["X-A"]) == ("text/html", "1, 2")
        (request,) = server.heard
        assert request.fields[:4] == [
            (b":method", b"GET"),
            (b":scheme", b"https"),
            (b":authority", f"localhost:{server.end.port}".encode()),
            (b":path", b"/hat?size=7"),
        ]
        assert request["x-trace"] == "AbC"
        assert request["authorization"] == "Basic Og=="
        assert request["accept-encoding"]


def test_headers_of_a_connection_are_left_out(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear(), b"", status("200", (b"connection", b"close"), (b"keep-alive", b"5"), (b"x-b", b"2")))
        peer.answer(peer.hear(), b"x")

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        own = {
            "Connection": "X-Hop, close",
            "X-Hop": "1",
            "Keep-Alive": "5",
            "TE": "gzip",
            "Upgrade": "h2c",
            "X-End": "2",
        }
        response = visitor.get(headers=own)
        assert dict(response.headers) == {"x-b": "2"}
        assert visitor.get(headers={"TE": "trailers", "Host": "other.test"}).status_code == 200
        first, second = server.heard
        names = {name for name, _ in first.fields}
        assert names & {b"connection", b"x-hop", b"keep-alive", b"te", b"upgrade", b"host"} == set()
        assert first["x-end"] == "2"
        assert (second["te"], second[":authority"], second["host"]) == ("trailers", "other.test", "")


def test_cookies_are_kept_and_sent_apart(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear(), b"", status("200", (b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2; Secure")))
        peer.answer(peer.hear())

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert visitor.get().cookies == {"a": "1", "b": "2"}
        visitor.get()
        assert [value for name, value in server.heard[1].fields if name == b"cookie"] == [b"a=1", b"b=2"]


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("HEAD", status("200", (b"content-length", b"1234"))),
        ("GET", status("204")),
        ("GET", status("304", (b"content-length", b"1234"))),
    ],
)
@pytest.mark.parametrize("empty_frame", [False, True])
def test_answers_without_a_body(
    come: Come, certificates: Certificates, method: str, fields: Fields, empty_frame: bool
) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request, fields, end=not empty_frame)
        if empty_frame:
            peer.data(request, b"", end=True)
        peer.answer(peer.hear())

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        response = visitor.client.request(method, "/")
        assert (response.error, response.content) == (None, b"")
        assert visitor.get().text == "hello"
        assert server.connections == 1


def test_interim_answers_and_trailers_are_read_and_dropped(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request, status("103", (b"link", b"</a.css>; rel=preload")))
        peer.head(request, status("100"))
        peer.head(request)
        peer.data(request, b"hello")
        peer.head(request, [(b"x-checksum", b"1")], end=True)

    with http2_shop(certificates, script) as server:
        response = come(server.url).get()
        assert (response.status_code, response.text, dict(response.headers)) == (200, "hello", {})


def test_packed_bodies_are_unpacked(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear(), gzip.compress(b"hello" * 1000), status("200", (b"content-encoding", b"gzip")))

    with http2_shop(certificates, script) as server:
        assert come(server.url).get().content == b"hello" * 1000


def test_redirects_are_followed_on_the_same_connection(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear(), b"moved", status("303", (b"location", b"/there")))
        peer.answer(peer.hear(), b"there")

    with http2_shop(certificates, script) as server:
        response = come(server.url).client.post("/here", data={"a": "1"})
        assert (response.text, len(response.history), server.connections) == ("there", 1, 1)
        assert [(request[":method"], bytes(request.body)) for request in server.heard] == [
            ("POST", b"a=1"),
            ("GET", b""),
        ]


def test_one_connection_for_requests_in_a_row(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url)
        assert [visitor.get(f"/{number}").text for number in range(20)] == [f"/{number}" for number in range(20)]
        assert server.connections == 1
        assert visitor.counted() == {"": 20}


@pytest.mark.parametrize("size", [1, 5, 20_000, 300_000])
@pytest.mark.parametrize("how", ["whole", "pieces", "expect"])
def test_uploads_arrive_whole(come: Come, certificates: Certificates, size: int, how: str) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    options: dict[str, Any] = {
        "whole": {"data": data},
        "pieces": {"data": (data[start : start + 7000] for start in range(0, size, 7000))},
        "expect": {"data": data, "headers": {"Expect": "100-continue"}},
    }[how]
    with http2_shop(certificates, serve) as server:
        assert come(server.url).client.post("/up", **options).text == "/up"
        (request,) = server.heard
        assert bytes(request.body) == data
        assert request["content-length"] == ("" if how == "pieces" else str(size))
        assert request["expect"] == ("100-continue" if how == "expect" else "")
        assert request["transfer-encoding"] == ""


def test_uploads_of_nothing_end_at_once(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url)
        assert visitor.client.post("/a").text == "/a"
        assert visitor.client.post("/b", data=iter([b"", b""])).text == "/b"
        assert [bytes(request.body) for request in server.heard] == [b"", b""]


def test_large_answers_pass_all_windows(come: Come, certificates: Certificates) -> None:
    body = b"0123456789abcdef" * (1 << 20)

    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.answer(peer.hear(), body)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert visitor.get().content == body
        assert b"".join(visitor.get(stream=True).iter_content(1 << 20, decode_content=False)) == body


def test_a_stream_that_nobody_reads_holds_back_its_server_and_nobody_else(
    come: Come, certificates: Certificates
) -> None:
    sent: list[int] = []

    def script(peer: Peer) -> None:
        held = peer.hear()
        peer.head(held)
        while (room := peer.h2.local_flow_control_window(held.stream)) > 0:
            peer.data(held, b"x" * min(room, 65536))
            sent.append(min(room, 65536))
        for _ in range(8):
            peer.answer(peer.hear(), b"y" * (3 << 20))
        peer.data(held, b"z" * 100, end=True)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        held = visitor.get(stream=True)
        until(lambda: sum(sent) == STREAM_WINDOW)
        for _ in range(8):
            assert len(visitor.get().content) == 3 << 20
        assert len(held.content) == STREAM_WINDOW + 100
        assert server.connections == 1


def test_padding_is_taken_up_too(come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (http2_frames, http2_stream):
        monkeypatch.setattr(module, "STREAM_WINDOW", 65535)

    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        for _ in range(1000):
            while peer.h2.local_flow_control_window(request.stream) < 300:
                peer.listen()
            peer.h2.send_data(request.stream, b"x", pad_length=254)
            peer.flush()
        peer.data(request, b"", end=True)

    with http2_shop(certificates, script) as server:
        assert come(server.url).get().content == b"x" * 1000


def test_the_settings_say_what_a_shopper_takes(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        come(server.url, max_header_bytes=12345).get()
        changes = server.peers[0].wait_for(RemoteSettingsChanged).changed_settings
        told = {code: change.new_value for code, change in changes.items()}
        assert told[SettingCodes.ENABLE_PUSH] == 0
        assert told[SettingCodes.MAX_HEADER_LIST_SIZE] == 12345
        assert told[SettingCodes.INITIAL_WINDOW_SIZE] == STREAM_WINDOW


def test_pings_are_answered_even_when_nothing_is_asked(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        peer.h2.ping(b"12345678")
        peer.flush()

    with http2_shop(certificates, script) as server:
        assert come(server.url).get().text == "hello"
        until(lambda: any(isinstance(event, PingAckReceived) for event in server.peers[0].events))


def test_a_body_of_another_length_than_announced_is_no_answer(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        for body in (b"hell", b"hello!", b""):
            peer.answer(peer.hear(), body, status("200", (b"content-length", b"5")))
        request = peer.hear()
        peer.head(request, status("200", (b"content-length", b"5")))
        peer.data(request, b"hell")
        peer.head(request, [(b"x-checksum", b"1")], end=True)
        peer.answer(peer.hear(), b"hello", status("200", (b"content-length", b"5")))

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        errors = [visitor.get().error for _ in range(4)]
        assert all(isinstance(error, ProtocolBroken) for error in errors)
        assert "4 of 5 bytes" in str(errors[0])
        assert "Content-Length says 5" in str(errors[1])
        assert visitor.get().text == "hello"
        assert server.connections == 1


@pytest.mark.parametrize(
    "fields",
    [
        status("20"),
        status("2000"),
        status("abc"),
        status("0200"),
        status("+20"),
        status("200", (b":status", b"200")),
        status("200", (b":path", b"/")),
        status("200", (b"X-Upper", b"1")),
        status("200", (b"x y", b"1")),
        status("200", (b"", b"1")),
        status("200", (b"x\x80", b"1")),
        status("200", (b"x", b"a\r\nb: c")),
        status("200", (b"x", b"a\0")),
        [(b"x", b"1"), (b":status", b"200")],
        [(b"x", b"1")],
        status("101"),
        status("1xx"),
    ],
    ids=repr,
)
def test_a_head_that_is_none_ends_its_own_request_only(come: Come, certificates: Certificates, fields: Fields) -> None:
    def script(peer: Peer) -> None:
        first, second = peer.hear(), peer.hear()
        peer.head(first, fields)
        peer.answer(second, b"well")

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        bad = gevent.spawn(visitor.reason, "/bad")
        until(lambda: len(server.heard) == 1)
        good = gevent.spawn(visitor.get, "/good")
        assert bad.get(timeout=10) == "protocol"
        assert good.get(timeout=10).text == "well"
        until(lambda: server.peers[0].resets == {server.heard[0].stream: 8})
        assert server.connections == 1


def test_interim_answers_without_end_are_refused(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear()
        for _ in range(30):
            peer.head(request, status("103"))
        peer.answer(peer.hear())

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert visitor.reason() == "protocol"
        assert visitor.get().text == "hello"


def test_a_server_that_wants_the_older_protocol_for_a_request_is_named(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, lambda peer: peer.reset(peer.hear(), 13)) as server:
        error = come(server.url).get().error
        assert isinstance(error, ProtocolBroken)
        assert 'http = "1.1"' in str(error)


def test_limits_of_bodies_hold_for_each_request(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        first = peer.hear()
        peer.head(first)
        for _ in range(3):
            peer.data(first, b"x" * 500)
        peer.answer(peer.hear(), b"x" * 1000)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, max_body_bytes=1000)
        assert visitor.reason() == "too_large"
        assert len(visitor.get().content) == 1000
        assert server.connections == 1
        assert server.peers[0].resets == {1: 8}


def test_without_tls_it_is_the_older_protocol(visit: Any) -> None:
    with shop([HEAR, answer(), HEAR, answer()]) as server:
        visitor: Visitor = visit(server.url, http="2")
        assert [visitor.get().text for _ in range(2)] == ["hello", "hello"]
        assert server.lines == ["GET / HTTP/1.1"] * 2
        assert server.connections == 1


def test_a_redirect_may_lead_to_a_server_that_speaks_the_older_protocol(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear(), b"", status("302", (b"location", plain.url.encode())))

    with shop([HEAR, answer(b"plain")]) as plain, http2_shop(certificates, script) as server:
        assert come(server.url).get().text == "plain"


def test_what_a_shopper_sends_is_not_changed_by_a_chain_of_protocols(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server, shop([HEAR, moved(f"{server.url}/there", 307)]) as plain:
        response = come(plain.url).client.post("/", data=b"body")
        assert response.text == "/there"
        assert bytes(server.heard[0].body) == b"body"


def test_the_answer_to_head_may_carry_what_nobody_reads(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request, OK)
        peer.data(request, b"not for HEAD", end=True)
        peer.answer(peer.hear())

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        assert visitor.client.head("/").content == b""
        assert visitor.get().text == "hello"


def test_heads_of_any_size_are_sent(come: Come, certificates: Certificates) -> None:
    with http2_shop(certificates, serve) as server:
        visitor = come(server.url)
        assert visitor.get(headers={"X-Long": "y" * 40_000}).text == "/"
        assert server.heard[0]["x-long"] == "y" * 40_000
        with pytest.raises(ValueError, match="line break"):
            visitor.get(headers={"X-Broken": "a\r\nb: c"})
        assert visitor.get().text == "/"
        assert server.connections == 1
