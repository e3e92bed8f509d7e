"""What a client makes of what an author writes, on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from journey.http.misbehaving import HEAR, Visitor, answer, moved, shop

Visit = Callable[..., Visitor]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/a", "/a"),
        ("/a#part", "/a"),
        ("/ü?ö=1", "/%C3%BC?%C3%B6=1"),
        ("/go?to=http://elsewhere.example/", "/go?to=http://elsewhere.example/"),
        ("/a://b", "/a://b"),
        ("/a/../b", "/b"),
        ("?q=1", "/?q=1"),
    ],
)
@pytest.mark.parametrize("params", [None, {"x": "1"}])
def test_a_path_is_put_behind_the_base_url(visit: Visit, url: str, target: str, params: Any) -> None:
    with shop([HEAR, answer()]) as server:
        visit(server.url).get(url, params=params)
        added = f"{'&' if '?' in target else '?'}x=1" if params else ""
        assert server.lines == [f"GET {target}{added} HTTP/1.1"]


def test_an_absolute_url_is_taken_as_it_is(visit: Visit) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit("http://nowhere.invalid/shop")
        assert visitor.reason(f"HTTP://127.0.0.1:{server.end.port}/a") == ""
        assert server.lines == ["GET /a HTTP/1.1"]


def test_a_proxy_is_asked_for_the_whole_url_without_fragment_or_credentials(visit: Visit) -> None:
    with shop([HEAR, moved("/c#part"), HEAR, answer()] * 2) as server:
        visitor = visit("http://u:p@shop.example/base", proxy=server.url)
        for url in ("/a#part", "/b"):
            assert visitor.reason(url) == ""
        assert server.lines == [
            "GET http://shop.example/base/a HTTP/1.1",
            "GET http://shop.example/c HTTP/1.1",
            "GET http://shop.example/base/b HTTP/1.1",
            "GET http://shop.example/c HTTP/1.1",
        ]


@pytest.mark.parametrize("data", [None, "", b"", {}, []])
def test_json_is_sent_where_there_is_no_data(visit: Visit, data: Any) -> None:
    with shop([HEAR, answer()]) as server:
        visit(server.url).client.post("/", data=data, json={"a": 1})
        assert server.bodies[0].replace(b" ", b"") == b'{"a":1}'
        assert b"Content-Type: application/json" in server.heads[0]


@pytest.mark.parametrize(
    "options", [{"headers": {"X": "a\r\nY: b"}}, {"headers": {"X Y": "a"}}, {"headers": {"X": "\u2713"}}]
)
def test_what_nobody_may_send_raises_and_is_counted(visit: Visit, options: dict[str, Any]) -> None:
    with shop([HEAR, answer()]) as server:
        visitor = visit(server.url)
        with pytest.raises(ValueError, match="header"):
            visitor.get("/", **options)
        assert sum(visitor.counted().values()) == 1
        assert visitor.reason() == ""
        assert len(server.heads) == 1
