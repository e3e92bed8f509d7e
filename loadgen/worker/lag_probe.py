"""How late the event loop comes to what waits for it: a kernel timer in the place of a shop's answer.

The kernel makes a timer's descriptor readable at known instants, whatever this process is doing. It waits in the same
queue as the sockets of shoppers, so it sees what answers see: other greenlets, the garbage collector, a processor that
others use, a process or machine that stands still. A timer of gevent would not do: it is served before the sockets, and
counts from when the loop last woke up, not from when it was started.

An instant that passes while the loop stands still is not lost: after a stall of a second a hundred of them are found at
once, each with its own lag, as a hundred answers would have been.

::

    kernel     ┬    ┬    ┬    ┬    ┬    ┬    ┬    ┬    due, every 9.7 ms
    loop      ─┴────┴──▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┴────┴────┴─    busy or stopped
    lags       0    0    ├──────────────▶ 0    0    0
                              ├─────────▶              one look, three lags
                                   ├────▶
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from typing import Any, Final

from gevent import get_hub

from loadgen.verdict.colouring import Look

PROBE_NS: Final = 9_700_000
"""Some hundred looks a second cost under 0.5 % of a core. No divisor of what beats in round milliseconds."""

LONGEST: Final = 10_000
"""Lags kept of one stall, the longest: a hundred seconds of them; after a night's sleep there would be millions."""

_READ: Final = 1
_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1

_libc = ctypes.CDLL(None, use_errno=True)


class LagProbe:
    """Watches the event loop of the calling thread.

    Args:
        on_wire: tells how many requests are on the wire.

    Raises:
        OSError: the kernel gives no timer.
    """

    def __init__(self, on_wire: Callable[[], int]) -> None:
        self._on_wire = on_wire
        self._waiting = 0
        self._looks: list[Look] = []
        self._due_ns = time.monotonic_ns() + PROBE_NS
        self._timer = _timer(self._due_ns)
        loop: Any = get_hub().loop
        # First of all that is ready: before any answer is taken from the wire and any thinking shopper sends.
        self._wakes = loop.io(self._timer, _READ, priority=loop.MAXPRI)
        self._wakes.start(self._on_waking)
        self._comes = loop.io(self._timer, _READ)
        self._comes.start(self._on_coming)

    def take(self) -> list[Look]:
        """The looks since the last take."""
        looks, self._looks = self._looks, []
        return looks

    def stop(self) -> None:
        """Watch no more."""
        self._wakes.close()
        self._comes.close()
        os.close(self._timer)

    def _on_waking(self) -> None:
        self._waiting = self._on_wire()

    def _on_coming(self) -> None:
        lags_ns = range(time.monotonic_ns() - self._due_ns, -1, -PROBE_NS)
        os.read(self._timer, 8)
        self._due_ns += len(lags_ns) * PROBE_NS
        self._looks.append(Look(lags_ns[:LONGEST], self._waiting))


def _timer(first_ns: int) -> int:
    """A descriptor that is readable at an instant of ``time.monotonic_ns`` and every :data:`PROBE_NS` after it."""
    timer: int = _libc.timerfd_create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    every_then_first = (ctypes.c_long * 4)(0, PROBE_NS, *divmod(first_ns, 10**9))
    if timer < 0 or _libc.timerfd_settime(timer, _ABSOLUTE, every_then_first, None) < 0:
        raise OSError(ctypes.get_errno(), "the kernel gives no timer")
    return timer
