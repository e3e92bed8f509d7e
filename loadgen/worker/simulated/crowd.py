"""All stand-ins of one process: one loop that speaks for each of them when its turn has come.

A turn does what is due, at most one portion of each kind, so that nobody's lease waits for another's frame::

    beats ─▶ figures drawn ─▶ seats ─▶ offers ─▶ seconds closed and sent ─▶ sealed? last words ─▶ control is listened to

Beats and questions are spread over their period; frames are all due at once, when a second ends, as in life.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from loadgen import __version__
from loadgen.bus import Agreement, Bus
from loadgen.bus.crowd import CrowdBus, CrowdRun
from loadgen.clock import ClusterClock
from loadgen.errors import BusError
from loadgen.messages import ControlMessage, WorkerEvent, WorkerEventKind, WorkerInfo
from loadgen.worker.simulated.reports import PORTION, Reports, portion
from loadgen.worker.simulated.settings import CrowdSettings
from loadgen.worker.simulated.stand_in import StandIn
from loadgen.worker.simulated.sums import Sums
from loadgen.worker.tenure import ask_at_s

log = logging.getLogger("loadgen.worker")

NODE: Final = 8
"""Stand-ins on one simulated machine."""

BEATS_A_LEASE: Final = 4
"""How many times a lease is renewed before it would end, as by a real worker."""

ASK_S: Final = 1.0
"""How often a stand-in asks which of its frames are sealed, as a real worker does."""

IDLE_S: Final = 0.02
"""How long to listen when nothing is due."""

CLOCK_S: Final = 5.0
"""How often the server's clock is asked for."""

SHOW_S: Final = 0.5
"""How often is told what was done."""

RETRY_S: Final = 0.2
"""Pause before speaking again to a Redis that did not answer, and before asking again what became of an offer."""

_AWAY: Final = "simulated workers are not heard"

Turns = deque[tuple[float, StandIn]]
"""Who is next, and when, by the monotonic clock."""


class Crowd:
    """Simulated workers of one process.

    Args:
        bus: open connection.
        settings: how they behave.

    Attributes:
        sums: what they have done.
    """

    def __init__(self, bus: Bus, settings: CrowdSettings) -> None:
        self._bus, self._cluster, self._settings = bus, CrowdBus(bus), settings
        self._clock, self._clock_at_s = ClusterClock(), 0.0
        prefix = f"{settings.name}-{uuid.uuid4().hex[:6]}"
        stand_ins = [StandIn(self._info(prefix, number)) for number in range(settings.workers)]
        self._here = {stand_in.name: stand_in for stand_in in stand_ins}
        self._beats, self._asks = Turns(), Turns()
        self._to_look: deque[StandIn] = deque()
        self._preparing: list[StandIn] = []
        self._unsure: dict[str, StandIn] = {}
        self._run: CrowdRun | None = None
        self._reports: Reports | None = None
        self.sums = Sums()

    def _info(self, prefix: str, number: int) -> WorkerInfo:
        return WorkerInfo(
            worker=f"{prefix}-{number:05d}",
            node=f"{prefix}-{number // NODE:04d}",
            pid=number + 1,
            labels=self._settings.labels,
            loadgen=__version__,
        )

    def run(self, stop: threading.Event, show: Callable[[Sums], None]) -> None:
        """Take part in one run, and leave.

        Args:
            stop: set when all are to leave at once.
            show: called twice a second, and at the end.

        Raises:
            BusError: Redis cannot be reached at the very start.
        """
        self._sync_clock()
        position = self._cluster.control_position()
        self._beat(self._here.values())
        self._beats.extend(_spread(self._here.values(), self._beat_s))
        shown_at_s = 0.0
        while self._here and not stop.is_set():
            try:
                position = self._turn(position)
                self._bus.outage.over(_AWAY)
            except BusError as error:
                self._bus.outage.met(_AWAY, error)
                self._doubt()
                stop.wait(RETRY_S)
            if time.monotonic() - shown_at_s >= SHOW_S:
                shown_at_s = time.monotonic()
                self._show(show)
        try:
            self._leave(list(self._here.values()))
        except BusError as error:
            log.warning("their leases run out by themselves: %s", error.message)
        self._show(show)

    @property
    def _beat_s(self) -> float:
        return self._settings.lease_s / BEATS_A_LEASE

    def _show(self, show: Callable[[Sums], None]) -> None:
        self.sums.cpu_s = time.process_time()
        show(self.sums)

    def _turn(self, position: str) -> str:
        steps = (self._beat_due, self._prepare_due, self._look_due, self._hear_due, self._close_due, self._ask_due)
        busy = [step() for step in steps]
        position, messages = self._cluster.listen(position, 0.0 if any(busy) else IDLE_S)
        for _, message in messages:
            self._obey(message)
        if time.monotonic() - self._clock_at_s > CLOCK_S:
            self._sync_clock()
        return position

    def _sync_clock(self) -> None:
        self._cluster.sync_clock(self._clock)
        self._clock_at_s = time.monotonic()

    def _doubt(self) -> None:
        """What was said last may not have been heard: look at every seat again, and whether frames are there."""
        if self._reports is not None:
            self._reports.doubt()
        if self._run is not None:
            self._to_look = deque(self._here.values())

    # -- lease

    def _beat(self, some: Iterable[StandIn]) -> None:
        rest = deque(some)
        while some_now := portion(rest):
            pulses = self._cluster.beat_all([each.info for each in some_now], self._settings.lease_s)
            for each, pulse in zip(some_now, pulses, strict=True):
                each.beaten(pulse)
                self.sums.listed += pulse.joined

    def _beat_due(self) -> bool:
        due = self._due(self._beats, self._beat_s)
        self._beat(due)
        return bool(due)

    def _due(self, turns: Turns, period_s: float) -> list[StandIn]:
        """Those whose turn it is; it comes again."""
        now_s = time.monotonic()
        due: list[StandIn] = []
        while turns and turns[0][0] <= now_s and len(due) < PORTION:
            _, each = turns.popleft()
            if each.name in self._here:
                due.append(each)
                turns.append((now_s + period_s, each))
        return due

    def _leave(self, some: list[StandIn]) -> None:
        self._cluster.leave_all([each.name for each in some])
        for each in some:
            del self._here[each.name]
        self.sums.gone += len(some)

    # -- control, seats and offers

    def _obey(self, message: ControlMessage) -> None:
        mine = self._run is not None and message.run in {self._run.run, "*"}
        if message.kind in {"invite", "epoch"} and (self._run is None or mine):
            self._run = self._run or CrowdRun(self._bus, message.run)
            self._to_look = deque(self._here.values())
        elif message.kind in {"stop", "end"} and mine:
            if self._reports is not None:
                self._reports.stop()
            self._leave([each for each in self._here.values() if not each.serves and not each.closed])

    def _look_due(self) -> bool:
        some = [each for each in portion(self._to_look) if each.name in self._here]
        if self._run is None or not some:
            return False
        seats = self._run.seats_of([each.name for each in some])
        seated = [(each, seat) for each, seat in zip(some, seats, strict=True) if seat is not None]
        if newcomers := [each for each, _ in seated if not each.invited]:
            self._accept(self._run, newcomers)
        for each, seat in seated:
            each.seated(seat, self._clock.now() - seat.start_s)
            self._unsure[each.name] = each
        return True

    def _accept(self, run: CrowdRun, newcomers: list[StandIn]) -> None:
        """They serve the run from now on."""
        if self._reports is None:
            plan = run.spec().read_plan()
            self._reports = Reports(run, plan, self._settings.series, self._clock, self.sums)
        for each in newcomers:
            each.invited = True
            each.info = each.info.model_copy(update={"run": run.run})
        self._reports.add(newcomers)
        self._asks.extend(_spread(newcomers, ASK_S))
        self._preparing += newcomers  # first: they are invited only once, whatever becomes of this beat
        self._beat(newcomers)

    def _prepare_due(self) -> bool:
        if self._run is None or self._reports is None or not self._preparing:
            return False
        if not self._reports.rehearse():
            ready = self._preparing
            self._run.tell_all([WorkerEvent(kind=WorkerEventKind.READY, worker=each.name) for each in ready])
            self._preparing = []
            self._to_look.extend(ready)  # they may have got a share meanwhile
        return True

    def _hear_due(self) -> bool:
        now_s = self._clock.now()
        self._unsure = {name: each for name, each in self._unsure.items() if each.is_unsure}
        due = [each for each in self._unsure.values() if each.hear_at_s <= now_s][:PORTION]
        if self._run is None or not due:
            return False
        heard = [(each.tenure.seat.epoch, each.name if each.tenure.may_hear else "") for each in due]
        for each, agreement in zip(due, self._run.hear_all(heard, now_s), strict=True):
            self._learn(each, agreement, now_s)
        return True

    def _learn(self, each: StandIn, agreement: Agreement, now_s: float) -> None:
        seat = each.tenure.seat
        match agreement:
            case Agreement.SURE | Agreement.OFF:
                each.settled(seat.epoch, now_s - seat.start_s, sure=agreement is Agreement.SURE)
            case Agreement.OVER:
                each.hear_at_s = now_s + RETRY_S
                self._to_look.append(each)
            case Agreement.OPEN:
                each.hear_at_s = ask_at_s(seat, now_s, random.random())

    # -- frames

    def _close_due(self) -> bool:
        return self._reports is not None and self._reports.close_due()

    def _ask_due(self) -> bool:
        due = self._due(self._asks, ASK_S)
        if self._run is None or self._reports is None or not due:
            return False
        done = self._reports.ask(due)
        if done:
            kind = WorkerEventKind.DONE
            words = [WorkerEvent(kind=kind, worker=each.name, sequence=each.outbox.next_sequence - 1) for each in done]
            self._run.tell_all(words)
            self._leave(done)
        return True


def _spread(some: Iterable[StandIn], period_s: float) -> Turns:
    """Their turns, spread over a period from now on."""
    all_of_them, now_s = list(some), time.monotonic()
    return Turns((now_s + period_s * at / len(all_of_them), each) for at, each in enumerate(all_of_them))
