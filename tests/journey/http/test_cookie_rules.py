"""Who may set which cookie, and which requests carry it: tables from the RFCs."""

from __future__ import annotations

import pytest
from visiting import HOME, after, respond, sent

from loadgen.journey.http.cookie_rules import default_path, path_matches


@pytest.mark.parametrize(
    ("domain", "kept"),
    [
        ("example.com", True),
        ("foo.example.com", True),
        (".example.com", True),
        ("EXAMPLE.Com", True),
        ("", True),
        ("bar.example.com", False),
        ("baz.foo.example.com", False),
        ("ample.com", False),
        ("..example.com", False),
        ("example.com.", False),
        ("com", False),
        ("bücher.example.com", False),
    ],
)
def test_a_host_sets_cookies_for_itself_and_domains_above_it(domain, kept):
    jar = after("https://foo.example.com/", f"a=1; Domain={domain}".encode())

    assert sent(jar, "https://foo.example.com/") == ("a=1" if kept else "")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("__Secure-SID=12345; Domain=site.example", False),
        ("__Secure-SID=12345; Secure; Domain=site.example", True),
        ("__secure-SID=12345; Domain=site.example", False),
        ("__Host-SID=12345", False),
        ("__Host-SID=12345; Secure", False),
        ("__Host-SID=12345; Domain=site.example", False),
        ("__Host-SID=12345; Domain=site.example; Path=/", False),
        ("__Host-SID=12345; Secure; Domain=site.example; Path=/", False),
        ("__Host-SID=12345; Secure; Path=/shop", False),
        ("__Host-SID=12345; Secure; Path=/", True),
        ("__hOSt-SID=12345; Path=/", False),
        ("=__Host-SID=12345; Secure; Path=/", False),
        ("__Secure-SID; Secure; Path=/", False),
        ("__Hosting=12345", True),
    ],
)
def test_a_prefix_is_a_promise_that_is_checked(value, kept):
    assert len(after("https://site.example/", value)) == kept


@pytest.mark.parametrize(
    ("path", "default"),
    [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("/a/b/c.html", "/a/b"), ("", "/"), ("a/b", "/")],
)
def test_a_cookie_without_path_is_for_the_directory_of_the_request(path, default):
    assert default_path(path) == default


@pytest.mark.parametrize(
    ("path", "cookie_path", "matches"),
    [
        ("/", "/", True),
        ("/cart", "/", True),
        ("/cart", "/cart", True),
        ("/cart/", "/cart", True),
        ("/cart/pay", "/cart", True),
        ("/cart/pay", "/cart/", True),
        ("/cartoons", "/cart", False),
        ("/cart", "/cart/", False),
        ("/Cart", "/cart", False),
        ("/", "/cart", False),
    ],
)
def test_a_cookie_is_sent_to_its_path_and_below(path, cookie_path, matches):
    assert path_matches(path, cookie_path) is matches
    assert sent(after(HOME, f"a=1; Path={cookie_path}"), f"https://shop.example{path}") == ("a=1" if matches else "")


def test_a_cookie_without_domain_is_for_its_host_alone():
    jar = after(HOME, "a=1")

    assert [sent(jar, url) for url in (HOME, "https://www.shop.example/", "https://example/")] == ["a=1", "", ""]


def test_cookies_do_not_mind_the_port():
    assert sent(after("https://shop.example:8443/", "a=1"), HOME) == "a=1"


@pytest.mark.parametrize("suffix", ["com", "co.uk", "github.io", "unheard-of", "xn--55qx5d.cn"])
def test_a_cookie_for_a_public_suffix_is_refused(suffix):
    jar = after(f"https://shop.{suffix}/", f"a=1; Domain={suffix}")

    assert len(jar) == 0


@pytest.mark.parametrize("host", ["localhost", "shop", "github.io"])
def test_a_public_suffix_may_set_cookies_for_itself_alone(host):
    jar = after(f"https://{host}/", f"a=1; Domain={host}")

    assert sent(jar, f"https://{host}/") == "a=1"
    assert sent(jar, f"https://other.{host}/") == ""


@pytest.mark.parametrize(
    ("url", "domain", "kept"),
    [
        ("http://127.0.0.1/", "127.0.0.1", True),
        ("http://127.0.0.1/", "", True),
        ("http://127.0.0.1/", "0.0.1", False),
        ("http://127.0.0.1/", "1", False),
        ("http://[::1]/", "[::1]", True),
        ("http://[::1]/", "", True),
        ("http://[2001:db8::1]/", ":1", False),
    ],
)
def test_an_address_sets_cookies_for_itself_alone(url, domain, kept):
    jar = after(url, f"a=1; Domain={domain}")

    assert sent(jar, url) == ("a=1" if kept else "")
    assert all(cookie.host_only for cookie in jar)


def test_a_secure_cookie_goes_over_secure_connections_only():
    jar = after(HOME, "a=1; Secure")

    assert [sent(jar, HOME), sent(jar, "http://shop.example/")] == ["a=1", ""]


def test_an_insecure_connection_sets_no_secure_cookie():
    assert len(after("http://shop.example/", "a=1; Secure")) == 0


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://shop.example/", True),
        ("http://shop.example/", False),
        ("http://localhost/", True),
        ("http://shop.localhost/", True),
        ("http://127.0.0.1/", True),
        ("http://127.8.8.8/", True),
        ("http://[::1]/", True),
        ("http://10.0.0.1/", False),
        ("http://127.shop.example/", False),
        ("http://notlocalhost/", False),
    ],
)
def test_this_machine_counts_as_secure(url, secure):
    assert len(after(url, "a=1; Secure")) == secure


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a=9; Path=/", True),
        ("a=9; Path=/foo", True),
        ("a=9; Path=/login", False),
        ("a=9; Path=/login/en", False),
        ("a=9; Path=/login; Domain=shop.example", False),
        ("b=9; Path=/login", True),
    ],
)
def test_an_insecure_connection_sets_nothing_before_a_secure_cookie(value, kept):
    jar = after(HOME, "a=1; Secure; Path=/login")
    respond(jar, "http://shop.example/", value)

    assert [len(jar), jar.get("a", domain="shop.example", path="/login")] == [1 + kept, "1"]


def test_what_a_page_fetches_from_another_site_takes_only_cookies_meant_for_that():
    jar = after(HOME, "a=1; SameSite=Strict", "b=2; SameSite=Lax", "c=3; SameSite=None; Secure", "d=4")

    assert sent(jar, HOME) == "a=1; b=2; c=3; d=4"
    assert sent(jar, HOME, cross_site=True) == "c=3"
    respond(jar, HOME, "e=5; SameSite=Strict", "f=6; SameSite=Lax", "g=7; SameSite=None; Secure", cross_site=True)
    assert jar.get_dict() == {"a": "1", "b": "2", "c": "3", "d": "4", "g": "7"}


def test_same_site_none_must_be_secure():
    assert len(after(HOME, "a=1; SameSite=None")) == 0
