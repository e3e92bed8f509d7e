"""One run, served by this process from its first arrival to its last frame."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, Protocol

import gevent
from gevent.event import Event

from loadgen.bus import RunBus
from loadgen.bus.created import CreatedBus
from loadgen.bus.post import PostBus
from loadgen.clock import ClusterClock
from loadgen.journey import wire
from loadgen.journey.creations import keep_for
from loadgen.journey.figures import Figures, Unread
from loadgen.journey.recorder import Recorder
from loadgen.messages import Piece, Seat, StopMode
from loadgen.plan.planned import arrivals_of, levels_reached
from loadgen.plan.stream import LoadModel
from loadgen.shapes.arrivals import Share
from loadgen.worker.closed_load import ClosedLoad
from loadgen.worker.creations import CreationsPost
from loadgen.worker.open_load import OpenLoad
from loadgen.worker.preparation import Prepared
from loadgen.worker.reporting import Reporting
from loadgen.worker.runner import LoadRunner
from loadgen.worker.shoppers import Shoppers
from loadgen.worker.spool import Spool
from loadgen.worker.tenure import Tenure, changes

log = logging.getLogger("loadgen.worker")

LAND_S: Final = 10.0
"""How long requests on the wire are awaited after a stop: most shops answer within this or not at all."""

LEAVE_S: Final = 2.0
"""So long after it said that it leaves nobody offers a share any more to a worker that has none: it was heard."""

SEAL_PATIENCE_S: Final = 20.0
"""How long the last frames wait for a coordinator before the process gives up on them."""


class Load(Protocol):
    """What starts shoppers in one stream."""

    def assign(self, share: Share, from_s: float) -> None:
        """Carry this share from an instant on."""

    def doubt(self, from_s: float | None) -> None:
        """Count apart what is dealt with and was due from an instant on; None ends that."""

    @property
    def beyond(self) -> Counter[int]:
        """By stream, what was counted apart."""

    def deal(self, now_s: float) -> float:
        """Do all that is due by now; seconds until the next look."""

    def stop(self, now_s: float) -> None:
        """Start nobody any more that was not due by now."""


class Serving:
    """This worker's part in one run.

    Args:
        prepared: plan and journeys, ready to run.
        bus: the run's part of the bus.
        worker: this worker's name.
        clock: cluster time.
        may_start: whether this worker's lease still holds.
        on_quit: called with a reason when a journey asks to end the run.
        spool: keeps what must outlive this process; None keeps it nowhere.
    """

    def __init__(
        self,
        prepared: Prepared,
        bus: RunBus,
        worker: str,
        clock: ClusterClock,
        may_start: Callable[[], bool],
        on_quit: Callable[[str], None],
        spool: Spool | None = None,
    ) -> None:
        self._spool = spool
        self._prepared, self._bus, self._worker = prepared, bus, worker
        self._clock, self._may_start = clock, may_start
        journal = spool.open_journal(prepared.run, worker) if spool else None
        self._recorder = Recorder(worker, prepared.plan.max_names, journal)
        self._shoppers = Shoppers(prepared, self._recorder)
        self._created = self._keep_list()
        prepared.environment.stats = Figures(Unread(self._recorder, clock.now))
        self.runner = LoadRunner(
            prepared.environment,
            worker,
            on_quit,
            self._shoppers.journeys,
            lambda: PostBus(bus.bus, prepared.run).next_index(),
        )
        self._loads: list[Load] = []
        self._load_ended, self._dealt_to_s = False, 0.0
        self.tenure = Tenure()
        """Which share this worker carries."""
        self._held: tuple[Piece, ...] = ()
        self._started, self._stopped = Event(), Event()
        self._mode = StopMode.GRACEFUL
        self._left_at_s: float | None = None
        wire.install()
        wire.listen(prepared.environment, self._recorder)
        events: Any = prepared.environment.events
        events.init.fire(environment=prepared.environment, runner=self.runner, web_ui=None)

    @property
    def run(self) -> str:
        """The run's id."""
        return self._prepared.run

    @property
    def goes_on(self) -> bool:
        """Whether the load goes on; when it has ended no seat changes anything, and what is in doubt stays so."""
        return not self._load_ended

    @property
    def is_wanted(self) -> bool:
        """Whether neither the run nor this worker was told to end."""
        return not self._stopped.is_set() and self._left_at_s is None

    def assign(self, seat: Seat) -> None:
        """Take new shares, or the offer of some; the first ones start the load."""
        if not self._load_ended and self.tenure.take(seat, self._clock.now() - seat.start_s):
            self._recorder.journal.works_by(seat.epoch)
            self._carry()

    def settle(self, epoch: int, *, sure: bool) -> None:
        """It is known now whether the shares hold that an epoch offered."""
        if not self._load_ended and self.tenure.settle(epoch, sure=sure):
            self._carry()

    def _carry(self) -> None:
        if not self._loads:
            self._loads = self._make_loads()
        wanted = self.tenure.pieces
        for piece in changes(self._held, wanted):
            for load in self._loads:
                load.assign(piece.share, piece.from_s)
        self._held = wanted
        for load in self._loads:
            load.doubt(self.tenure.doubt_from_s)
        self._deal()  # at once: when a frame is made, all that is due must have been dealt with
        if self.tenure.has_begun:
            self._started.set()

    def stop(self, mode: StopMode) -> None:
        """Start nobody any more; with ``now``, let nobody send another request either."""
        self._end_load()
        if mode is StopMode.NOW:
            self._mode = mode
            self._shoppers.stop(now=True)
        self._started.set()
        self._stopped.set()

    def leave(self) -> None:
        """The process was asked to end: it waits for an empty share, but not where nobody can give it one."""
        self._left_at_s = self._clock.now()

    def serve(self) -> int:
        """Serve the run to its end; blocks.

        Returns:
            Number of the last frame, 0 when the run was stopped before it started.
        """
        self._await_share()
        if not self.tenure.has_begun:
            return 0
        reporting = Reporting(
            self._bus,
            self._worker,
            self._recorder,
            self._elapsed,
            lambda: self._clock.error_s,
            self._deal,
            self._prepared.secrets,
            self._spool,
        )
        self.runner.begin(levels_reached(self._prepared.plan), self._elapsed)
        self._await_end_of_load(reporting)
        self._end_load()
        self.runner.stopping()
        self._see_out()
        self.runner.end()
        if self._created is not None:
            self._created.close()
        sealed = reporting.finish(SEAL_PATIENCE_S)
        if not sealed:
            log.error("run %s: the last frames were not sealed within %g s", self.run, SEAL_PATIENCE_S)
        return reporting.last_sequence

    def _keep_list(self) -> CreationsPost | None:
        prepared = self._prepared
        if not prepared.plan.cleanable:
            return None
        kept = keep_for(prepared.environment, self._worker)
        return CreationsPost(CreatedBus(self._bus.bus, prepared.run), kept, self._recorder)

    def _make_loads(self) -> list[Load]:
        plan = self._prepared.plan
        arrivals = arrivals_of(plan)
        loads: list[Load] = []
        for index, stream in enumerate(plan.load):
            mix = plan.mix(stream)
            if stream.model is LoadModel.OPEN:
                loads.append(
                    OpenLoad(
                        index,
                        stream,
                        list(mix),
                        arrivals[index],
                        self._shoppers,
                        self._recorder,
                        self._elapsed,
                        self._may_start,
                    )
                )
            else:
                loads.append(
                    ClosedLoad(index, stream, mix, self._shoppers, self._recorder, self._elapsed, self._may_start)
                )
        return loads

    def _deal(self) -> tuple[float, dict[int, int]]:
        """Deal with all arrivals that are due; up to when, see :class:`loadgen.messages.Frame`."""
        if not self._load_ended:
            self._dealt_to_s = self._elapsed()
            for load in self._loads:
                load.deal(self._dealt_to_s)
        doubt_from_s = self.tenure.doubt_from_s
        if doubt_from_s is None or self._dealt_to_s < doubt_from_s:
            return self._dealt_to_s, {}
        return doubt_from_s, dict(sum((load.beyond for load in self._loads), Counter()))

    def _end_load(self) -> None:
        if self._loads and not self._load_ended:
            self._dealt_to_s = self._elapsed()
            for load in self._loads:
                load.stop(self._dealt_to_s)
        self._load_ended = True

    def _await_share(self) -> None:
        """Wait for a share, or for a stop; whoever leaves waits only for what it may have been offered already."""
        while not self._started.wait(timeout=0.1):
            was_heard = self._left_at_s is not None and self._clock.now() >= self._left_at_s + LEAVE_S
            if was_heard and not self.tenure.is_open:
                return

    def _await_end_of_load(self, reporting: Reporting) -> None:
        while not self._stopped.is_set() and self._elapsed() < self._prepared.plan.duration:
            reporting.epoch = self.tenure.seat.epoch
            if self.tenure.is_over(self._elapsed()):
                return  # this worker gave its share back
            if self._left_at_s is not None and not self._may_start():
                return  # there is nobody to give it to
            self._stopped.wait(timeout=min(0.1, max(0.001, self._prepared.plan.duration - self._elapsed())))

    def _see_out(self) -> None:
        """Wait for the last shoppers, and end those that take too long."""
        patient_until_s = self._elapsed() + self._prepared.plan.graceful_stop
        while len(self._shoppers) and self._mode is StopMode.GRACEFUL and self._elapsed() < patient_until_s:
            gevent.sleep(0.02)
        self._shoppers.stop(now=True)
        if not self._shoppers.wait(LAND_S):
            log.warning("run %s: %d shoppers did not leave", self.run, self._shoppers.kill())

    def _elapsed(self) -> float:
        return self._clock.now() - self.tenure.seat.start_s
