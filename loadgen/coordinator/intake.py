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

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from loadgen.coordinator.losses import NO_PROGRESS, Progress
from loadgen.messages import Frame, WorkerTotals, added_up
from loadgen.stats import Headline, SecondRow

GRACE_S: Final = 1.2
"""How long after its end a second waits for slow frames: sealing stays within 1.5 s of the second's end."""

AHEAD_S: Final = 2
"""How far in the future a frame's second may lie before the frame is refused: clocks differ by milliseconds."""

NEVER: Final = 2**62
"""A second that no run reaches."""

Complete = Callable[[Frame, Progress], Frame]
"""What becomes of a frame when all before it are here."""

WAITING_MOST: Final = 4096
"""Frames of one worker that may wait for a gap to be filled; more is no gap but a broken worker."""


@dataclass(slots=True)
class _Line:
    """The frames of one worker that are not sealed yet.

    Attributes:
        sealed: number of its last sealed frame.
        reported: the latest second up to which its frames are here without gap.
        here: number up to which they are.
        progress: which arrivals they tell of.
        frames: by number; those beyond a gap too.
    """

    sealed: int = 0
    reported: int = -1
    here: int = 0
    progress: Progress = NO_PROGRESS
    frames: dict[int, Frame] = field(default_factory=dict)

    @classmethod
    def after(cls, known: WorkerTotals) -> _Line:
        return cls(
            known.sequence, NEVER if known.ended else known.last_second, known.sequence, Progress.of(known), frames={}
        )

    def put(self, frame: Frame, complete: Complete) -> None:
        self.frames[frame.sequence] = frame
        while (following := self.frames.get(self.here + 1)) is not None:
            self.here += 1
            following = self.frames[self.here] = complete(following, self.progress)
            self.progress = Progress(following.dealt_to_s, following.beyond)
            self.reported = NEVER if following.last else max(self.reported, following.second)

    def take(self, upto: int) -> list[Frame]:
        """The frames in order up to the first that ends at or after a second; they are sealed now."""
        taken = []
        while (frame := self.frames.get(self.sealed + 1)) is not None and frame.second < upto:
            taken.append(self.frames.pop(frame.sequence))
            self.sealed += 1
        return taken


class Intake:
    """The frames of one run.

    Args:
        totals: each worker's figures as last sealed; amended in place as frames are sealed.
        next_second: the first second not yet sealed.
        complete: gives each frame, in its worker's order, its progress; and what it missed, as far as nobody else
            counts that.
    """

    def __init__(
        self, totals: dict[str, WorkerTotals], next_second: int = 0, complete: Complete = lambda frame, _: frame
    ) -> None:
        self.totals = totals
        self.next_second = next_second
        self._complete = complete
        self._lines = {worker: _Line.after(known) for worker, known in totals.items()}
        self._touched: dict[str, _Line] = {}
        self._laggard: str | None = None
        self._unsealed: defaultdict[int, deque[tuple[str, _Line, int]]] = defaultdict(deque)
        self._read: dict[int, str] = {}

    def take(self, place: tuple[int, str], frame: Frame, now_second: float) -> str | None:
        """Take one frame from its stream.

        Args:
            place: shard and stream id.
            frame: the frame.
            now_second: seconds since the run's start, by cluster time.

        Returns:
            Why it is refused, or None.
        """
        shard, entry_id = place
        self._read[shard] = entry_id
        line = self._lines.get(frame.worker) or _Line()
        if frame.sequence <= line.sealed or frame.sequence in line.frames:
            return None
        if frame.second > now_second + AHEAD_S:
            return f"second {frame.second} lies in the future (now {now_second:.1f})"
        if frame.sequence > line.sealed + WAITING_MOST:
            return f"number {frame.sequence} is too far from {line.sealed}, the last one sealed"
        line.put(frame, self._complete)
        self._lines[frame.worker] = self._touched[frame.worker] = line
        self._unsealed[shard].append((entry_id, line, frame.sequence))
        return None

    def reported(self, worker: str) -> int:
        """The latest second up to which a worker's frames are here without gap; -1 before the first.

        A worker that has sent its last frame has reported every second to come.
        """
        line = self._lines.get(worker)
        return line.reported if line else -1

    def holds_all(self, worker: str, sequence: int) -> bool:
        """Whether everything up to a worker's given frame is sealed."""
        line = self._lines.get(worker)
        return (line.sealed if line else 0) >= sequence

    def seal(self, now_second: float, expected: Sequence[str]) -> list[SecondRow]:
        """All seconds that can be sealed now, and amendments to earlier ones.

        Args:
            now_second: seconds since the run's start, by cluster time.
            expected: workers that should report each second that has ended.
        """
        upto = self._sealable(now_second, expected)
        by_second: defaultdict[int, list[Frame]] = defaultdict(list)
        # What came before waits for a later second, unless one is over now.
        lines, self._touched = self._lines if upto > self.next_second else self._touched, {}
        for line in lines.values():
            for frame in line.take(upto):
                by_second[frame.second].append(frame)
        seconds = sorted(set(by_second) | set(range(self.next_second, upto)))
        self.next_second = max(self.next_second, upto)
        counted: list[tuple[Frame, Headline]] = []
        rows = []
        for second in seconds:
            row, headlines = _sealed(second, by_second[second], now_second)
            rows.append(row)
            counted += zip(by_second[second], headlines, strict=True)
        for frame, headline in sorted(counted, key=lambda pair: pair[0].sequence):
            known = self.totals.get(frame.worker) or WorkerTotals(worker=frame.worker)
            self.totals[frame.worker] = _advanced(known, frame, headline)
        return rows

    def positions(self) -> dict[int, str]:
        """By shard, the stream id up to which every frame is dealt with, where that has moved."""
        moved = {}
        for shard in list(self._read):
            waiting, position = self._unsealed[shard], ""
            while waiting and waiting[0][2] <= waiting[0][1].sealed:
                position = waiting.popleft()[0]
            if not waiting:
                position = self._read.pop(shard)
            if position:
                moved[shard] = position
        return moved

    def give_up(self, worker: str) -> None:
        """Forget frames of a lost worker that wait for a gap which nobody will fill."""
        line = self._lines.get(worker)
        if line is None:
            return
        line.frames = {sequence: frame for sequence, frame in line.frames.items() if sequence <= line.here}
        for shard, waiting in self._unsealed.items():
            self._unsealed[shard] = deque(entry for entry in waiting if entry[1] is not line or entry[2] <= line.here)

    def _sealable(self, now_second: float, expected: Sequence[str]) -> int:
        ended = int(now_second // 1)
        overdue = int((now_second - GRACE_S) // 1)
        if overdue <= self.next_second and self._is_held_up(expected):
            return self.next_second
        laggard = self._laggard = min(expected, key=self.reported, default=None)
        slowest = ended - 1 if laggard is None else self.reported(laggard)
        return max(self.next_second, overdue, min(ended, slowest + 1))

    def _is_held_up(self, expected: Sequence[str]) -> bool:
        """Whether the slowest of before has still not reported the next second; the others need not be asked then."""
        laggard = self._laggard
        return laggard is not None and laggard in expected and self.reported(laggard) < self.next_second


def _advanced(totals: WorkerTotals, frame: Frame, headline: Headline) -> WorkerTotals:
    health, coloured = frame.health, frame.health.is_coloured
    return WorkerTotals(
        worker=totals.worker,
        node=totals.node,
        sequence=frame.sequence,
        first_second=totals.first_second if totals.sequence else frame.second,
        last_second=max(totals.last_second, frame.second),
        requests=totals.requests + headline.requests,
        sent=totals.sent + headline.sent,
        in_flight=headline.in_flight,
        started=totals.started + headline.started,
        late=totals.late + headline.late,
        dropped=totals.dropped + headline.dropped,
        missed=totals.missed + headline.missed,
        cpu_sum=totals.cpu_sum + health.cpu,
        cpu_max=max(totals.cpu_max, health.cpu),
        loop_lag_max_us=max(totals.loop_lag_max_us, health.loop_lag_max_us),
        coloured_seconds=totals.coloured_seconds + coloured,
        coloured_requests=totals.coloured_requests + (headline.requests if coloured else 0),
        rss_max_bytes=max(totals.rss_max_bytes, health.rss_bytes),
        clock_error_us=max(totals.clock_error_us, health.clock_error_us),
        dealt_to_s=frame.dealt_to_s,
        beyond=frame.beyond,
        ended=frame.last,
        missed_to_s=totals.missed_to_s,
        balanced=totals.balanced,
    )


def _sealed(second: int, frames: list[Frame], now_second: float) -> tuple[SecondRow, list[Headline]]:
    tally, headlines = added_up([frame.tally for frame in frames])
    coloured = [pair for pair in zip(frames, headlines, strict=True) if pair[0].health.is_coloured]
    row = SecondRow(
        second,
        tally=tally,
        workers=len({frame.worker for frame in frames}),
        cpu_max=max((frame.health.cpu for frame in frames), default=0.0),
        loop_lag_p99_us=max((frame.health.loop_lag_p99_us for frame in frames), default=0),
        loop_lag_max_us=max((frame.health.loop_lag_max_us for frame in frames), default=0),
        coloured=len({frame.worker for frame, _ in coloured}),
        coloured_requests=sum(headline.requests for _, headline in coloured),
        lengthened_requests=sum(
            frame.health.lengthened * headline.requests for frame, headline in zip(frames, headlines, strict=True)
        ),
        sealed_after_s=max(0.0, now_second - second - 1),
    )
    return row, headlines
