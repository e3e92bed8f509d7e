"""Which format a scraper gets: protobuf, OpenMetrics or text, packed or not, by what it accepts (RFC 9110, 12.4-12.5).

Of each format the quality is that of the most specific range that covers it; the highest wins, 0 means never. Between
equals it is the range that names the format, then the one that comes first; so ``*/*`` alone gets text. Who accepts
none gets text all the same: to a scraper that is as clear an answer as 406, and to a person a better one.

::

    Prometheus                          …proto;q=1 (native histograms on)   openmetrics-text;q=0.5   text/plain;q=0.4
    curl                                */*
    a browser                           text/html, …, */*;q=0.8

Of text and OpenMetrics there is one version each, which those who accept a later one read as well. No name needs
escaping.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PROTOBUF: Final = "application/vnd.google.protobuf"
OPENMETRICS: Final = "application/openmetrics-text"
TEXT: Final = "text/plain"

_OFFERS: Final = (TEXT, OPENMETRICS, PROTOBUF)
_MESSAGE: Final = {"proto": "io.prometheus.client.MetricFamily", "encoding": "delimited"}
_NAMED: Final = 2
"""How specific a range is that names a format."""

_VERSIONS: Final = {OPENMETRICS: re.compile(r"1(\.\d+)*"), TEXT: re.compile(r"0\.0\.4|1(\.\d+)*")}
_QUALITY: Final = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class _Range:
    """One entry of an Accept header.

    Attributes:
        media: ``type/subtype``, either may be ``*``.
        parameters: of the media type.
        quality: 0 to 1.
        place: in the header.
    """

    media: str
    parameters: dict[str, str]
    quality: float
    place: int

    @classmethod
    def read(cls, entry: str, place: int) -> _Range:
        media, *rest = (part.strip() for part in entry.split(";"))
        pairs = [
            (name.strip().lower(), value.strip().strip('"')) for name, _, value in (p.partition("=") for p in rest)
        ]
        quality = dict(pairs).get("q", "1")
        own = {name: value for name, value in pairs if name and name != "q"}
        # What cannot be read as a quality is no reason to be refused.
        return cls(media.lower(), own, float(quality) if _QUALITY.fullmatch(quality) else 1.0, place)

    def specificity(self, offer: str) -> int | None:
        """How closely it describes a format: 0 for ``*/*``, 1 for all of a type, 2 for its name; None: not at all."""
        if self.media == "*/*":
            return 0
        if self.media == f"{offer.partition('/')[0]}/*":
            return 1
        return _NAMED if self.media == offer and self._is_made() else None

    def _is_made(self) -> bool:
        if self.media == PROTOBUF:
            return all(self.parameters.get(name, value) == value for name, value in _MESSAGE.items())
        version = self.parameters.get("version")
        return version is None or _VERSIONS[self.media].fullmatch(version) is not None


def chosen(accept: str) -> str:
    """The format for a scraper.

    Args:
        accept: its Accept header; empty when it sent none.

    Returns:
        One of :data:`PROTOBUF`, :data:`OPENMETRICS` and :data:`TEXT`.
    """
    ranges = [_Range.read(entry, place) for place, entry in enumerate(accept.split(",")) if entry.strip()]
    best, choice = (0.0, -1, 0), TEXT
    for offer in _OFFERS:
        covering = [(specific, one) for one in ranges if (specific := one.specificity(offer)) is not None]
        if not covering:
            continue
        # Of several that name it, with one version or another, the one that is wanted most.
        specific, quality, behind = max((how, one.quality, -one.place) for how, one in covering)
        if quality and (quality, specific, behind) > best:
            best, choice = (quality, specific, behind), offer
    return choice


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an answer may be packed.

    Args:
        accept_encoding: the Accept-Encoding header; empty when there is none.
    """
    quality = {}
    for entry in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in entry.split(";"))
        quality[coding] = not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", parameter) for parameter in parameters)
    return quality.get("gzip", quality.get("x-gzip", quality.get("*", False)))
