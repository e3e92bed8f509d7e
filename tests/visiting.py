"""A shopper's cookies on a visit: responses that set them, requests that carry them."""

from __future__ import annotations

from urllib.parse import urlsplit

from loadgen.journey.http.cookie_rules import is_secure
from loadgen.journey.http.cookies import CookieJar

NOW_S = 1_750_000_000.0
HOME = "https://shop.example/"


def respond(jar: CookieJar, url: str, *values: bytes | str, now_s: float = NOW_S, cross_site: bool = False) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    jar.store(host, parts.path, is_secure(parts.scheme, host), values, now_s, cross_site=cross_site)


def sent(jar: CookieJar, url: str, now_s: float = NOW_S, *, cross_site: bool = False) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    header = jar.header(host, parts.path, is_secure(parts.scheme, host), now_s, cross_site=cross_site)
    assert header == jar.header(host, parts.path, is_secure(parts.scheme, host), now_s, cross_site=cross_site)
    return header.decode()


def after(url: str, *values: bytes | str) -> CookieJar:
    jar = CookieJar()
    respond(jar, url, *values)
    return jar
