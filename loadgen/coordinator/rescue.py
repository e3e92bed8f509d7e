"""Runs that Redis forgot while this process drove them: it was emptied, or came back without what it held.

::

    driven ── Redis fails, or another leads ──▶ set aside ──┬─ known to Redis: it is driven on from there
                                                            └─ unknown: written anew from memory, stopped

Nobody but its leader still knows such a run. So that leader writes it anew, whether it leads or not, and whoever leads
then ends it in the usual way: the workers stop, what they still hold is counted, and the verdict is invalid.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from loadgen.bus import Bus, ClusterBus, Papers, RunBus
from loadgen.coordinator.controller import RunController
from loadgen.coordinator.seating import ended
from loadgen.endings import Validity
from loadgen.errors import MessageError
from loadgen.messages import ControlMessage, RunState, Seat, StopMode, StopNote
from loadgen.units import format_duration
from loadgen.verdict import ValidityReason, ValidityResult, decide

log = logging.getLogger("loadgen.coordinator")

REMEMBERED_S: Final = 600.0
"""How long a run that was set aside is remembered: a Redis that is away for longer comes back with its data or not at
all, and a coordinator that stood still for longer must not bring back what ended meanwhile."""


class Rescue:
    """Remembers the runs that this process drove.

    Args:
        bus: open connection.
        monotonic: the clock, seconds.
    """

    def __init__(self, bus: Bus, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bus, self._cluster, self._monotonic = bus, ClusterBus(bus), monotonic
        self._aside: dict[str, tuple[RunController, float]] = {}

    def set_aside(self, controllers: Iterable[RunController]) -> None:
        """These runs are not driven by this process any more, or must be read anew."""
        for controller in controllers:
            if not controller.finished:
                self._aside[controller.run] = controller, self._monotonic()

    def look(self, now_s: float) -> None:
        """See what Redis knows of the runs that were set aside, and write anew what it forgot.

        Args:
            now_s: cluster time.
        """
        for run, (controller, since_s) in list(self._aside.items()):
            if self._monotonic() - since_s < REMEMBERED_S:
                self._look_at(controller, now_s)
            del self._aside[run]

    def _look_at(self, controller: RunController, now_s: float) -> None:
        bus = RunBus(self._bus, controller.run)
        if bus.exists():
            if not self._is_listed(controller.run) and not _is_finished(bus):
                self._cluster.adopt(controller.run, controller.record.submitted_at)  # a part of Redis was lost
            return
        papers = remembered(controller, now_s)
        if not bus.restore(papers):
            return
        self._cluster.adopt(controller.run, papers.record.submitted_at)
        why = papers.record.stop.reason if papers.record.stop else ""
        log.error("run %s: %s", controller.run, why)
        self._cluster.say(ControlMessage(kind="stop", run=controller.run, mode=StopMode.NOW, reason=why))

    def _is_listed(self, run: str) -> bool:
        return run in self._cluster.active() and self._cluster.submitted_at(run) > 0


def _is_finished(bus: RunBus) -> bool:
    try:
        record = bus.record()
    except MessageError:
        return False
    return record is not None and record.state is RunState.FINISHED


def remembered(controller: RunController, now_s: float) -> Papers:
    """All that a leader knows of a run, as a run that was stopped because Redis forgot it.

    Args:
        controller: drove it.
        now_s: cluster time.
    """
    record = controller.record.model_copy(deep=True)
    if record.started_at is None:
        reason = "Redis was emptied before the run started; submit it again"
        invalid = ValidityReason(code="emptied", severity=Validity.INVALID, text=reason)
        validity = ValidityResult(verdict=Validity.INVALID, reasons=(invalid,))
        record.state, record.detail, record.ended_at = RunState.FINISHED, reason, now_s
        record.verdict = decide("emptied", (), (), validity, reason)
        return Papers(controller.spec, record, [], {}, {})
    since_s = max(0.0, now_s - record.started_at)
    reason = f"Redis was emptied {format_duration(since_s)} after the start"
    record.emptied_at_s = since_s
    record.stop = record.stop or StopNote(by="emptied", reason=reason, at_s=since_s)
    record.state, record.detail = RunState.DRAINING, reason
    # Nobody has a share any more; who had one is still to send what it holds.
    epoch, carried, seconds, totals = controller.known()
    record.epoch = epoch + 1  # of the record's own there may be an offer already, of which it is not known if it holds
    seats = {
        worker: Seat(epoch=record.epoch, start_s=record.started_at, pieces=ended(pieces, since_s))
        for worker, pieces in carried.items()
    }
    return Papers(controller.spec, record, seconds, totals, seats)
