"""The same exchanges through ``requests`` and through ours: where both follow the standards, both give the same."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journey.http.mirror import Mirror, Received, mirror
from journey.http.players import Player

from loadgen.journey import FastHttpUser

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
VALUES = st.one_of(WORDS, st.integers(), st.booleans(), st.none(), st.lists(WORDS, max_size=3))
FIELDS = st.dictionaries(WORDS.filter(bool), VALUES, min_size=1, max_size=5)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)


class Peers:
    """Both clients before one mirror."""

    def __init__(self, shown: Mirror) -> None:
        self.mirror = shown
        self.theirs = requests.Session()
        self.theirs.trust_env = False
        self._player = Player(FastHttpUser, shown)
        self.ours = self._player.client

    def close(self) -> None:
        self.theirs.close()
        self._player.close()

    def exchange(self, method: str, path: str, **options: Any) -> tuple[Any, Any]:
        """The answers that both got."""
        if "files" in options:  # each reads them once
            options = {**options, "files": options["files"]()}
            again = {**options, "files": options["files"]}
        else:
            again = options
        theirs = self.theirs.request(method, self.mirror.url + path, timeout=10, **options)
        return theirs, self.ours.request(method, path, **again)

    def sent(self, method: str, path: str, **options: Any) -> tuple[Received, Received]:
        """The requests that both sent."""
        self.mirror.take()
        self.exchange(method, path, **options)
        first, second = self.mirror.take()
        return first, second


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    with mirror() as shown:
        both = Peers(shown)
        yield both
        both.close()


@pytest.fixture
def strangers() -> Iterator[Peers]:
    """Without cookies of earlier tests."""
    with mirror() as shown:
        both = Peers(shown)
        yield both
        both.close()


def media_type(request: Received) -> str:
    return request.by_name.get("content-type", "").partition(";")[0]


def fields_of(request: Received) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode(), keep_blank_values=True)


def parts_of(request: Received) -> list[tuple[Any, ...]]:
    """A multipart body's parts: headers and content."""
    message = message_from_bytes(
        b"Content-Type: " + request.by_name["content-type"].encode() + b"\r\n\r\n" + request.body
    )
    return [(sorted(part.items()), part.get_payload(decode=True)) for part in message.get_payload()]


@quick
@given(FIELDS)
def test_forms_hold_the_same_fields(peers: Peers, fields: dict[str, Any]) -> None:
    theirs, ours = peers.sent("POST", "/p", data=fields)

    assert fields_of(ours) == fields_of(theirs)
    if ours.body:  # requests leaves the type out when all fields are None
        assert media_type(ours) == media_type(theirs) == "application/x-www-form-urlencoded"


@quick
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5))
def test_pairs_keep_their_order(peers: Peers, pairs: list[tuple[str, str]]) -> None:
    theirs, ours = peers.sent("POST", "/p", data=pairs)

    assert fields_of(ours) == fields_of(theirs) == pairs


@quick
@given(FIELDS, st.sampled_from(["/p", "/p?a=1", "/p?a=1&b=%20", "/p?"]))
def test_params_are_merged_into_the_query(peers: Peers, params: dict[str, Any], path: str) -> None:
    theirs, ours = peers.sent("GET", path, params=params)

    def query(request: Received) -> list[tuple[str, str]]:
        return parse_qsl(request.target.partition("?")[2], keep_blank_values=True)

    assert query(ours) == query(theirs)


@quick
@given(JSON)
def test_json_is_the_same_value(peers: Peers, value: Any) -> None:
    theirs, ours = peers.sent("POST", "/p", json=value)
    empty = value is None  # requests sends no body for None, and neither do we

    assert media_type(ours) == media_type(theirs) == ("" if empty else "application/json")
    assert ours.body == theirs.body


@pytest.mark.parametrize(
    "files",
    [
        lambda: {"f": b"content"},
        lambda: {"f": ("photo.jpg", b"\xff\xd8\0\r\n--x", "image/jpeg")},
        lambda: {"f": ("größe.txt", "größer")},
        lambda: {"f": ("n", b"x", "text/plain", {"X-Part": "1"})},
        lambda: [("f", ("a.txt", b"1")), ("f", ("b.txt", b"2"))],
        lambda: {"f": (None, "no file name")},
    ],
)
def test_multipart_forms_hold_the_same_parts(peers: Peers, files: Callable[[], Any]) -> None:
    theirs, ours = peers.sent("POST", "/p", files=files, data={"name": "Grüße", "many": ["1", "2"]})

    assert sorted(parts_of(ours), key=repr) == sorted(parts_of(theirs), key=repr)
    assert media_type(ours) == media_type(theirs) == "multipart/form-data"


def test_open_files_are_named_and_read(strangers: Peers, tmp_path: Any) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"a,b\r\n1,2\r\n")
    seen = []
    for client, url in ((strangers.theirs, strangers.mirror.url), (strangers.ours, "")):
        with path.open("rb") as file:
            client.post(f"{url}/p", files={"f": file})
        seen.append(parts_of(strangers.mirror.take()[-1]))

    assert seen[0] == seen[1]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_redirects_are_followed_alike(strangers: Peers, method: str, code: int) -> None:
    path = f"/redirect/{code}?to=/redirect/{code}%3Fto=/target%253Fa=1"
    data = {"a": "1"} if method == "POST" else None
    theirs, ours = strangers.exchange(method, path, data=data, allow_redirects=True)
    received = strangers.mirror.take()
    first, second = received[: len(received) // 2], received[len(received) // 2 :]

    def told(request: Received) -> tuple[Any, ...]:
        return request.method, request.target, request.body, media_type(request)

    assert [told(request) for request in first] == [told(request) for request in second]
    assert ours.url == theirs.url
    assert ours.content == theirs.content
    assert [each.status_code for each in ours.history] == [each.status_code for each in theirs.history]
    assert [each.url for each in ours.history] == [each.url for each in theirs.history]


@pytest.mark.parametrize(
    "location",
    ["/x", "x", "../x", "?q=1", "//{host}/x", "http://{host}/x#part", "/straße?q=ü", "/a%2Fb?c=%26", "", "/x y"],
)
def test_locations_are_joined_alike(strangers: Peers, location: str) -> None:
    host = strangers.mirror.url.partition("//")[2]
    path = f"/redirect/302?once=1&to={quote(location.format(host=host), safe='')}"
    theirs, ours = strangers.exchange("GET", path, allow_redirects=bool(location))
    targets = [request.target for request in strangers.mirror.take()]

    assert targets[: len(targets) // 2] == targets[len(targets) // 2 :]
    assert ours.url.partition("#")[0] == theirs.url.partition("#")[0]


def test_cookies_are_kept_over_several_requests(strangers: Peers) -> None:
    steps = [
        "/cookie?a=1&b=2",
        "/x",
        "/cookie?a=changed",
        "/deeper/cookie",
        "/redirect/302?to=/cookie%3Fc=of-a-redirect",
        "/x",
        "/cookie?b=%3B+Max-Age=0",
        "/x",
        "/cookie?d=4%3B+Path=/only/here",
        "/x",
        "/only/here/and/there",
        "/only/hereafter",
        "/cookie?e=5%3B+Secure%3B+Domain=elsewhere.example",
        "/x",
    ]
    for step in steps:
        strangers.exchange("GET", step)
        received = strangers.mirror.take()
        half = len(received) // 2
        jars = [sorted(request.by_name.get("cookie", "").split("; ")) for request in received]

        assert jars[half:] == jars[:half], step


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "Grüße, 5 €"),
        ("windows-1252", "Grüße, 5 €"),
        ("iso-8859-1", "Grüße, 5 Stück"),
        ("iso-8859-15", "5 €"),
        ("koi8-r", "Привет"),
        ("shift_jis", "こんにちは"),
        ("euc-kr", "안녕하세요"),
        ("gb18030", "你好"),
        ("big5", "你好"),
    ],
)
def test_text_is_decoded_alike_where_its_charset_is_named(peers: Peers, charset: str, text: str) -> None:
    theirs, ours = peers.exchange("GET", f"/text?charset={charset}&say={quote(text)}")

    assert ours.text == theirs.text == text
    assert ours.content == theirs.content


@pytest.mark.parametrize("path", ["/packed/gzip", "/packed/deflate", "/packed/br", "/lines/50", "/json", "/status/404"])
def test_bodies_are_alike(peers: Peers, path: str) -> None:
    theirs, ours = peers.exchange("GET", path)

    assert ours.content == theirs.content
    assert ours.status_code == theirs.status_code
    assert ours.ok == theirs.ok
    assert {name.lower(): value for name, value in ours.headers.items()} == {
        name.lower(): value for name, value in theirs.headers.items()
    }


def test_streams_are_alike(peers: Peers) -> None:
    theirs, ours = peers.exchange("GET", "/packed/gzip", stream=True)

    assert b"".join(ours.iter_content(7, decode_content=False)) == b"".join(theirs.iter_content(7))


def test_bodies_in_pieces_are_alike(strangers: Peers) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"one", b"two", gzip.compress(b"three"))

    strangers.theirs.post(f"{strangers.mirror.url}/p", data=pieces())
    strangers.ours.post("/p", data=pieces())
    first, second = strangers.mirror.take()

    assert first.body == second.body
    assert first.by_name["transfer-encoding"] == second.by_name["transfer-encoding"] == "chunked"


def test_an_open_file_is_a_body(strangers: Peers) -> None:
    strangers.theirs.post(f"{strangers.mirror.url}/p", data=io.BytesIO(b"content"))
    strangers.ours.post("/p", data=io.BytesIO(b"content"))
    first, second = strangers.mirror.take()

    assert first.body == second.body == b"content"


@pytest.mark.parametrize("auth", [("user", "password"), ("user", "with:colon"), ("", ""), (b"\xfc", b"\xe4")])
def test_credentials_are_alike(peers: Peers, auth: Any) -> None:
    theirs, ours = peers.sent("GET", "/private", auth=auth)

    assert ours.by_name["authorization"] == theirs.by_name["authorization"]
