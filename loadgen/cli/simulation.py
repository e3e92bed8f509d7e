"""What a simulation shows: rates between samples, and a judgement at its end. Pure.

A second counts as sealed when the *last* of its frames is: an overloaded coordinator seals a second in time with the
frames it has, and amends it later. Lag is from the second's end to that instant, both by the server's clock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from loadgen.bus.load import ServerLoad
from loadgen.endings import Outcome, Validity
from loadgen.stats import SecondRow
from loadgen.worker.simulated.sums import Sums

PACE_S: Final = 1.5
"""A second is sealed within this, at p99: the promise of the design."""

SENDERS_LATE_S: Final = 0.6
"""If simulated workers send later than this at p99, a late second is theirs and not the coordinator's."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where everything stands at one instant.

    Attributes:
        at_s: monotonic clock.
        coordinator_cpu_s: CPU time of the coordinator.
        server: of Redis.
        sums: of the simulated workers.
        frames: sealed so far.
        lag_s: p50, p99 and the longest time from a second's end to its sealing, so far.
    """

    at_s: float
    coordinator_cpu_s: float
    server: ServerLoad
    sums: Sums
    frames: int
    lag_s: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(slots=True)
class Seconds:
    """The sealed seconds, as their entries come.

    Attributes:
        frames: sealed so far.
        late_frames: of those, the ones that amended a second.
        requests: counted in them.
    """

    frames: int = 0
    late_frames: int = 0
    requests: int = 0
    _lag_s: dict[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many seconds have frames."""
        return len(self._lag_s)

    def add(self, row: SecondRow, sealed_at_s: float, started_at_s: float) -> None:
        """Take a sealed second or an amendment; both instants are cluster time."""
        if row.second in self._lag_s:
            self.late_frames += row.workers
        if row.workers:
            self._lag_s[row.second] = sealed_at_s - started_at_s - row.second - 1
        self.frames += row.workers
        self.requests += row.tally.requests

    def lag_s(self, share: float) -> float:
        """Within which time this share of the seconds was sealed with all its frames."""
        return quantile(dict.fromkeys(self._lag_s, 1), share, by=self._lag_s)


def quantile(weights: Mapping[int, int], share: float, by: Mapping[int, float] | None = None) -> float:
    """Nearest rank of weighted values.

    Args:
        weights: how often each value comes.
        share: from 0 to 1.
        by: the value behind each key; the key itself by default.
    """
    values = sorted(((by[key] if by else float(key)), weight) for key, weight in weights.items())
    wanted = math.ceil(share * sum(weights.values()))
    seen = 0
    for value, weight in values:
        seen += weight
        if seen >= wanted:
            return value
    return 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What happened between two samples, a second.

    Attributes:
        frames: sealed.
        in_bytes, out_bytes: into Redis and out of it.
        coordinator: share of one core.
        frame_us: CPU of the coordinator for each frame, microseconds.
        redis: share of one core.
        simulators: share of one core, all processes together.
    """

    frames: float
    in_bytes: float
    out_bytes: float
    coordinator: float
    frame_us: float
    redis: float
    simulators: float

    @classmethod
    def between(cls, first: Sample, last: Sample) -> Rates:
        """The rates from one sample to another."""
        passed_s = max(last.at_s - first.at_s, 1e-9)
        frames = last.frames - first.frames
        cpu_s = last.coordinator_cpu_s - first.coordinator_cpu_s
        return cls(
            frames / passed_s,
            (last.server.in_bytes - first.server.in_bytes) / passed_s,
            (last.server.out_bytes - first.server.out_bytes) / passed_s,
            cpu_s / passed_s,
            1e6 * cpu_s / frames if frames else 0.0,
            (last.server.cpu_s - first.server.cpu_s) / passed_s,
            (last.sums.cpu_s - first.sums.cpu_s) / passed_s,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """A finished simulation; the names of the figures are those of its JSON.

    Attributes:
        workers: simulated.
        seconds: of load.
        ready_s: from the submit to the instant of the start, all workers being there.
        frames_sent, frames_sealed: as the simulated workers and as the coordinator count them.
        requests_sent: as the simulated workers count them.
        requests_counted: as the coordinator counts them, worker by worker.
        requests_sealed: as they stand in the sealed seconds.
        frame_bytes: of one frame on average.
        frames_per_s, in_bytes_per_s, out_bytes_per_s: over the run.
        coordinator: share of one core over the run; ``coordinator_rss_bytes`` at its end.
        frame_us: CPU of the coordinator for each frame, with all else it does.
        seal_p50_s, seal_p99_s, seal_max_s: from a second's end until all its frames were sealed.
        late_frames: share of the frames that came after their second was sealed.
        sent_p99_s: from a second's end until its frames were sent.
        redis, redis_bytes: share of one core, most memory.
        simulators: share of one core.
        metrics_bytes, metrics_s: the page of metrics and how long the slowest scrape took.
        outcome, validity: of the run; ``reason`` says why it ended so.
    """

    workers: int
    seconds: int
    ready_s: float
    frames_sent: int
    frames_sealed: int
    requests_sent: int
    requests_counted: int
    requests_sealed: int
    frame_bytes: float
    frames_per_s: float
    in_bytes_per_s: float
    out_bytes_per_s: float
    coordinator: float
    coordinator_rss_bytes: int
    frame_us: float
    seal_p50_s: float
    seal_p99_s: float
    seal_max_s: float
    late_frames: float
    sent_p99_s: float
    redis: float
    redis_bytes: int
    simulators: float
    metrics_bytes: int
    metrics_s: float
    outcome: Outcome
    validity: Validity
    reason: str

    @property
    def differences(self) -> list[str]:
        """Which counts differ that should be the same, in words."""
        found = []
        if self.frames_sent != self.frames_sealed:
            found.append(f"{self.frames_sent:,} frames were sent, {self.frames_sealed:,} were sealed")
        if self.requests_sent != self.requests_counted:
            found.append(f"{self.requests_sent:,} requests were sent, {self.requests_counted:,} were counted by worker")
        if self.requests_counted != self.requests_sealed:
            sealed = f"{self.requests_sealed:,} stand in the sealed seconds"
            found.append(f"{self.requests_counted:,} requests were counted by worker, {sealed}")
        return found

    @property
    def is_exact(self) -> bool:
        """Whether all sides count the same."""
        return not self.differences

    @property
    def kept_pace(self) -> bool:
        """Whether the coordinator sealed in time."""
        return self.seconds > 0 and self.seal_p99_s <= PACE_S

    @property
    def senders_were_late(self) -> bool:
        """Whether frames came so late that nothing can be said of the coordinator."""
        return self.sent_p99_s > SENDERS_LATE_S

    @property
    def ending(self) -> Outcome:
        """How the simulation ended, as runs do."""
        if self.outcome is not Outcome.PASSED:
            return self.outcome
        if not self.is_exact:
            return Outcome.INVALID
        if self.kept_pace:
            return Outcome.PASSED
        return Outcome.INVALID if self.senders_were_late else Outcome.THRESHOLDS_FAILED

    def as_json(self) -> str:
        """All figures, and what follows from them."""
        told = {
            **asdict(self),
            "is_exact": self.is_exact,
            "differences": self.differences,
            "kept_pace": self.kept_pace,
            "exit_code": self.ending.exit_code,
        }
        return json.dumps(told, indent=2)
