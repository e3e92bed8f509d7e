"""One simulated worker: a worker's lease, tenure and outbox, and no shoppers. No I/O; time is an argument.

::

    listed ──seat──▶ invited ──seat with a share──▶ serving ──last frame sealed──▶ done ──▶ gone

A second is closed in two steps, so that the arrivals of thousands can be counted at once: :meth:`StandIn.begin_frame`
says of which spans, :meth:`StandIn.end_frame` takes the numbers. Whoever came is counted as started when due: what a
simulated worker's own process is late with is no matter of shoppers. Arrivals of a worker without a lease are missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loadgen.bus.cluster import Pulse
from loadgen.messages import Frame, Health, Piece, Seat, WorkerInfo
from loadgen.worker.outbox import Outbox
from loadgen.worker.simulated.dealing import Span, spans
from loadgen.worker.simulated.figures import Figures
from loadgen.worker.tenure import Tenure, changes


@dataclass(frozen=True, slots=True)
class Opened:
    """A frame whose arrivals are being counted.

    Attributes:
        stand_in: whose it is.
        second: the second it covers, or the last of several.
        to_s: up to when arrivals are dealt with, seconds since the run's start.
        dealt: what was dealt with since the last frame.
        doubt_from_s: from when on more may have to be dealt with; None while that is not so.
        beyond: what was dealt with of that.
        last: whether it is the last one.
    """

    stand_in: StandIn
    second: int
    to_s: float
    dealt: list[Span]
    doubt_from_s: float | None
    beyond: list[Span]
    last: bool


class StandIn:
    """One simulated worker.

    Args:
        info: what it says of itself.

    Attributes:
        info: the same, as it stands.
        tenure: which share it carries.
        outbox: its frames until they are sealed.
        invited: whether it knows of the run.
        closed: whether its last frame is made.
        gave_up: whether it was taken off the list.
        lease_until_s: by this process's monotonic clock.
        next_second: the first that it has not reported; -1 before it has a share.
        hear_at_s: when to ask again what became of an offer, cluster time.
        requests: how many its frames count.
    """

    __slots__ = (
        "_dealt_to_s",
        "_held",
        "_owed",
        "closed",
        "gave_up",
        "hear_at_s",
        "info",
        "invited",
        "lease_until_s",
        "next_second",
        "outbox",
        "requests",
        "tenure",
    )

    def __init__(self, info: WorkerInfo) -> None:
        self.info = info
        self.tenure, self.outbox = Tenure(), Outbox(kept_sealed_s=0.0)
        self.invited, self.closed, self.gave_up = False, False, False
        self.lease_until_s = 0.0
        self.next_second = -1
        self.hear_at_s = 0.0
        self.requests = 0
        self._held: tuple[Piece, ...] = ()
        self._owed: list[Span] = []
        self._dealt_to_s = 0.0

    @property
    def name(self) -> str:
        """Its name."""
        return self.info.worker

    @property
    def serves(self) -> bool:
        """Whether it has a share and more to report."""
        return self.next_second >= 0 and not self.closed

    @property
    def is_unsure(self) -> bool:
        """Whether it must still learn what became of an offer: not when its load has ended."""
        return self.tenure.is_open and not self.closed

    @property
    def is_done(self) -> bool:
        """Whether all it will ever say is sealed."""
        return self.closed and not len(self.outbox)

    def beaten(self, pulse: Pulse) -> None:
        """Its lease was renewed, or not: who was taken off the list gives up."""
        if pulse.taken_off:
            self.gave_up = True
        elif not (pulse.joined and self.invited):
            self.lease_until_s = pulse.lease_until_s

    def seated(self, seat: Seat, since_s: float) -> None:
        """It has looked at its seat, so many seconds since the run's start."""
        if not self.closed and self.tenure.take(seat, since_s):
            self.hear_at_s = 0.0
            self._carry(since_s)

    def settled(self, epoch: int, since_s: float, *, sure: bool) -> None:
        """It is known now what became of an offer."""
        if not self.closed and self.tenure.settle(epoch, sure=sure):
            self._carry(since_s)

    def _carry(self, since_s: float) -> None:
        wanted = self.tenure.pieces
        changed = changes(self._held, wanted)
        if changed and changed[0].from_s < self._dealt_to_s:  # more than it held to in doubt; what it held to is in it
            at_s = changed[0].from_s
            self._owed += spans(wanted, at_s, self._dealt_to_s) + spans(self._held, at_s, self._dealt_to_s, -1)
        self._held = wanted
        if self.next_second < 0 and self.tenure.has_begun:
            self.next_second = max(0, int(since_s))

    def begin_frame(self, since_s: float, load_ends_s: float, *, stopped: bool) -> Opened | None:
        """Close what has ended.

        Args:
            since_s: seconds since the run's start.
            load_ends_s: when its load ends, by the plan.
            stopped: whether nobody starts any more.
        """
        ends = stopped or self.gave_up or since_s >= load_ends_s or self.tenure.is_over(since_s)
        if not self.serves or not (ends or since_s >= self.next_second + 1):
            return None
        to_s = min(since_s, load_ends_s)
        if not ends:
            to_s = float(int(to_s))  # of a second that has just begun nothing is told yet
        second = max(self.next_second, int(to_s) - 1 if to_s == int(to_s) else int(to_s))
        dealt = self._owed + spans(self._held, self._dealt_to_s, to_s)
        doubt_s = self.tenure.doubt_from_s
        in_doubt = doubt_s is not None and to_s > doubt_s
        beyond = spans(self._held, doubt_s, to_s) if in_doubt and doubt_s is not None else []
        self._owed, self._dealt_to_s = [], max(self._dealt_to_s, to_s)
        self.next_second = second + 1
        self.closed = ends
        return Opened(self, second, to_s, dealt, doubt_s if in_doubt else None, beyond, ends)

    def end_frame(
        self,
        opened: Opened,
        run: str,
        shoppers: Sequence[int],
        beyond: int,
        figures: Figures,
        health: Health,
        now_s: float,
    ) -> None:
        """Put the frame into the outbox.

        Args:
            opened: what was closed.
            run: the run's id.
            shoppers: that came in it, by journey.
            beyond: those that came in what is in doubt.
            figures: what they did.
            health: how the process fares.
            now_s: this process's monotonic clock.
        """
        number = self.outbox.next_sequence
        if now_s < self.lease_until_s:
            drawn = figures.draw(shoppers, variant=number)
        else:
            drawn = figures.draw([0] * len(shoppers), missed=sum(shoppers))
        frame = Frame(
            run,
            self.name,
            number,
            opened.second,
            self.tenure.seat.epoch,
            drawn.of(self.name, opened.second),
            health,
            opened.last,
            opened.to_s if opened.doubt_from_s is None else opened.doubt_from_s,
            {0: beyond} if opened.doubt_from_s is not None else {},
        )
        self.outbox.put(frame.encode())
        self.requests += drawn.requests
