"""URLs are read as browsers read them; what browsers would not open is refused in words."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from loadgen.journey.http.urls import credentials, join, split

BASE = "http://shop.example/a/b/c?q=1#top"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example", ("http", "shop.example", 80, "/")),
        ("https://shop.example/", ("https", "shop.example", 443, "/")),
        ("http://shop.example?q", ("http", "shop.example", 80, "/?q")),
        ("http://shop.example/p?", ("http", "shop.example", 80, "/p?")),
        ("http://shop.example:8080/p/1?a=b&c#frag?x", ("http", "shop.example", 8080, "/p/1?a=b&c")),
        ("http://shop.example:/p", ("http", "shop.example", 80, "/p")),
        ("HTTPS://Shop.Example:0443/P", ("https", "shop.example", 443, "/P")),
        ("http://user:pa@ss@shop.example/p", ("http", "shop.example", 80, "/p")),
        ("http://shop.example\\p\\q?a\\b", ("http", "shop.example", 80, "/p/q?a\\b")),
        ("http:/shop.example//p", ("http", "shop.example", 80, "//p")),
        ("http:\\\\shop.example", ("http", "shop.example", 80, "/")),
        ("  http://shop.example/a\nb\t \r\n", ("http", "shop.example", 80, "/ab")),
        ("http://my_shop:8080", ("http", "my_shop", 8080, "/")),
        ("http://shop.example./", ("http", "shop.example.", 80, "/")),
    ],
)
def test_a_url_is_split_into_where_it_leads_and_what_is_asked_for(
    url: str, expected: tuple[str, str, int, str]
) -> None:
    assert split(url) == expected


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/red shoes", "/red%20shoes"),
        ("/größe/€", "/gr%C3%B6%C3%9Fe/%E2%82%AC"),
        ("/😀", "/%F0%9F%98%80"),
        ('/"<>`{}^', "/%22%3C%3E%60%7B%7D%5E"),
        ("/!$&'()*+,;=:@-._~|[]", "/!$&'()*+,;=:@-._~|[]"),
        ("/100%/%zz/%2f%41", "/100%/%zz/%2f%41"),
        ("/?q=red shoes ü\"<>'", "/?q=red%20shoes%20%C3%BC%22%3C%3E%27"),
        ("/?q=`{}^|\\[]/?:@%", "/?q=`{}^|\\[]/?:@%"),
        ("/\x7f\x01x", "/%7F%01x"),
        ("/\ud800", "/%3F"),
        ("/a/./b/../c", "/a/c"),
        ("/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/a//../b", "/a/b"),
        ("/a/%2E%2e/b/%2e", "/b/"),
        ("/.well-known/x...", "/.well-known/x..."),
        ("/?../.", "/?../."),
    ],
)
def test_what_a_browser_encodes_is_encoded_and_nothing_else(written: str, sent: str) -> None:
    assert split(f"http://shop.example{written}")[3] == sent


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Bücher.Example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("店.example。", "xn--hxt.example."),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("sh%6Fp.example", "shop.example"),
        ("b%C3%BCcher.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7F.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("1.2.3.4.", "1.2.3.4"),
        ("[::1]", "::1"),
        ("[2001:DB8:0:0::0:1]", "2001:db8::1"),
        ("1.2.3.example", "1.2.3.example"),
    ],
)
def test_hosts_have_one_form(written: str, host: str) -> None:
    assert split(f"https://{written}:8443/p") == ("https", host, 8443, "/p")
    assert split(join("http://other.example/", f"https://{written}:8443/p"))[1] == host


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is no absolute URL"),
        ("/path", "is no absolute URL"),
        ("shop.example", "is no absolute URL"),
        ("//shop.example/", "is no absolute URL"),
        ("ftp://shop.example/", "leads to ftp:, only http and https"),
        ("mailto:sales@shop.example", "leads to mailto:"),
        ("javascript:void(0)", "leads to javascript:"),
        ("http://", "has no host"),
        ("http://?q", "has no host"),
        ("http://user@/p", "has no host"),
        ("http://:80/", "has no host"),
        ("http://shop.example:0/", "between 1 and 65535"),
        ("http://shop.example:65536/", "between 1 and 65535"),
        ("http://shop.example:" + "9" * 5000, "between 1 and 65535"),
        ("http://shop.example:x/", "no port that is a number"),
        ("http://shop.example:80:80/", "no port that is a number"),
        ("http://::1/", "no port that is a number"),
        ("http://[::1", "no port that is a number"),
        ("http://[::1]x/", "no port that is a number"),
        ("http://[::1%25eth0]/", "is no IPv6 address"),
        ("http://[1.2.3.4]/", "is no IPv6 address"),
        ("http://[:::]/", "is no IPv6 address"),
        ("http://1.2.3.256/", "ends in a number but is no IPv4 address"),
        ("http://shop.0x/", "ends in a number but is no IPv4 address"),
        ("http://1.2.3.4.5/", "ends in a number but is no IPv4 address"),
        ("http://shop example/", "is no host name"),
        ("http://shop%20example/", "is no host name"),
        ("http://sho%00p/", "is no host name"),
        ("http://a..b/", "is no host name"),
        ("http://./", "is no host name"),
        ("http://*.example/", "is no host name"),
        ("http://" + "a" * 64 + ".example/", "is no host name"),
        ("http://" + "a." * 127 + "b/", "is no host name"),
        ("http://\u202e.example/", "is no host name"),
        ("http://" + "ü" * 10_000, "is no host name"),
    ],
)
def test_what_leads_nowhere_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        split(url)
    assert len(str(caught.value)) < 500


def test_a_password_is_not_shown_in_an_error() -> None:
    with pytest.raises(ValueError, match="has no host") as caught:
        split("http://user:secret@/path")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example/", None),
        ("http://@shop.example/", None),
        ("http://user@shop.example/", ("user", "")),
        ("http://user:pass@shop.example/", ("user", "pass")),
        ("http://us%40er:p%3Aä:@shop.example/", ("us@er", "p:ä:")),
        ("http://:token@shop.example/", ("", "token")),
    ],
)
def test_credentials_are_read_decoded(url: str, expected: tuple[str, str] | None) -> None:
    assert credentials(url) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/cart", "http://shop.example/cart"),
        ("d", "http://shop.example/a/b/d"),
        ("./d/../e/.", "http://shop.example/a/b/e/"),
        ("../../../d", "http://shop.example/d"),
        ("?page=2", "http://shop.example/a/b/c?page=2"),
        ("#end", "http://shop.example/a/b/c?q=1#end"),
        ("", "http://shop.example/a/b/c?q=1"),
        ("//cdn.example/x", "http://cdn.example/x"),
        ("https://pay.example", "https://pay.example/"),
        ("https:pay.example/x", "https://pay.example/x"),
        ("http:d", "http://shop.example/a/b/d"),
        ("http:/d", "http://shop.example/d"),
        ("\\d\\e", "http://shop.example/d/e"),
        ("\\\\cdn.example\\x", "http://cdn.example/x"),
        ("  /ca\r\nrt\t ", "http://shop.example/cart"),
        ("/thank you?x=ü", "http://shop.example/thank%20you?x=%C3%BC"),
        ("http://shop.example:80/", "http://shop.example/"),
        ("https://shop.example:8443/", "https://shop.example:8443/"),
        ("http://[::1]:81/", "http://[::1]:81/"),
        ("http://us er:p@x@shop.example/", "http://us%20er:p%40x@shop.example/"),
        ("?", "http://shop.example/a/b/c?"),
        ("d:e", None),
        ("./d:e", "http://shop.example/a/b/d:e"),
    ],
)
def test_a_location_leads_where_it_leads_a_browser(location: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="only http and https"):
            join(BASE, location)
    else:
        assert join(BASE, location) == expected


def test_credentials_stay_with_the_origin_that_they_were_given_for() -> None:
    assert join("http://u:p@shop.example/a", "b") == "http://u:p@shop.example/b"
    assert join("http://u:p@shop.example/a", "//cdn.example/b") == "http://cdn.example/b"


def test_a_location_in_utf_8_is_read_as_such_though_headers_are_latin_1() -> None:
    assert join(BASE, "/größe".encode().decode("latin-1")) == "http://shop.example/gr%C3%B6%C3%9Fe"
    assert join(BASE, "/größe") == "http://shop.example/gr%C3%B6%C3%9Fe"


@pytest.mark.parametrize("base", ["", "/a", "ftp://shop.example/", "shop.example"])
def test_a_base_that_is_no_absolute_url_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match=r"is no absolute URL|only http and https"):
        join(base, "b")


SEGMENTS = st.sampled_from([".", "..", "a", "b.html", "c;d=1", "x...", "~me", "1+1", "e=mc2", "@h"])
PATHS = st.lists(SEGMENTS, max_size=5).map("/".join)
QUERIES = st.sampled_from(["", "?q=1", "?q=1&r=/../x", "?a?b"])
FRAGMENTS = st.sampled_from(["", "#top", "#/../x?y"])
REFERENCES = st.builds("{}{}{}{}".format, st.sampled_from(["", "/", "//cdn.example/"]), PATHS, QUERIES, FRAGMENTS)
BASES = st.builds("http://shop.example:8080/{}{}".format, PATHS, QUERIES)


@given(BASES, REFERENCES.filter(bool))
@example("http://shop.example:8080/a/b", "../../..")
def test_links_are_joined_as_the_standard_library_does(base: str, reference: str) -> None:
    theirs = urljoin(join(base, ""), reference)  # it leaves dot segments in the base

    assert join(base, reference) == join(theirs, "") + (f"#{theirs.partition('#')[2]}" if "#" in theirs else "")


TEXT = st.text(st.sampled_from('aZ09-._~!$&()*+,;=:@/ ü€"<>'), max_size=20)


@given(TEXT, st.none() | TEXT, st.sampled_from(["shop.example", "SHOP.example:81", "bücher.example", "[::1]:8080"]))
def test_what_is_sent_equals_what_requests_sends(path: str, query: str | None, host: str) -> None:
    url = f"http://{host}/{path}x{'' if query is None else f'?x{query}x'}"
    theirs = requests.Request("GET", url).prepare()
    scheme, name, port, target = split(url)

    assert target == theirs.path_url
    parts = urlsplit(theirs.url)
    assert (scheme, name, port) == (parts.scheme, parts.hostname, parts.port or 80)


HOSTS = ["shop.example", "127.1", "[::1]", "[", "]", "。", "ß", "١", "80", "a", "xn--"]
SIGNS = [
    "/",
    "//",
    "\\",
    "..",
    ".",
    "%2e",
    "ü",
    "?",
    "#",
    "@",
    ":",
    "%",
    "\t",
    "\n",
    " ",
    "\0",
    "'",
    '"',
    "|",
    "^",
    "\ud800",
]
PIECES = st.sampled_from(["http:", "https:", "ftp:", *HOSTS, *SIGNS])
GARBAGE = st.text(max_size=20) | st.lists(PIECES, max_size=8).map("".join)


@given(GARBAGE, st.sampled_from(["", "http://", "https://shop.example", "http://shop.example/"]))
def test_garbage_is_refused_or_can_be_sent(garbage: str, prefix: str) -> None:
    with suppress(ValueError):
        credentials(prefix + garbage)
    with suppress(ValueError):
        scheme, host, port, target = split(prefix + garbage)

        assert scheme in {"http", "https"}
        assert host.isascii()
        assert host == host.lower() != ""
        assert 0 < port < 65536
        assert target.startswith("/")
        assert target.isascii()
        assert not set(target) & set(" \t\r\n\0#")


@given(st.sampled_from([BASE, "https://u:p@[::1]:8443"]), GARBAGE)
def test_a_joined_url_needs_no_more_mending(base: str, garbage: str) -> None:
    with suppress(ValueError):
        joined = join(base, garbage)

        assert joined.isascii()
        assert join("http://elsewhere.example/", joined) == joined
        assert split(joined)[3] == split(joined.partition("#")[0])[3]


@given(GARBAGE)
def test_the_short_way_gives_what_the_long_way_gives(garbage: str) -> None:
    url = f"http://shop.example/{garbage}"
    with suppress(ValueError):
        assert split.__wrapped__(url) == split.__wrapped__(f" {url}")
