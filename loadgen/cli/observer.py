"""Watches a simulated run: sealed seconds with the instants of their sealing, and what all processes use meanwhile."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from typing import Final

from loadgen.bus import Bus, RunBus
from loadgen.bus.load import server_load
from loadgen.cli.crowds import Crowds
from loadgen.cli.simulation import Rates, Result, Sample, Seconds, quantile
from loadgen.endings import Outcome, Validity
from loadgen.messages import RunRecord, RunState
from loadgen.worker.simulated.gauges import Gauge

LOOK_S: Final = 0.2
"""How often to look."""

SAMPLE_S: Final = 1.0
"""How often to take stock."""

SCRAPE_S: Final = 5.0
"""How often the metrics are read: a Prometheus does it every 15 s by default."""


class Observer:
    """One simulated run.

    Args:
        bus: open connection.
        run: the run's id.
        coordinator: its process id.
        metrics_url: where it serves metrics.
        crowds: the simulated workers.
    """

    def __init__(self, bus: Bus, run: str, coordinator: int, metrics_url: str, crowds: Crowds) -> None:
        self._bus, self._run = bus, RunBus(bus, run)
        self._gauge, self._metrics_url, self._crowds = Gauge(coordinator), metrics_url, crowds
        self.seconds = Seconds()
        self.record: RunRecord | None = None
        self._position = "0-0"
        self._memory_bytes = 0
        self._first = self._last = self.sample()
        self._metrics_bytes, self._metrics_s, self._scraped_at_s = 0, 0.0, time.monotonic()

    def follow(self, show: Callable[[Sample, Rates], None], check: Callable[[], None]) -> None:
        """Look until the run has ended.

        Args:
            show: called once a second while there is load.
            check: called between looks; may raise to give up.
        """
        while self.record is None or self.record.state is not RunState.FINISHED:
            check()
            time.sleep(LOOK_S)
            self._crowds.sums()  # in every state of the run: a crowd whose pipe is full would stand still
            self.record = self._run.record()
            self._read_sealed()
            if self.record is None or self.record.started_at is None:
                self._first = self._last = self.sample()
            elif self.record.state is RunState.RUNNING and time.monotonic() - self._last.at_s >= SAMPLE_S:
                before, self._last = self._last, self.sample()
                show(self._last, Rates.between(before, self._last))
                self._scrape()
        self._last = self.sample()

    def sample(self) -> Sample:
        """Take stock."""
        server = server_load(self._bus)
        self._memory_bytes = max(self._memory_bytes, server.memory_bytes)
        lags_s = self.seconds.lag_s(0.5), self.seconds.lag_s(0.99), self.seconds.lag_s(1.0)
        return Sample(time.monotonic(), self._gauge.cpu_s, server, self._crowds.sums(), self.seconds.frames, lags_s)

    def _read_sealed(self) -> None:
        """Entry by entry, as the id of each tells when it was sealed."""
        if self.record is None or self.record.started_at is None:
            return
        self._position, rows = self._run.sealed(self._position, 1)
        while rows:
            sealed_at_s = int(self._position.partition("-")[0]) / 1000
            self.seconds.add(rows[0], sealed_at_s, self.record.started_at)
            self._position, rows = self._run.sealed(self._position, 1)

    def _scrape(self) -> None:
        if time.monotonic() - self._scraped_at_s < SCRAPE_S:
            return
        asked_at_s = time.monotonic()
        with urllib.request.urlopen(self._metrics_url, timeout=30) as answer:  # noqa: S310 -- our own coordinator's
            self._metrics_bytes = max(self._metrics_bytes, len(answer.read()))
        self._scraped_at_s = time.monotonic()
        self._metrics_s = max(self._metrics_s, self._scraped_at_s - asked_at_s)

    def result(self, workers: int) -> Result:
        """What was found; after the crowds have ended."""
        assert self.record is not None  # noqa: S101 -- follow() came first
        sums, rates, seconds = self._crowds.sums(), Rates.between(self._first, self._last), self.seconds
        verdict, started_at_s = self.record.verdict, self.record.started_at or self.record.submitted_at
        return Result(
            workers=workers,
            seconds=len(seconds),
            ready_s=started_at_s - self.record.submitted_at,
            frames_sent=sums.frames,
            frames_sealed=sum(totals.sequence for totals in self.record.workers.values()),
            requests_sent=sums.requests,
            requests_counted=sum(totals.requests for totals in self.record.workers.values()),
            requests_sealed=seconds.requests,
            frame_bytes=sums.frame_bytes / max(sums.frames, 1),
            frames_per_s=seconds.frames / max(len(seconds), 1),
            in_bytes_per_s=rates.in_bytes,
            out_bytes_per_s=rates.out_bytes,
            coordinator=rates.coordinator,
            coordinator_rss_bytes=self._gauge.rss_bytes,
            frame_us=rates.frame_us,
            seal_p50_s=seconds.lag_s(0.5),
            seal_p99_s=seconds.lag_s(0.99),
            seal_max_s=seconds.lag_s(1.0),
            late_frames=seconds.late_frames / max(seconds.frames, 1),
            sent_p99_s=quantile(sums.late_ms, 0.99) / 1000,
            redis=rates.redis,
            redis_bytes=self._memory_bytes,
            simulators=rates.simulators,
            metrics_bytes=self._metrics_bytes,
            metrics_s=self._metrics_s,
            outcome=verdict.outcome if verdict else Outcome.FAILED,
            validity=verdict.validity.verdict if verdict else Validity.INVALID,
            reason=verdict.reason if verdict else "",
        )
