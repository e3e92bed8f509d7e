"""The cookies of one shopper, kept and sent as a browser does (RFC 6265bis).

::

    response ── Set-Cookie ──▶ store ──▶ parse ─▶ judge ─▶ jar ──▶ header ── Cookie ──▶ request

Thousands of jars live at once and every request asks one of them, so an empty jar is four words, and a header that was
composed once is kept until the jar changes or one of its cookies ends. Which cookies a request carries depends on its
path only through the cookies' own paths, and those are nearly always ``/``.

Where browsers differ from one another, this follows the RFC. There are no scripts, so ``HttpOnly`` is only kept. What a
shopper asks for is as if typed into the address bar, so ``SameSite`` matters for one thing alone: what a page fetches
from other sites (``cross_site``).
Instants are seconds since 1970, sizes are bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from loadgen.journey.http.cookie_parsing import octets_of, parse_set_cookie
from loadgen.journey.http.cookie_rules import ANY_HOST, Cookie, domain_matches, path_matches, received

MAX_PER_DOMAIN: Final = 180
"""Cookies of one domain; the oldest make room. As Chromium; the RFC asks for 50 at least."""

MAX_COOKIES: Final = 3000
"""Cookies of one shopper (RFC 6265bis, 6.1)."""

_HEADERS_KEPT: Final = 32
"""Headers remembered by one jar: more hosts than a page's assets come from."""

_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f;]")
"""What would break the header if an author put it into a cookie."""

_Key = tuple[str, str, str, bool]
"""What makes one cookie another's successor: name, domain, path, and whether it is for the host only."""

_Headers = dict[object, tuple[float, bytes]]
"""Headers composed before, by host (and the cookies' paths where these matter), with the instants they end at."""


class CookieJar:
    """One shopper's cookies.

    To a journey's author it is a mapping of names to values, like the jar of ``requests``; iterating gives
    :class:`Cookie` objects. A cookie whose time is over leaves when the next request is made.
    """

    __slots__ = ("_cookies", "_open_headers", "_paths", "_secure_headers")

    def __init__(self) -> None:
        self._cookies: dict[_Key, Cookie] | None = None  # in the order of their creation
        self._secure_headers: _Headers | None = None
        self._open_headers: _Headers | None = None
        self._paths: tuple[str, ...] = ()  # of the cookies, but "/"; right while there are headers

    # -- the client's side ------------------------------------------------------------------------------------------

    def store(
        self,
        host: str,
        path: str,
        secure: bool,
        values: Iterable[bytes | str],
        now_s: float,
        *,
        cross_site: bool = False,
    ) -> None:
        """Keep what a response sets, as far as its host may.

        Args:
            host: that responded, in lower case and without brackets.
            path: of the request; a query behind it does not matter.
            secure: whether the connection counts as secure, see
                :func:`~loadgen.journey.http.cookie_rules.is_secure`.
            values: of the response's ``Set-Cookie`` headers, in order. Garbage is passed over.
            now_s: seconds since 1970.
            cross_site: whether this was a subrequest from a page of another site.
        """
        path = path.partition("?")[0]
        for value in values:
            asked = parse_set_cookie(value if isinstance(value, bytes) else octets_of(value))
            cookie = received(asked, host, path, secure, now_s, cross_site) if asked else None
            if cookie is not None and (secure or not self._overlays(cookie, now_s)):
                self._put(cookie, now_s)

    def header(self, host: str, path: str, secure: bool, now_s: float, *, cross_site: bool = False) -> bytes:
        """The ``Cookie`` header's value for a request, empty when it carries none.

        Args:
            host: that is asked, in lower case and without brackets.
            path: of the request; a query behind it does not matter.
            secure: whether the connection counts as secure.
            now_s: seconds since 1970.
            cross_site: whether this is a subrequest (an image, a script) from a page of another site.
        """
        if not self._cookies:
            return b""
        headers = self._secure_headers if secure else self._open_headers
        if headers is None:
            headers = self._begin(secure)
        key: object = host
        if self._paths or cross_site:
            path = path.partition("?")[0]
            key = (host, cross_site, *[prefix for prefix in self._paths if path_matches(path, prefix)])
        known = headers.get(key)
        if known is not None and now_s < known[0]:
            return known[1]
        until_s, value = self._compose(host, path, secure, now_s, cross_site)
        if len(headers) < _HEADERS_KEPT:
            headers[key] = (until_s, value)
        return value

    # -- the author's side ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._cookies or ())

    def __iter__(self) -> Iterator[Cookie]:
        return iter(list((self._cookies or {}).values()))

    def __contains__(self, name: object) -> bool:
        return any(cookie.name == name for cookie in self)

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, value: object) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.set(name, None)

    def get(
        self, name: str, default: str | None = None, domain: str | None = None, path: str | None = None
    ) -> str | None:
        """The value of a cookie; of several with that name, the one created last."""
        return self.get_dict(domain, path).get(name, default)

    def get_dict(self, domain: str | None = None, path: str | None = None) -> dict[str, str]:
        """Names and values, of one domain or path if asked; of several with one name, the one created last."""
        return {
            cookie.name: cookie.value
            for cookie in self
            if domain in {None, cookie.domain} and path in {None, cookie.path}
        }

    def keys(self) -> list[str]:
        """Names."""
        return [cookie.name for cookie in self]

    def values(self) -> list[str]:
        """Values."""
        return [cookie.value for cookie in self]

    def items(self) -> list[tuple[str, str]]:
        """Names and values."""
        return [(cookie.name, cookie.value) for cookie in self]

    def set(
        self,
        name: str,
        value: object,
        domain: str = ANY_HOST,
        path: str = "/",
        *,
        secure: bool = False,
        expires: float | None = None,
    ) -> None:
        """Set a cookie by hand, or remove it.

        Args:
            name: of the cookie.
            value: written with ``str``; None removes every cookie of that name (and domain, when given).
            domain: the host it is for; with a leading dot, also for those below it. Without one it goes to every
                host the shopper asks, in place of other cookies of its name and path, until a server sets one.
            path: where it is sent, and below.
            secure: whether only over secure connections.
            expires: seconds since 1970; None keeps it as long as the shopper.

        Raises:
            ValueError: the name or the value has characters that would break the header, or the path has no slash.
        """
        host_only = domain != ANY_HOST and not domain.startswith(".")
        domain = domain.removeprefix(".").lower()
        if value is None:
            for cookie in self:
                if cookie.name == name and domain in {ANY_HOST, cookie.domain}:
                    self._remove(_key(cookie))
            return
        text = str(value)
        if "=" in name or _UNWRITABLE.search(name) or _UNWRITABLE.search(text):
            raise ValueError(f"cookie {name!r}: no semicolons or control characters, and no equals sign in the name")
        (name + text).encode("utf-8", "surrogateescape")  # a UnicodeEncodeError is a ValueError too
        if not path.startswith("/"):
            raise ValueError(f"cookie {name!r}: its path must begin with a slash")
        if domain == ANY_HOST:
            for cookie in self:
                if cookie.name == name and cookie.path == path:
                    self._remove(_key(cookie))
        self._insert(Cookie(name, text, domain, path, host_only, secure, False, "", expires))

    def update(self, other: Mapping[str, object] | CookieJar) -> None:
        """Set cookies from names and values, or take those of another jar as they are."""
        if isinstance(other, CookieJar):
            for cookie in other:
                self._insert(cookie)
        else:
            for name, value in other.items():
                self.set(name, value)

    def clear(self) -> None:
        """Forget all cookies."""
        self._cookies = self._secure_headers = self._open_headers = None

    # -- inside -----------------------------------------------------------------------------------------------------

    def _overlays(self, cookie: Cookie, now_s: float) -> bool:
        """Whether a cookie from an insecure connection would stand before a secure one (RFC 6265bis, 5.7)."""
        return any(
            other.secure
            and other.name == cookie.name
            and not other.is_expired(now_s)
            and path_matches(cookie.path, other.path)
            and (domain_matches(cookie.domain, other.domain) or domain_matches(other.domain, cookie.domain))
            for other in self
        )

    def _put(self, cookie: Cookie, now_s: float) -> None:
        """Take in a server's cookie; one that has ended takes its predecessor with it."""
        key = _key(cookie)
        old = self._cookies.get(key) if self._cookies else None
        if old == cookie:
            return
        ended = cookie.is_expired(now_s)
        if old is not None and (ended or old.is_expired(now_s)):
            self._remove(key)
        self._remove((cookie.name, ANY_HOST, cookie.path, False))
        if not ended:
            self._insert(cookie)
            if len(self) > MAX_PER_DOMAIN:
                self._make_room(cookie.domain, now_s)

    def _insert(self, cookie: Cookie) -> None:
        if self._cookies is None:
            self._cookies = {}
        self._cookies[_key(cookie)] = cookie
        self._secure_headers = self._open_headers = None

    def _remove(self, key: _Key) -> None:
        if self._cookies and self._cookies.pop(key, None) is not None:
            self._secure_headers = self._open_headers = None

    def _remove_ended(self, now_s: float) -> None:
        for cookie in [cookie for cookie in self if cookie.is_expired(now_s)]:
            self._remove(_key(cookie))

    def _make_room(self, domain: str, now_s: float) -> None:
        """Evict what has ended, else one cookie: insecure ones first, of these the oldest (RFC 6265bis, 5.7)."""
        self._remove_ended(now_s)
        siblings = [cookie for cookie in self if cookie.domain == domain]
        excess = siblings if len(siblings) > MAX_PER_DOMAIN else [*self] if len(self) > MAX_COOKIES else []
        if excess:
            self._remove(_key(next((cookie for cookie in excess if not cookie.secure), excess[0])))

    def _begin(self, secure: bool) -> _Headers:
        """Begin to keep headers, after a change."""
        headers: _Headers = {}
        if secure:
            self._secure_headers = headers
        else:
            self._open_headers = headers
        self._paths = tuple({cookie.path for cookie in self} - {"/"})
        return headers

    def _compose(self, host: str, path: str, secure: bool, now_s: float, cross_site: bool) -> tuple[float, bytes]:
        """Write a header; gives the instant until which it is right, and its value."""
        self._remove_ended(now_s)
        carried = [cookie for cookie in self if cookie.is_for(host, path, secure, cross_site)]
        if self._paths:
            carried.sort(key=lambda cookie: -len(cookie.path))  # stable: of equals, the one created first
        text = "; ".join([f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in carried])
        until_s = min([cookie.expires for cookie in carried if cookie.expires is not None], default=math.inf)
        return until_s, text.encode("utf-8", "surrogateescape")


def _key(cookie: Cookie) -> _Key:
    return (cookie.name, cookie.domain, cookie.path, cookie.host_only)
