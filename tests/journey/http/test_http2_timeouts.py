"""Each request has its own time, and its end leaves the connection to the others, unless the server is gone."""

from __future__ import annotations

from time import monotonic
from typing import Any

import gevent
import pytest
from gevent.event import Event as Gate
from h2.settings import SettingCodes
from hyperframe.frame import DataFrame, HeadersFrame
from journey.http.far_ends import Certificates, until
from journey.http.http2_shop import OK, Come, Peer, http2_shop, serve
from journey.http.misbehaving import LIMIT_S, Visitor

from loadgen.journey.http.failures import TimedOut
from loadgen.journey.http.http2 import connection as http2_connection
from loadgen.journey.patience import LostPatience

LATE_S = 2.0
"""How late a limit may be kept on a machine that others use too; what hangs takes ten seconds."""


def timed(visitor: Visitor, method: str = "GET", **options: Any) -> str:
    started_s = monotonic()
    reason = visitor.reason("/", method, **options)
    assert LIMIT_S <= monotonic() - started_s < LIMIT_S + LATE_S
    return reason


def ended(peer: Peer) -> None:
    """Listen until the visitor has ended a stream."""
    while not peer.resets:
        peer.listen()


def test_no_answer(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        ended(peer)
        serve_the_next(peer)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        assert timed(visitor) == "timeout_first_byte"
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1
        assert server.peers[0].resets == {1: 8}


def test_a_shopper_who_waits_no_longer_resets_its_stream_and_the_request_is_counted(
    come: Come, certificates: Certificates
) -> None:
    def script(peer: Peer) -> None:
        ended(peer)
        serve_the_next(peer)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url)
        clock = gevent.Timeout.start_new(LIMIT_S, LostPatience(LIMIT_S))
        with pytest.raises(LostPatience):
            visitor.get("/")
        clock.close()
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1
        assert server.peers[0].resets == {1: 8}
        tally = visitor.recorder.take(0)
        assert [series.reasons for series in tally.series.values() if series.reasons] == [{"abandoned": 1}]
        assert tally.requests == 2


def serve_the_next(peer: Peer) -> None:
    while True:
        request = peer.hear()
        if request.stream not in peer.resets:
            peer.answer(request, request.path.encode())


def silent_after_the_head(peer: Peer) -> None:
    peer.head(peer.hear())


def silent_in_the_body(peer: Peer) -> None:
    request = peer.hear()
    peer.head(request)
    peer.data(request, b"hel")


def silent_after_an_interim_answer(peer: Peer) -> None:
    peer.head(peer.hear(), [(b":status", b"103")])


def silent_but_for_pings(peer: Peer) -> None:
    silent_in_the_body(peer)
    while not peer.resets:
        peer.h2.ping(b"12345678")
        peer.flush()
        gevent.sleep(0.01)
        with gevent.Timeout(0.001, False):
            peer.listen()


def silent_but_for_empty_pieces(peer: Peer) -> None:
    request = peer.hear()
    peer.head(request)
    while not peer.resets:
        peer.h2.send_data(request.stream, b"")
        peer.flush()
        gevent.sleep(0.01)
        with gevent.Timeout(0.001, False):
            peer.listen()


@pytest.mark.parametrize(
    "script",
    [
        silent_after_the_head,
        silent_in_the_body,
        silent_after_an_interim_answer,
        silent_but_for_pings,
        silent_but_for_empty_pieces,
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_silence_in_the_middle_of_an_answer(come: Come, certificates: Certificates, script: Any, stream: bool) -> None:
    with http2_shop(certificates, lambda peer: (script(peer), serve_the_next(peer))) as server:
        visitor = come(server.url, idle_timeout_s=LIMIT_S)
        if stream and script is not silent_after_an_interim_answer:
            with pytest.raises(TimedOut, match="silence"):
                list(visitor.get(stream=True).iter_content())
        else:
            assert timed(visitor, stream=stream) == "timeout_idle"
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1


def test_the_whole_has_a_limit(come: Come, certificates: Certificates) -> None:
    def trickling(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        while not peer.resets:
            peer.data(request, b"x")
            gevent.sleep(0.01)
            with gevent.Timeout(0.001, False):
                peer.listen()
        serve_the_next(peer)

    with http2_shop(certificates, trickling) as server:
        visitor = come(server.url, total_timeout_s=LIMIT_S)
        assert timed(visitor) == "timeout_total"
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1


def test_the_whole_has_a_limit_however_fast_it_comes(come: Come, certificates: Certificates) -> None:
    def endless(peer: Peer) -> None:
        request = peer.hear()
        peer.head(request)
        while not peer.resets:
            peer.data(request, b"x" * 16384)

    with http2_shop(certificates, endless) as server:
        visitor = come(server.url, total_timeout_s=LIMIT_S, max_body_bytes=1 << 40)
        assert timed(visitor) == "timeout_total"


@pytest.mark.parametrize("how", ["whole", "pieces"])
@pytest.mark.parametrize("window", [0, 1000])
def test_a_server_that_opens_no_window(come: Come, certificates: Certificates, how: str, window: int) -> None:
    settings = {SettingCodes.INITIAL_WINDOW_SIZE: window}

    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        ended(peer)
        serve_the_next(peer)

    with http2_shop(certificates, script, settings=settings, widens=False) as server:
        visitor = come(server.url, idle_timeout_s=LIMIT_S)
        assert visitor.reason() == ""  # from now on the window is known
        data: Any = b"x" * 200_000 if how == "whole" else (b"x" * 2000 for _ in range(100))
        assert timed(visitor, "POST", data=data) == "timeout_idle"
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1


def test_an_author_may_take_time_between_pieces(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        request = peer.hear_head()
        while not request.ended:
            peer.listen()
            if peer.h2.remote_flow_control_window(request.stream) < 1000:
                gevent.sleep(0.02)
                peer.h2.increment_flow_control_window(1000, request.stream)
                peer.flush()
        peer.answer(request)

    settings = {SettingCodes.INITIAL_WINDOW_SIZE: 1000}
    with http2_shop(certificates, script, settings=settings, widens=False) as server:
        visitor = come(server.url, idle_timeout_s=LIMIT_S)
        assert visitor.reason() == ""  # from now on the window is known
        pieces = (gevent.sleep(1.2 * LIMIT_S) or b"x" * 1500 for _ in range(3))
        assert visitor.reason("/", "POST", data=pieces) == ""


def test_a_server_that_reads_nothing(come: Come, certificates: Certificates) -> None:
    def script(_: Peer) -> None:
        gevent.sleep(10)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, idle_timeout_s=LIMIT_S)
        # the first window is smaller than what the network takes; the limit is the same
        assert timed(visitor, "POST", data=b"x" * (1 << 24)) == "timeout_idle"


def test_a_server_that_opens_its_windows_slowly_is_not_silent(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.answer(peer.hear())
        request = peer.hear_head()
        while not request.ended:
            room = peer.h2.remote_flow_control_window(request.stream)
            if room < 1000:
                gevent.sleep(0.02)
                peer.h2.increment_flow_control_window(1000, request.stream)
                peer.flush()
            peer.listen()
        peer.answer(request)

    settings = {SettingCodes.INITIAL_WINDOW_SIZE: 1000}
    with http2_shop(certificates, script, settings=settings, widens=False) as server:
        visitor = come(server.url, idle_timeout_s=LIMIT_S)
        assert visitor.reason() == ""  # from now on the window is known
        started_s = monotonic()
        assert visitor.reason("/", "POST", data=b"x" * 20_000) == ""
        assert monotonic() - started_s > LIMIT_S
        assert len(server.heard[1].body) == 20_000


def test_the_first_byte_is_waited_for_from_the_last_one_sent(come: Come, certificates: Certificates) -> None:
    gate = Gate()

    def script(peer: Peer) -> None:
        gate.wait()
        peer.answer(peer.hear())

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        upload = gevent.spawn(visitor.reason, "/", "POST", data=b"x" * (1 << 20))
        gevent.sleep(2 * LIMIT_S)
        gate.set()
        assert upload.get(timeout=10) == ""


def test_another_ones_upload_lengthens_nobodys_time(come: Come, certificates: Certificates) -> None:
    def script(peer: Peer) -> None:
        peer.hear()
        while not peer.resets:
            peer.listen()
            gevent.sleep(0.002)
        peer.answer(peer.hear(), b"up")

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        slow = gevent.spawn(timed, visitor)
        until(lambda: server.heard)
        pieces = (gevent.sleep(0.01) or b"x" * 1000 for _ in range(100))
        upload = gevent.spawn(visitor.get, "/up", data=pieces)
        assert slow.get(timeout=10) == "timeout_first_byte"
        assert upload.get(timeout=10).text == "up"


def test_a_server_that_answers_no_ping_is_gone(
    come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_connection, "PING_S", 0.02)

    def gone(peer: Peer) -> None:
        peer.answer(peer.hear())
        gevent.sleep(10)

    with http2_shop(certificates, gone, serve) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        assert visitor.reason() == ""
        assert timed(visitor) == "timeout_first_byte"
        gevent.sleep(0.03)
        assert visitor.get("/next").text == "/next"
        assert server.connections == 2


def test_a_server_that_answers_pings_is_there(
    come: Come, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http2_connection, "PING_S", 0.02)

    def script(peer: Peer) -> None:
        ended(peer)
        serve_the_next(peer)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        assert timed(visitor) == "timeout_first_byte"
        gevent.sleep(0.05)
        assert visitor.get("/next").text == "/next"
        assert server.connections == 1


def test_an_answer_in_time_after_one_that_was_late(come: Come, certificates: Certificates) -> None:
    """What comes for a stream that was ended is for nobody."""

    def script(peer: Peer) -> None:
        late = peer.hear()
        ended(peer)
        encoder = peer.h2.encoder
        peer.frame(HeadersFrame(late.stream, encoder.encode([*OK, (b"x-late", b"1")])), "END_HEADERS")
        peer.frame(DataFrame(late.stream, b"late"))
        serve_the_next(peer)

    with http2_shop(certificates, script) as server:
        visitor = come(server.url, first_byte_timeout_s=LIMIT_S)
        assert timed(visitor) == "timeout_first_byte"
        assert [visitor.get(f"/{each}").text for each in range(3)] == ["/0", "/1", "/2"]
        assert server.connections == 1
