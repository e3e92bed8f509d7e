"""Who may set which cookie, and which requests carry it: RFC 6265bis, 5.7 and 5.8, one question per function.

::

    Set-Cookie ─▶ parse_set_cookie ─▶ received: may this host set it? ─▶ the jar
    the jar ─▶ domain_matches, path_matches, secure, cross-site ─▶ Cookie

Hosts are in lower case and without brackets. Instants are seconds since 1970. Text is bytes as decoded by
:func:`~loadgen.journey.http.cookie_parsing.text_of`, so that whatever a server wrote goes back as it came.
"""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import Final, NamedTuple

from loadgen.journey.http.cookie_parsing import SameSite, SetCookie
from loadgen.journey.http.public_suffixes import is_address, is_public_suffix

ANY_HOST: Final = ""
"""Domain of a cookie that an author set by hand without saying for whom."""


class Cookie(NamedTuple):
    """One stored cookie.

    Attributes:
        name: empty for a cookie without one.
        value: as the server wrote it, quotes included.
        domain: the host that set it, or the domain it is for.
        path: the requests that carry it are at this path or below.
        host_only: only for the host itself, not for its subdomains.
        secure: only for secure connections.
        http_only: not for scripts; shoppers have none.
        same_site: ``Strict``, ``Lax``, ``None``, or empty when the server did not say.
        expires: None for the time of the session.
    """

    name: str
    value: str
    domain: str
    path: str
    host_only: bool
    secure: bool
    http_only: bool
    same_site: SameSite
    expires: float | None

    def is_expired(self, now_s: float) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now_s

    def is_for(self, host: str, path: str, secure: bool, cross_site: bool) -> bool:
        """Whether a request carries it; see :meth:`CookieJar.header`."""
        return (
            (host == self.domain or (not self.host_only and domain_matches(host, self.domain)))
            and path_matches(path, self.path)
            and (secure or not self.secure)
            and (not cross_site or self.same_site == "None")
        )


def received(
    asked: SetCookie, host: str, path: str, secure: bool, now_s: float, cross_site: bool = False
) -> Cookie | None:
    """Judge what a server asked for.

    Args:
        asked: by one ``Set-Cookie`` of a response.
        host: that responded.
        path: of the request.
        secure: whether the connection is, see :func:`is_secure`.
        now_s: seconds since 1970.
        cross_site: whether the request was a subrequest from a page of another site.

    Returns:
        The cookie to store (it may have ended already), or None when the server may not set it.
    """
    name, value, attributes = asked
    domain = attributes.domain.strip("[]")
    host_only = not domain or (domain == host and (is_address(host) or is_public_suffix(host)))
    if not host_only and (not domain_matches(host, domain) or is_public_suffix(domain)):
        return None
    if attributes.secure:
        if not secure:
            return None
    elif attributes.same_site == "None":
        return None
    if cross_site and attributes.same_site in {"Strict", "Lax"}:
        return None
    if (name or value).startswith("__") and not _keeps_its_prefix(asked, host_only):
        return None
    return Cookie(
        intern(name),  # shoppers share names
        value,
        host if host_only else domain,
        attributes.path or default_path(path),
        host_only,
        attributes.secure,
        attributes.http_only,
        attributes.same_site,
        attributes.end(now_s),
    )


def _keeps_its_prefix(asked: SetCookie, host_only: bool) -> bool:
    """Whether a cookie is what a ``__Secure-`` or ``__Host-`` prefix promises, in any case and if it has one."""
    prefix = (asked.name or asked.value)[:9].lower()  # a cookie without a name must not pass for one with a prefix
    if prefix == "__secure-":
        return bool(asked.name) and asked.attributes.secure
    if prefix.startswith("__host-"):
        return bool(asked.name) and asked.attributes.secure and host_only and asked.attributes.path == "/"
    return True


@lru_cache(maxsize=1024)
def is_secure(scheme: str, host: str) -> bool:
    """Whether browsers take a connection for secure: TLS, or this very machine (as "potentially trustworthy" origins).

    Args:
        scheme: ``http`` or ``https``.
        host: as in the URL.
    """
    return (
        scheme == "https"
        or host in {"localhost", "::1"}
        or host.endswith(".localhost")
        or (host.startswith("127.") and is_address(host))
    )


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it (RFC 6265, 5.1.3); every host matches :data:`ANY_HOST`."""
    if host == domain or domain == ANY_HOST:
        return True
    return host.endswith(domain) and host[-len(domain) - 1] == "." and not is_address(host)


def path_matches(path: str, cookie_path: str) -> bool:
    """Whether a request's path is a cookie's or below it (RFC 6265, 5.1.4)."""
    if cookie_path == "/" or path == cookie_path:
        return True
    return path.startswith(cookie_path) and (cookie_path[-1] == "/" or path[len(cookie_path)] == "/")


def default_path(path: str) -> str:
    """The path of a cookie that does not say: the directory of the request's, without a slash at its end."""
    last = path.rfind("/")
    return intern(path[:last]) if last > 0 and path[0] == "/" else "/"
