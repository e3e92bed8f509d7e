"""The ``environment.runner`` that locustfiles expect, on a worker whose load is decided elsewhere.

States, ``user_count``, ``quit()`` and the events mean what they mean in Locust; starting and stopping users by hand is
not possible, as the plan decides the load.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_STOPPED, STATE_STOPPING, Runner

from loadgen.errors import UsageError

log = logging.getLogger("loadgen.worker")


class LoadRunner(Runner):
    """Locust's runner as a journey sees it.

    Args:
        environment: Locust's environment; this becomes its ``runner``.
        on_quit: called when a journey asks to end the run.
        count: how many shoppers are active.
    """

    def __init__(self, environment: Environment, on_quit: Callable[[str], None], count: Callable[[], int]) -> None:
        listeners = list(environment.events.request._handlers)  # noqa: SLF001 -- the only way to undo the next line
        super().__init__(environment)
        environment.events.request._handlers[:] = listeners  # noqa: SLF001 -- counting is the recorder's work
        environment.runner = self
        self._on_quit, self._count = on_quit, count

    @property
    def user_count(self) -> int:
        """Active shoppers of this process."""
        return self._count()

    def begin(self) -> None:
        """The run starts: tell the journeys."""
        self.environment._filter_tasks_by_tags()  # noqa: SLF001 -- Locust's own runners call it here
        self.update_state(STATE_RUNNING)
        self._fire(self.environment.events.test_start)

    def end(self) -> None:
        """The run is over: tell the journeys."""
        self.update_state(STATE_STOPPING)
        self._fire(self.environment.events.test_stopping)
        self._fire(self.environment.events.test_stop)
        self.update_state(STATE_STOPPED)
        self._fire(self.environment.events.quitting, reverse=True)
        self.greenlet.kill(block=False)

    def _fire(self, event: Any, **options: Any) -> None:
        event.fire(environment=self.environment, **options)

    def quit(self) -> None:
        """End the run, as a journey asked for."""
        self._on_quit("a journey called runner.quit()")

    def end_run(self, reason: str) -> None:
        """End the run for a reason of the plan's."""
        self._on_quit(reason)

    def stop(self) -> None:
        """The same as :meth:`quit`: there is no idle state to go back to."""
        self._on_quit("a journey called runner.stop()")

    def start(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: the plan decides the load.

        Raises:
            UsageError: always.
        """
        raise UsageError("a journey cannot start users by itself", hint="put the load into the plan")

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Messages between journeys of different processes are not carried."""
        log.debug("message %s of a journey was not carried (%s, %s)", msg_type, type(data).__name__, client_id)
