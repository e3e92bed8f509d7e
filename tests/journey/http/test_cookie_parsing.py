"""Set-Cookie as servers write it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visiting import HOME, NOW_S, after, sent

from loadgen.journey.http.cookie_parsing import MAX_AGE_S, parse_set_cookie


@pytest.mark.parametrize(
    ("value", "header"),
    [
        (b"a=b", b"a=b"),
        (b" a \t= b c ; Path=/", b"a=b c"),
        (b"a=b=c", b"a=b=c"),
        (b"a=", b"a="),
        (b'a="b c"', b'a="b c"'),
        (b'a="b;c"', b'a="b'),
        (b"a", b"a"),
        (b"=a", b"a"),
        (b"a=\xc3\xa9\xff", b"a=\xc3\xa9\xff"),
        (b"a=b;;;Unknown=1; =; Path", b"a=b"),
        (b"a=b; Path=nowhere", b"a=b"),
        (b"a=b; path=/x; PATH=/", b"a=b"),
        (b"a=1, b=2", b"a=1, b=2"),
        (b"", b""),
        (b"=", b""),
        (b"; Path=/", b""),
        (b"a=b\0c", b""),
        (b"a=b\r", b""),
        (b"a=b; Path=/\x7f", b""),
        (b"a=" + 4095 * b"x", b"a=" + 4095 * b"x"),
        (b"a=" + 4096 * b"x", b""),
        (b"a=b; Path=/" + 1024 * b"x", b"a=b"),
        ("a=\u00e9", b"a=\xe9"),  # text is what Python's libraries make of header bytes
        ("a=\u20ac\ud800", b"a=\xe2\x82\xac?"),
    ],
)
def test_a_cookie_goes_back_as_it_came(value, header):
    jar = after(HOME, value)

    assert jar.header("shop.example", "/", True, NOW_S) == header


def test_all_that_was_said_about_a_cookie_is_kept():
    jar = after(
        HOME + "a/b", "id=7; Domain=shop.example; Secure; HttpOnly; SameSite=lax; Max-Age=60", "x=1; SameSite=?"
    )

    whole, bare = jar
    assert (whole.name, whole.value, whole.domain, whole.path) == ("id", "7", "shop.example", "/a")
    assert (whole.host_only, whole.secure, whole.http_only, whole.same_site) == (False, True, True, "Lax")
    assert whole.expires == NOW_S + 60
    assert (bare.host_only, bare.secure, bare.http_only, bare.same_site, bare.expires) == (True, False, False, "", None)


@pytest.mark.parametrize(
    ("attributes", "lives_s"),
    [
        ("Max-Age=60", 60),
        ("Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT", 60),
        ("Max-Age=0", 0),
        ("Max-Age=-1", 0),
        ("Max-Age=60; Max-Age=later", 60),
        ("Max-Age=99999999999999999999", MAX_AGE_S),
        ("Max-Age=" + 1000 * "9", MAX_AGE_S),
        ("Expires=Sun, 15-Jun-2025 15:07:40 GMT", 1_750_000_060 - NOW_S),
        ("Expires=Wed, 09 Jun 2100 10:18:14 GMT", MAX_AGE_S),
        ("Expires=never", None),
        ("Max-Age=", None),
        ("Max-Age=-", None),
        ("Max-Age=1.5", None),
        ("Max-Age=\u0663", None),
    ],
)
def test_a_cookie_lives_as_long_as_was_said(attributes, lives_s):
    jar = after(HOME, f"a=1; {attributes}".encode())

    if lives_s is None:
        assert sent(jar, HOME, now_s=NOW_S + 10 * MAX_AGE_S) == "a=1"
    else:
        assert [sent(jar, HOME, now_s=NOW_S + lives_s - 1), len(jar)] == (["a=1", 1] if lives_s else ["", 0])
        assert [sent(jar, HOME, now_s=NOW_S + lives_s), len(jar)] == ["", 0]


@settings(deadline=None)
@given(st.binary(max_size=40).filter(lambda value: not set(value) & {*range(32), 127, *b"; "}))
def test_every_byte_of_a_value_goes_back(value):
    parsed = parse_set_cookie(b"a=" + value)

    assert parsed is not None
    assert after(HOME, b"a=" + value).header("shop.example", "/", True, NOW_S) == b"a=" + value
