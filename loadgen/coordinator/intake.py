"""Frames in, seconds out: each frame once, in its worker's order. Pure; time is an argument.

Every worker numbers its frames from 1 without gaps and sends them until they are sealed. So::

    sequence ≤ last sealed, or waiting already    a repetition: passed over
    sequence = next                               taken
    sequence > next                               waits until the gap is filled (its worker sends again)

A second is sealed when every worker that is expected to report it has, or when :data:`GRACE_S` is over. What comes
later amends its own second. After a fail-over everything is rebuilt from the workers' last sealed sequences and the
frames still in the stream.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable
from typing import Final

from loadgen.messages import Frame, WorkerTotals
from loadgen.stats import SecondRow, Tally

GRACE_S: Final = 1.2
"""How long after its end a second waits for slow frames: sealing stays within 1.5 s of the second's end."""

AHEAD_S: Final = 2
"""How far in the future a frame's second may lie before the frame is refused: clocks differ by milliseconds."""

NEVER: Final = 2**62
"""A second that no run reaches."""

WAITING_MOST: Final = 4096
"""Frames of one worker that may wait for a gap to be filled; more is no gap but a broken worker."""


class Intake:
    """The frames of one run.

    Args:
        totals: each worker's figures as last sealed; amended in place as frames are sealed.
        next_second: the first second not yet sealed.
    """

    def __init__(self, totals: dict[str, WorkerTotals], next_second: int = 0) -> None:
        self.totals = totals
        self.next_second = next_second
        self._waiting: defaultdict[str, dict[int, Frame]] = defaultdict(dict)
        self._unsealed: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._read = ""
        self._ended: set[str] = set()

    def take(self, entry_id: str, frame: Frame, now_second: float) -> str | None:
        """Take one frame from the stream.

        Args:
            entry_id: its id in the stream.
            frame: the frame.
            now_second: seconds since the run's start, by cluster time.

        Returns:
            Why it is refused, or None.
        """
        self._read = entry_id
        sealed = self._sequence(frame.worker)
        waiting = self._waiting[frame.worker]
        if frame.sequence <= sealed or frame.sequence in waiting:
            return None
        if frame.second > now_second + AHEAD_S:
            return f"second {frame.second} lies in the future (now {now_second:.1f})"
        if frame.sequence > sealed + WAITING_MOST:
            return f"number {frame.sequence} is too far from {sealed}, the last one sealed"
        waiting[frame.sequence] = frame
        self._unsealed[entry_id] = (frame.worker, frame.sequence)
        return None

    def reported(self, worker: str) -> int:
        """The latest second up to which a worker's frames are here without gap; -1 before the first.

        A worker that has sent its last frame has reported every second to come.
        """
        if worker in self._ended:
            return NEVER
        latest = self.totals[worker].last_second if worker in self.totals else -1
        for frame in self._in_order(worker):
            latest = NEVER if frame.last else max(latest, frame.second)
        return latest

    def holds_all(self, worker: str, sequence: int) -> bool:
        """Whether everything up to a worker's given frame is sealed."""
        return self._sequence(worker) >= sequence

    def seal(self, now_second: float, expected: Iterable[str]) -> list[SecondRow]:
        """All seconds that can be sealed now, and amendments to earlier ones.

        Args:
            now_second: seconds since the run's start, by cluster time.
            expected: workers that should report each second that has ended.
        """
        upto = self._sealable(now_second, list(expected))
        by_second: defaultdict[int, list[Frame]] = defaultdict(list)
        for worker in list(self._waiting):
            for frame in self._in_order(worker):
                if frame.second >= upto:
                    break
                by_second[frame.second].append(frame)
                self._count(frame)
                del self._waiting[worker][frame.sequence]
        seconds = sorted(set(by_second) | set(range(self.next_second, upto)))
        self.next_second = max(self.next_second, upto)
        return [_sealed(second, by_second[second], now_second) for second in seconds]

    def position(self) -> str:
        """Stream id up to which every frame is dealt with; empty when nothing was read."""
        position = ""
        while self._unsealed:
            entry_id, (worker, sequence) = next(iter(self._unsealed.items()))
            if sequence > self._sequence(worker):
                return position
            position = entry_id
            del self._unsealed[entry_id]
        return self._read

    def give_up(self, worker: str) -> None:
        """Forget frames of a lost worker that wait for a gap which nobody will fill."""
        in_order = {frame.sequence for frame in self._in_order(worker)}
        for sequence in [s for s in self._waiting[worker] if s not in in_order]:
            del self._waiting[worker][sequence]
        self._unsealed = OrderedDict(
            (entry, (name, sequence))
            for entry, (name, sequence) in self._unsealed.items()
            if name != worker or sequence in in_order
        )

    def _sealable(self, now_second: float, expected: list[str]) -> int:
        ended = int(now_second // 1)
        overdue = int((now_second - GRACE_S) // 1)
        slowest = min((self.reported(worker) for worker in expected), default=ended - 1)
        return max(self.next_second, overdue, min(ended, slowest + 1))

    def _sequence(self, worker: str) -> int:
        return self.totals[worker].sequence if worker in self.totals else 0

    def _in_order(self, worker: str) -> list[Frame]:
        waiting = self._waiting[worker]
        frames = []
        sequence = self._sequence(worker) + 1
        while sequence in waiting:
            frames.append(waiting[sequence])
            sequence += 1
        return frames

    def _count(self, frame: Frame) -> None:
        known = self.totals.get(frame.worker) or WorkerTotals(worker=frame.worker, first_second=frame.second)
        self.totals[frame.worker] = _advanced(known, frame)
        if frame.last:
            self._ended.add(frame.worker)


def _advanced(totals: WorkerTotals, frame: Frame) -> WorkerTotals:
    arrivals, health = frame.tally.arrivals_total(), frame.health
    requests = frame.tally.requests
    return totals.model_copy(
        update={
            "sequence": frame.sequence,
            "last_second": max(totals.last_second, frame.second),
            "requests": totals.requests + requests,
            "sent": totals.sent + frame.tally.sent,
            "in_flight": frame.tally.in_flight,
            "started": totals.started + arrivals.started,
            "late": totals.late + arrivals.late,
            "dropped": totals.dropped + arrivals.dropped,
            "missed": totals.missed + arrivals.missed,
            "cpu_sum": totals.cpu_sum + health.cpu,
            "cpu_max": max(totals.cpu_max, health.cpu),
            "loop_lag_max_us": max(totals.loop_lag_max_us, health.loop_lag_max_us),
            "coloured_seconds": totals.coloured_seconds + health.is_coloured,
            "coloured_requests": totals.coloured_requests + (requests if health.is_coloured else 0),
            "rss_max_bytes": max(totals.rss_max_bytes, health.rss_bytes),
            "clock_error_us": max(totals.clock_error_us, health.clock_error_us),
        }
    )


def _sealed(second: int, frames: list[Frame], now_second: float) -> SecondRow:
    workers = Counter(frame.worker for frame in frames)
    return SecondRow(
        second,
        tally=Tally.merged([frame.tally for frame in frames]) if frames else Tally(),
        workers=len(workers),
        cpu_max=max((frame.health.cpu for frame in frames), default=0.0),
        loop_lag_p99_us=max((frame.health.loop_lag_p99_us for frame in frames), default=0),
        loop_lag_max_us=max((frame.health.loop_lag_max_us for frame in frames), default=0),
        coloured=len({frame.worker for frame in frames if frame.health.is_coloured}),
        coloured_requests=sum(frame.tally.requests for frame in frames if frame.health.is_coloured),
        lengthened_requests=sum(
            frame.health.lengthened * frame.tally.requests for frame in frames if frame.health.lengthened
        ),
        sealed_after_s=max(0.0, now_second - second - 1),
    )
