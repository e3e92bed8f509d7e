"""The processes of one machine: ``loadgen worker``. Never touches gevent.

Keeps one process per core (or as many as asked), puts a fresh one in the place of each that ends, at once after a run
and with a growing pause when one dies young. What a dead one had counted is sent in its name, and it is taken off the
cluster's list, so that its share moves without waiting for its lease. On SIGTERM every process drains and gives its
share back; a second signal hurries them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from types import FrameType
from typing import Final, NoReturn

from loadgen.bus import Bus, ClusterBus
from loadgen.children import module_command, start_child, stop_child
from loadgen.errors import BusError, WorkersError
from loadgen.worker.inheritance import Inheritance
from loadgen.worker.settings import SETTINGS_VARIABLE, WorkerSettings
from loadgen.worker.spool import cluster_folder, own_folder

log = logging.getLogger("loadgen.worker")

LOOK_S: Final = 0.1
"""How often the processes are looked at."""

FIND_S: Final = 1.0
"""How often it is looked for what processes of a dead supervisor left."""

HEIRS_PATIENCE_S: Final = 20.0
"""How long the end waits for what dead processes left to be sealed; the next supervisor finds the rest."""

YOUNG_S: Final = 2.0
"""A process that fails within this after its start failed because of it."""

LONGEST_PAUSE_S: Final = 10.0
"""Longest pause before a process that keeps dying is started again."""


@dataclass(slots=True)
class _Place:
    """Room for one process."""

    child: subprocess.Popen[bytes] | None = None
    name: str = ""
    started_at_s: float = 0.0
    start_after_s: float = 0.0
    pause_s: float = 0.0
    failures: int = 0
    told: int = 0


class Supervisor:
    """Looks after the worker processes of one machine.

    Args:
        bus: open connection, to report the dead.
        settings: what each process gets, but for its name.
        processes: how many.
        max_failures: give up when one place's process dies young so often in a row; None never gives up.
    """

    def __init__(self, bus: Bus, settings: WorkerSettings, processes: int, max_failures: int | None = None) -> None:
        self._max_failures = max_failures
        self._cluster = ClusterBus(bus)
        self._spools = cluster_folder(settings.redis_url)
        self._inheritance = Inheritance(bus, self._spools)
        self._settings = settings
        self._places = [_Place() for _ in range(processes)]
        self._signals = 0

    def run(self) -> None:
        """Work until told to stop by a signal; returns when every process has ended.

        Raises:
            WorkersError: processes die as soon as they are started.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        find_at_s = 0.0
        while not self._signals or any(place.child for place in self._places):
            now_s = time.monotonic()
            if now_s >= find_at_s:
                self._inheritance.find({place.name for place in self._places})
                find_at_s = now_s + FIND_S
            for place in self._places:
                self._look_after(place, now_s)
            self._inheritance.tend()
            time.sleep(LOOK_S)
        patient_until_s = time.monotonic() + HEIRS_PATIENCE_S
        while len(self._inheritance) and time.monotonic() < patient_until_s:
            self._inheritance.tend()
            time.sleep(LOOK_S)
        self._inheritance.clear()
        with contextlib.suppress(OSError):  # not empty: another supervisor's processes, or frames nobody would take
            self._spools.rmdir()

    def _look_after(self, place: _Place, now_s: float) -> None:
        if place.child is None:
            if not self._signals and now_s >= place.start_after_s:
                self._start(place, now_s)
            return
        code = place.child.poll()
        if code is None:
            self._pass_signals_on(place, place.child)
            return
        place.child = None
        self._inheritance.take_over(place.name)  # before it is taken off the list: its share moves from where it stood
        if code == 0:
            place.pause_s, place.failures = 0.0, 0
            return
        self._report_dead(place.name, code)
        young = now_s - place.started_at_s < YOUNG_S
        place.failures = place.failures + 1 if young else 0
        if place.failures == self._max_failures:
            self._give_up(code)
        place.pause_s = min(max(0.5, place.pause_s * 2), LONGEST_PAUSE_S) if young else 0.0
        place.start_after_s = now_s + place.pause_s

    def _start(self, place: _Place, now_s: float) -> None:
        place.name = f"{self._settings.node}-{uuid.uuid4().hex[:8]}"
        spool = own_folder(self._spools, place.name)
        settings = self._settings.model_copy(update={"name": place.name, "spool": str(spool)})
        place.child = start_child(module_command("loadgen.worker"), env={SETTINGS_VARIABLE: settings.model_dump_json()})
        place.started_at_s, place.told = now_s, 0

    def _pass_signals_on(self, place: _Place, child: subprocess.Popen[bytes]) -> None:
        # Not in the signal's handler: a process that is just being started would never hear of it.
        while place.told < self._signals:
            place.told += 1
            child.send_signal(signal.SIGTERM)

    def _report_dead(self, name: str, code: int) -> None:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        log.warning("worker %s %s", name, how)
        try:
            self._cluster.leave(name)
        except BusError as error:
            log.warning("its lease runs out by itself: %s", error.message)

    def _give_up(self, code: int) -> NoReturn:
        for place in self._places:
            if place.child is not None:
                stop_child(place.child)
        raise WorkersError(
            f"worker processes end as soon as they are started (exit code {code})", hint="what they said is above"
        )

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        log.info("stopping%s (%s)", " now" if self._signals > 1 else "", signal.Signals(number).name)


def node_name() -> str:
    """This machine's name."""
    return socket.gethostname()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
