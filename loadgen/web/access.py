"""Who may do what on the live page. Pure.

============================  ==================  ================================
request                       listening on        needs
============================  ==================  ================================
the page itself, its files    anywhere            nothing: they say nothing
figures, reports              loopback            nothing
what one may do               anywhere            nothing
figures                       anything else       the token
reports                       anything else       the token, or the report's key
start, stop, read plans       anywhere            the token
============================  ==================  ================================

The token travels in a header of its own, which no other site's page can make a browser send. On loopback the Host must
be one of this machine's own names, or a page from elsewhere whose name is made to point here could read the figures.
Away from loopback names are the network's affair, and the token guards everything. What a browser asks on behalf of
another site's page is refused, answer or no answer: only a person who follows a link comes from elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit


def is_loopback(address: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Access:
    """The rules of one server.

    Attributes:
        address: it listens on.
        token: whoever has it may do everything.
    """

    address: str
    token: str

    @property
    def reads_freely(self) -> bool:
        """Whether figures are shown without the token."""
        return is_loopback(self.address)

    def has_token(self, authorization: str) -> bool:
        """Whether an ``Authorization`` header carries the token (compared in constant time)."""
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token.encode())

    def report_key(self, run: str) -> str:
        """Opens the report of one run: a link cannot carry the token's header."""
        return hmac.new(self.token.encode(), b"report " + run.encode(), hashlib.sha256).hexdigest()[:40]

    def opens_report(self, run: str, key: str) -> bool:
        """Whether a key opens a run's report."""
        return hmac.compare_digest(key.encode(), self.report_key(run).encode())

    def knows_host(self, host: str) -> bool:
        """Whether a ``Host`` header names this server."""
        name = _name_of(f"//{host}")
        return bool(name) and (not self.reads_freely or is_loopback(name))

    def knows_origin(self, origin: str, host: str) -> bool:
        """Whether an ``Origin`` header is the server's own; requests that no page has caused carry none."""
        return not origin or urlsplit(origin).netloc.lower() == host.lower()

    @staticmethod
    def was_wanted(site: str, mode: str) -> bool:
        """Whether ``Sec-Fetch-Site`` and ``Sec-Fetch-Mode`` name the page itself or a person; programs send neither."""
        return site in ("", "same-origin", "none") or mode == "navigate"


def _name_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that are not closed
        return ""
