"""Who is let in, and when."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop.waiting_room import WaitingRoom


@settings(deadline=None)
@given(gaps_s=st.lists(st.floats(0, 3), min_size=1, max_size=50), rate=st.floats(0.1, 100))
def test_visitors_are_let_in_in_order_and_never_faster_than_the_rate(gaps_s: list[float], rate: float) -> None:
    room, now_s, dues = WaitingRoom(rate), 100.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        ticket, wait_s = room.issue(now_s)
        assert room.wait_s(b"sid=x; queue=" + ticket, now_s) == pytest.approx(wait_s, abs=1e-5)
        dues.append(now_s + wait_s)
    assert all(later - earlier >= 1 / rate - 1e-5 for earlier, later in itertools.pairwise(dues))
    assert all(due >= 100 for due in dues)


def test_who_comes_alone_does_not_wait() -> None:
    room = WaitingRoom(1)
    assert [room.issue(now_s)[1] for now_s in (5.0, 5.0, 9.0)] == [0, 1, 0]


@pytest.mark.parametrize("change", [b"queue=%b0", b"queue=1%b", b"queue=", b"", b"queue=99.abc", b"other=%b"])
def test_a_ticket_of_ones_own_making_is_none(change: bytes) -> None:
    room = WaitingRoom(1)
    ticket, _ = room.issue(0.0)
    assert room.wait_s(change.replace(b"%b", ticket), 100.0) is None
    assert WaitingRoom(1).wait_s(b"queue=" + ticket, 100.0) is None


def test_the_queue_is_a_page_a_refusal_for_programs_and_nothing_for_files(open_shop: Callable[..., Any]) -> None:
    shop = open_shop(waiting_room_per_s=0.01)
    first, second = shop.visitor(), shop.visitor()
    assert 'data-code="queued"' in first.get("/").text
    assert "The sales have opened" in first.get("/").text
    page, answer = second.get("/cart"), second.get("/api/cart")
    assert (page.status_code, page.headers["Retry-After"]) == (200, "100")
    assert 'data-code="queued" data-wait="100"' in page.text
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queued")
    assert int(answer.headers["Retry-After"]) in (99, 100)
    assert second.get("/static/app.css").status_code == 200
    assert shop.stats()["sessions"] == 1
