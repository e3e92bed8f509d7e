"""Faults and counters, switched and read over HTTP."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from loadgen.demoshop import http

GET = b"GET %b HTTP/1.1\r\nHost: shop\r\n\r\n"


def read_to_the_end(connection: socket.socket) -> tuple[bytes, OSError | None]:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except OSError as error:
        return received, error
    return received, None


def test_slow_adds_its_milliseconds(shop: Any, visitor: Any) -> None:
    shop.fault(kind="slow", step="home", ms=150)
    started = time.monotonic()
    visitor.get("/")
    assert time.monotonic() - started >= 0.15
    assert visitor.get("/cart").status_code == 200


def test_error_answers_500_for_its_share(shop: Any, visitor: Any) -> None:
    shop.fault(kind="error", share=0.25)
    assert sorted(visitor.get("/").status_code for _ in range(20)) == [200] * 15 + [500] * 5
    assert visitor.get("/api/cart").headers["Content-Type"] == "application/json"


def test_refuse_closes_without_an_answer_and_the_socket_still_listens(shop: Any) -> None:
    shop.fault(kind="refuse")
    for _ in range(3):
        assert shop.exchange(GET % b"/") == b""
    stats = shop.wait_for(lambda stats: stats["abandoned_total"] == 3)
    assert stats["requests_total"] == 0


def test_refuse_also_ends_connections_that_were_open(shop: Any) -> None:
    connection = shop.connect()
    connection.sendall(GET % b"/cart")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    shop.fault(kind="refuse")
    connection.sendall(GET % b"/cart")
    assert connection.recv(65536) == b""


def test_stall_never_answers_and_lets_go_in_the_end(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "STALL_S", 1.0)
    shop.fault(kind="stall", step="cart")
    connection = shop.connect()
    connection.sendall(GET % b"/cart")
    assert shop.wait_for(lambda stats: stats["in_progress"] == 1)["requests_total"] == 0
    assert connection.recv(65536) == b""
    assert shop.wait_for(lambda stats: stats["in_progress"] == 0)["abandoned_total"] == 1


@pytest.mark.parametrize("path", [b"/", b"/checkout"])
def test_reset_cuts_the_answer_in_the_middle(shop: Any, path: bytes) -> None:
    shop.fault(kind="reset")
    connection = shop.connect()
    connection.sendall(GET % path)
    received, end = read_to_the_end(connection)
    assert isinstance(end, ConnectionResetError)
    if path == b"/":
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length
        assert len(body) == int(length[1]) // 2
    assert shop.wait_for(lambda stats: stats["in_progress"] == 0)["abandoned_total"] == 1


def test_all_faults_at_once_do_not_touch_the_control_paths(open_shop: Callable[..., Any]) -> None:
    kinds = ["refuse", "stall", "error", "reset", "slow"]
    shop = open_shop(faults=[{"kind": kind, "ms": 60_000} for kind in kinds])
    url = f"{shop.url}/_shop/faults"
    assert [fault["kind"] for fault in requests.get(url, timeout=5).json()] == kinds
    assert requests.delete(url, timeout=5).json() == []
    assert requests.get(shop.url, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"kind": "slwo"}', "kind"),
        (b'{"kind": "slow", "share": 2}', "share"),
        (b'{"kind": "slow", "step": "till"}', "step"),
        (b'{"kind": "slow", "extra": 1}', "extra"),
        (b"{}", "kind"),
        (b"nonsense", "body"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_its_place(shop: Any, body: bytes, place: str) -> None:
    answer = requests.post(f"{shop.url}/_shop/faults", data=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{place}: ")
    assert requests.get(f"{shop.url}/_shop/faults", timeout=5).json() == []


def test_control_paths_are_not_counted(shop: Any) -> None:
    for path in ("stats", "orders", "faults", "none"):
        requests.get(f"{shop.url}/_shop/{path}", timeout=5)
    stats = shop.stats()
    assert stats["received_total"] == stats["requests_total"] == stats["sessions"] == 0
    assert stats["by_route"] == {}


def test_the_stats_tell_when_and_what(shop: Any, visitor: Any) -> None:
    before = time.time()
    slug = shop.shop.catalogue.products[0].slug
    for path in ("/", f"/product/{slug}", "/product/none", "/nowhere"):
        visitor.get(path)
    stats = shop.wait_for(lambda stats: stats["requests_total"] == 4)
    assert stats["by_route"] == {
        "/": {"200": 1},
        "/product/{slug}": {"200": 1, "404": 1},
        "(unmatched)": {"404": 1},
    }
    assert before <= stats["first_request_at"] <= stats["last_request_at"] <= time.time()
    assert sum(count for _, count in stats["per_second"]) == 4


def test_a_reset_zeroes_the_counters_and_restores_the_stock(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(stock=5)
    visitor = shop.visitor()
    slug, other = (product.slug for product in shop.shop.catalogue.products[:2])
    visitor.put_in_cart(slug, 5)
    visitor.send_form(visitor.go_to_payment(), "/checkout/payment", card_number="4111111111111111")
    visitor.put_in_cart(other)
    assert shop.stats()["orders"] == 1
    assert requests.post(f"{shop.url}/_shop/reset", timeout=5).status_code == 200
    stats = shop.stats()
    assert {stats[name] for name in ("requests_total", "received_total", "orders", "revenue_cents", "sessions")} == {0}
    assert stats["first_request_at"] is None
    assert shop.shop.order_book.stock[slug] == 5
    assert f'data-slug="{other}"' in visitor.get("/cart").text


def test_a_request_in_flight_during_a_reset_is_in_no_count_after_it(shop: Any) -> None:
    shop.fault(kind="slow", ms=1000)
    connection = shop.connect()
    connection.sendall(GET % b"/cart")
    shop.wait_for(lambda stats: stats["in_progress"] == 1)
    requests.post(f"{shop.url}/_shop/reset", timeout=5)
    connection.settimeout(5)
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    stats = shop.stats()
    assert (stats["requests_total"], stats["received_total"], stats["in_progress"]) == (0, 0, 0)


def test_beyond_its_capacity_the_shop_says_503_and_when_to_come_back(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(knee_per_s=1.0, max_wait_s=0.0)
    connections: list[socket.socket] = [shop.connect() for _ in range(20)]
    for connection in connections:
        connection.sendall(GET % b"/login")
    answers = [connection.recv(65536) for connection in connections]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
    assert 0 < len(refused) < 20
    assert all(re.search(rb"\r\nRetry-After: [1-9]", answer) for answer in refused)
    assert sum(answer.startswith(b"HTTP/1.1 200 ") for answer in answers) == 20 - len(refused)
