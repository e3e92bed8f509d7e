"""The record of one run as its leader keeps it: every change is remembered until it is written."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from loadgen.bus import Refused
from loadgen.bus.cluster import entry_order
from loadgen.messages import RunEvent, RunRecord, RunState, Silence
from loadgen.verdict import ValidityResult

log = logging.getLogger("loadgen.coordinator")


class Logbook:
    """Keeps a run's record.

    Args:
        record: as an earlier leader left it, or a new one.

    Attributes:
        record: as it stands.
        unwritten: whether it has changed since the leader last wrote it.
    """

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self.unwritten = True

    def enter(self, state: RunState, detail: str) -> None:
        """The run enters a state.

        Args:
            state: the state.
            detail: one sentence for people.
        """
        self.record.state, self.record.detail = state, detail
        self.unwritten = True
        log.info("run %s: %s%s", self.record.run, state, f" ({detail})" if detail else "")

    def note(self, at_s: float, kind: str, text: str) -> None:
        """Something happened.

        Args:
            at_s: when, cluster time.
            kind: from the closed set of :class:`loadgen.messages.RunEvent`.
            text: one sentence.
        """
        since_s = round(at_s - (self.record.started_at or at_s), 3)
        self.record.events.append(RunEvent(at_s=since_s, kind=kind, text=text))
        self.unwritten = True

    def note_once(self, at_s: float, kind: str, text: str) -> None:
        """Something happened that a leader comes upon again when it takes the run over."""
        if not any((event.kind, event.text) == (kind, text) for event in self.record.events):
            self.note(at_s, kind, text)

    def refused(self, at_s: float, frames: Sequence[Refused]) -> list[Refused]:
        """Frames were refused: noted at the first, tenth, hundredth, …, for there may be a flood of them.

        Args:
            at_s: when, cluster time.
            frames: in the order of their streams.

        Returns:
            Those that no earlier leader has counted.
        """
        counted_to = dict(self.record.refused_to)
        news = [
            frame
            for frame in frames
            if entry_order(frame.entry_id) > entry_order(counted_to.get(str(frame.shard), "0-0"))
        ]
        if not news:
            return []
        before = self.record.quarantined
        self.record.quarantined += len(news)
        for frame in sorted(news, key=lambda frame: entry_order(frame.entry_id)):
            self.record.refused_to[str(frame.shard)] = frame.entry_id
        self.unwritten = True
        if not before or len(str(self.record.quarantined)) > len(str(before)):
            self.note(at_s, "quarantined", f"{self.record.quarantined} frames refused so far: {news[0].why}")
        return news

    def judged(self, validity: ValidityResult) -> None:
        """The generator was judged anew; while all is well that changes nothing."""
        if validity != self.record.validity:
            self.record.validity = validity
            self.unwritten = True

    def fall_silent(self, worker: str, first: int, last: int) -> None:
        """Nobody knows what a worker did in these seconds; the first thing noted of a worker stands."""
        if last >= first and not any(silence.worker == worker for silence in self.record.silences):
            self.record.silences.append(Silence(worker=worker, first_second=first, last_second=last))
            self.unwritten = True
