"""The master's run, from ``init`` to ``quit``.

::

    init ─▶ workers connect ─▶ test_start ─▶ they may begin ─▶ spawning_complete, at each level reached
                                                          ─▶ test_stopping ─▶ test_stop ─▶ quitting ─▶ quit
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any, Final

import gevent
import locust.log
from locust.rpc import Message
from locust.runners import STATE_SPAWNING, STATE_STOPPED, STATE_STOPPING

from loadgen.bus import Bus, ClusterBus, RunBus
from loadgen.bus.post import EVERYONE, PostBus
from loadgen.clock import ClusterClock
from loadgen.errors import BusError, JourneyError
from loadgen.journey.arguments import configure_users, parsed_options
from loadgen.journey.environment import JourneyEnvironment
from loadgen.journey.figures import Figures
from loadgen.journey.load import load_users
from loadgen.messages import ControlMessage, RunState, StopMode
from loadgen.plan.planned import levels_reached
from loadgen.worker.master.results import Tables
from loadgen.worker.master.runner import LeadingRunner
from loadgen.worker.master.sealed import Sealed
from loadgen.worker.master.settings import MasterResult, MasterSettings
from loadgen.worker.messenger import read_message

log = logging.getLogger("loadgen.master")

LOOK_S: Final = 0.2
"""How often it is looked at what was sealed."""

LISTEN_S: Final = 1.0
"""How long one blocking read of what workers say lasts."""

GATHER_S: Final = 60.0
"""How long the master waits for as many workers as it was told of."""

QUIET_S: Final = 1.5
"""Where it was told of no number: those who have come when nobody new did for so long."""

ENDS_SOON_S: Final = 2.0
"""A shape that ends so little before its planned end has not reacted to anything."""


class Master:
    """The master side of one run.

    Args:
        bus: open connection.
        settings: what ``loadgen run`` wants.

    Raises:
        JourneyError: a locustfile does not import, or its ``init`` raised an error.
    """

    def __init__(self, bus: Bus, settings: MasterSettings) -> None:
        self._settings, self._cluster = settings, ClusterBus(bus)
        self._run, self._post = RunBus(bus, settings.run), PostBus(bus, settings.run)
        self._plan = self._run.spec().read_plan()
        self._sealed, self._clock = Sealed(self._run), ClusterClock()
        self._cluster.sync_clock(self._clock)
        self._started, self._newest_at_s = False, time.monotonic()
        files = load_users(Path(settings.root), settings.files)
        classes = {name: cls for file in files.values() for name, cls in file.users.items() if name in settings.users}
        shapes = [shape for file in files.values() for shape in file.shapes]
        options = parsed_options(settings.options)
        self._environment = JourneyEnvironment(
            user_classes=list(classes.values()),
            shape_class=shapes[0]() if shapes else None,
            host=options.host,
            parsed_options=options,
            parsed_locustfiles=list(settings.files),
            locustfile=Path(settings.files[0]).name,
            reset_stats=options.reset_stats,
            profile=options.profile,
        )
        configure_users(self._environment, options)
        self._environment.stats = Figures(self._sealed.news)
        self._runner = LeadingRunner(self._environment, self._say, self._stop, lambda: self._sealed.users)
        if self._environment.shape_class is not None:
            self._environment.shape_class.runner = self._runner
        self._events.init.fire(environment=self._environment, runner=self._runner, web_ui=None)
        if locust.log.unhandled_greenlet_exception:
            raise JourneyError("a listener of the init event raised an error")

    @property
    def _events(self) -> Any:  # Locust leaves them without types
        return self._environment.events

    def serve(self) -> MasterResult:
        """Take part in the run until it has ended.

        Returns:
            What its scripts made of it.
        """
        tables = Tables(self._environment)
        position = self._hear("0-0", 0.05)
        listening = gevent.spawn(self._listen, position)
        self._gather()
        levels = gevent.spawn(self._tell_of_levels)
        asking = gevent.spawn(self._ask_shape) if self._settings.reacts else None
        self._follow_to({RunState.DRAINING, RunState.FINISHED})
        gevent.killall([greenlet for greenlet in (levels, asking) if greenlet is not None])
        if self._started:
            self._runner.update_state(STATE_STOPPING)
            self._events.test_stopping.fire(environment=self._environment)
        self._follow_to({RunState.FINISHED})
        listening.kill()
        self._hear(self._position, 0.05)
        self._note_exceptions()
        if self._started:
            self._runner.update_state(STATE_STOPPED)
            self._events.test_stop.fire(environment=self._environment)
        return self._quit(tables)

    def _quit(self, tables: Tables) -> MasterResult:
        environment, runner = self._environment, self._runner
        self._events.quitting.fire(environment=environment, reverse=True)
        code = environment.process_exit_code
        code = runner.workers_code if code is None else code
        stats = tables.close()
        self._events.quit.fire(exit_code=code or 0)
        return MasterResult(exit_code=code, asked=runner.asked_to_quit, stats=stats)

    # -- workers

    def _gather(self) -> None:
        """Wait for the workers, say that the test starts, and let them begin."""
        until_s = time.monotonic() + GATHER_S
        while not self._are_all_here() and self._sealed.state is not RunState.FINISHED and time.monotonic() < until_s:
            gevent.sleep(LOOK_S / 4)
            self._sealed.look()
        if not len(self._runner.clients):
            return
        environment, shape = self._environment, self._environment.shape_class
        environment._filter_tasks_by_tags()  # noqa: SLF001 -- Locust's own runners call it here
        self._runner.update_state(STATE_SPAWNING)
        environment.stats.clear_all()
        self._events.test_start.fire(environment=environment)
        if shape is not None:
            shape.reset_time()  # type: ignore[no-untyped-call]  # Locust leaves it without types
        self._started = True
        self._say(EVERYONE, _word("spawn"))

    def _are_all_here(self) -> bool:
        here, wanted = len(self._runner.clients), self._settings.workers
        if wanted is not None:
            return here >= wanted
        return here > 0 and time.monotonic() - self._newest_at_s > QUIET_S

    def _listen(self, position: str) -> None:
        while True:
            position = self._hear(position, LISTEN_S)

    def _hear(self, position: str, wait_s: float) -> str:
        """Take what workers said after a position; where that ends."""
        try:
            position, said = self._post.at_master(position, wait_s)
        except BusError:
            gevent.sleep(LOOK_S)
            return position
        for data in said:
            message = read_message(data)
            if message is not None and self._runner.take(message):
                self._newest_at_s = time.monotonic()
                if self._started:  # it came later: nobody need wait for it, nor it for anybody
                    self._say(str(message.node_id), _word("spawn"))
        self._position = position
        return position

    def _say(self, worker: str, message: Message) -> None:
        self._post.to_workers(worker, message.serialize())  # type: ignore[no-untyped-call]  # the same

    # -- the run

    def _follow_to(self, states: set[RunState]) -> None:
        while self._sealed.state not in states:
            gevent.sleep(LOOK_S)
            self._sealed.look()
            self._note_exceptions()
        self._sealed.look()

    def _note_exceptions(self) -> None:
        errors, self._sealed.errors = self._sealed.errors, []
        for error in errors:
            self._runner.log_exception(error.worker, error.text, f"{error.journey}: {error.text}")

    def _elapsed(self) -> float | None:
        started_at_s = self._sealed.started_at_s
        return None if started_at_s is None else self._clock.now() - started_at_s

    def _tell_of_levels(self) -> None:
        for at_s, users in levels_reached(self._plan):
            while (elapsed := self._elapsed()) is None or elapsed < at_s:
                gevent.sleep(LOOK_S if elapsed is None else at_s - elapsed)
            self._runner.target_user_count, self._runner.spawning_completed = users, True
            self._events.spawning_complete.fire(user_count=users)

    def _ask_shape(self) -> None:
        """A shape that reacts may end the run before its time; it cannot change a load that is already shared out."""
        shape = self._environment.shape_class
        while shape is not None:
            gevent.sleep(1.0)
            elapsed = self._elapsed()
            if elapsed is None or elapsed < 0:
                shape.reset_time()  # type: ignore[no-untyped-call]  # the same
            elif shape.tick() is None:
                if elapsed < self._plan.duration - ENDS_SOON_S:
                    self._runner.end_run("the LoadTestShape ended the run")
                return

    def _stop(self, reason: str) -> None:
        mode = StopMode.GRACEFUL if self._plan.graceful_stop else StopMode.NOW
        self._cluster.say(ControlMessage(kind="stop", run=self._settings.run, mode=mode, reason=reason))


def _word(kind: str) -> Message:
    return Message(kind, None, None)  # type: ignore[no-untyped-call]  # the same
