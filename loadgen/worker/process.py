"""One worker process: it holds its lease, listens, and serves one run.

A process serves a single run and ends; its supervisor puts a fresh one in its place. So no run sees what another left
behind: modules, memory, connections. Everything here runs in greenlets.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Final

import gevent
from gevent.event import Event

from loadgen import __version__
from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.bus.cluster import entry_order
from loadgen.bus.post import PostBus
from loadgen.bus.rows import RowsBus
from loadgen.clock import ClusterClock
from loadgen.errors import BusError, LoadgenError, MessageError
from loadgen.messages import ControlMessage, StopMode, WorkerEvent, WorkerEventKind, WorkerInfo
from loadgen.plan.secrets import redact, values_in
from loadgen.worker import essential, garbage
from loadgen.worker.handover import Handover
from loadgen.worker.leases import Leases
from loadgen.worker.messenger import Messenger
from loadgen.worker.preparation import Prepared, prepare, scratch_folder
from loadgen.worker.rows import ClusterDealer
from loadgen.worker.serving import Serving
from loadgen.worker.settings import WorkerSettings
from loadgen.worker.spool import Spool
from loadgen.worker.targets import AllowedTargets

log = logging.getLogger("loadgen.worker")

BEATS_A_LEASE: Final = 4
"""How many times a lease is renewed before it would end."""

LISTEN_S: Final = 1.0
"""How long one blocking read of the control stream lasts."""

RETRY_S: Final = 0.2
"""Pause before speaking again to a Redis that did not answer."""

_NOT_RENEWED: Final = "the lease is not renewed"
_NOT_TIMED: Final = "the clock is not set"
_NOT_HEARD: Final = "control is not heard"
_NOT_SEEN: Final = "the seat is not seen"
_NOT_SAID: Final = "the coordinator is not told"

READY_AGAIN_S: Final = 2.0
"""A worker that is invited again so long after it said that it was ready says it again."""

NO_LEADER_S: Final = 30.0
"""Without a coordinator guards are unwatched: after this long no shopper is started."""


class WorkerProcess:
    """One worker process.

    Args:
        bus: open connection.
        leases: over another one, for what must not wait: a beat that is not answered soon is sent again, by us.
        settings: what the operator said.
        key: the cluster's key, empty without one.
        targets: whom it may aim at.
    """

    def __init__(self, bus: Bus, leases: Leases, settings: WorkerSettings, key: bytes, targets: AllowedTargets) -> None:
        self._bus, self._cluster, self._leases = bus, ClusterBus(bus), leases
        self._settings, self._key, self._targets = settings, key, targets
        self._clock = ClusterClock()
        self._info = WorkerInfo(
            worker=settings.name,
            node=settings.node,
            pid=os.getpid(),
            labels=settings.labels,
            weight=settings.weight,
            loadgen=__version__,
        )
        self._lease_until_s = 0.0
        self._led_at_s = time.monotonic()
        self._beat_now, self._look_now, self._ended = Event(), Event(), Event()
        self._serving: Serving | None = None
        self._handover: Handover | None = None
        self._invited: str = ""
        self._to_look_at: set[str] = set()
        self._doubted = False
        self._ready_at_s = float("inf")

    def run(self) -> bool:
        """Join the cluster, serve one run, leave.

        Returns:
            Whether all went well; False when a part of this process has died.

        Raises:
            BusError: Redis cannot be reached at the very start.
        """
        self._leases.sync_clock(self._clock)
        position = self._cluster.control_position()
        self._renew()
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._on_signal, number, None)
        keepers = (self._beat, self._keep_time, self._look)
        greenlets = [essential.spawn(self._listen, position), *map(essential.spawn, keepers)]
        gevent.wait([self._ended, essential.broken], count=1)
        gevent.killall(greenlets, timeout=2)
        try:
            self._leases.leave(self._settings.name)
        except BusError as error:
            log.warning("the lease runs out by itself: %s", error.message)
        return not essential.broken.is_set()

    # -- lease

    def _may_start(self) -> bool:
        now_s = time.monotonic()
        return now_s < self._lease_until_s and now_s - self._led_at_s < NO_LEADER_S

    def _renew(self) -> None:
        try:
            pulse = self._leases.beat(self._info, self._settings.lease_s)
        except BusError:
            self._doubted = True  # it may have been heard, and its answer may have been that this worker had joined
            raise
        if pulse.led:
            self._led_at_s = time.monotonic()
        if (pulse.joined or self._doubted) and self._invited and not pulse.taken_off:
            self._look_at_seat(self._invited)
        self._doubted = False
        if pulse.taken_off:
            # Its share is someone else's by now, or soon will be: another process starts afresh.
            log.warning("this worker was taken off the list and gives up its share")
            self._give_up()
        elif pulse.joined and self._invited:
            log.warning("this worker is on the list again; it has looked at its seat")  # no load before the next beat
        else:
            self._lease_until_s = pulse.lease_until_s

    def _give_up(self) -> None:
        if self._serving is not None:
            self._serving.stop(StopMode.GRACEFUL)
        else:
            self._ended.set()

    def _beat(self) -> None:
        began_s = time.monotonic()
        while True:
            due_s = began_s + self._settings.lease_s / BEATS_A_LEASE
            self._beat_now.wait(timeout=max(0.0, due_s - time.monotonic()))
            self._beat_now.clear()
            began_s = time.monotonic()
            try:
                self._renew()
                self._bus.outage.over(_NOT_RENEWED)
            except BusError as error:
                self._bus.outage.met(_NOT_RENEWED, error)
                gevent.sleep(RETRY_S)
                self._beat_now.set()

    def _keep_time(self) -> None:
        """In a greenlet of its own: nothing stands between one beat and the next."""
        while True:
            gevent.sleep(self._settings.lease_s)
            try:
                self._leases.sync_clock(self._clock)
                self._bus.outage.over(_NOT_TIMED)
            except BusError as error:
                self._bus.outage.met(_NOT_TIMED, error)

    def _say(self, **changes: object) -> None:
        """Change what this worker says of itself, at once."""
        self._info = self._info.model_copy(update=changes)
        self._beat_now.set()

    # -- control

    def _listen(self, position: str) -> None:
        doubted = False
        while True:
            try:
                if doubted:
                    position = self._heard_until(position)
                    doubted = False
                position, messages = self._cluster.listen(position, LISTEN_S)
                for _, message in messages:
                    self._obey(message)
                self._bus.outage.over(_NOT_HEARD)
            except BusError as error:
                doubted = True
                self._bus.outage.met(_NOT_HEARD, error)
                gevent.sleep(RETRY_S)

    def _heard_until(self, position: str) -> str:
        """Where to listen on: a fail-over may have left the end of what was said behind where it was heard.

        What was said since the fail-over cannot be told from what was heard before it, so only a stop is made up for:
        it stands in the run's record. An epoch that was not heard of is tried again.
        """
        end = self._cluster.control_position()
        if entry_order(end) >= entry_order(position):
            return position
        record = RunBus(self._bus, self._invited).record() if self._invited else None
        if record is not None and record.stop is not None and self._serving is not None:
            self._serving.stop(StopMode.NOW)
        return end

    def _look(self) -> None:
        """Look at seats, in a greenlet of its own: no slow answer stands between this worker and a stop."""
        while True:
            self._look_now.wait()
            self._look_now.clear()
            try:
                for run in list(self._to_look_at):
                    self._look_at_seat(run)
                    self._to_look_at.discard(run)
                self._bus.outage.over(_NOT_SEEN)
            except BusError as error:
                self._bus.outage.met(_NOT_SEEN, error)
                gevent.sleep(RETRY_S)
                self._look_now.set()

    def _look_soon(self, run: str) -> None:
        self._to_look_at.add(run)
        self._look_now.set()

    def _obey(self, message: ControlMessage) -> None:
        mine = message.run in {self._invited, "*"} if self._invited else False
        if message.kind == "stop" and mine and self._serving is not None:
            self._serving.stop(message.mode)
        elif message.kind == "stop" and mine:
            self._ended.set()
        elif message.kind in {"invite", "epoch"} and (not self._invited or mine):
            self._look_soon(message.run)
        elif message.kind == "end" and mine and self._serving is None:
            self._ended.set()
        elif message.kind == "end" and mine and self._serving is not None:
            self._serving.stop(StopMode.NOW)  # it was ready too late to be given a share

    def _look_at_seat(self, run: str) -> None:
        try:
            seat = RunBus(self._bus, run).seat(self._settings.name)
        except MessageError as error:
            log.warning("a word of the coordinator is not understood: %s", error.message)
            return
        if seat is None and self._serving is not None:
            log.warning("run %s is gone", run)
            self._serving.stop(StopMode.NOW)
        if seat is None or (self._invited and run != self._invited) or (self._info.leaving and not self._invited):
            return
        if not self._invited:
            self._invited = run
            self._say(run=run)
            essential.spawn(self._serve, run)
        if self._serving is not None:
            self._serving.assign(seat)
            if self._handover is not None:
                self._handover.begin()
            if not seat.epoch and time.monotonic() - self._ready_at_s > READY_AGAIN_S:
                self._say_ready(RunBus(self._bus, run))  # a fail-over may have forgotten that it was said

    def _ask_to_stop(self, reason: str) -> None:
        self._cluster.say(ControlMessage(kind="stop", run=self._invited, mode=StopMode.GRACEFUL, reason=reason))

    # -- one run

    def _serve(self, run: str) -> None:
        bus = RunBus(self._bus, run)
        with scratch_folder() as scratch:
            prepared = self._prepare(bus, Path(scratch))
            if prepared is None:
                self._ended.set()
                return
            try:
                rows = self._deal_rows(prepared)
                self._serving = Serving(
                    prepared,
                    bus,
                    self._settings.name,
                    self._clock,
                    self._may_start,
                    self._ask_to_stop,
                    Spool(Path(self._settings.spool)) if self._settings.spool else None,
                )
                garbage.begin()
                self._handover = Handover(
                    bus, self._settings.name, self._serving, self._clock.now, lambda: self._look_soon(run)
                )
                messenger = self._join_master(prepared.master, bus, self._serving)
                self._say_ready(bus)
                self._look_soon(run)  # it may have got a share meanwhile, or be gone
                sequence = self._serving.serve()
                if messenger is not None:
                    messenger.leave()
                rows.close(list(prepared.environment.context.data.values()))
                self._tell(bus, WorkerEventKind.DONE, sequence=sequence)
            except BusError as error:
                log.warning("the last word is not said, what was counted is sent in this worker's name: %s", error)
            except Exception:
                log.error("run %s: this worker failed\n%s", run, redact(traceback.format_exc(), prepared.secrets))  # noqa: TRY400 -- its traceback may hold secrets
                raise
            finally:
                self._ended.set()

    @staticmethod
    def _join_master(has_one: bool, bus: RunBus, serving: Serving) -> Messenger | None:
        if not has_one:
            return None
        messenger = Messenger(PostBus(bus.bus, bus.run), serving.runner)
        messenger.join(lambda: serving.is_wanted)
        return messenger

    def _deal_rows(self, prepared: Prepared) -> ClusterDealer:
        dealer = ClusterDealer(RowsBus(self._bus, prepared.run), self._settings.name, self._may_start)
        for source in prepared.environment.context.data.values():
            source.dealer = dealer
        return dealer

    def _say_ready(self, bus: RunBus) -> None:
        self._ready_at_s = time.monotonic()
        self._tell(bus, WorkerEventKind.READY)

    def _prepare(self, bus: RunBus, scratch: Path) -> Prepared | None:
        secrets: tuple[str, ...] = ()
        try:
            spec = bus.spec()
            secrets = values_in(spec.read_plan(), os.environ)
            return prepare(spec, bus.code(), self._settings, self._key, self._targets, scratch)
        except LoadgenError as error:
            text = redact(error.message, secrets)
            log.warning("run %s refused: %s", bus.run, text)
            hint = redact(error.hint, secrets)
            self._tell(bus, WorkerEventKind.REFUSED, text=text, hint=hint)
            return None

    def _tell(self, bus: RunBus, kind: WorkerEventKind, **fields: object) -> None:
        event = WorkerEvent.model_validate({"kind": kind, "worker": self._settings.name, **fields})
        deadline_s = time.monotonic() + self._settings.lease_s
        said = False
        while not said:
            try:
                bus.tell(event)
                said = True
            except BusError as error:
                if time.monotonic() > deadline_s:
                    raise
                bus.outage.met(_NOT_SAID, error)
                gevent.sleep(RETRY_S)
        bus.outage.over(_NOT_SAID)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._serving is None:
            self._ended.set()
        elif self._info.leaving or number == signal.SIGINT:
            self._serving.stop(StopMode.NOW)
        else:
            log.info("leaving: the share is given back, the shoppers finish")
            self._say(leaving=True)
            self._serving.leave()
