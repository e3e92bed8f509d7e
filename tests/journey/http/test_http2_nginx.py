"""HTTP/2 with Debian's nginx: what it answers, and that it heard each request once, whatever became of connections."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from benchmarks.nginx import MISSING, Nginx, nginx, nginx_program
from journey.http.far_ends import until
from journey.http.misbehaving import Visitor, let_run

from loadgen.journey.http.settings import TlsSettings
from loadgen.journey.http.wires import Origin

REQUESTS = 50
"""After so many nginx ends a connection."""

LOCATIONS = """
listen unix:{folder}/up.sock;
root {folder};
keepalive_requests 50;
keepalive_timeout 300ms;
http2_max_concurrent_streams 16;
client_max_body_size 100m;
client_body_buffer_size 16m;
location = /echo {{
    add_header Set-Cookie "seen=1; Path=/";
    return 200 "$request_method $scheme $http_host [$http_cookie] $http_x_own $server_protocol";
}}
location = /moved {{ return 302 /echo; }}
location = /up {{ proxy_pass http://unix:{folder}/up.sock:/took; }}
location = /took {{ return 200 "$content_length"; }}
location = /early {{ client_max_body_size 1k; return 200 "early"; }}
location = /packed {{ gzip_static always; }}
"""

BIG = bytes(range(256)) * 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    if nginx_program() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder: Path = tmp_path_factory.mktemp("nginx")
    (folder / "page").write_bytes(b"<p>hello</p>")
    (folder / "big").write_bytes(BIG)
    (folder / "packed.gz").write_bytes(gzip.compress(b"hello" * 1000))
    with nginx(folder, LOCATIONS.format(folder=folder), [], ["older"], http2=["shop"]) as running:
        yield running


@pytest.fixture
def come(visit: Callable[..., Visitor], server: Nginx) -> Callable[..., Visitor]:
    def come(port: str = "shop", **settings: Any) -> Visitor:
        return visit(server.url(port), **{"http": "2", "tls": TlsSettings(verify=False), **settings})

    return come


@pytest.fixture
def counted_once(server: Nginx) -> Iterator[Callable[[int], None]]:
    """Holds what was asked against what nginx answered."""
    before = server.answered()
    asked: list[int] = []
    yield asked.append
    until(lambda: server.answered() - before >= sum(asked))
    assert server.answered() - before == sum(asked)


def test_it_is_asked_in_http2(come: Callable[..., Visitor], server: Nginx) -> None:
    visitor = come()
    host = f"127.0.0.1:{server.ports['shop']}"
    assert visitor.get("/echo", headers={"X-Own": "A b"}).text == f"GET https {host} [] A b HTTP/2.0"
    visitor.client.cookiejar.set("a", "1", domain="127.0.0.1")
    assert visitor.get("/moved").text == f"GET https {host} [seen=1; a=1]  HTTP/2.0"


def test_answers_are_those_of_http_1(come: Callable[..., Visitor]) -> None:
    new, old = come(), come(http="1.1")
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        for path in ("/page", "/packed", "/none", "/moved", "/early"):
            responses = [visitor.client.request(method, path, allow_redirects=False) for visitor in (new, old)]
            said = [(each.status_code, each.content) for each in responses]
            assert said[0] == said[1]
            headers = [{name.lower(): value for name, value in each.headers.items()} for each in responses]
            for each in headers:
                each.pop("connection", None)
                each.pop("date")
            assert headers[0] == headers[1]


def test_a_part_and_what_has_not_changed(come: Callable[..., Visitor]) -> None:
    visitor = come()
    whole = visitor.get("/big")
    part = visitor.get("/big", headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, BIG[1000:2000])
    known = visitor.get("/big", headers={"If-None-Match": whole.headers["ETag"]})
    assert (known.status_code, known.content, known.error) == (304, b"", None)


@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_uploads_arrive(come: Callable[..., Visitor], size: int) -> None:
    visitor = come()
    assert visitor.client.post("/up", data=b"x" * size).text == str(size or "0")
    pieces = (b"x" * min(30_000, size - start) for start in range(0, size, 30_000))
    assert visitor.client.put("/up", data=pieces).text == (str(size) if size else "0")


def test_an_upload_that_nginx_does_not_want_is_answered(come: Callable[..., Visitor]) -> None:
    visitor = come()
    assert visitor.client.post("/early", data=b"x" * 10_000_000).status_code in (200, 413)
    assert visitor.get("/page").text == "<p>hello</p>"


def test_downloads_arrive(come: Callable[..., Visitor]) -> None:
    visitor = come()
    assert visitor.get("/big").content == BIG
    assert b"".join(visitor.get("/big", stream=True).iter_content(100_000, decode_content=False)) == BIG
    assert visitor.get("/packed", headers={"Accept-Encoding": "gzip"}).content == b"hello" * 1000


def test_each_request_is_heard_once_however_often_nginx_ends_the_connection(
    come: Callable[..., Visitor], counted_once: Callable[[int], None]
) -> None:
    visitor = come()
    for _ in range(3 * REQUESTS):
        assert visitor.client.post("/echo", data=b"x").status_code == 200
    assert visitor.counted() == {"": 3 * REQUESTS}
    counted_once(3 * REQUESTS)


def test_requests_at_once_are_heard_once_each(
    come: Callable[..., Visitor], counted_once: Callable[[int], None]
) -> None:
    visitor = come()
    greenlets = [gevent.spawn(visitor.get, "/big" if number % 10 == 0 else "/page") for number in range(100)]
    let_run(*greenlets)
    assert {len(greenlet.value.content) for greenlet in greenlets} == {len(BIG), len(b"<p>hello</p>")}
    counted_once(100)


def test_up_and_down_at_once(come: Callable[..., Visitor]) -> None:
    visitor = come()
    up = [gevent.spawn(visitor.client.post, "/up", data=b"x" * 2_000_000) for _ in range(4)]
    down = [gevent.spawn(visitor.get, "/big") for _ in range(4)]
    let_run(*up, *down)
    assert [greenlet.value.text for greenlet in up] == ["2000000"] * 4
    assert [greenlet.value.content == BIG for greenlet in down] == [True] * 4


def test_an_idle_connection_that_nginx_closed_is_replaced(come: Callable[..., Visitor], server: Nginx) -> None:
    visitor = come()
    assert visitor.get("/page").status_code == 200
    lane: Any = visitor.client._connections._lanes[Origin("https", "127.0.0.1", server.ports["shop"])]
    until(lambda: lane.shared.closed)
    assert visitor.client.post("/up", data=b"abc").text == "3"


def test_a_port_that_speaks_the_older_protocol_only(come: Callable[..., Visitor]) -> None:
    assert come("older").get("/echo").text.endswith("HTTP/1.1")
