"""What workers leave undone: arrivals that nobody started, each of them missed once. Pure.

::

     dealt with by b   │   not known   │  by nobody      │
    ──┬────────────────┼───────────────┼─────────────────┼──────▶ seconds since the run's start
      b's pieces    its latest     b is surely      the next epoch
                      frame          gone              holds

What nobody can have started any more is missed at once, as soon as the second in which it was due is sealed. What is
not known waits for frames that b may have left: each of them counts what it counts, and its own missed ones as far as
they are not counted here. When its last frame is in, or the run ends, the rest is missed too.

It is the plan that is taken stock of, not frames that are compared: what b should have dealt with, less what it did. So
planned = started + dropped + missed to the last arrival, at whatever instruction b was killed.

Everything that is counted here is remembered in the worker's totals, which are sealed in one step with it. So a new
leader counts nothing twice.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from loadgen.messages import Frame, Loss, Piece, WorkerTotals, pack_tally, unpack_tally
from loadgen.plan.planned import PlannedLoad
from loadgen.stats import ArrivalCounts, SecondRow, Tally


class Progress(NamedTuple):
    """Which arrivals a worker's frames tell of, so far; see :class:`loadgen.messages.Frame`."""

    dealt_to_s: float | None
    beyond: Mapping[int, int]

    @classmethod
    def of(cls, totals: WorkerTotals | None) -> Progress:
        """As sealed."""
        return cls(totals.dealt_to_s, totals.beyond) if totals else NO_PROGRESS


NO_PROGRESS: Final = Progress(None, {})
"""There is no frame yet."""


class Losses:
    """What workers of one run left undone.

    Args:
        entries: the list in the run's record; appended to and filled in here.
        planned: which arrivals there are.
    """

    def __init__(self, entries: list[Loss], planned: PlannedLoad) -> None:
        self._entries = entries
        self._lost = {entry.worker: entry for entry in entries}
        self._planned = planned

    def __bool__(self) -> bool:
        return bool(self._entries)

    def lose(self, worker: str, pieces: Sequence[Piece], at_s: float) -> bool:
        """A worker is surely gone, and nobody serves its share until the next epoch.

        Args:
            worker: its name.
            pieces: what it carried, as far back as its frames may tell of.
            at_s: from when on it cannot have started anyone, seconds since the run's start.

        Returns:
            Whether that is news.
        """
        if worker in self._lost or not pieces:
            return False
        entry = self._lost[worker] = Loss(worker=worker, pieces=tuple(pieces), at_s=at_s)
        self._entries.append(entry)
        return True

    def served(self, from_s: float) -> None:
        """The whole load is served by others from this instant on."""
        for entry in self._entries:
            if entry.to_s is None and entry.at_s < from_s:
                entry.to_s = from_s

    def completed(self, frame: Frame, before: Progress) -> Frame:
        """A frame with its progress, and with what it missed as far as that is not counted here.

        Args:
            frame: the next one of its worker.
            before: what the frames before it tell of.
        """
        entry = self._lost.get(frame.worker)
        if entry is not None:
            return self._corrected(frame, before, entry)
        if frame.dealt_to_s is not None:
            return frame
        beyond = Counter(before.beyond)
        beyond.update({stream: counts.in_all for stream, counts in unpack_tally(frame.tally).arrivals.items()})
        return replace(frame, dealt_to_s=before.dealt_to_s, beyond=dict(beyond))

    def amend(self, totals: MutableMapping[str, WorkerTotals], sealed_to: int) -> list[SecondRow]:
        """Amendments to sealed seconds for what lost workers left undone in them; each arrival is given once.

        Args:
            totals: by worker, as they will be sealed with these amendments; replaced where something is counted.
            sealed_to: the first second that is not sealed.
        """
        missed = _Missed()
        for entry in self._entries:
            known = totals.get(entry.worker) or WorkerTotals(worker=entry.worker)
            to_s = min(_end(entry), sealed_to)
            from_s = entry.at_s if known.missed_to_s is None else known.missed_to_s
            if to_s > from_s:
                missed.add(self._by_second(entry.pieces, from_s, to_s))
                known = replace(known, missed_to_s=to_s)
            if known.ended and not known.balanced and sealed_to >= self._until(entry):
                known = self._balance(entry.pieces, known, self._until(entry), missed)
            if known.missed_to_s is not None or known.balanced:
                totals[entry.worker] = known
        return missed.rows()

    def close(
        self, totals: MutableMapping[str, WorkerTotals], carried: Mapping[str, Sequence[Piece]]
    ) -> list[SecondRow]:
        """The run ends: what was not dealt with by now never will be.

        Args:
            totals: as in :meth:`amend`.
            carried: pieces of all workers, as far back as their frames may tell of.
        """
        missed = _Missed()
        for worker, held in carried.items():
            known, entry = totals.get(worker) or WorkerTotals(worker=worker), self._lost.get(worker)
            pieces = entry.pieces if entry else held
            if pieces and not known.balanced:
                until_s = self._until(entry) if entry else self._planned.ends_s
                totals[worker] = self._balance(pieces, known, until_s, missed)
        return missed.rows()

    # -- taking stock

    def _until(self, entry: Loss) -> float:
        """Up to when it is not known what a lost worker did."""
        return min(entry.at_s, _end(entry), self._planned.ends_s)

    def _corrected(self, frame: Frame, before: Progress, entry: Loss) -> Frame:
        """The frame of a lost worker: it missed what was due before it was lost; what came after is counted here."""
        until_s = self._until(entry)
        tally = unpack_tally(frame.tally)
        if frame.dealt_to_s is None:
            to_s = before.dealt_to_s
            told = Counter({stream: counts.in_all for stream, counts in tally.arrivals.items()})
        else:
            to_s = min(frame.dealt_to_s, until_s)
            told = self._owed(entry.pieces, before, to_s)
            told.update(frame.beyond)
        owed = self._owed(entry.pieces, before, until_s)
        beyond = Counter(before.beyond)
        beyond.subtract(self._due(entry.pieces, before.dealt_to_s, to_s) if to_s is not None else {})
        for stream in {*told, *tally.arrivals}:
            counts = tally.arrivals.setdefault(stream, ArrivalCounts())
            counts.missed = 0
            counts.missed = max(0, min(told[stream], owed[stream]) - counts.in_all)
            beyond[stream] += counts.in_all
        tally.arrivals = {stream: counts for stream, counts in tally.arrivals.items() if counts.in_all}
        return replace(frame, tally=pack_tally(tally), dealt_to_s=to_s, beyond={s: n for s, n in beyond.items() if n})

    def _owed(self, pieces: Sequence[Piece], progress: Progress, until_s: float) -> Counter[int]:
        """By stream, arrivals due before an instant less those dealt with; below 0 where more were."""
        owed = Counter(self._due(pieces, progress.dealt_to_s, until_s))
        owed.subtract(progress.beyond)
        return owed

    def _balance(self, pieces: Sequence[Piece], known: WorkerTotals, until_s: float, missed: _Missed) -> WorkerTotals:
        """Count what a worker left undone until an instant: the latest of what it should have dealt with.

        Where the load was stopped it may have done more than that: it heard of the stop a moment after it was said, and
        what came due meanwhile was planned too.
        """
        owed = self._owed(pieces, Progress.of(known), until_s)
        if any(count > 0 for count in owed.values()):
            by_second = self._by_second(pieces, known.dealt_to_s, until_s)
            for second in sorted(by_second, reverse=True):
                left = {stream: min(due, max(0, owed[stream])) for stream, due in by_second[second].items()}
                owed.subtract(left)
                missed.add({second: left})
        if self._planned.is_cut:
            missed.extra[max(0, math.ceil(until_s) - 1)] -= sum(count for count in owed.values() if count < 0)
        return replace(known, balanced=True)

    def _due(self, pieces: Sequence[Piece], from_s: float | None, to_s: float) -> Counter[int]:
        """By stream, arrivals of some pieces due in [from, to); below 0 where ``to`` lies before ``from``."""
        if from_s is not None and to_s < from_s:
            backwards = self._due(pieces, to_s, from_s)
            return Counter({stream: -count for stream, count in backwards.items()})
        due: Counter[int] = Counter()
        ends_s = [*(following.from_s for following in pieces[1:]), math.inf]
        for piece, piece_ends_s in zip(pieces, ends_s, strict=True):
            begin_s = piece.from_s if from_s is None else max(piece.from_s, from_s)
            end_s = min(piece_ends_s, to_s)
            if begin_s < end_s:
                due.update(self._planned.due(begin_s, end_s, piece.share))
        return due

    def _by_second(self, pieces: Sequence[Piece], from_s: float | None, to_s: float) -> dict[int, Counter[int]]:
        """The same by second, up to the end of the load."""
        begin_s = max(pieces[0].from_s if from_s is None else from_s, 0.0)
        end_s = min(to_s, self._planned.ends_s)
        seconds = range(math.floor(begin_s), math.ceil(end_s)) if begin_s < end_s else ()
        return {second: self._due(pieces, max(begin_s, second), min(end_s, second + 1)) for second in seconds}


class _Missed:
    """Missed arrivals by second and stream; and arrivals that were dealt with though nobody asked for them any more."""

    def __init__(self) -> None:
        self._counts: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self.extra: Counter[int] = Counter()

    def add(self, by_second: Mapping[int, Mapping[int, int]]) -> None:
        for second, counts in by_second.items():
            self._counts[second].update(counts)

    def rows(self) -> list[SecondRow]:
        rows = [SecondRow(second, tally=_tally(counts)) for second, counts in sorted(self._counts.items()) if +counts]
        return rows + [SecondRow(second, planned=planned) for second, planned in (+self.extra).items()]


def _tally(counts: Counter[int]) -> Tally:
    return Tally(arrivals={stream: ArrivalCounts(missed=count) for stream, count in (+counts).items()})


def _end(entry: Loss) -> float:
    """When others carry a lost worker's share."""
    return math.inf if entry.to_s is None else entry.to_s
