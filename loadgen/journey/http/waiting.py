"""Waiting for a socket, or for what another greenlet does, with a deadline that costs next to nothing.

A timer per wait costs several microseconds, and nearly every wait ends well. So a waiting greenlet only notes its
deadline; one sweeper per process looks at all of them every :data:`SWEEP_S` and throws :class:`TimedOut` into those
that are overdue. Deadlines are kept to within that.

All instants are of ``time.monotonic``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent import get_hub, getcurrent
from gevent.hub import Waiter as Switch

from loadgen.journey.http.failures import ConnectionReset, Phase, TimedOut

SWEEP_S: Final = 0.05
"""How late a timeout may be noticed: a twentieth of a second, on limits of seconds."""

READ: Final = 1
WRITE: Final = 2


class _Wait:
    """One wait of one greenlet at a time, as the sweeper sees it."""

    __slots__ = ("_hub", "deadline_s", "greenlet", "limit_s", "phase")

    def __init__(self) -> None:
        self._hub: Any = get_hub()
        self.greenlet: Any = None
        self.deadline_s = 0.0
        self.limit_s = 0.0
        self.phase: Phase = "idle"

    def expire(self) -> None:
        """The deadline has passed: tell who waits, from the hub, or the caller would never come back."""
        self._hub.loop.run_callback(self._give_up, self.deadline_s, TimedOut(self.phase, self.limit_s))

    def _give_up(self, deadline_s: float, error: Exception) -> None:
        """End the wait, unless it has ended in the meantime: the greenlet may be anywhere then."""
        if self in _sweeper.waiting and self.deadline_s == deadline_s:
            self.greenlet.throw(error)


class Waiter(_Wait):
    """Waits for one socket.

    Args:
        file_number: its descriptor; the waiter must be closed before it is.
    """

    __slots__ = ("_events", "_second", "_watcher")

    def __init__(self, file_number: int) -> None:
        super().__init__()
        # One watcher for both directions, as hardly anyone waits to write after the connect; each takes 150 bytes.
        self._events = WRITE
        self._watcher: Any = self._hub.loop.io(file_number, WRITE)
        self._second: Any = None

    def readable(self, deadline_s: float, limit_s: float, phase: Phase) -> None:
        """Wait until there is something to read, or the other side has closed.

        Args:
            deadline_s: until when.
            limit_s: how long that is, for the message.
            phase: where the exchange is.

        Raises:
            TimedOut: it took too long.
            ConnectionReset: the waiter was closed, before or meanwhile.
        """
        self._wait(READ, deadline_s, limit_s, phase)

    def writable(self, deadline_s: float, limit_s: float, phase: Phase) -> None:
        """Wait until something can be written; see :meth:`readable`."""
        self._wait(WRITE, deadline_s, limit_s, phase)

    def call_when_readable(self, call: Callable[[], None]) -> None:
        """Have the hub call, until the waiter is closed, whenever there is something to read. Nobody may wait for it.

        Args:
            call: must not wait itself.
        """
        self._watcher.events = self._events = READ
        self._watcher.start(call)

    def call_when_writable(self, call: Callable[[], None] | None) -> None:
        """The same for writing, until this is called with None."""
        if call is not None:
            self._beside(WRITE).start(call)
        elif self._second is not None:
            self._second.stop()

    def close(self) -> None:
        """Release the event loop's watchers. Whoever waits is told, from the hub. Harmless when closed already."""
        if self._watcher is None:
            return
        self._watcher.close()
        if self._second is not None:
            self._second.close()
        self._watcher = self._second = None
        if self in _sweeper.waiting:
            self._hub.loop.run_callback(self._give_up, self.deadline_s, ConnectionReset("the connection was closed"))

    def _turned(self, events: int) -> Any:
        """The watcher for the other direction: the same, unless somebody waits for this one."""
        if self._watcher.active:
            return self._beside(events)
        self._watcher.events = self._events = events
        return self._watcher

    def _beside(self, events: int) -> Any:
        """The second watcher, made when it is first needed."""
        if self._second is None:
            self._second = self._hub.loop.io(self._watcher.fd, events)
        elif not self._second.active:
            self._second.events = events
        return self._second

    def _wait(self, events: int, deadline_s: float, limit_s: float, phase: Phase) -> None:
        watcher, waiting = self._watcher, _sweeper.waiting
        if watcher is None:
            raise ConnectionReset("the connection was closed")
        if events != self._events:
            watcher = self._turned(events)
        self.greenlet = greenlet = getcurrent()
        self.deadline_s, self.limit_s, self.phase = deadline_s, limit_s, phase
        if not waiting:
            _sweeper.wake()
        waiting.add(self)
        try:
            # Hub.wait without its guard against others who switch here (1 µs): nobody does, and who goes on to
            # read or write would find that nothing has happened.
            watcher.start(greenlet.switch)
            self._hub.switch()
        finally:
            watcher.stop()
            waiting.discard(self)
            self.greenlet = None


class Pause(_Wait):
    """Waits until another greenlet, or the hub, ends the wait."""

    __slots__ = ("_switch",)

    def __init__(self) -> None:
        super().__init__()
        self._switch: Any = None

    def wait(self, deadline_s: float, limit_s: float, phase: Phase) -> None:
        """Wait for :meth:`end`; arguments as for :meth:`Waiter.readable`.

        Raises:
            TimedOut: it took too long, or the deadline has passed already.
        """
        if deadline_s <= time.monotonic():
            raise TimedOut(phase, limit_s)
        switch = self._switch = Switch(self._hub)
        self.greenlet = getcurrent()
        self.deadline_s, self.limit_s, self.phase = deadline_s, limit_s, phase
        _sweeper.wake()
        _sweeper.waiting.add(self)
        try:
            switch.get()
        finally:
            _sweeper.waiting.discard(self)
            self.greenlet = self._switch = None

    def end(self) -> None:
        """End the wait, soon and from the hub. Harmless when nobody waits."""
        switch, self._switch = self._switch, None
        if switch is not None:
            _sweeper.waiting.discard(self)
            self._hub.loop.run_callback(switch.switch, None)


class _Sweeper:
    """Looks for overdue waiters; its greenlet runs only while somebody waits: the first who does wakes it."""

    def __init__(self) -> None:
        self.waiting: set[_Wait] = set()
        self._running = False

    def wake(self) -> None:
        if not self._running:
            self._running = True
            gevent.spawn(self._sweep)

    def _sweep(self) -> None:
        try:
            while self.waiting:
                gevent.sleep(SWEEP_S)
                now_s = time.monotonic()
                for waiter in [waiter for waiter in self.waiting if waiter.deadline_s < now_s]:
                    waiter.expire()
        finally:
            self._running = False


_sweeper = _Sweeper()
