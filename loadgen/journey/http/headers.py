"""Headers, as they came and as they go.

Nearly no answer's headers are looked at, so :class:`Headers` only keeps the raw list until somebody asks. What is sent
is checked here, at the one place where text becomes lines: whoever can put a line break into a header can write a
request of their own behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a method or a header's name is made of (RFC 9110, 5.6.2)."""

_TARGET: Final = re.compile(r"[!-~]+")
_BREAKS: Final = re.compile(r"[\r\n\0]")


class Headers(Mapping[str, str]):
    """The headers of an answer, by name in any case.

    A name that came several times has its values joined by ``", "``, as HTTP means it; those of Set-Cookie, which may
    hold commas, are joined by line breaks. :meth:`get_all` has them apart. Iteration gives each name once, as it came
    first.

    Args:
        raw: names and values in order; kept, not copied.
    """

    __slots__ = ("_known", "raw")

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self.raw = raw
        self._known: dict[str, tuple[str, list[str]]] | None = None

    def get_all(self, name: str) -> list[str]:
        """The values of all headers of a name, in order; empty if there is none."""
        found = self._by_name().get(name.lower())
        return list(found[1]) if found else []

    def __getitem__(self, name: str) -> str:
        values = self._by_name()[name.lower()][1]
        if len(values) == 1:
            return values[0]
        return ("\n" if name.lower() == "set-cookie" else ", ").join(values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name()

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._by_name().values())

    def __len__(self) -> int:
        return len(self._by_name())

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"

    def _by_name(self) -> dict[str, tuple[str, list[str]]]:
        if self._known is None:
            known: dict[str, tuple[str, list[str]]] = {}
            for raw_name, raw_value in self.raw:
                name = raw_name.decode("latin-1")
                # llhttp leaves the white space behind a value on it
                known.setdefault(name.lower(), (name, []))[1].append(raw_value.decode("latin-1").strip(" \t"))
            self._known = known
        return self._known


def value_in(raw: list[tuple[bytes, bytes]], name: bytes) -> str:
    """The value of one header, several joined by ``", "``; empty if there is none. For those who look at no other.

    Args:
        raw: names and values in order.
        name: in lower case.
    """
    size = len(name)
    found = [value.strip(b" \t") for known, value in raw if len(known) == size and known.lower() == name]
    return b", ".join(found).decode("latin-1")


def request_head(method: str, target: str, fields: Sequence[tuple[str, str]]) -> bytes:
    """A request's line and headers, with the empty line.

    Args:
        method: GET, POST, …
        target: path and query, percent-encoded; or what a proxy is asked for.
        fields: names and values, sent in this order.

    Raises:
        ValueError: some part would break the request apart, or cannot be sent.
    """
    if not _is_token(method):
        raise ValueError(f"{_shown(method)} is no method")
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{_shown(target)} cannot stand in a request line: its spaces and breaks must be encoded")
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    breaks = len(fields)
    if lines.count("\n") != breaks or lines.count("\r") != breaks or "\0" in lines:
        _refuse(fields)
    for name, _ in fields:
        if not _is_token(name):
            _refuse(fields)
    try:
        return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        _refuse(fields)
        raise


def check_field(name: str, value: str) -> None:
    """Refuse a header that would not arrive as what it is.

    Args:
        name: of the header.
        value: of the header.

    Raises:
        ValueError: the name is no name, or the value would become several lines.
    """
    if not _is_token(name):
        raise ValueError(f"{_shown(name)} is no header name")
    if _BREAKS.search(value):
        raise ValueError(f"the value of header {name} has a line break or NUL in it, which would inject other headers")


def _refuse(fields: Sequence[tuple[str, str]]) -> None:
    """Say which of the headers cannot be sent."""
    for name, value in fields:
        check_field(name, value)
        try:
            value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise ValueError(f"the value of header {name} has characters beyond latin-1: {_shown(value)}") from error


@lru_cache(maxsize=1024)
def _is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
