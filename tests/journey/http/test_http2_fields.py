"""Heads in the words of either protocol say the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http.composing import Wanted, head_of
from loadgen.journey.http.failures import ProtocolBroken
from loadgen.journey.http.http2.fields import announced_bytes, answer_fields, request_fields
from loadgen.journey.http.wires import Origin

ORIGIN = Origin("https", "shop.test", 8443)


def fields_of(method: str = "GET", target: str = "/", cookie: bytes = b"", **headers: str) -> list[tuple[bytes, bytes]]:
    wanted = Wanted(method, {name.replace("_", "-"): value for name, value in headers.items()}, b"", "", False)
    return request_fields(head_of(wanted, ORIGIN, target, cookie, (), None), b"https")


def test_the_line_and_the_host_become_fields_of_the_protocol() -> None:
    assert fields_of("POST", "/a?b=c")[:4] == [
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":authority", b"shop.test:8443"),
        (b":path", b"/a?b=c"),
    ]


def test_names_are_in_small_letters_and_values_as_they_were() -> None:
    assert (b"x-own", b"A: b; C") in fields_of(X_Own="A: b; C")
    assert (b"content-length", b"0") in fields_of("POST")


@pytest.mark.parametrize(
    ("cookie", "crumbs"),
    [(b"a=1", [b"a=1"]), (b"a=1; b=2; c", [b"a=1", b"b=2", b"c"]), (b"a=x;y", [b"a=x;y"]), (b"", [])],
)
def test_cookies_are_sent_apart(cookie: bytes, crumbs: list[bytes]) -> None:
    assert [value for name, value in fields_of(cookie=cookie) if name == b"cookie"] == crumbs


token = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-", min_size=1, max_size=12)
value = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)


@given(st.dictionaries(token, value, max_size=6))
def test_whatever_may_stand_in_a_head_may_stand_in_fields(headers: dict[str, str]) -> None:
    wanted = Wanted("GET", headers, b"", "", False)
    fields = request_fields(head_of(wanted, ORIGIN, "/", b"", (), None), b"https")
    assert [name for name, _ in fields[:4]] == [b":method", b":scheme", b":authority", b":path"]
    for name, field in fields:
        assert name == name.lower()
        assert field == field.strip(b" \t")
        assert not {b"connection", b"host", b"upgrade", b"transfer-encoding"} & {name}
    sent = dict(fields)
    for name, text in headers.items():
        if name.lower() not in {"connection", "host", "te", "upgrade", "cookie", "keep-alive"} and "connection" not in {
            known.lower() for known in headers
        }:
            assert sent[name.lower().encode()] in {v.strip(" \t").encode("latin-1") for v in headers.values()}, text


def test_an_answers_status_is_apart_from_its_headers() -> None:
    fields = [(b":status", b"404"), (b"a", b"1"), (b"connection", b"close"), (b"a", b"2")]
    assert answer_fields(fields) == (404, [(b"a", b"1"), (b"a", b"2")])


@pytest.mark.parametrize("fields", [[], [(b"a", b"1")], [(b":status", b"")], [(b":status", b"99")]])
def test_an_answer_without_a_status_is_none(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(ProtocolBroken, match="no status"):
        answer_fields(fields)


@given(st.lists(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), max_size=4))
def test_any_fields_are_headers_or_none(fields: list[tuple[bytes, bytes]]) -> None:
    with suppress(ProtocolBroken):
        status, headers = answer_fields([(b":status", b"200"), *fields])
        assert status == 200
        assert set(headers) <= set(fields)


def test_the_length_of_a_body_is_announced_by_a_header() -> None:
    assert announced_bytes([(b"a", b"1"), (b"content-length", b"12")]) == 12
    assert announced_bytes([(b"content-length", b"12"), (b"content-length", b"12")]) == 12
    assert announced_bytes([(b"a", b"1")]) is None


@pytest.mark.parametrize("told", [[b""], [b"-1"], [b"+1"], [b"1.0"], [b"1", b"2"], [b"9" * 19], ["²".encode()]])
def test_what_is_no_length_is_refused(told: list[bytes]) -> None:
    with pytest.raises(ProtocolBroken, match="Content-Length"):
        announced_bytes([(b"content-length", value) for value in told])
