"""What the shop served, by its own count: the independent truth for whoever measures from outside.

Every request is received once and then ends in one of two ways, so at any instant::

    received_total = requests_total (answer fully written) + abandoned_total (visitor or fault cut it) + in_progress

An answer is fully written when the kernel has taken its last byte. ``/_shop/*`` is not counted. Instants are
unix seconds. A reset replaces the object; a request in flight keeps counting in the one it was received under.
"""

from __future__ import annotations

from typing import Any

HISTORY_S = 3600
"""Seconds of requests per second that are kept."""


class Counters:
    """Counts since the start or the last reset."""

    __slots__ = (
        "_by_route",
        "_per_second",
        "abandoned_total",
        "first_request_at",
        "last_request_at",
        "received_total",
        "requests_total",
        "response_body_bytes",
    )

    def __init__(self) -> None:
        self.received_total = 0
        self.requests_total = 0
        self.abandoned_total = 0
        self.response_body_bytes = 0
        self.first_request_at: float | None = None
        self.last_request_at: float | None = None
        self._by_route: dict[tuple[str, int], int] = {}
        self._per_second: dict[int, int] = {}

    @property
    def in_progress(self) -> int:
        """Requests received and not ended."""
        return self.received_total - self.requests_total - self.abandoned_total

    def received(self, now: float) -> None:
        """Count a request that arrived in full at unix second ``now``."""
        self.received_total += 1
        if self.first_request_at is None:
            self.first_request_at = now
        self.last_request_at = now
        second = int(now)
        if second in self._per_second:
            self._per_second[second] += 1
        else:
            self._per_second[second] = 1
            self._forget_before(second - HISTORY_S + 1)

    def answered(self, template: str, status: int, body_bytes: int) -> None:
        """Count an answer of which the last byte was written."""
        self.requests_total += 1
        self.response_body_bytes += body_bytes
        key = (template, status)
        self._by_route[key] = self._by_route.get(key, 0) + 1

    def abandoned(self) -> None:
        """Count a request whose answer was not fully written before its connection ended."""
        self.abandoned_total += 1

    def snapshot(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        by_route: dict[str, dict[str, int]] = {}
        for (template, status), count in sorted(self._by_route.items()):
            by_route.setdefault(template, {})[str(status)] = count
        return {
            "requests_total": self.requests_total,
            "received_total": self.received_total,
            "abandoned_total": self.abandoned_total,
            "in_progress": self.in_progress,
            "response_body_bytes": self.response_body_bytes,
            "by_route": by_route,
            "per_second": sorted(self._per_second.items()),
            "first_request_at": self.first_request_at,
            "last_request_at": self.last_request_at,
        }

    def _forget_before(self, second: int) -> None:
        if len(self._per_second) > HISTORY_S:
            for old in [known for known in self._per_second if known < second]:
                del self._per_second[old]
