"""Connections: order, keeping alive, hanging up, and what the counters make of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

SHOP = b"Host: shop\r\n"
GET = b"GET %b HTTP/1.1\r\n" + SHOP + b"\r\n"
LAST = b"GET %b HTTP/1.1\r\n" + SHOP + b"Connection: close\r\n\r\n"


def status_lines(answers: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answers)]


def balanced(stats: dict[str, Any]) -> bool:
    ended = stats["requests_total"] + stats["abandoned_total"]
    return bool(stats["received_total"] == ended + stats["in_progress"])


@pytest.mark.parametrize("config", [{}, {"knee_per_s": 2000.0}])
def test_pipelined_requests_are_answered_in_order(open_shop: Callable[..., Any], config: dict[str, float]) -> None:
    shop = open_shop(**config)
    titles = [b"/category/shoes", b"/cart", b"/category/kids", b"/login", b"/nowhere"] * 15
    answers = shop.exchange(b"".join(GET % path for path in titles) + LAST % b"/search")
    assert status_lines(answers) == [200, 200, 200, 200, 404] * 15 + [200]
    assert re.findall(rb"<title>(\w+)", answers)[:10] == [b"Shoes", b"Your", b"Kids", b"Log", b"Not"] * 2
    assert shop.wait_for(lambda stats: stats["in_progress"] == 0)["requests_total"] == 76


def test_an_http_1_0_client_is_told_that_the_connection_stays(shop: Any) -> None:
    answers = shop.exchange(b"GET /cart HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /cart HTTP/1.0\r\n\r\n")
    assert re.findall(rb"\r\nConnection: (.*)\r\n", answers) == [b"keep-alive", b"close"]


def test_an_upgrade_is_answered_as_a_plain_request(shop: Any) -> None:
    raw = b"GET /cart HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    answers = shop.exchange(raw)
    assert status_lines(answers) == [200]
    assert b"Connection: close\r\n" in answers


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"POST /cart/add HTTP/1.1\r\n" + SHOP + b"Content-Length: 9999999\r\n\r\n" + b"x" * 300_000, 413),
        (b"GET /" + b"x" * 40_000, 431),
        (b"BREW / HTTP/1.1\r\n" + SHOP + b"\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\n" + SHOP + b"Connection: close\r\n\r\n", 404),
        (b"DELETE / HTTP/1.1\r\n" + SHOP + b"Connection: close\r\n\r\n", 405),
        (b"CONNECT shop:443 HTTP/1.1\r\n" + SHOP + b"\r\n", 404),
    ],
)
def test_bad_requests_get_their_status_and_then_the_end(shop: Any, raw: bytes, status: int) -> None:
    connection = shop.connect()
    connection.sendall(raw)
    connection.shutdown(socket.SHUT_WR) if status == 431 else None
    answers = b""
    while piece := connection.recv(65536):
        answers += piece
    assert status_lines(answers) == [status]
    assert b"Connection: close\r\n" in answers
    assert balanced(shop.wait_for(lambda stats: stats["requests_total"] == 1))


def test_a_refusal_waits_for_the_answers_before_it(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(knee_per_s=100.0)
    assert status_lines(shop.exchange(GET % b"/cart" + GET % b"/search" + b"nonsense\r\n\r\n")) == [200, 200, 400]


def test_a_client_that_asks_first_is_told_to_go_ahead(shop: Any) -> None:
    connection = shop.connect()
    connection.sendall(
        b"POST /api/cart/add HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"{}")
    assert status_lines(connection.recv(65536)) == [400]


def test_a_chunked_form_is_read(shop: Any) -> None:
    body = b'5\r\n{"slu\r\n8\r\ng":"no"}\r\n0\r\n\r\n'
    answers = shop.exchange(
        b"POST /api/cart/add HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body
    )
    assert status_lines(answers) == [404]
    assert b"product_unknown" in answers


def test_an_answer_counts_only_when_its_last_byte_was_taken(shop: Any) -> None:
    connection = shop.connect()
    connection.sendall((GET % b"/") * 599 + LAST % b"/")  # 12 MB of answers: more than the socket buffers hold
    stats = shop.wait_for(lambda stats: stats["in_progress"] > 0)
    assert stats["requests_total"] < 600
    assert balanced(stats)
    received = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    stats = shop.wait_for(lambda stats: stats["requests_total"] == 600)
    assert (stats["received_total"], stats["abandoned_total"], stats["in_progress"]) == (600, 0, 0)
    bodies = [int(length) for length in re.findall(rb"Content-Length: (\d+)", received)]
    assert stats["response_body_bytes"] == sum(bodies)


def test_who_hangs_up_while_the_answer_is_written_has_abandoned_it(shop: Any) -> None:
    connection = shop.connect()
    connection.sendall((GET % b"/") * 600)
    shop.wait_for(lambda stats: stats["in_progress"] > 0)
    connection.close()
    stats = shop.wait_for(lambda stats: stats["in_progress"] == 0)
    assert stats["abandoned_total"] > 0
    assert balanced(stats)


def test_who_hangs_up_while_waiting_buys_nothing(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    visitor = shop.visitor()
    visitor.put_in_cart(shop.shop.catalogue.products[0].slug)
    visitor.go_to_payment()
    shop.fault(kind="slow", step="payment", ms=60_000)
    session = shop.shop.sessions.find(visitor.cookies["sid"].encode())
    body = b"card_number=4111111111111111&csrf=" + session.csrf
    connection = shop.connect()
    connection.sendall(
        b"POST /checkout/payment HTTP/1.1\r\nHost: shop\r\nCookie: sid=%b\r\nContent-Length: %d\r\n\r\n%b"
        % (session.token, len(body), body)
    )
    shop.wait_for(lambda stats: stats["in_progress"] == 1)
    connection.close()
    stats = shop.wait_for(lambda stats: stats["abandoned_total"] == 1)
    assert (stats["orders"], stats["in_progress"]) == (0, 0)


def test_head_counts_no_body_bytes(shop: Any, visitor: Any) -> None:
    visitor.head("/")
    stats = shop.wait_for(lambda stats: stats["requests_total"] == 1)
    assert stats["response_body_bytes"] == 0


def test_a_request_that_never_ends_is_given_up(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(request_timeout_s=0.1)
    assert status_lines(shop.exchange(b"GET / HTTP/1.1\r\nHost:")) == [408]


def test_a_connection_that_rests_too_long_is_closed(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(idle_timeout_s=0.1)
    connection = shop.connect()
    connection.sendall(GET % b"/cart")
    assert status_lines(connection.recv(65536)) == [200]
    assert connection.recv(65536) == b""


def test_a_slip_in_a_page_answers_500_and_the_shop_stays_open(
    shop: Any, visitor: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shop.shop, "showroom", None)
    assert visitor.get("/").status_code == 500
    assert "cannot answer b'GET' b'/'" in caplog.text
    assert visitor.get("/cart").status_code == 200
    assert shop.stats()["by_route"]["/"] == {"500": 1}


def test_a_client_that_sends_without_reading_is_not_read_for_ever(shop: Any) -> None:
    connection = shop.connect()
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.sendall((GET % b"/") * 1_000_000)
    assert shop.stats()["in_progress"] < 20_000
