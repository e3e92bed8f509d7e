"""What of a recording a shopper shall do, and what is left out, with the reason.

::

    entry ─▶ of the shop's own site?  ─ no ─▶ left out: other hosts (analytics, payment, …)
                     │
             an asset of a page? ────── yes ▶ not written out: self.page() finds it anew
                     │
             nothing came, 4xx, 5xx, preflight, prefetch, kept by the browser, … ─▶ left out, counted by reason
                     │
             redirected? ─ of a page ─▶ one exchange with its hops, as the client follows them
                     │   └ of a form ─▶ two: the form, and the page that it leads to
                     ▼
                   kept
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from loadgen.errors import UsageError
from loadgen.recording.exchange import Exchange
from loadgen.recording.har import HINT

AT_ONCE_S: Final = 3.0
"""A browser that is redirected asks at once; what comes later was asked for by its user."""

_ASSET_KINDS: Final = frozenset(
    {
        "stylesheet",
        "style",
        "script",
        "image",
        "img",
        "font",
        "media",
        "audio",
        "video",
        "texttrack",
        "track",
        "manifest",
    }
)
_ASSET_MIMES: Final = ("image/", "font/", "audio/", "video/", "text/css", "text/javascript", "application/javascript")
_ASSET_MIMES_TOO: Final = ("application/x-javascript", "application/font", "application/manifest+json")
_ASSET_PATH: Final = re.compile(r"(?i)\.(?:css|m?js|map|png|jpe?g|gif|webp|avif|svg|ico|woff2?|ttf|otf|mp4|webm)$")
_ASIDE_KINDS: Final = {
    "ping": "beacons",
    "beacon": "beacons",
    "csp-report": "beacons",
    "csp-violation-report": "beacons",
    "report": "beacons",
    "websocket": "websockets",
    "eventsource": "event streams",
    "preflight": "preflights",
}


@dataclass(slots=True)
class Sorted:
    """A recording, sorted.

    Attributes:
        home: origin of the shop's pages.
        kept: what the shopper does, in order.
        assets: how many assets of the shop's own site there were.
        others: requests to other hosts, by host.
        busy: when requests to the shop began and ended, assets too, in order.
        aside: requests left out, by reason.
        failed: those of them that the shop refused: method, path, status.
    """

    home: str
    kept: list[Exchange] = field(default_factory=list)
    assets: int = 0
    others: Counter[str] = field(default_factory=Counter)
    busy: list[tuple[float, float]] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str, int]] = field(default_factory=list)


def sort(exchanges: Iterable[Exchange], keep_hosts: Collection[str] = ()) -> Sorted:
    """Sort a recording.

    Args:
        exchanges: in the order of their start.
        keep_hosts: hosts beside the shop's own site whose requests are kept.

    Raises:
        UsageError: nothing in it is a shop's.
    """
    entries = list(exchanges)
    first = _first(entries)
    if first is None:
        raise UsageError("the recording has no page and no request that was answered", hint=HINT)
    done = Sorted(home=first.origin)
    site = site_of(first.host)
    own: list[Exchange] = []
    for exchange in entries:
        if site_of(exchange.host) != site and exchange.host not in keep_hosts:
            done.others[exchange.host] += 1
            continue
        done.busy.append((exchange.started_s, exchange.ended_s))
        if is_asset(exchange):
            done.assets += 1
        elif reason := _reason_against(exchange):
            done.aside[reason] += 1
            if reason == "refused":
                done.failed.append((exchange.method, exchange.path, exchange.status))
        else:
            own.append(exchange)
    done.kept = _with_redirects(own)
    if not done.kept:
        raise UsageError("the recording has no request that was answered well", hint=HINT)
    return done


def site_of(host: str) -> str:
    """``www.shop.example`` and ``api.shop.example`` are one site: ``shop.example``."""
    labels = host.split(".")
    if host.replace(".", "").isdigit() or ":" in host or len(labels) < 3:
        return host
    two_level_ending = len(labels[-1]) == 2 and len(labels[-2]) <= 3  # co.uk, com.au
    return ".".join(labels[-3 if two_level_ending else -2 :])


def is_asset(exchange: Exchange) -> bool:
    """Whether it belongs to a page: a stylesheet, a script, a picture, a font."""
    if exchange.kind:
        return exchange.kind in _ASSET_KINDS or (exchange.kind == "other" and _looks_like_asset(exchange))
    return _looks_like_asset(exchange)


def _looks_like_asset(exchange: Exchange) -> bool:
    if exchange.method != "GET":
        return False
    if exchange.mime.startswith((*_ASSET_MIMES, *_ASSET_MIMES_TOO)):
        return True
    return not (exchange.is_page or exchange.is_json) and bool(_ASSET_PATH.search(exchange.path))


def _first(entries: list[Exchange]) -> Exchange | None:
    """The first page, else the first answer that is no asset."""
    good = [one for one in entries if 0 < one.status < 400 and not is_asset(one) and not one.remarks]
    pages = [one for one in good if one.is_page and one.kind in ("document", "")]
    return next(iter([*pages, *good]), None)


def _reason_against(exchange: Exchange) -> str:
    if exchange.kind in _ASIDE_KINDS or exchange.status == 101:
        return _ASIDE_KINDS.get(exchange.kind, "websockets")
    if "preflight" in exchange.remarks:
        return "preflights"
    if "prefetch" in exchange.remarks:
        return "fetched ahead"
    if "cached" in exchange.remarks or "service worker" in exchange.remarks:
        return "kept by the browser"
    if exchange.kind in ("iframe", "frame", "embed", "object"):
        return "frames"
    if exchange.status <= 0:
        return "without an answer"
    return "refused" if exchange.status >= 400 else ""


def _with_redirects(own: list[Exchange]) -> list[Exchange]:
    """Fold what the client follows by itself: of a chain the last answer stays, with the first's request.

    A form's redirect is left apart: a journey asks for the page that it leads to, so both are counted as the shop
    counts them.
    """
    kept: list[Exchange] = []
    waiting: dict[str, Exchange] = {}
    for sent in own:
        exchange = sent
        before = waiting.pop(exchange.url, None)
        if before is not None and exchange.started_s - before.ended_s > AT_ONCE_S:
            before = None
        if before is not None and _follows_by_itself(before):
            before.hops.append(_hop_of(before))
            before.status, before.location, before.ended_s = exchange.status, exchange.location, exchange.ended_s
            before.mime, before.text, before.answer_headers = exchange.mime, exchange.text, exchange.answer_headers
            exchange = before
        else:
            exchange.follows = before
            kept.append(exchange)
        if exchange.location:
            waiting[exchange.location] = exchange
    return kept


def _follows_by_itself(exchange: Exchange) -> bool:
    return exchange.method in ("GET", "HEAD") or exchange.status in (307, 308)


def _hop_of(exchange: Exchange) -> Exchange:
    return Exchange(
        exchange.number,
        exchange.started_s,
        exchange.ended_s,
        exchange.method,
        exchange.hops[-1].location if exchange.hops else exchange.url,
        status=exchange.status,
        answer_headers=exchange.answer_headers,
        location=exchange.location,
    )
