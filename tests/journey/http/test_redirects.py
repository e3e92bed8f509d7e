"""Redirects are followed by the Fetch standard, carry nothing to strangers, and end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from journey.http.misbehaving import CLOSE, HEAR, Visitor, answer, moved, shop

from loadgen.journey.http.redirects import follow, for_strangers

Visit = Callable[..., Visitor]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", METHODS)
def test_method_and_body_afterwards(visit: Visit, method: str, status: int) -> None:
    if method in {"GET", "HEAD"} or status in {307, 308} or (status != 303 and method != "POST"):
        expected = method
    else:
        expected = "GET"
    reply = f"HTTP/1.1 {status} Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".encode()
    end = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with shop([HEAR, reply, HEAR, end]) as server:
        visitor = visit(server.url)
        options = (
            {} if method in {"GET", "HEAD"} else {"data": b"pay", "headers": {"Content-Type": "x/y", "X-Own": "1"}}
        )
        response = visitor.client.request(method, "/here", **options)
        assert response.error is None
        assert server.lines == [f"{method} /here HTTP/1.1", f"{expected} /there HTTP/1.1"]
        assert server.bodies[1] == (server.bodies[0] if expected == method else b"")
        assert (b"x/y" in server.heads[1]) == (bool(options) and expected == method)
        assert (b"X-Own" in server.heads[1]) == bool(options)
        assert [past.status_code for past in response.history] == [status]
        assert visitor.counted() == {"": 1}
        assert server.connections == 1


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b?x=1", "/b?x=1"),
        ("b", "/a/b"),
        ("../b", "/b"),
        ("?q", "/a/page?q"),
        ("/b#part", "/b"),
        ("//{host}/b", "/b"),
        ("http://{host}/b", "/b"),
        ("HTTP://{host}", "/"),
        ("/b c", "/b%20c"),
        ("/\u00fc", "/%C3%BC"),
    ],
)
def test_where_it_leads(visit: Visit, location: str, target: str) -> None:
    scripts: list[object] = []
    with shop([HEAR, lambda sock: sock.sendall(scripts[0]), HEAR, answer(b"there")]) as server:
        host = f"127.0.0.1:{server.end.port}"
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location.format(host=host)}\r\n\r\n"
        scripts.append(head.encode())
        assert visit(server.url).get("/a/page").content == b"there"
        assert server.lines[1] == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "http://", "http://a b/", "http://x:99999/", "ftp://x/", "mailto:x"]
)
def test_what_is_no_address_is_a_failure(visit: Visit, location: str) -> None:
    with shop([HEAR, moved(location)]) as server:
        visitor = visit(server.url, concurrency=1)
        assert visitor.reason() == "protocol"
        assert visitor.counted() == {"protocol": 1}


def test_a_redirect_to_nowhere_is_an_answer(visit: Visit) -> None:
    with shop(
        [HEAR, answer(b"hm", "302 Found"), HEAR, answer(b"hm", "304 Not Modified", "Location: /x")[:-2]]
    ) as server:
        visitor = visit(server.url)
        assert visitor.get().content == b"hm"
        assert visitor.get().status_code == 304
        assert len(server.heads) == 2


def test_redirects_may_be_left_alone(visit: Visit) -> None:
    with shop([HEAR, moved("/there")]) as server:
        response = visit(server.url).get(allow_redirects=False)
        assert (response.status_code, response.headers["location"], response.error) == (302, "/there", None)


def test_a_loop_ends(visit: Visit) -> None:
    with shop([*[HEAR, moved("/again")] * 20]) as server:
        visitor = visit(server.url, max_redirects=5)
        assert visitor.reason() == "protocol"
        assert len(server.heads) == 6
        assert visitor.counted() == {"protocol": 1}


def test_as_many_as_allowed_are_followed(visit: Visit) -> None:
    with shop([*[HEAR, moved("/again")] * 5, HEAR, answer(b"there")]) as server:
        response = visit(server.url, max_redirects=5).get()
        assert (response.content, len(response.history)) == (b"there", 5)


def test_a_failure_after_redirects_is_one_failure(visit: Visit) -> None:
    with shop([HEAR, moved("/there", 302, "Connection: close")], [HEAR, CLOSE]) as server:
        visitor = visit(server.url)
        assert visitor.reason() == "reset"
        assert visitor.counted() == {"reset": 1}


def test_a_body_that_is_gone_cannot_be_kept(visit: Visit) -> None:
    with shop([HEAR, moved("/there", 307)]) as server:
        assert visit(server.url).reason("/", "POST", data=iter([b"x"])) == "protocol"


def test_a_body_that_is_gone_may_be_dropped(visit: Visit) -> None:
    with shop([HEAR, moved("/there", 303), HEAR, answer()]) as server:
        assert visit(server.url).reason("/", "POST", data=iter([b"x"])) == ""
        assert b"chunked" not in server.heads[1]


def test_credentials_stay_with_their_origin_and_cookies_with_their_host(visit: Visit) -> None:
    with shop([HEAR, answer(b"", "200 OK", "Set-Cookie: sid=1")] * 2) as stranger:
        there = f"http://localhost:{stranger.end.port}/x"
        with shop([HEAR, answer(b"", "200 OK", "Set-Cookie: sid=2"), HEAR, moved(there, 307)]) as server:
            visitor = visit(server.url, default_headers=(("Authorization", "Basic default"), ("X-Run", "1")))
            visitor.get()
            own = {"Authorization": "Basic own", "Cookie": "own=1", "Proxy-Authorization": "p", "X-Own": "1"}
            assert visitor.reason("/", "POST", data=b"pay", headers=own) == ""
            assert b"Authorization: Basic own" in server.heads[1]
            (head,) = stranger.heads
            assert b"uthorization" not in head
            assert b"ookie" not in head
            assert b"X-Run: 1" in head
            assert b"X-Own: 1" in head
            assert f"Host: localhost:{stranger.end.port}".encode() in head
            assert stranger.bodies == [b"pay"]
            visitor.get(there)
            assert b"Cookie: sid=1" in stranger.heads[1]


def test_another_port_is_another_origin_but_the_same_host_for_cookies(visit: Visit) -> None:
    with shop([HEAR, answer()]) as other, shop([HEAR, moved(f"{other.url}/x", 302, "Set-Cookie: sid=1")]) as server:
        visitor = visit(server.url)
        assert visitor.reason("/", headers={"Authorization": "Basic own"}) == ""
        assert b"Authorization" not in other.heads[0]
        assert b"Cookie: sid=1" in other.heads[0]


def test_a_place_at_the_second_host_is_waited_for_and_given_back(visit: Visit) -> None:
    with shop([HEAR, answer()] * 3) as other, shop([HEAR, moved(f"{other.url}/x")] * 3) as server:
        visitor = visit(server.url, concurrency=1)
        for _ in range(3):
            assert visitor.reason() == ""


@pytest.mark.parametrize("same", [True, False])
def test_own_headers_stay_but_for_credentials(same: bool) -> None:
    step = follow(302, "GET", {"Authorization": "a", "X": "1"}, same_origin=same)
    assert step.headers == ({"Authorization": "a", "X": "1"} if same else {"X": "1"})


def test_strangers_see_no_credentials() -> None:
    assert for_strangers((("authorization", "a"), ("X-Run", "1"), ("Cookie", "c"))) == (("X-Run", "1"),)
