"""Write pages for scrapers, so that no number of them costs more than one.

::

    scrape ─┐                       ┌─ the same is shown still ──▶ bytes as they are
    scrape ─┼─▶ one at a time ──────┤
    scrape ─┘                       └─ a second was sealed ──────▶ written, packed, kept

A page is written in the thread of a scrape, one at a time, and once for a sealed second and format: who comes while it
is being written waits for it and takes the same bytes. What does not follow seconds (workers, the queue) is shown as it
was up to :data:`KEPT_S` ago; who leads is looked at for every scrape. Pages of some families only are not kept.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Set
from functools import partial
from threading import Lock
from typing import Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.exposition import ALLOWUTF8, UNDERSCORES
from prometheus_client.registry import Collector

from loadgen.metrics import protobuf
from loadgen.metrics.exposition import Latest, SnapshotCollector, leads, written
from loadgen.metrics.negotiation import PROTOBUF, chosen
from loadgen.metrics.protobuf import EncodedFamily
from loadgen.metrics.snapshot import ClusterSnapshot

KEPT_S: Final = 1.0
"""How long a page is kept while no second is sealed."""

PAGES_MOST: Final = 8
"""Formats kept of one moment: three and their packed forms, with some room for versions and escapings."""

PACKING: Final = 1
"""Level of gzip: a page repeats itself so much that more effort saves little."""


class Rendering:
    """The pages of one coordinator.

    Args:
        latest: gives the snapshot to show.
        monotonic: this process's clock, seconds.
    """

    def __init__(self, latest: Latest, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._latest, self._monotonic = latest, monotonic
        self._one_at_a_time = Lock()
        self._shown: ClusterSnapshot | None = None
        self._leading = False
        self._since_s = 0.0
        self._kept: dict[tuple[str, bool], bytes] = {}

    def page(self, accept: str, names: Set[str] = frozenset(), *, packed: bool = False) -> tuple[str, bytes]:
        """What there is to see.

        Args:
            accept: the scraper's Accept header.
            names: shows only families of these names; all when it is empty.
            packed: with gzip.

        Returns:
            The content type, and the body.
        """
        format_, asked = chosen(accept)
        with self._one_at_a_time:
            now_s = self._monotonic()
            self._look(now_s)
            if names:
                kind, body = self._written(format_, asked, now_s, names)
                return kind, _packed(body) if packed else body
            kind = _content_type(format_, asked)
            if (kind, False) not in self._kept:
                self._keep((kind, False), self._written(format_, asked, now_s, names)[1])
            if packed and (kind, True) not in self._kept:
                self._keep((kind, True), _packed(self._kept[kind, False]))
            return kind, self._kept[kind, packed]

    def _look(self, now_s: float) -> None:
        """Let go of what was written of another moment."""
        latest = self._latest()
        leading = latest is not None and leads(latest, now_s)
        if leading == self._leading and now_s < self._since_s + KEPT_S and _same_seconds(latest, self._shown):
            return
        self._shown, self._leading, self._since_s = latest, leading, now_s
        self._kept.clear()

    def _keep(self, form: tuple[str, bool], body: bytes) -> None:
        while len(self._kept) >= PAGES_MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[form] = body

    def _written(self, format_: str, asked: str, now_s: float, names: Set[str]) -> tuple[str, bytes]:
        shown = self._shown
        if format_ == PROTOBUF:
            messages = written(shown, now_s, EncodedFamily, names)
            return protobuf.CONTENT_TYPE, b"".join([family.encoded() for family in messages])
        write, kind = _encoder(asked)
        return kind, write(SnapshotCollector(lambda: shown, lambda: now_s, names))


def _encoder(asked: str) -> tuple[Callable[[Collector], bytes], str]:
    """What writes a text, and its content type.

    No name here needs escaping, so with underscores the text is the same as without; but looking for what to escape,
    letter by letter, takes half of the time of a page.
    """
    write, kind = choose_encoder(asked)
    if isinstance(write, partial) and write.keywords.get("escaping") == UNDERSCORES:
        write = partial(write, escaping=ALLOWUTF8)
    return write, kind


def _content_type(format_: str, asked: str) -> str:
    return protobuf.CONTENT_TYPE if format_ == PROTOBUF else choose_encoder(asked)[1]


def _same_seconds(one: ClusterSnapshot | None, other: ClusterSnapshot | None) -> bool:
    """Whether two snapshots show the same runs in the same state up to the same second."""
    if one is None or other is None:
        return one is other
    # Totals are made anew by every second, and by what comes late.
    return one.fence == other.fence and [(run.record.run, run.record.state, id(run.total)) for run in one.runs] == [
        (run.record.run, run.record.state, id(run.total)) for run in other.runs
    ]


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, PACKING, mtime=0)
