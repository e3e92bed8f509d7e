"""Hand-made workers: they keep to the rules of real ones, in a time that a test moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadgen.bus import Agreement
from loadgen.latency import Histogram
from loadgen.messages import Frame, Health, Piece, WorkerEvent, WorkerEventKind, pack_tally
from loadgen.shapes.arrivals import EMPTY, Arrival, Edge
from loadgen.shapes.schedule import Schedule
from loadgen.stats import FAILED, OK, ArrivalCounts, Series, SeriesKey, Tally
from loadgen.worker.tenure import Tenure, changes

if TYPE_CHECKING:
    from coordinator.stage import Stage

RUN = "demo-1"
LEASE_S = 3.0
MISSED_AFTER_S = 1.0


@dataclass
class HandMade:
    """A worker that does what its seat says, in the test's time; by the same rules as a real one.

    Attributes:
        prepares: ready, refused, or nothing at all.
        answers: result of its requests; each shopper sends one.
        alive: whether it still does anything.
        paused: whether it stands still; it goes on as if no time had passed.
        link: whole; deaf, when what it says is heard and the answers are lost; or cut.
    """

    stage: Stage
    name: str
    prepares: str = "ready"
    answers: str = OK
    alive: bool = True
    paused: bool = False
    link: str = "whole"
    tenure: Tenure = field(default_factory=Tenure)
    sequence: int = 0
    next_second: int = -1
    done: bool = False
    gone: bool = False
    held: list[bytes] = field(default_factory=list)
    lease_until_s: float = 0.0
    gave_up: bool = False
    _invited: bool = False
    _asked: tuple[int, bool] = (0, False)
    _carried: tuple[Piece, ...] = ()
    _counts: dict[int, ArrivalCounts] = field(default_factory=dict)
    _beyond: Counter = field(default_factory=Counter)
    _doubt: dict[int, Edge] = field(default_factory=dict)
    _stopped: bool = False

    def __post_init__(self) -> None:
        self._schedules = {stream: Schedule(arrivals) for stream, arrivals in self.stage.arrivals.items()}

    @property
    def connected(self) -> bool:
        return self.link == "whole"

    @connected.setter
    def connected(self, whole: bool) -> None:
        self.link = "whole" if whole else "cut"

    def tick(self, now_s: float) -> None:
        if not self.alive or self.gone or self.paused:
            return
        if self.link != "cut":
            self._beat(now_s)
            self._stopped |= self.stage.stop_said
            self._look_at_seat(now_s)
            self._see_through(now_s)
        if self.tenure.has_begun and not self.done:
            self._work(now_s - self.tenure.seat.start_s)
        if self.link != "cut":
            self._send()

    # -- lease and seat

    def _beat(self, now_s: float) -> None:
        joined = self.stage.beat(self.name)
        if self.link == "whole":
            self.gave_up |= joined and self._invited
            if not self.gave_up:
                self.lease_until_s = now_s + LEASE_S

    def may_start(self) -> bool:
        return self.stage.now_s < self.lease_until_s if self.stage.leases else self.name in self.stage.members

    def _look_at_seat(self, now_s: float) -> None:
        seat = self.stage.bus.seat(self.name)
        if seat is None or self.link == "deaf":
            return
        if not self._invited:
            self._invited = True
            if self.prepares == "ready":
                self.say(WorkerEventKind.READY)
            elif self.prepares == "refused":
                self.say(WorkerEventKind.REFUSED, text="another digest", hint="bring both to the same version")
        if self.tenure.take(seat, now_s - seat.start_s):
            self._carry(now_s)

    def _see_through(self, now_s: float) -> None:
        if not self.tenure.is_open:
            return
        seat = self.tenure.seat
        overdue = now_s >= seat.start_s + seat.offer.by_s
        if self._asked != (seat.epoch, overdue):
            agreement = self.stage.bus.hear(seat.epoch, self.name if self.tenure.may_hear else "", now_s)
            if self.link == "whole":
                self._asked = (seat.epoch, overdue)
                if agreement in {Agreement.SURE, Agreement.OFF}:
                    self.tenure.settle(seat.epoch, sure=agreement is Agreement.SURE)
                    self._carry(now_s)

    def _carry(self, now_s: float) -> None:
        wanted = self.tenure.pieces
        starts = self.stage.starts
        for piece in changes(self._carried, wanted):
            for stream, schedule in self._schedules.items():
                schedule.assign(piece.share, piece.from_s - starts[stream])
                schedule.assign(EMPTY, self.stage.durations[stream])
        self._carried = wanted
        doubt_s = self.tenure.doubt_from_s
        edges = {} if doubt_s is None else {s: a.edge(doubt_s - starts[s]) for s, a in self.stage.arrivals.items()}
        if edges != self._doubt:
            self._doubt, self._beyond = edges, Counter()
        if self.next_second < 0 and self.tenure.has_begun:
            self.next_second = int(max(now_s - self.tenure.seat.start_s, 0))

    # -- load and frames

    def _work(self, elapsed: float) -> None:
        while elapsed >= self.next_second + 1 and not self._is_out(self.next_second + 1):
            self._deal(self.next_second + 1.0)
            self._close(self.next_second + 1.0, last=False)
        self._deal(elapsed)
        if self._is_out(elapsed) or self.gave_up or self._stopped:
            self._close(elapsed, last=True)

    def _is_out(self, elapsed: float) -> bool:
        return elapsed >= self.stage.plan.duration or self.tenure.is_over(elapsed)

    def _deal(self, to_s: float) -> None:
        for stream, schedule in self._schedules.items():
            edge = self.stage.arrivals[stream].edge(to_s - self.stage.starts[stream])
            while (arrival := schedule.take_before(edge)) is not None:
                self._fire(stream, arrival)

    def _fire(self, stream: int, arrival: Arrival) -> None:
        counts = self._counts.setdefault(stream, ArrivalCounts())
        due_s = self.tenure.seat.start_s + self.stage.starts[stream] + arrival.due_s
        if stream in self._doubt and not self._doubt[stream].is_after(arrival.u):
            self._beyond[stream] += 1
        if self.may_start() and self.stage.now_s - due_s <= MISSED_AFTER_S:
            counts.started += 1
            self.stage.log.append((self.stage.now_s, self.name, stream, arrival.cell, arrival.u))
        else:
            counts.missed += 1

    def _close(self, now_s: float, last: bool) -> None:
        doubt_s = self.tenure.doubt_from_s
        in_doubt = doubt_s is not None and now_s > doubt_s
        self._put(last, doubt_s if in_doubt else now_s, dict(self._beyond) if in_doubt else {})

    def _put(self, last: bool, dealt_to_s: float | None, beyond: dict[int, int]) -> None:
        self.sequence += 1
        tally = _tally(self._counts, self.answers)
        frame = Frame(
            RUN,
            self.name,
            self.sequence,
            self.next_second,
            self.tenure.seat.epoch,
            pack_tally(tally),
            Health(),
            last,
            dealt_to_s,
            beyond,
        )
        self.held.append(frame.encode())
        self._counts = {}
        self.next_second += 1
        self.done = last

    def _send(self) -> None:
        if self.held:
            self.stage.bus.send(self.name, self.held)
            if self.link == "whole":
                self.held = []
        if self.done and self.link == "whole":
            self.say(WorkerEventKind.DONE, sequence=self.sequence)
            self.gone = True

    def bequeath(self) -> None:
        """Its supervisor sends what it held, and what it had counted, in its name."""
        self.alive = False
        if self.tenure.has_begun and not self.done:
            self._put(True, None, {})
        if self.held:
            self.stage.bus.send(self.name, self.held)
            self.held = []

    def say(self, kind: WorkerEventKind, **fields) -> None:
        self.stage.bus.tell(WorkerEvent(kind=kind, worker=self.name, **fields))


def _tally(arrivals: dict[int, ArrivalCounts], result: str) -> Tally:
    started = sum(counts.started for counts in arrivals.values())
    for counts in arrivals.values():
        counts.lag = Histogram.of([50] * counts.started)
    if not started:
        return Tally(arrivals=arrivals)
    times = Histogram.of([10_000] * started)
    reasons = Counter({"status_5xx": started}) if result == FAILED else Counter()
    return Tally(
        series={SeriesKey("Browser", "home", "/", "GET", result): Series(times, times, 100 * started, reasons)},
        arrivals=arrivals,
        sent=started,
    )
