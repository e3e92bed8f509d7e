"""Bodies are written as browsers, requests and Locust's FastHttpUser write them."""

from __future__ import annotations

import io
import json
import string
from collections.abc import Mapping
from contextlib import suppress
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http import bodies
from loadgen.journey.http.bodies import form, json_body, multipart, urlencode_params, with_params

SHOP = "http://shop.example/search"


def by_requests(**what: Any) -> requests.PreparedRequest:
    return requests.Request("POST", what.pop("url", SHOP), **what).prepare()


def as_browsers_spell(query: str) -> str:
    """requests leaves the tilde and encodes the asterisk; browsers the other way round."""
    return query.replace("~", "%7E").replace("%2A", "*")


def received(body: bytes, content_type: str) -> list[tuple[str, str | None, str | None, bytes]]:
    """The parts of a multipart body: name, file name, type, content."""
    message = message_from_bytes(b"Content-Type: %b\r\n\r\n%b" % (content_type.encode(), body), policy=HTTP)
    assert not message.defects
    return [
        (
            part["Content-Disposition"].params["name"],
            part["Content-Disposition"].params.get("filename"),
            part.get("Content-Type"),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


# -- forms


def test_a_form_is_written_as_browsers_write_it() -> None:
    fields = {"name": "Zoë & Co.", "note": "a+b=c d", "kept": "*-._", "coded": "~!'()", "n": 5}

    assert form(fields) == (
        b"name=Zo%C3%AB+%26+Co.&note=a%2Bb%3Dc+d&kept=*-._&coded=%7E%21%27%28%29&n=5",
        "application/x-www-form-urlencoded",
    )


def test_a_list_repeats_its_name_and_none_is_left_out() -> None:
    assert form({"size": ["s", "m", None], "gift": None, "x": ()})[0] == b"size=s&size=m"
    assert form([("a", 1), ("b", 2), ("a", 3)])[0] == b"a=1&b=2&a=3"
    assert form({b"k": b"\xff", "v": bytearray(b"\xfe")})[0] == b"k=%FF&v=%FE"


def test_text_and_bytes_go_as_they_are() -> None:
    assert form("grüße") == ("grüße".encode(), "text/plain; charset=utf-8")
    assert form(b"\x00\xff") == (b"\x00\xff", "application/octet-stream")
    assert form(bytearray(b"ab")) == (b"ab", "application/octet-stream")


@pytest.mark.parametrize("data", [[1], [("a",)], ["ab"], [("a", 1, 2)], [None]])
def test_what_are_no_names_and_values_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="expected names and values"):
        form(data)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        form({"a": "\ud800"})


SCALARS = st.text(max_size=8) | st.binary(max_size=8) | st.integers() | st.none() | st.booleans()
FIELDS = st.lists(st.tuples(st.text(max_size=8), SCALARS | st.lists(SCALARS, max_size=3)), max_size=5)


@given(FIELDS)
def test_forms_equal_those_of_requests(fields: list[tuple[str, Any]]) -> None:
    body, _ = form(fields)

    assert body.decode() == as_browsers_spell(by_requests(data=fields).body or "")
    assert body == form(dict(enumerate(fields)).values())[0]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_a_server_reads_the_form_that_was_written(fields: list[tuple[str, str]]) -> None:
    body, content_type = form(fields)

    assert content_type == bodies.FORM_TYPE
    assert parse_qsl(body.decode(), keep_blank_values=True) == fields


# -- JSON


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True]}, [], "grüße", 0, None, {"1": {"x": "\ud83d\ude00"}}])
def test_json_is_written_as_locust_writes_it(value: Any) -> None:
    assert json_body(value) == (json.dumps(value).encode(), "application/json")


def test_what_json_does_not_know_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        json_body(object())


# -- parameters


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        ("/search", {"q": "red shoes"}, "/search?q=red+shoes"),
        ("/search?page=2", {"q": "x"}, "/search?page=2&q=x"),
        ("/search?", {"q": "x"}, "/search?q=x"),
        ("/search#top", {"q": "x"}, "/search?q=x#top"),
        ("/search?a=1#t?p", [("q", "x"), ("q", "y")], "/search?a=1&q=x&q=y#t?p"),
        ("/search?a=1", "b=2&c", "/search?a=1&b=2&c"),
        ("/search", b"b=2", "/search?b=2"),
        ("/search?a=1", {}, "/search?a=1"),
        ("/search?", {"a": None}, "/search?"),
        ("/search", None, "/search"),
        ("/search", "", "/search"),
    ],
)
def test_parameters_go_behind_those_that_are_there(url: str, params: Any, expected: str) -> None:
    assert with_params(url, params) == expected


@given(FIELDS, st.sampled_from(["", "?", "?a=1", "?a=1&b", "#x", "?#x", "?a=1#x?y"]))
def test_parameters_equal_those_of_requests(params: list[tuple[str, Any]], tail: str) -> None:
    theirs = by_requests(url=SHOP + tail, params=params).url or ""

    if urlencode_params(params):
        assert as_browsers_spell(with_params(SHOP + tail, params)) == as_browsers_spell(theirs)


# -- multipart


def test_files_and_fields_arrive() -> None:
    files = {
        "plain": b"bytes",
        "text": "grüße",
        "open": io.BytesIO(b"opened"),
        "pair": ("a.txt", "content"),
        "typed": ("b.png", b"\x89PNG", "image/png"),
        "full": ("c.csv", io.StringIO("x;y"), "text/csv", {"X-Part": "1"}),
        "none": None,
    }

    assert received(*multipart({"a": ["1", 2], "b": None}, files)) == [
        ("a", None, None, b"1"),
        ("a", None, None, b"2"),
        ("plain", "plain", None, b"bytes"),
        ("text", "text", None, "grüße".encode()),
        ("open", "open", None, b"opened"),
        ("pair", "a.txt", None, b"content"),
        ("typed", "b.png", "image/png", b"\x89PNG"),
        ("full", "c.csv", "text/csv", b"x;y"),
    ]


def test_an_open_file_is_sent_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"jpeg")
    with path.open("rb") as file:
        body, _ = multipart(None, {"upload": file})

    assert b'name="upload"; filename="photo.jpg"\r\n\r\njpeg\r\n' in body


def test_names_are_quoted_as_browsers_quote_them() -> None:
    body, _ = multipart({'a"b\r\nc': "1"}, {"f": ('x"\r\ny\\ü.txt', b"")})

    assert b'form-data; name="a%22b%0D%0Ac"\r\n' in body
    assert 'form-data; name="f"; filename="x%22%0D%0Ay\\ü.txt"\r\n'.encode() in body


def test_the_boundary_is_in_no_part() -> None:
    taken, free = "0" * 32, "1" * 32
    with patch.object(bodies, "token_hex", side_effect=[taken, taken, free]):
        body, content_type = multipart({"a": taken}, {"f": f"--{taken}--".encode()})

    assert content_type == f"multipart/form-data; boundary={free}"
    assert body.endswith(f"--{free}--\r\n".encode())


def test_each_body_has_a_boundary_of_its_own() -> None:
    assert multipart({}, {"f": b""})[1] != multipart({}, {"f": b""})[1]


@pytest.mark.parametrize(
    ("fields", "files", "words"),
    [
        ("a=1", {"f": b""}, "data must be names and values"),
        ({}, {"f": 5}, "neither bytes nor text nor an open file"),
        ({}, {"f": ("name",)}, "must be"),
        ({}, {"f": ("name", b"", "a/b", {}, 5)}, "must be"),
        ({}, {"f": ("name", b"", "a/b", "X: y")}, "must be a mapping"),
        ({}, {"f": ("name", b"", "a/b\r\nX: y")}, "inject"),
        ({}, {"f": ("name", b"", "a/b", {"X": "y\r\n\r\n"})}, "inject"),
        ({}, {"f": ("name", b"", "a/b", {"X\r\nY": "z"})}, "no header name"),
        ({}, [b"f"], "expected names and values"),
    ],
)
def test_what_would_break_the_body_apart_is_refused(fields: Any, files: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        multipart(fields, files)


NAMES = st.text(st.sampled_from(string.ascii_letters + ' "\\\r\n;=äß€'), min_size=1, max_size=8)
CONTENTS = st.binary(max_size=30) | st.text(max_size=30)
FILES = CONTENTS | st.tuples(NAMES, CONTENTS) | st.tuples(NAMES, CONTENTS, st.sampled_from(["image/png", "text/html"]))


@given(FIELDS, st.lists(st.tuples(NAMES, FILES), min_size=1, max_size=4))
def test_multipart_equals_that_of_requests(fields: list[tuple[str, Any]], files: list[tuple[str, Any]]) -> None:
    boundary = "5" * 32
    with patch.object(bodies, "token_hex", return_value=boundary):
        body, content_type = multipart(fields, files)
    with patch("urllib3.filepost.choose_boundary", return_value=boundary):
        theirs = by_requests(data=fields, files=files)

    assert (body, content_type) == (theirs.body, theirs.headers["Content-Type"])


JUNK: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.floats() | st.text('\ud800\r\n"a'),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JUNK, JUNK)
def test_garbage_fails_in_a_known_way(first: Any, second: Any) -> None:
    assert isinstance(json_body(str(first))[0], bytes)
    with suppress(ValueError):
        if isinstance(first, (Mapping, list, tuple, str, bytes)):
            assert isinstance(form(first)[0], bytes)
            assert isinstance(with_params("/", first), str)
    with suppress(ValueError):
        if isinstance(second, (Mapping, list, tuple)):
            assert isinstance(multipart(first if isinstance(first, (Mapping, list)) else None, second)[0], bytes)
