"""What an author writes leads to one place, found out once."""

from __future__ import annotations

import pytest

from loadgen.journey.http import places
from loadgen.journey.http.places import Home, home_at
from loadgen.journey.http.wires import Origin

SECRET = (("Authorization", "Basic eA=="), ("X-Shop", "1"))


@pytest.fixture
def home() -> Home:
    return Home("http://user:pass@shop.example:8080/base/", SECRET)


def test_the_base_url_keeps_neither_credentials_nor_its_last_slash(home: Home) -> None:
    assert home.base_url == "http://shop.example:8080/base"
    assert home.origin == Origin("http", "shop.example", 8080)


@pytest.mark.parametrize(
    ("url", "params", "target"),
    [
        ("/cart", None, "/base/cart"),
        ("/cart?x=1", {"y": "2"}, "/base/cart?x=1&y=2"),
        ("/a b", None, "/base/a%20b"),
        ("/a/../b", None, "/base/b"),
        ("/a/%2e%2e/b", None, "/base/b"),
        ("//cart", None, "/base//cart"),
        ("http://shop.example:8080/cart", None, "/cart"),
        ("HTTP://Shop.Example:8080/cart#top", None, "/cart"),
    ],
)
def test_urls_lead_to_the_target_that_a_browser_would_ask_for(
    home: Home, url: str, params: object, target: str
) -> None:
    place = home.place(url, params)
    assert (place.origin, place.target) == (home.origin, target)


def test_a_place_is_found_out_once(home: Home) -> None:
    assert home.place("/cart") is home.place("/cart")
    assert home.place("/s", {"q": "hat"}) is home.place("/s?q=hat")
    assert home.place("/cart").opening("GET") is home.place("/cart").opening("GET")
    assert home_at("http://shop.example", SECRET) is home_at("http://shop.example", SECRET)
    assert home_at("http://shop.example", SECRET) is not home_at("http://shop.example", ())


@pytest.mark.interpreted
def test_only_so_many_are_kept_and_the_others_are_right_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_KEPT", 2)
    targets = [home.place(f"/{n % 4}").target for n in range(12)]
    assert targets == [f"/base/{n % 4}" for n in range(12)]
    assert home.place("/1") is home.place("/1")
    assert home.place("/2") is not home.place("/2")


def test_strangers_do_not_hear_what_is_meant_for_the_target(home: Home) -> None:
    assert b"Authorization" in home.place("/").opening("GET")
    other = home.place("http://cdn.example/x").opening("GET")
    assert b"Authorization" not in other
    assert b"X-Shop: 1\r\n" in other
    assert other.startswith(b"GET /x HTTP/1.1\r\nHost: cdn.example\r\n")


def test_what_is_no_address_is_refused_each_time(home: Home) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="port"):
            home.place("http://shop.example:99999/")


def test_a_method_that_would_break_the_line_is_refused(home: Home) -> None:
    with pytest.raises(ValueError, match="is no method"):
        home.place("/").opening("GET / HTTP/1.1\r\nX: Y\r\n\r\nGET")
