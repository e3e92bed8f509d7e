"""Hosts of URLs, in the one form in which they are compared, looked up and sent (https://url.spec.whatwg.org/#host-parsing).

======================  ==========================================================
written                 becomes
======================  ==========================================================
``Shop.Example``        ``shop.example``
``bücher.example``      ``xn--bcher-kva.example`` (UTS 46, non-transitional)
``127.1``, ``0x7f.1``   ``127.0.0.1``: what ends in a number is an IPv4 address
``[::0:1]``             ``::1``, without its brackets
``sh%6Fp.example``      ``shop.example``
======================  ==========================================================

Stricter than browsers: a name that no name server could know is refused, with a sentence, before one is asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import idna

_NAME: Final = re.compile(r"(?=.{1,253}\.?\Z)(?:[a-z0-9_-]{1,63}(?:\.(?=.)|\.?\Z))+")
"""Labels of at most 63 characters, 253 together (RFC 1035, 2.3.4); underscores are in use within private networks."""

_LAST_IS_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")


@lru_cache(maxsize=1024)
def host_of(written: str) -> str:
    """A host in its canonical form.

    Args:
        written: as it stands in a URL, IPv6 addresses with their brackets.

    Returns:
        A name in lower case and ASCII, or an address; IPv6 without brackets.

    Raises:
        ValueError: it is no host.
    """
    if written.startswith("["):
        return _ipv6(written)
    name = unquote(written) if "%" in written else written
    name = name.lower() if name.isascii() else _in_ascii(name)
    if not _NAME.fullmatch(name):
        raise ValueError(f"{_shown(written)} is no host name")
    return _ipv4(name) if _LAST_IS_NUMBER.fullmatch(name) else name


def _in_ascii(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"{_shown(name)} is no host name: {error}") from error


def _ipv4(name: str) -> str:
    try:
        return socket.inet_ntoa(socket.inet_aton(name.removesuffix(".")))
    except OSError as error:
        raise ValueError(f"{_shown(name)} ends in a number but is no IPv4 address") from error


def _ipv6(written: str) -> str:
    if not written.endswith("]") or "%" in written:
        raise ValueError(f"{_shown(written)} is no IPv6 address in brackets, without a zone")
    try:
        return ipaddress.IPv6Address(written[1:-1]).compressed
    except ValueError as error:
        raise ValueError(f"{_shown(written)} is no IPv6 address: {error}") from error


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
