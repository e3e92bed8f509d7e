"""Ctrl-C and SIGTERM: while a run is got under way, and while it is followed."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from types import FrameType
from typing import Any

import click

from loadgen.bus import Bus, ClusterBus
from loadgen.errors import BusError
from loadgen.messages import ControlMessage, StopMode


class Departure:
    """Ctrl-C and SIGTERM while a run is got under way: this process leaves, and puts away what it has started.

    Left to itself, SIGTERM would end it where it stands. Either is remembered, as what happens to be imported or called
    just then may swallow the exception.

    Args:
        stack: gives the signals back at its end.
    """

    def __init__(self, stack: ExitStack) -> None:
        self.asked: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, self._on_signal))

    def check(self) -> None:
        """Leave, if that was asked for.

        Raises:
            KeyboardInterrupt: by Ctrl-C.
            SystemExit: by SIGTERM.
        """
        if self.asked == signal.SIGINT:
            raise KeyboardInterrupt
        if self.asked is not None:
            sys.exit(128 + self.asked)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.asked = number
        self.check()


class Interrupts:
    """Ctrl-C and SIGTERM while a run is followed: the first stops the run, the second stops waiting for its end.

    Args:
        bus: open connection.
        run: the run's id.
        departure: of the time before; None without any.
    """

    def __init__(self, bus: Bus, run: str, departure: Departure | None = None) -> None:
        self._bus, self._run = bus, run
        self._count = 0 if departure is None or departure.asked is None else 1
        self._said = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Do what was asked for since the last look.

        Raises:
            Abort: asked for twice.
        """
        if self._count > 1:
            raise click.Abort
        if self._count > self._said:
            reason = "interrupted by the person who started it"
            try:
                ClusterBus(self._bus).say(ControlMessage(kind="stop", run=self._run, mode=StopMode.NOW, reason=reason))
            except BusError:
                return  # the next look says it again
            self._said = self._count
            click.echo("stopping the run; once more to leave without waiting", err=True)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
