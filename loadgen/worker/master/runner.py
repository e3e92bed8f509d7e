"""The ``environment.runner`` of the master: workers are its clients, the plan decides what they do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_RUNNING, MasterRunner, Runner, WorkerNode, WorkerNodes

from loadgen.errors import UsageError

log = logging.getLogger("loadgen.master")

_PLAN_DECIDES = "say how many with -u, -r and -t, or write a LoadTestShape"


class LeadingRunner(MasterRunner):
    """Locust's runner as a script sees it on the master.

    Args:
        environment: Locust's environment; this becomes its ``runner``.
        say: says something to a worker, or to all of them (``*``).
        on_quit: called when a script asks to end the run.
        count: how many shoppers the cluster has.
    """

    def __init__(
        self,
        environment: Environment,
        say: Callable[[str, Message], None],
        on_quit: Callable[[str], None],
        count: Callable[[], int],
    ) -> None:
        Runner.__init__(self, environment)  # a MasterRunner's own would listen for Locust's workers
        environment.runner = self
        self.clients = WorkerNodes()
        self.worker_indexes: dict[str, int] = {}
        self.spawn_rate, self.spawning_completed = 0.0, False
        self.asked_to_quit = False
        self.workers_code: int | None = None
        """The highest exit code that a script on a worker wanted."""
        self._say, self._on_quit, self._count = say, on_quit, count
        self._events.worker_report.add_listener(self._note_report)

    @property
    def _events(self) -> Any:  # Locust leaves them without types
        return self.environment.events

    @property
    def user_count(self) -> int:
        """Active shoppers of the cluster."""
        return self._count()

    @property
    def user_classes_count(self) -> dict[str, int]:
        """Active shoppers of the cluster by class, as the workers last reported."""
        reported = self.reported_user_classes_count
        return {user_class.__name__: reported.get(user_class.__name__, 0) for user_class in self.user_classes}

    def get_worker_index(self, client_id: str) -> int:
        """A worker's number in the run; -1 when it is not known."""
        return self.worker_indexes.get(client_id, -1)

    # -- what workers say

    def take(self, message: Message) -> bool:
        """A worker said something.

        Returns:
            Whether a worker has come that was not there.
        """
        node = str(message.node_id)
        match message.type:
            case "client_ready":
                new = node not in self.clients
                self.clients[node] = WorkerNode(node)
                self.worker_indexes[node] = int((message.data or {}).get("index", -1))
                self._events.worker_connect.fire(client_id=node)
                return new
            case "stats":
                self._events.worker_report.fire(client_id=node, data=message.data)
            case "quit":
                self._take_last_word(message.data or {})
            case _:
                self._hear(message)
        return False

    def _take_last_word(self, data: dict[str, Any]) -> None:
        self.asked_to_quit = self.asked_to_quit or bool(data.get("asked"))
        code = data.get("exit_code")
        if isinstance(code, int):
            self.workers_code = max(code, self.workers_code or 0)

    def _note_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        node = self.clients.get(client_id)
        if node is not None:
            node.user_classes_count = data.get("user_classes_count", {})
            node.state = STATE_RUNNING

    def _hear(self, message: Message) -> None:
        known = self.custom_messages.get(message.type)
        if known is None:
            log.warning("worker %s said %s, for which there is no listener", message.node_id, message.type)
            return
        listener, concurrent = known
        if concurrent:
            gevent.spawn(listener, environment=self.environment, msg=message)
            return
        try:
            listener(environment=self.environment, msg=message)
        except Exception:
            log.exception("the listener for %s raised an error", message.type)

    # -- what scripts ask for

    def send_message(self, msg_type: str, data: Any = None, client_id: str | None = None) -> None:
        """Say something to one worker, or to all of them."""
        self._say(client_id or "*", Message(msg_type, data, client_id))  # type: ignore[no-untyped-call]  # Locust leaves it without types

    def quit(self) -> None:
        """End the run."""
        self.end_run("a script on the master called runner.quit()")

    def stop(self, *_: Any) -> None:
        """The same as :meth:`quit`."""
        self.end_run("a script on the master called runner.stop()")

    def end_run(self, reason: str) -> None:
        """End the run for a reason of the scripts'."""
        if not self.asked_to_quit:
            self.asked_to_quit = True
            self._on_quit(reason)

    def start(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: the plan decides the load.

        Raises:
            UsageError: always.
        """
        raise UsageError("a script cannot start users by itself", hint=_PLAN_DECIDES)
