"""Reads the value of one ``Set-Cookie`` header: what the server said, before anybody judges whether it may.

The algorithm of RFC 6265bis, 5.6: forgiving where browsers are. A value in quotes keeps them, a cookie may lack its
name, unknown attributes are passed over, and of an attribute given twice the last one counts. Sizes are in bytes.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from loadgen.journey.http.cookie_dates import parse_cookie_date

MAX_PAIR_BYTES: Final = 4096
"""Of a cookie's name and value together: larger cookies are refused (RFC 6265bis, 5.6)."""

MAX_ATTRIBUTE_BYTES: Final = 1024
"""Of one attribute's value: a longer attribute is passed over (RFC 6265bis, 5.6)."""

MAX_AGE_S: Final = 400 * 86400.0
"""No cookie lives longer (RFC 6265bis, 5.5)."""

SameSite = Literal["Strict", "Lax", "None", ""]
"""Empty where the server did not say, or said something unknown."""

_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""Control characters but the tab: a cookie with one is refused."""

_REMEMBERED_BYTES: Final = 256
"""Longer attributes are no shop's usual ones, and not worth their memory."""

_WHITE: Final = b" \t"
_AGE: Final = re.compile(rb"-?[0-9]+")
_SAME_SITE: Final[dict[bytes, SameSite]] = {b"strict": "Strict", b"lax": "Lax", b"none": "None"}


class Attributes(NamedTuple):
    """What a server said about a cookie.

    Attributes:
        domain: in lower case and without a leading dot; empty when there is none.
        path: empty when there is none, or none that begins with a slash.
        secure: only over connections that nobody else can read.
        http_only: not for scripts.
        same_site: see :data:`SameSite`.
        lifetime_s: ``Max-Age``; None when there is none.
        expires: ``Expires``, in seconds since 1970; None when there is none.
    """

    domain: str
    path: str
    secure: bool
    http_only: bool
    same_site: SameSite
    lifetime_s: float | None
    expires: float | None

    def end(self, now_s: float) -> float | None:
        """When the cookie ends, in seconds since 1970; None for the end of the session."""
        if self.lifetime_s is not None:
            return now_s + min(self.lifetime_s, MAX_AGE_S) if self.lifetime_s > 0 else -math.inf
        return None if self.expires is None else min(self.expires, now_s + MAX_AGE_S)


class SetCookie(NamedTuple):
    """What a server asked for: a name (which may be empty), a value as it was written, and about them."""

    name: str
    value: str
    attributes: Attributes


def parse_set_cookie(header: bytes) -> SetCookie | None:
    """Read the value of one ``Set-Cookie``.

    Returns:
        What it asks for, or None when it is to be ignored.
    """
    pair, _, rest = header.partition(b";")
    name, equals, value = pair.partition(b"=")
    if not equals:
        name, value = b"", name
    name, value = name.strip(_WHITE), value.strip(_WHITE)
    if not (name or value) or len(name) + len(value) > MAX_PAIR_BYTES or _FORBIDDEN.search(pair):
        return None
    attributes = _known_attributes(rest) if len(rest) <= _REMEMBERED_BYTES else _parse_attributes(rest)
    return attributes and SetCookie(text_of(name), text_of(value), attributes)


def text_of(octets: bytes) -> str:
    """Bytes as text that can be turned back into the same bytes (UTF-8 with ``surrogateescape``)."""
    return octets.decode("utf-8", "surrogateescape")


def octets_of(header: str) -> bytes:
    """A header's bytes from the text that Python's HTTP libraries make of them (one character a byte)."""
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode("utf-8", "replace")


def _parse_attributes(rest: bytes) -> Attributes | None:
    """Read what follows the first semicolon; None when the cookie is to be refused for it."""
    if _FORBIDDEN.search(rest):
        return None
    domain = path = b""
    secure = http_only = False
    same_site: SameSite = ""
    lifetime_s = expires = None
    for attribute in rest.split(b";"):
        key, _, value = attribute.partition(b"=")
        key, value = key.strip(_WHITE).lower(), value.strip(_WHITE)
        if len(value) > MAX_ATTRIBUTE_BYTES:
            continue
        if key == b"path":
            path = value if value.startswith(b"/") else b""
        elif key == b"secure":
            secure = True
        elif key == b"httponly":
            http_only = True
        elif key == b"samesite":
            same_site = _SAME_SITE.get(value.lower(), "")
        elif key == b"max-age":
            lifetime_s = float(value) if _AGE.fullmatch(value) else lifetime_s
        elif key == b"expires":
            instant = parse_cookie_date(value)
            expires = expires if instant is None else instant
        elif key == b"domain":
            domain = value.removeprefix(b".").lower()
    return Attributes(text_of(domain), text_of(path), secure, http_only, same_site, lifetime_s, expires)


_known_attributes = lru_cache(maxsize=256)(_parse_attributes)
"""A shop says the same about its cookies to each shopper."""
