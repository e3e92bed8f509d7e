"""Recognising visitors."""

from __future__ import annotations

import pytest

from loadgen.demoshop.sessions import Sessions, token_from_bearer, token_from_cookie

TOKEN = b"0123456789abcdef0123456789abcdef"


def test_a_visitor_is_recognised_by_the_token() -> None:
    sessions = Sessions()
    session = sessions.create()
    assert sessions.find(session.token) is session
    assert sessions.find(TOKEN) is None
    assert session.csrf != session.token
    assert sessions.created == 1


def test_sessions_in_use_are_kept_and_idle_ones_forgotten_and_counted() -> None:
    sessions = Sessions(generation_size=3)
    regular, idle = sessions.create(), sessions.create()
    for _ in range(10):
        sessions.create()
        assert sessions.find(regular.token) is regular
    assert sessions.find(idle.token) is None
    assert sessions.created == 12
    assert sessions.forgotten > 0


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"sid=" + TOKEN, TOKEN),
        (b"a=b; sid=" + TOKEN + b"; c=d", TOKEN),
        (b"sid=" + TOKEN + b"0", b""),
        (b"xsid=" + TOKEN, b""),
        (b"sid=", b""),
        (b"\xff", b""),
    ],
)
def test_the_token_is_read_from_the_cookie_header(header: bytes, token: bytes) -> None:
    assert token_from_cookie(header) == token


@pytest.mark.parametrize(
    ("header", "token"),
    [(b"Bearer " + TOKEN, TOKEN), (b"bearer  " + TOKEN, TOKEN), (b"Basic " + TOKEN, b""), (TOKEN, b"")],
)
def test_the_token_is_read_from_the_bearer_header(header: bytes, token: bytes) -> None:
    assert token_from_bearer(header) == token
