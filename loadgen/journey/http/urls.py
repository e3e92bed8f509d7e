"""URLs as a browser reads them (https://url.spec.whatwg.org), for http and https.

::

    https://user:pass@Shop.Example:443/a/../b c?q=ü#top
    └─┬─┘   └───┬───┘ └─────┬────┘└┬┘ └──┬──┘└─┬─┘└─┬─┘
    scheme  credentials   host   port  path query fragment, never sent

    ─▶ split: ("https", "shop.example", 443, "/b%20c?q=%C3%BC")

What a browser would mend is mended: spaces around and line breaks within, backslashes for slashes, characters that must
be percent-encoded, dot segments, hosts in other scripts. What it would not open is a ``ValueError`` with a sentence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from loadgen.journey.http.hosts import host_of

_PORTS: Final = {"http": 80, "https": 443}

_USUAL: Final = re.compile(
    r"""(https?)://([A-Za-z0-9._-]+)(?::([0-9]{1,5}))?        # scheme, host, port
        ((?:/(?!\.|%2[Ee])[!$-.0-;=@-Z\[\]_a-z|~]*)*)         # path without dot segments
        (\?[!$-&(-;=?-~]*)?(?:\#.*)?\Z                        # query, fragment""",
    re.VERBOSE | re.DOTALL,
)
"""What nearly all URLs are: nothing in them has to be mended."""

_TRIMMED: Final = "".join(map(chr, range(0x21)))
_IGNORED: Final = str.maketrans("", "", "\t\n\r")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_REST: Final = re.compile(r"([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_AUTHORITY: Final = re.compile(r"[^/\\?#]*")
_HOST_AND_PORT: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")

_NOT_IN_FRAGMENT: Final = re.compile(r"""[^!#-;=?-_a-~]+""")
_NOT_IN_QUERY: Final = re.compile(r"""[^!$-&(-;=?-~]+""")
_NOT_IN_PATH: Final = re.compile(r"""[^!$-;=@-\]_a-z|~]+""")
_NOT_IN_USERINFO: Final = re.compile(r"""[^!$-.0-9A-Z_a-z~]+""")
"""Characters that are percent-encoded, by the sets of the standard; ``%`` itself never is."""


class _Url(NamedTuple):
    """A URL in its parts, each as it is sent. Without ``?`` the query is None, without ``#`` the fragment."""

    scheme: str
    userinfo: str
    host: str
    port: int
    path: str
    query: str | None
    fragment: str | None

    @property
    def target(self) -> str:
        """What a request line names."""
        return self.path if self.query is None else f"{self.path}?{self.query}"


@lru_cache(maxsize=4096)
def split(url: str) -> tuple[str, str, int, str]:
    """Where a URL leads, and what is asked for there.

    Args:
        url: absolute.

    Returns:
        ``http`` or ``https``; the host in lower case and ASCII, IPv6 without brackets; the port; path and query,
        percent-encoded, beginning with ``/``.

    Raises:
        ValueError: it is no http or https URL.
    """
    usual = _USUAL.match(url)
    if usual:
        scheme, host, port, path, query = usual.groups()
        return scheme, host_of(host), _port(scheme, port, url), (path or "/") + (query or "")
    read = _read(url, None)
    return read.scheme, read.host, read.port, read.target


def credentials(url: str) -> tuple[str, str] | None:
    """User and password in a URL, decoded; None if it has none.

    Args:
        url: absolute.

    Raises:
        ValueError: it is no http or https URL.
    """
    userinfo = _read(url, None).userinfo
    if not userinfo:
        return None
    user, _, password = userinfo.partition(":")
    return unquote(user), unquote(password)


@lru_cache(maxsize=4096)
def join(base: str, location: str) -> str:
    """Where a link or redirect leads.

    Args:
        base: the absolute URL that it was found at.
        location: absolute or relative. A Location header may be given as it was decoded, from latin-1: what is UTF-8
            in truth is read as such.

    Returns:
        An absolute URL, percent-encoded, with its fragment if it has one.

    Raises:
        ValueError: it leads to no http or https URL.
    """
    scheme, userinfo, host, port, path, query, fragment = _read(_unmangled(location), _read(base, None))
    return "".join(
        (
            f"{scheme}://",
            f"{userinfo}@" if userinfo else "",
            f"[{host}]" if ":" in host else host,
            "" if port == _PORTS[scheme] else f":{port}",
            path,
            "" if query is None else f"?{query}",
            "" if fragment is None else f"#{fragment}",
        )
    )


def _read(url: str, base: _Url | None) -> _Url:
    """Read a URL, relative to another one if there is one."""
    text = url.strip(_TRIMMED).translate(_IGNORED)
    named = _SCHEME.match(text)
    scheme, rest = (named[1].lower(), text[named.end() :]) if named else ("", text)
    if named and scheme not in _PORTS:
        raise ValueError(f"{_shown(url)} leads to {scheme}:, only http and https can be requested")
    if base is not None and scheme in ("", base.scheme) and not (named and rest.startswith("//")):
        return _relative(url, rest, base)
    if not named:
        raise ValueError(f"{_shown(url)} is no absolute URL: it must begin with http:// or https://")
    return _absolute(url, scheme, rest)


def _absolute(url: str, scheme: str, rest: str) -> _Url:
    """Read what follows the scheme: slashes, authority, path."""
    rest = rest.lstrip("/\\")
    authority = rest[: _AUTHORITY.match(rest).end()]  # type: ignore[union-attr]  # it matches anything
    userinfo, _, host_and_port = authority.rpartition("@")
    parts = _HOST_AND_PORT.fullmatch(host_and_port)
    if parts is None:
        raise ValueError(f"{_shown(url)} has no port that is a number, or no host")
    if not parts[1]:
        raise ValueError(f"{_shown(url)} has no host")
    host, port = host_of(parts[1]), _port(scheme, parts[2], url)
    path, query, fragment = _rest(rest[len(authority) :])
    return _Url(scheme, _userinfo(userinfo), host, port, _resolved(path), query, fragment)


def _relative(url: str, rest: str, base: _Url) -> _Url:
    """Read a reference: to another host, a path of this one, a path beside this one, another query, nothing."""
    if rest[:1] in ("/", "\\") and rest[1:2] in ("/", "\\"):
        return _absolute(url, base.scheme, rest)
    path, query, fragment = _rest(rest)
    if path.startswith(("/", "\\")):
        resolved = _resolved(path)
    elif path:
        resolved = _resolved(base.path.rpartition("/")[0] + "/" + path)
    else:
        resolved = base.path
        query = base.query if query is None else query
    return base._replace(path=resolved, query=query, fragment=fragment)


def _rest(text: str) -> tuple[str, str | None, str | None]:
    """Path as it stands; query and fragment percent-encoded."""
    path, query, fragment = _REST.fullmatch(text).groups()  # type: ignore[union-attr]  # it matches anything
    return (
        path,
        None if query is None else _encoded(query, _NOT_IN_QUERY),
        None if fragment is None else _encoded(fragment, _NOT_IN_FRAGMENT),
    )


def _resolved(path: str) -> str:
    """A path without dot segments, percent-encoded, beginning with a slash."""
    path = path.replace("\\", "/").removeprefix("/")
    segments: list[str] = []
    for segment in path.split("/"):
        plain = segment.lower().replace("%2e", ".") if len(segment) <= 6 else segment
        ends_here = plain in (".", "..")
        if plain == ".." and segments:
            segments.pop()
        elif not ends_here:
            segments.append(segment)
    if ends_here:
        segments.append("")
    return "/" + _encoded("/".join(segments), _NOT_IN_PATH)


def _userinfo(text: str) -> str:
    user, _, password = text.partition(":")
    user, password = _encoded(user, _NOT_IN_USERINFO), _encoded(password, _NOT_IN_USERINFO)
    return f"{user}:{password}" if password else user


def _port(scheme: str, digits: str | None, url: str) -> int:
    if not digits:
        return _PORTS[scheme]
    port = int(digits) if len(digits.lstrip("0")) <= 5 else 0
    if not 0 < port < 65536:
        raise ValueError(f"{_shown(url)} has a port that is not between 1 and 65535")
    return port


def _encoded(text: str, unsafe: re.Pattern[str]) -> str:
    return unsafe.sub(lambda found: quote(found[0].encode(errors="replace"), safe=""), text)


def _unmangled(location: str) -> str:
    """A header's value as text: headers are read as latin-1, but servers write UTF-8."""
    if location.isascii():
        return location
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def _shown(url: str) -> str:
    """A URL for people, without its password."""
    shown = re.sub(r"//[^/?#]*@", "//…@", url)
    return repr(shown if len(shown) <= 200 else shown[:199] + "…")
