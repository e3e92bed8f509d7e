"""The lease is spoken for in a thread of its own: however late the event loop is, it is renewed in time.

In the loop each question waits for its turn three times (may the connection be used, is the answer there, on with it),
and the clock asks five times. Measured, where many greenlets wanted something at once::

    one turn of the loop takes                     27 ms    0.33 s     1.6 s
    a beat and the clock's five: in the loop      0.24 s       5 s      20 s     by then a lease is over
                                 in a thread      0.11 s       1 s       4 s
    error of the clock:          in the loop        9 ms    0.2 s      0.7 s
                                 in a thread      0.2 ms      5 ms     0.2 ms

A thread that wants to go on asks the loop's thread to let go of the interpreter, but only when that has not done so by
itself for a whole switch interval (5 ms, as Python has it). A busy loop lets go for a microsecond in each of its turns,
so nobody ever asks, and nobody ever comes in: five questions for the time took up to 34 s. With :data:`SWITCH_S` they
take two turns.

Still it is the loop that wants the lease renewed: where it stands still for longer than a lease nobody is served, and
others shall have the share.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

from gevent.threadpool import ThreadPool
from gevent.util import wrap_errors

from loadgen.bus import Bus, ClusterBus
from loadgen.bus.cluster import Pulse
from loadgen.clock import ClusterClock
from loadgen.errors import LoadgenError
from loadgen.messages import WorkerInfo

T = TypeVar("T")

SWITCH_S: Final = 1e-4
"""Switch interval of a worker process: less than the loop works between two turns. It costs nothing while no other
thread wants anything."""

_ONE: Final = 1
"""Thread: a connection belongs to the thread that opened it."""


class Leases:
    """What a worker asks Redis in time.

    Args:
        connect: opens the connection.

    Raises:
        BusError: Redis cannot be reached.
    """

    def __init__(self, connect: Callable[[], Bus]) -> None:
        sys.setswitchinterval(SWITCH_S)
        self._thread: Any = ThreadPool(_ONE)
        self._cluster = self._aside(lambda: ClusterBus(connect()))

    def beat(self, info: WorkerInfo, lease_s: float) -> Pulse:
        """Renew a worker's lease; see :meth:`loadgen.bus.ClusterBus.beat`."""
        return self._aside(lambda: self._cluster.beat(info, lease_s))

    def leave(self, worker: str) -> bool:
        """Take a worker off the list: after its last beat, also where nobody waits for that any more."""
        return self._aside(lambda: self._cluster.leave(worker))

    def sync_clock(self, clock: ClusterClock) -> None:
        """Take one estimate of the server's clock; the loop's lag is not in it."""
        clock.update(self._aside(self._cluster.time_samples))

    def _aside(self, ask: Callable[[], T]) -> T:
        """Ask in the thread; other greenlets go on meanwhile."""
        answer: Any = self._thread.apply(wrap_errors(LoadgenError, ask))  # an error that is raised there is printed
        if isinstance(answer, LoadgenError):
            raise answer
        return answer  # type: ignore[no-any-return]
