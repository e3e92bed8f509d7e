"""A worker's talk with the master, where a run has one: custom messages, reports, and who begins when.

::

    worker ── client_ready ──▶ master        init has been heard here
    worker ◀── spawn ───────── master        test_start has been heard there; the worker says that it is ready
    worker ── stats ─────────▶ master        every three seconds, with what report_to_master put in
    worker ── quit ──────────▶ master        the last word

So what the master's ``test_start`` sends is here before any shopper starts, as in Locust.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent.event import Event
from locust.rpc import Message
from locust.runners import WORKER_REPORT_INTERVAL

from loadgen.bus.post import PostBus
from loadgen.errors import BusError
from loadgen.worker.runner import LoadRunner

log = logging.getLogger("loadgen.worker")

LISTEN_S: Final = 1.0
"""How long one blocking read lasts."""

RETRY_S: Final = 0.25
"""Pause before speaking again to a Redis that did not answer."""

MASTER_S: Final = 30.0
"""How long a worker waits for the master's word before it goes on without it."""

LOOK_S: Final = 0.1
"""How often it looks meanwhile whether it is wanted still."""


class Messenger:
    """Speaks with the master.

    Args:
        post: the run's messages.
        runner: whose journeys speak and listen.
    """

    def __init__(self, post: PostBus, runner: LoadRunner) -> None:
        self._post, self._runner = post, runner
        self._go = Event()
        self._greenlets = [gevent.spawn(self._listen), gevent.spawn(self._report)]

    def join(self, is_wanted: Callable[[], bool]) -> None:
        """Say that this worker is there, and wait until the master says that the run may begin.

        Args:
            is_wanted: whether the worker is to take part in the run still; once it is not, nothing is waited for.
        """
        self._runner.connect(self)
        self.send(self._own("client_ready", {"index": self._runner.worker_index}))
        until_s = time.monotonic() + MASTER_S
        while is_wanted() and not self._go.wait(LOOK_S):
            if time.monotonic() >= until_s:
                log.warning("the master did not speak within %g s; this worker goes on without it", MASTER_S)
                return

    def leave(self) -> None:
        """The last report and the last word."""
        gevent.killall(self._greenlets)
        self._say_report()
        exit_code = self._runner.environment.process_exit_code
        self.send(self._own("quit", {"asked": self._runner.asked_to_quit, "exit_code": exit_code}))

    def send(self, message: Message) -> None:
        """Say something to the master; lost, with a line in the log, where Redis does not take it."""
        try:
            self._post.to_master(message.serialize())  # type: ignore[no-untyped-call]  # Locust leaves it without types
        except BusError as error:
            log.warning("the message %s is lost: %s", message.type, error.message)

    def _own(self, kind: str, data: dict[str, Any]) -> Message:
        return Message(kind, data, self._runner.client_id)  # type: ignore[no-untyped-call]  # the same

    def _report(self) -> None:
        while True:
            gevent.sleep(WORKER_REPORT_INTERVAL)
            self._say_report()

    def _say_report(self) -> None:
        runner = self._runner
        data: dict[str, Any] = {"user_classes_count": runner.user_classes_count, "user_count": runner.user_count}
        events: Any = runner.environment.events  # Locust leaves them without types
        events.report_to_master.fire(client_id=runner.client_id, data=data)
        self.send(self._own("stats", data))

    def _listen(self) -> None:
        position = "0-0"
        while True:
            try:
                position, said = self._post.at_worker(self._runner.client_id, position, LISTEN_S)
            except BusError:
                gevent.sleep(RETRY_S)
                continue
            for data in said:
                self._hear(data)

    def _hear(self, data: bytes) -> None:
        message = read_message(data)
        if message is None:
            log.warning("the master said something that is no message of Locust's")
        elif message.type == "spawn":
            self._go.set()
        else:
            self._runner.hear(message)


def read_message(data: bytes) -> Message | None:
    """A message of Locust's, None when these bytes are none."""
    try:
        message = Message.unserialize(data)  # type: ignore[no-untyped-call]  # the same
    except (ValueError, TypeError, KeyError):
        return None
    return message if isinstance(message.type, str) else None
