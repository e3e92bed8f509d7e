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
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol

from loadgen.metrics import protobuf
from loadgen.metrics.exposition import Latest, leads, written
from loadgen.metrics.families import Family
from loadgen.metrics.negotiation import OPENMETRICS, PROTOBUF, TEXT, chosen
from loadgen.metrics.page import Form
from loadgen.metrics.protobuf import EncodedFamily
from loadgen.metrics.snapshot import ClusterSnapshot
from loadgen.metrics.text import OPENMETRICS_END, OPENMETRICS_TYPE, TEXT_TYPE, OpenMetricsFamily, TextFamily

KEPT_S: Final = 1.0
"""How long a page is kept while no second is sealed."""

PACKING: Final = 1
"""Level of gzip: a page repeats itself so much that more effort saves little."""


class _Encoded(Form, Protocol):
    def encoded(self) -> bytes:
        """Everything that was taken."""


@dataclass(frozen=True, slots=True)
class _Format:
    """How a format is written.

    Attributes:
        content_type: what the answer is called.
        family: makes a family in it.
        end: follows the last one.
    """

    content_type: str
    family: Callable[[Family], _Encoded]
    end: bytes = b""


_FORMATS: Final = {
    TEXT: _Format(TEXT_TYPE, TextFamily),
    OPENMETRICS: _Format(OPENMETRICS_TYPE, OpenMetricsFamily, OPENMETRICS_END),
    PROTOBUF: _Format(protobuf.CONTENT_TYPE, EncodedFamily),
}


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
        wanted = chosen(accept)
        kind = _FORMATS[wanted].content_type
        with self._one_at_a_time:
            now_s = self._monotonic()
            self._look(now_s)
            if names:
                body = self._written(wanted, now_s, names)
                return kind, _packed(body) if packed else body
            if (wanted, False) not in self._kept:
                self._kept[wanted, False] = self._written(wanted, now_s, names)
            if packed and (wanted, True) not in self._kept:
                self._kept[wanted, True] = _packed(self._kept[wanted, False])
            return kind, self._kept[wanted, packed]

    def _look(self, now_s: float) -> None:
        """Let go of what was written of another moment."""
        latest = self._latest()
        leading = latest is not None and leads(latest, now_s)
        if leading == self._leading and now_s < self._since_s + KEPT_S and _same_seconds(latest, self._shown):
            return
        self._shown, self._leading, self._since_s = latest, leading, now_s
        self._kept.clear()

    def _written(self, wanted: str, now_s: float, names: Set[str]) -> bytes:
        format_ = _FORMATS[wanted]
        families = written(self._shown, now_s, format_.family, names)
        return b"".join([*(family.encoded() for family in families), format_.end])


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
