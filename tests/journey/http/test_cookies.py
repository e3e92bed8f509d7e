"""One shopper's cookie jar: what it sends, what it forgets, and that nothing a server says can harm it."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from visiting import HOME, NOW_S, after, respond, sent

from loadgen.journey.http.cookies import MAX_COOKIES, MAX_PER_DOMAIN, CookieJar


def test_the_examples_of_rfc_6265_section_3_1_hold():
    jar = after("https://example.com/", "SID=31d4d96e407aad42")
    assert sent(jar, "https://example.com/any/where") == "SID=31d4d96e407aad42"
    assert sent(jar, "https://www.example.com/") == ""

    jar = after("https://example.com/", "SID=31d4d96e407aad42; Path=/; Domain=example.com")
    assert sent(jar, "https://www.example.com/") == "SID=31d4d96e407aad42"

    jar = after(
        "https://example.com/",
        "SID=31d4d96e407aad42; Path=/; Secure; HttpOnly",
        "lang=en-US; Path=/; Domain=example.com",
    )
    assert sent(jar, "https://example.com/") == "SID=31d4d96e407aad42; lang=en-US"

    respond(jar, "https://example.com/", "lang=en-US; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Domain=example.com")
    assert sent(jar, "https://example.com/") == "SID=31d4d96e407aad42; lang=en-US"
    respond(jar, "https://example.com/", "lang=; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Domain=example.com")
    assert sent(jar, "https://example.com/") == "SID=31d4d96e407aad42"


def test_a_header_is_composed_anew_when_one_of_its_cookies_ends():
    jar = after(HOME, "a=1; Max-Age=10", "b=2; Max-Age=20", "c=3")

    assert [sent(jar, HOME, now_s=NOW_S + age) for age in (0, 10, 20)] == ["a=1; b=2; c=3", "b=2; c=3", "c=3"]


def test_a_cookie_is_deleted_by_one_that_has_ended():
    jar = after(HOME, "a=1", "b=2")
    respond(jar, HOME, "a=; Max-Age=0")

    assert sent(jar, HOME) == "b=2"


def test_longer_paths_come_first_and_then_earlier_cookies():
    jar = after(HOME, "a=1", "b=2; Path=/cart", "c=3; Path=/cart/pay", "d=4; Path=/cart", "e=5")

    assert sent(jar, HOME + "cart/pay") == "c=3; b=2; d=4; a=1; e=5"


def test_a_cookie_that_is_set_again_keeps_its_place():
    jar = after(HOME, "a=1", "b=2")
    respond(jar, HOME, "a=9")

    assert sent(jar, HOME) == "a=9; b=2"


def test_a_cookie_that_had_ended_starts_at_the_end():
    jar = after(HOME, "a=1; Max-Age=5", "b=2")
    respond(jar, HOME, "a=9", now_s=NOW_S + 6)

    assert sent(jar, HOME, now_s=NOW_S + 6) == "b=2; a=9"


def test_the_oldest_cookies_of_a_domain_make_room():
    jar = after(HOME, *(f"c{number}={number}" for number in range(MAX_PER_DOMAIN + 2)))
    respond(jar, "https://other.example/", "a=1")

    assert len(jar) == MAX_PER_DOMAIN + 1
    assert ["c0" in jar, "c1" in jar, "c2" in jar, "a" in jar] == [False, False, True, True]


def test_ended_and_insecure_cookies_make_room_before_secure_ones():
    jar = after(HOME, "s=1; Secure", "i=1", "e=1; Max-Age=1", *(f"c{n}=1; Secure" for n in range(MAX_PER_DOMAIN - 3)))

    respond(jar, HOME, "new=1; Secure", now_s=NOW_S + 2)
    assert ["s" in jar, "i" in jar, "e" in jar] == [True, True, False]
    respond(jar, HOME, "newer=1; Secure", now_s=NOW_S + 2)
    assert ["s" in jar, "i" in jar] == [True, False]


def test_a_jar_does_not_grow_with_the_hosts_it_meets():
    jar = CookieJar()
    for number in range(MAX_COOKIES + 50):
        respond(jar, f"https://h{number}.example/", "a=1")
    headers = [sent(jar, f"https://h{number}.example/") for number in range(100)]

    assert len(jar) == MAX_COOKIES
    assert headers == [""] * 50 + ["a=1"] * 50  # the oldest made room
    assert sys.getsizeof(jar._secure_headers) < 5_000


def test_an_empty_jar_is_a_few_words():
    jar = CookieJar()

    assert sent(jar, HOME) == ""
    assert sys.getsizeof(jar) < 100
    assert jar._cookies is None
    assert jar._secure_headers is None


PIECES = st.sampled_from(
    [
        *[b"a", b"b", b"=", b";", b" ", b"\t", b"\0", b"\xff", b'"', b".", b"-", b"9", b"/x"],
        *[b"Path=/", b"Domain=", b"shop.example", b"Max-Age=", b"Expires=", b"Sun, 06 Nov 2094 08:49:37 GMT"],
        *[b"Secure", b"SameSite=None", b"__Host-", b"__secure-"],
    ]
)
GARBAGE = st.binary(max_size=60) | st.text(max_size=60) | st.lists(PIECES, max_size=12).map(b"".join)
HOSTS = st.sampled_from(["shop.example", "www.shop.example", "127.0.0.1", "::1", "localhost", ""]) | st.text(max_size=9)
PATHS = st.sampled_from(["/", "/x", "/x/y", "/?q=/x/", ""]) | st.text(max_size=9)


@settings(deadline=None)
@given(st.lists(GARBAGE, max_size=8), HOSTS, PATHS, st.booleans(), st.booleans())
def test_no_garbage_raises_or_breaks_a_header(values, host, path, secure, cross_site):
    jar = CookieJar()
    jar.store(host, path, secure, values, NOW_S, cross_site=cross_site)
    header = jar.header(host, path, secure, NOW_S, cross_site=cross_site)

    assert not set(header) & {0, 10, 13, 127}
    assert len(jar) <= len(values)
    assert sent(jar, "https://elsewhere.example/") == ""


VISITS = st.tuples(
    st.sampled_from(
        ["https://shop.example", "http://shop.example", "https://www.shop.example", "https://else.example"]
    ),
    st.sampled_from(["/", "/x", "/x/y", "/xy"]),
    st.lists(
        st.builds(
            "{}={}{}".format,
            st.sampled_from("abc"),
            st.integers(0, 3),
            st.lists(
                st.sampled_from(
                    ["; Path=/", "; Path=/x", "; Domain=shop.example", "; Max-Age=3", "; Max-Age=0", "; Secure"]
                ),
                max_size=3,
            ).map("".join),
        ),
        max_size=3,
    ),
)


@settings(deadline=None)
@given(st.lists(VISITS, max_size=12))
def test_a_remembered_header_is_the_one_that_would_be_composed(visits):
    jar = CookieJar()
    for age, (origin, path, values) in enumerate(visits):
        respond(jar, origin + path, *values, now_s=NOW_S + age)
        for url in [origin + path, HOME + "x", HOME, "http://www.shop.example/x/y"]:
            remembered = sent(jar, url, now_s=NOW_S + age)
            fresh = CookieJar()
            fresh.update(jar)
            assert remembered == sent(fresh, url, now_s=NOW_S + age)
