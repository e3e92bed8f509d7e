"""Headers are found in any case, and none that is sent can become two."""

from __future__ import annotations

import re
from contextlib import suppress

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http.headers import Headers, check_field, request_head

RAW = [
    (b"Content-Type", b"text/html"),
    (b"Set-Cookie", b"a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
    (b"vary", b"Accept"),
    (b"X-Name", "Grüße".encode("latin-1")),
    (b"set-cookie", b"b=2"),
    (b"Vary", b"Cookie"),
]


def test_names_are_found_in_any_case() -> None:
    headers = Headers(RAW)

    assert headers["content-type"] == headers["CONTENT-TYPE"] == headers.get("Content-type") == "text/html"
    assert "x-NAME" in headers
    assert headers["X-Name"] == "Grüße"


def test_what_is_not_there_is_not_there() -> None:
    headers = Headers(RAW)

    assert headers.get("Location") is None
    assert headers.get("Location", "/") == "/"
    assert headers.get_all("Location") == []
    assert "Location" not in headers
    assert 5 not in headers
    with pytest.raises(KeyError):
        headers["Location"]


def test_repeated_names_are_joined_as_http_means_them() -> None:
    headers = Headers(RAW)

    assert headers["Vary"] == "Accept, Cookie"
    assert headers.get_all("Vary") == ["Accept", "Cookie"]


def test_cookies_are_kept_apart() -> None:
    headers = Headers(RAW)

    assert headers.get_all("Set-Cookie") == ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]
    assert headers["Set-Cookie"].splitlines() == headers.get_all("Set-Cookie")


def test_each_name_comes_once_and_as_it_came_first() -> None:
    headers = Headers(RAW)

    assert list(headers) == ["Content-Type", "Set-Cookie", "vary", "X-Name"]
    assert len(headers) == 4
    assert dict(headers.items())["vary"] == "Accept, Cookie"
    assert repr(Headers(RAW[:1])) == "Headers({'Content-Type': 'text/html'})"


def test_the_white_space_around_a_value_is_not_part_of_it() -> None:
    assert Headers([(b"Content-Encoding", b"\tgzip ")])["content-encoding"] == "gzip"


def test_the_raw_list_is_kept_as_it_came() -> None:
    assert Headers(RAW).raw is RAW
    assert not hasattr(Headers(RAW), "__dict__")


@given(st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5)), max_size=20))
def test_every_header_that_came_is_found(raw: list[tuple[bytes, bytes]]) -> None:
    headers = Headers(raw)

    assert sum(len(headers.get_all(name)) for name in headers) == len(raw)
    for name, value in raw:
        assert value.decode("latin-1").strip(" \t") in headers.get_all(name.decode("latin-1"))


def test_a_head_is_written_in_order() -> None:
    head = request_head("GET", "/a?b=c", [("Host", "shop.example"), ("X-Name", "Grüße"), ("x-name", "")])

    assert head == b"GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\nX-Name: Gr\xfc\xdfe\r\nx-name: \r\n\r\n"
    assert request_head("DELETE", "/", []) == b"DELETE / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "GET:", "GÉT"])
def test_a_method_that_is_none_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="is no method"):
        request_head(method, "/", [])


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nX: y", "/a\0", "/ä", "/\x7f", "/a\n"])
def test_a_target_that_would_break_the_line_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a request line"):
        request_head("GET", target, [])


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY", "X\n", "Größe", "(X)", " X", "X\0"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no header name"):
        request_head("GET", "/", [("Host", "shop.example"), (name, "value")])


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nX: y", "a\rX: y", "a\0", "\r\n", "a\r\n b"])
def test_a_value_that_would_inject_a_header_is_refused_by_name(value: str) -> None:
    with pytest.raises(
        ValueError, match="the value of header X-Note has a line break or NUL in it, which would inject"
    ):
        request_head("GET", "/", [("Host", "shop.example"), ("X-Note", value)])
    with pytest.raises(ValueError, match="inject"):
        check_field("X-Note", value)


def test_breaks_cannot_be_set_off_against_one_another() -> None:
    with pytest.raises(ValueError, match="inject"):
        request_head("GET", "/", [("A", "x\n"), ("B", "y\r")])


def test_a_value_that_headers_cannot_carry_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="header X-City has characters beyond latin-1: '東京'"):
        request_head("GET", "/", [("Host", "shop.example"), ("X-City", "東京")])


class Reader:
    """What a server reads."""

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.complete = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_message_complete(self) -> None:
        self.complete += 1


NAUGHTY = st.text(st.sampled_from("aZ9 :-_\r\n\0\täß€/?"), max_size=8)


@given(
    st.sampled_from(["GET", "HEAD", "X-Y"]) | NAUGHTY,
    st.just("/path?query") | NAUGHTY,
    st.lists(st.tuples(st.just("X-Name") | NAUGHTY, NAUGHTY | st.text(max_size=5)), max_size=4),
)
def test_a_head_is_refused_or_is_exactly_one_request_with_these_headers(
    method: str, target: str, fields: list[tuple[str, str]]
) -> None:
    with suppress(ValueError):
        head = request_head(method, target, fields)

        assert head.split(b" ")[:2] == [method.encode(), target.encode()]
        names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n")[1:-2]]
        assert names == [name for name, _ in fields]
        assert not re.search(rb"[^\r]\n|\r[^\n]|\0", head)


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10), max_size=5))
def test_a_server_reads_what_was_written(values: list[str]) -> None:
    reader = Reader()
    fields = [(f"X-Name-{number}", value) for number, value in enumerate(values)]

    httptools.HttpRequestParser(reader).feed_data(request_head("GET", "/", fields))

    assert reader.complete == 1
    assert [name for name, _ in reader.fields] == [name.encode() for name, _ in fields]
    assert list(Headers(reader.fields).values()) == [value.strip(" ") for value in values]
