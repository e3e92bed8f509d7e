"""Ctrl-C and SIGTERM while a run is followed."""

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


class Interrupts:
    """Ctrl-C and SIGTERM while a run is followed: the first stops the run, the second stops waiting for its end."""

    def __init__(self, bus: Bus, run: str) -> None:
        self._bus, self._run = bus, run
        self._count = 0
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


def put_away_on_sigterm(stack: ExitStack) -> None:
    """Left to itself, SIGTERM would end this process where it stands: nothing would be put away."""
    stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, _leave))


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
