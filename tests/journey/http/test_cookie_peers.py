"""Our cookies beside those of ``requests`` (``http.cookiejar``), wherever those keep to the RFC.

They do not in four places, which these cases leave out: cookies without a name, secure cookies over plain HTTP, what an
insecure connection may overwrite, and hosts' own cookies, which they send to subdomains too unless told otherwise.
"""

from __future__ import annotations

import time
from http.client import HTTPMessage
from http.cookiejar import DefaultCookiePolicy
from types import SimpleNamespace

import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar, get_cookie_header
from visiting import after, respond, sent

from loadgen.journey.http.cookies import CookieJar

HOSTS = st.sampled_from(["shop.example", "www.shop.example", "pay.www.shop.example", "other.example", "10.0.0.1"])
PATHS = st.sampled_from(["/", "/cart", "/cart/", "/cart/pay", "/cartoons", "/cart/pay/now?next=/", "/a/b/c"])
TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
VALUES = st.text("abcXYZ019!#$%&'()*+-./:<=>?@[]^_`{|}~", max_size=12)
ATTRIBUTES = st.sampled_from(
    [
        *["Path=/", "path=/cart", "Path=/cart/pay", "Path=/a/", "Max-Age=3600", "max-age=0", "Max-Age=-5"],
        *["Domain=shop.example", "domain=.shop.example", "Domain=www.shop.example", "Domain=example"],
        *["Expires=Sun, 06 Nov 1994 08:49:37 GMT", "Expires=Wed, 09-Jun-2100 10:18:14 GMT"],
        *["Secure", "HttpOnly", "SameSite=Lax", "Unknown=1"],
    ]
)


@st.composite
def set_cookies(draw: st.DrawFn) -> str:
    attributes = draw(st.lists(ATTRIBUTES, max_size=4, unique_by=lambda text: text.partition("=")[0].lower()))
    return "; ".join([f"{draw(st.sampled_from('abc') | TOKENS)}={draw(VALUES)}", *attributes])


VISITS = st.lists(st.tuples(HOSTS, PATHS, st.lists(set_cookies(), min_size=1, max_size=3)), min_size=1, max_size=5)


class Peer:
    """The jar of ``requests``, told to keep a host's own cookies from its subdomains."""

    def __init__(self) -> None:
        self.jar = RequestsCookieJar(
            policy=DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
        )

    def respond(self, url: str, *values: str) -> None:
        for value in values:  # one at a time, for of one response it deletes before it sets
            headers = HTTPMessage()
            headers["Set-Cookie"] = value
            response = SimpleNamespace(_original_response=SimpleNamespace(msg=headers))
            extract_cookies_to_jar(self.jar, requests.Request("GET", url).prepare(), response)

    def sent(self, url: str) -> str:
        return get_cookie_header(self.jar, requests.Request("GET", url).prepare()) or ""


@settings(deadline=None)
@given(VISITS, st.lists(st.tuples(st.sampled_from(["http", "https"]), HOSTS, PATHS), min_size=1, max_size=5))
def test_the_same_cookies_go_to_the_same_places(visits, questions):
    ours, theirs = CookieJar(), Peer()
    now_s = time.time()
    for host, path, values in visits:
        respond(ours, f"https://{host}{path}", *values, now_s=now_s)
        theirs.respond(f"https://{host}{path}", *values)

    for scheme, host, path in questions:
        url = f"{scheme}://{host}{path}"
        assert sorted(sent(ours, url, now_s).split("; ")) == sorted(theirs.sent(url).split("; ")), url


def test_a_usual_session_goes_the_same_way():
    values = ["session=abc.def-123; Path=/; HttpOnly; SameSite=Lax", 'prefs="a b"; Path=/account; Max-Age=60', "x="]
    ours, theirs = after("https://shop.example/login", *values), Peer()
    theirs.respond("https://shop.example/login", *values)

    for path in ["/", "/account", "/account/orders?page=2", "/accounts"]:
        url = f"https://shop.example{path}"
        assert sent(ours, url) == theirs.sent(url)
