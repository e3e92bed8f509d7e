"""The frames of all stand-ins of a process: made when a second ends, sent, and kept until they are sealed."""

from __future__ import annotations

import resource
import time
from collections import deque
from collections.abc import Iterable
from typing import Final, TypeVar

from loadgen.bus.crowd import CrowdRun
from loadgen.clock import ClusterClock
from loadgen.messages import Health
from loadgen.plan.model import Plan
from loadgen.plan.planned import arrivals_of
from loadgen.shapes.arrivals import split
from loadgen.worker.simulated.dealing import Dealer, Span
from loadgen.worker.simulated.figures import JOURNEYS, VARIANTS, Figures
from loadgen.worker.simulated.stand_in import Opened, StandIn
from loadgen.worker.simulated.sums import Sums

Item = TypeVar("Item")

PORTION: Final = 250
"""Stand-ins spoken for in one pipeline: a few hundredths of a second without a look at anything else."""

REHEARSED_S: Final = 5
"""Seconds whose figures are drawn before the run begins."""

REHEARSAL_S: Final = 5.0
"""How long that may take: what is left is drawn when it is asked for."""

REHEARSED_WORKERS: Final = 200
"""Workers for which they are drawn: others have much the same numbers."""


class Reports:
    """Closes seconds and sees frames through.

    Args:
        run: the run's part of the bus.
        plan: of one open stream with two journeys.
        series: series of requests in a frame.
        clock: cluster time.
        sums: where is noted what was done.
    """

    def __init__(self, run: CrowdRun, plan: Plan, series: int, clock: ClusterClock, sums: Sums) -> None:
        self._run, self._plan, self._clock, self._sums = run, plan, clock, sums
        self._dealer = Dealer(arrivals_of(plan)[0], len(JOURNEYS))
        self._figures = Figures(series)
        self._guests: list[StandIn] = []
        self._to_close: deque[StandIn] = deque()
        self._next_s = 0.0
        self._stopped = False
        self._rehearsal = deque(self._first_figures())
        self._rehearsed_until_s = time.monotonic() + REHEARSAL_S

    def _first_figures(self) -> list[tuple[int, ...]]:
        """How many shoppers will come in the first seconds to a worker, by journey."""
        shares = split([1.0] * (self._plan.workers.count or 1))[:REHEARSED_WORKERS]
        counted = (
            self._dealer.count([[Span(second, second + 1, share)] for share in shares]).tolist()
            for second in range(REHEARSED_S)
        )
        return list({tuple(row) for rows in counted for row in rows})

    def rehearse(self) -> bool:
        """Draw beforehand some of what the first seconds will ask for, as it takes longer than dealing it out.

        Returns:
            Whether there is more to draw.
        """
        for shoppers in portion(self._rehearsal, 1):
            for variant in range(VARIANTS):
                self._figures.draw(shoppers, variant=variant)
        return bool(self._rehearsal) and time.monotonic() < self._rehearsed_until_s

    def add(self, guests: Iterable[StandIn]) -> None:
        """These serve the run."""
        self._guests.extend(guests)

    def stop(self) -> None:
        """Nobody starts any more: all close their last second."""
        self._stopped, self._next_s = True, float("-inf")

    def close_due(self) -> bool:
        """Close what has ended of some, and send it; whether anything was due."""
        if not self._to_close and not self._look_round():
            return False
        since_s = self._since_s(self._to_close[0])
        ends_s = self._plan.duration
        begun = (each.begin_frame(since_s, ends_s, stopped=self._stopped) for each in portion(self._to_close))
        opened = [frame for frame in begun if frame is not None]
        if opened:
            self._close(opened)
        return True

    def _look_round(self) -> bool:
        serving = [guest for guest in self._guests if guest.serves]
        if not serving:
            return False
        since_s = self._since_s(serving[0])
        if since_s < self._next_s:
            return False
        self._to_close.extend(serving)
        following_s = float(max(0, int(since_s // 1) + 1))
        self._next_s = min(following_s, self._plan.duration) if since_s < self._plan.duration else following_s
        return True

    def _since_s(self, guest: StandIn) -> float:
        return self._clock.now() - guest.tenure.seat.start_s

    def _close(self, opened: list[Opened]) -> None:
        shoppers = self._dealer.count([frame.dealt for frame in opened]).tolist()
        beyond = self._dealer.count([frame.beyond for frame in opened]).sum(axis=1).tolist()
        health, now_s = self._health(), time.monotonic()
        for frame, came, of_doubt in zip(opened, shoppers, beyond, strict=True):
            guest = frame.stand_in
            before_bytes, before = guest.outbox.held_bytes, guest.requests
            guest.end_frame(frame, self._run.run, came, of_doubt, self._figures, health, now_s)
            self._sums.frames += 1
            self._sums.frame_bytes += guest.outbox.held_bytes - before_bytes
            self._sums.requests += guest.requests - before
        self._send([frame.stand_in for frame in opened])
        late_s = self._since_s(opened[0].stand_in) - opened[0].second - 1
        self._sums.sent_late(len(opened), late_s)

    def _health(self) -> Health:
        """As a busy worker fares, but for the clock, which is this process's own."""
        rss_bytes = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // max(1, len(self._guests))
        return Health(0.62, 180, 1900, 2400, 0.0, rss_bytes, round(self._clock.error_s * 1e6))

    def _send(self, guests: Iterable[StandIn]) -> None:
        due = {guest.name: (guest, batch) for guest in guests if (batch := guest.outbox.due())}
        if not due:
            return
        ids = self._run.send_all({name: [data for _, data in batch] for name, (_, batch) in due.items()})
        now_s = time.monotonic()
        for name, (guest, batch) in due.items():
            guest.outbox.sent(dict(zip((number for number, _ in batch), ids[name], strict=True)), now_s)

    def ask(self, guests: list[StandIn]) -> list[StandIn]:
        """Which of their frames are sealed? Send again what was lost.

        Returns:
            Those of which everything is sealed.
        """
        now_s = time.monotonic()
        for guest, upto in zip(guests, self._run.sealed_sequences([each.name for each in guests]), strict=True):
            guest.outbox.sealed(upto, now_s)
            if entry_id := guest.outbox.overdue(now_s):
                if self._run.holds(guest.name, entry_id):
                    guest.outbox.still_there(now_s)
                else:
                    guest.outbox.lost()
        self._send(guests)
        return [guest for guest in guests if guest.is_done]

    def doubt(self) -> None:
        """Redis was away: what was sent may be lost."""
        for guest in self._guests:
            guest.outbox.doubt(time.monotonic())


def portion(queue: deque[Item], most: int = PORTION) -> list[Item]:
    """Take some from the front."""
    return [queue.popleft() for _ in range(min(most, len(queue)))]
