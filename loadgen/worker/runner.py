"""The ``environment.runner`` that locustfiles expect, on a worker whose load is decided elsewhere.

It is a ``WorkerRunner``, as scripts tell master and workers apart by the class. States, counts, events and messages
mean what they mean in Locust; starting users by hand is not possible, as the plan decides the load::

    init ─▶ test_start ─▶ spawning_complete, at each level reached ─▶ test_stopping ─▶ test_stop ─▶ quitting ─▶ quit
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_SPAWNING, STATE_STOPPED, STATE_STOPPING, Runner, WorkerRunner

from loadgen.errors import UsageError

log = logging.getLogger("loadgen.worker")

_PLAN_DECIDES = "put the load into the plan, or write a LoadTestShape"


class Post(Protocol):
    """Carries what locustfiles say to the master."""

    def send(self, message: Message) -> None:
        """Say something to the master."""


class LoadRunner(WorkerRunner):
    """Locust's runner as a journey sees it on a worker.

    Args:
        environment: Locust's environment; this becomes its ``runner``.
        worker: this worker's name.
        on_quit: called when a journey asks to end the run.
        count: how many shoppers of each journey are active.
        take_index: gives this worker its number in the run; called when somebody asks for it.
    """

    def __init__(
        self,
        environment: Environment,
        worker: str,
        on_quit: Callable[[str], None],
        count: Callable[[], Counter[str]],
        take_index: Callable[[], int],
    ) -> None:
        listeners = list(environment.events.request._handlers)  # noqa: SLF001 -- the only way to undo the next line
        Runner.__init__(self, environment)  # a WorkerRunner's own would look for Locust's master
        environment.events.request._handlers[:] = listeners  # noqa: SLF001 -- counting is the recorder's work
        environment.runner = self
        self.client_id, self.connected, self.worker_state = worker, True, self.state
        self._on_quit, self._count, self._take_index = on_quit, count, take_index
        self._index: int | None = None
        self._post: Post | None = None
        self._unsent: list[Message] = []
        self.asked_to_quit = False
        """Whether a journey of this worker ended the run."""

    @property
    def _events(self) -> Any:  # Locust leaves them without types
        return self.environment.events

    def update_state(self, new_state: str) -> None:
        """Go into a state, as Locust names it."""
        self.worker_state = new_state
        super().update_state(new_state)

    @property
    def worker_index(self) -> int:  # type: ignore[override]  # Locust has a plain attribute, set before anybody asks
        """This worker's number in the run, counted from 0."""
        if self._index is None:
            self._index = self._take_index()
        return self._index

    @property
    def user_count(self) -> int:
        """Active shoppers of this process."""
        return self._count().total()

    @property
    def user_classes_count(self) -> dict[str, int]:
        """Active shoppers of this process, by class."""
        active = self._count()
        return {user_class.__name__: active[user_class.__name__] for user_class in self.user_classes}

    def begin(self, spawned: list[tuple[float, int]], elapsed: Callable[[], float]) -> None:
        """The run starts: tell the journeys.

        Args:
            spawned: when a level is reached, seconds since the run's start, and how many shoppers the cluster has then.
            elapsed: seconds since the run's start.
        """
        self.environment._filter_tasks_by_tags()  # noqa: SLF001 -- Locust's own runners call it here
        self.update_state(STATE_SPAWNING)
        self.stats.clear_all()
        self._fire(self.environment.events.test_start)
        self.greenlet.spawn(self._tell_of_levels, spawned, elapsed)

    def _tell_of_levels(self, spawned: list[tuple[float, int]], elapsed: Callable[[], float]) -> None:
        for at_s, users in spawned:
            gevent.sleep(max(0.0, at_s - elapsed()))
            self.target_user_count = users
            self._events.spawning_complete.fire(user_count=users)

    def stopping(self) -> None:
        """The load has ended; the shoppers are about to leave."""
        self.update_state(STATE_STOPPING)
        self._fire(self.environment.events.test_stopping)

    def end(self) -> None:
        """The run is over: tell the journeys."""
        self.update_state(STATE_STOPPED)
        self._fire(self.environment.events.test_stop)
        self._fire(self.environment.events.quitting, reverse=True)
        self._events.quit.fire(exit_code=self.environment.process_exit_code or 0)
        self.greenlet.kill(block=False)

    def _fire(self, event: Any, **options: Any) -> None:
        event.fire(environment=self.environment, **options)

    # -- what journeys ask for

    def quit(self) -> None:
        """End the run, as a journey asked for."""
        self._end_run("a journey called runner.quit()")

    def stop(self) -> None:
        """The same as :meth:`quit`: there is no idle state to go back to."""
        self._end_run("a journey called runner.stop()")

    def end_run(self, reason: str) -> None:
        """End the run for a reason of the plan's."""
        self._on_quit(reason)

    def _end_run(self, reason: str) -> None:
        if self.state not in {STATE_STOPPING, STATE_STOPPED} and not self.asked_to_quit:
            self.asked_to_quit = True
            self._on_quit(reason)

    def start(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: the plan decides the load.

        Raises:
            UsageError: always.
        """
        raise UsageError("a journey cannot start users by itself", hint=_PLAN_DECIDES)

    def start_shape(self) -> NoReturn:
        """Refused, as :meth:`start`.

        Raises:
            UsageError: always.
        """
        raise UsageError("a journey cannot start a shape by itself", hint=_PLAN_DECIDES)

    # -- messages

    def connect(self, post: Post) -> None:
        """There is a master: what was said to it before now goes out."""
        self._post = post
        unsent, self._unsent = self._unsent, []
        for message in unsent:
            post.send(message)

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:  # noqa: ARG002 -- as in Locust
        """Say something to the master; kept until there is one."""
        message = Message(msg_type, data, self.client_id)  # type: ignore[no-untyped-call]  # Locust leaves it without types
        if self._post is not None:
            self._post.send(message)
        else:
            self._unsent = [*self._unsent[-99:], message]

    def hear(self, message: Message) -> None:
        """The master said something."""
        known = self.custom_messages.get(message.type)
        if known is None:
            log.warning("the master said %s, for which there is no listener", message.type)
            return
        listener, concurrent = known
        if concurrent:
            gevent.spawn(listener, environment=self.environment, msg=message)
            return
        try:
            listener(environment=self.environment, msg=message)
        except Exception:
            log.exception("the listener for %s raised an error", message.type)
