"""The cookie jar as journeys' authors see it: a mapping, like the jar of ``requests``."""

from __future__ import annotations

import pytest
from visiting import HOME, NOW_S, after, respond, sent

from loadgen.journey.http.cookies import CookieJar

ELSEWHERE = "https://elsewhere.example/"


def test_names_and_values_read_as_a_mapping():
    jar = after(HOME, "a=1", "b=2; Path=/cart")

    assert [jar["a"], jar.get("b"), jar.get("c"), jar.get("c", "none")] == ["1", "2", None, "none"]
    assert ["a" in jar, "c" in jar, len(jar), bool(jar)] == [True, False, 2, True]
    assert [jar.keys(), jar.values(), jar.items()] == [["a", "b"], ["1", "2"], [("a", "1"), ("b", "2")]]
    assert dict(jar) == jar.get_dict() == {"a": "1", "b": "2"}
    with pytest.raises(KeyError, match="c"):
        jar["c"]


def test_iteration_gives_cookies_and_minds_no_changes():
    jar = after(HOME, "a=1; Secure; Max-Age=60", "b=2")

    seen = []
    for cookie in jar:
        seen.append((cookie.name, cookie.value, cookie.domain, cookie.path, cookie.secure, cookie.expires))
        jar.clear()

    assert seen == [("a", "1", "shop.example", "/", True, NOW_S + 60), ("b", "2", "shop.example", "/", False, None)]


def test_one_domain_or_path_can_be_asked_for():
    jar = after(HOME, "a=1", "a=2; Path=/cart")
    respond(jar, ELSEWHERE, "a=3")

    assert [jar["a"], jar.get("a", path="/cart"), jar.get("a", domain="shop.example", path="/")] == ["3", "2", "1"]
    assert jar.get_dict(domain="elsewhere.example") == {"a": "3"}


def test_a_cookie_set_by_hand_goes_to_every_host():
    jar = CookieJar()
    jar.set("consent", "yes")
    jar["visitor"] = 7

    assert [sent(jar, HOME), sent(jar, "http://[::1]/x")] == ["consent=yes; visitor=7"] * 2


@pytest.mark.parametrize(("domain", "below"), [("Shop.example", ""), (".shop.example", "a=1")])
def test_a_cookie_set_by_hand_for_a_host_goes_below_it_when_a_dot_says_so(domain, below):
    jar = CookieJar()
    jar.set("a", "1", domain=domain, path="/cart")

    assert [sent(jar, HOME + "cart"), sent(jar, HOME), sent(jar, ELSEWHERE + "cart")] == ["a=1", "", ""]
    assert sent(jar, "https://www.shop.example/cart/pay") == below


def test_a_cookie_set_by_hand_can_be_secure_and_end():
    jar = CookieJar()
    jar.set("a", "1", secure=True, expires=NOW_S + 5)

    assert [sent(jar, HOME), sent(jar, "http://shop.example/")] == ["a=1", ""]
    assert sent(jar, HOME, now_s=NOW_S + 5) == ""


def test_the_last_word_about_a_cookie_counts_be_it_the_authors_or_the_servers():
    jar = after(HOME, "a=server", "a=deep; Path=/cart")

    jar.set("a", "author")
    assert sent(jar, HOME) == "a=author"
    respond(jar, HOME, "a=server again")
    assert sent(jar, HOME) == "a=server again"
    jar.set("a", "author", domain="shop.example")
    respond(jar, HOME, "a=server")
    assert sent(jar, HOME) == "a=server"
    jar.set("a", "author")
    respond(jar, HOME, "a=; Max-Age=0")
    assert jar.get_dict() == {"a": "deep"}


def test_cookies_can_be_removed():
    jar = after(HOME, "a=1", "b=2", "c=3", "c=3; Path=/cart")

    del jar["a"]
    jar.set("b", None, domain="elsewhere.example")
    assert sent(jar, HOME) == "b=2; c=3"
    jar.set("c", None)
    assert sent(jar, HOME) == "b=2"
    with pytest.raises(KeyError, match="a"):
        del jar["a"]
    jar.clear()
    assert [sent(jar, HOME), len(jar), list(jar)] == ["", 0, []]


def test_cookies_are_taken_from_mappings_and_other_jars():
    jar = CookieJar()
    jar.update({"a": "1"})
    jar.update(after(HOME, "b=2; Path=/cart"))

    assert [sent(jar, ELSEWHERE), sent(jar, HOME + "cart")] == ["a=1", "b=2; a=1"]


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("a=b", "1", "/"),
        ("a;b", "1", "/"),
        ("a", "1; b=2", "/"),
        ("a", "1\r\nX: y", "/"),
        ("a", "\ud800", "/"),
        ("a", "1", "cart"),
        ("a", "1", ""),
    ],
)
def test_what_would_break_the_header_is_refused(name, value, path):
    jar = CookieJar()

    with pytest.raises(ValueError, match=r"cookie|surrogates"):
        jar.set(name, value, path=path)
    assert len(jar) == 0
