"""One frame a second, kept until it is sealed.

Runs beside the load in two greenlets: one closes each second on time, the other sends, so that a slow Redis delays
no second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import gevent
from gevent.event import Event

from loadgen.bus import RunBus
from loadgen.errors import BusError, MessageError
from loadgen.journey.recorder import Recorder
from loadgen.messages import Frame, pack_tally
from loadgen.plan.secrets import redact
from loadgen.worker import essential
from loadgen.worker.health import HealthMeter
from loadgen.worker.outbox import Outbox
from loadgen.worker.spool import Spool

log = logging.getLogger("loadgen.worker")

ASK_S: Final = 1.0
"""How often a worker asks which of its frames are sealed."""

RETRY_S: Final = 0.25
"""Pause before speaking again to a Redis that did not answer."""

_WAITING: Final = "frames wait"


class Reporting:
    """The frames of one worker in one run.

    Args:
        bus: the run's part of the bus.
        worker: this worker's name.
        recorder: what was counted.
        elapsed: seconds since the run's start, by cluster time.
        clock_error: bound of the clock's error, seconds.
        deal: deals with every arrival that is due; gives the instant before which all are dealt with, seconds since the
            run's start, and by stream how many that were due later, see :class:`loadgen.messages.Frame`.
        secrets: values that must not leave this process.
        spool: keeps frames that must outlive this process; None keeps them in it alone.
    """

    def __init__(
        self,
        bus: RunBus,
        worker: str,
        recorder: Recorder,
        elapsed: Callable[[], float],
        clock_error: Callable[[], float],
        deal: Callable[[], tuple[float, dict[int, int]]],
        secrets: tuple[str, ...] = (),
        spool: Spool | None = None,
    ) -> None:
        self._secrets, self._spool = secrets, spool
        self._bus, self._worker, self._recorder = bus, worker, recorder
        self._elapsed, self._clock_error, self._deal = elapsed, clock_error, deal
        self._outbox = Outbox()
        self._health = HealthMeter(lambda: recorder.in_flight)
        self._wake = Event()
        self._second = max(0, int(elapsed()))
        self.epoch = 0
        self._ticker = essential.spawn(self._tick)
        self._sender = essential.spawn(self._send)

    @property
    def last_sequence(self) -> int:
        """Number of the latest frame."""
        return self._outbox.next_sequence - 1

    def finish(self, patience_s: float) -> bool:
        """Close the last second and wait until everything is sealed.

        Args:
            patience_s: how long to wait for the coordinator.

        Returns:
            Whether everything was sealed.
        """
        self._ticker.kill()
        if self._elapsed() >= self._second + 1:
            self._close()  # the ticker was about to
        self._close(last=True)
        with gevent.Timeout(patience_s, exception=False):
            while len(self._outbox):
                gevent.sleep(0.05)
        self._health.stop()
        self._sender.kill()
        self._recorder.journal.end()
        if self._spool is not None and not len(self._outbox):
            self._spool.settle()
        return not len(self._outbox)

    def _tick(self) -> None:
        while True:
            gevent.sleep(min(1.0, max(0.0, self._second + self._outbox.seconds_a_frame - self._elapsed())))
            full = self._elapsed() >= self._second + self._outbox.seconds_a_frame
            if full or self._recorder.journal.is_half_full:
                gevent.sleep(0)  # what waited for a loop that is late belongs to the second that made it wait
                self._close()

    def _close(self, last: bool = False) -> None:
        # After a pause several seconds have gone by: what happened in them goes into the last one that has ended.
        second = max(self._second, int(self._elapsed()) - 1) if not last else max(self._second, int(self._elapsed()))
        dealt_to_s, beyond = self._deal()
        tally = self._recorder.take(second)
        # A failure's own words may quote a URL or header in which a secret stands.
        tally.samples = [replace(sample, text=redact(sample.text, self._secrets)) for sample in tally.samples]
        frame = Frame(
            self._bus.run,
            self._worker,
            self._outbox.next_sequence,
            second,
            self.epoch,
            pack_tally(tally),
            self._health.take(tally, self._clock_error()),
            last,
            dealt_to_s,
            beyond,
        )
        self._keep(frame.encode())
        self._second = second + 1
        self._wake.set()

    def _keep(self, frame: bytes) -> None:
        number = self._outbox.next_sequence
        self._outbox.put(frame)
        if self._spool is None:
            return
        try:
            self._spool.keep(number, frame)
        except OSError as error:
            log.warning("frame %d would be lost with this process: %s", number, error)
        else:
            self._recorder.journal.settle()

    def _send(self) -> None:
        asked_at_s = 0.0
        while True:
            self._wake.wait(timeout=RETRY_S)
            self._wake.clear()
            now_s = time.monotonic()
            try:
                self._send_due(now_s)
                if now_s - asked_at_s >= ASK_S or self._ticker.dead:
                    self._ask(now_s)
                    asked_at_s = now_s
                self._bus.outage.over(_WAITING)
            except (BusError, MessageError) as error:
                self._bus.outage.met(_WAITING, error)
                self._outbox.doubt(now_s)
                gevent.sleep(RETRY_S)

    def _send_due(self, now_s: float) -> None:
        while batch := self._outbox.due():
            entry_ids = self._bus.send(self._worker, [data for _, data in batch])
            self._outbox.sent(dict(zip((number for number, _ in batch), entry_ids, strict=True)), now_s)

    def _ask(self, now_s: float) -> None:
        """What is sealed? And if nothing is: does what was sent still lie in Redis?"""
        self._outbox.sealed(self._bus.sealed_sequence(self._worker), now_s)
        if self._spool is not None:
            self._spool.forget(self._outbox.kept_from - 1)
        if entry_id := self._outbox.overdue(now_s):
            if self._bus.holds(self._worker, entry_id):
                self._outbox.still_there(now_s)
            else:
                self._outbox.lost()
