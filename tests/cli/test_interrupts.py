"""A signal is never lost, whatever this process is doing when it comes."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress

import click
import pytest

from loadgen.bus import Bus, ClusterBus
from loadgen.cli.interrupts import Departure, Interrupts


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_is_remembered_though_its_exception_was_swallowed(number: int, error: type[BaseException]) -> None:
    with ExitStack() as stack:
        before = signal.getsignal(number)
        departure = Departure(stack)
        departure.check()
        with suppress(error):
            os.kill(os.getpid(), number)
        assert departure.asked == number
        with pytest.raises(error):
            departure.check()
    assert signal.getsignal(number) is before


def test_a_signal_that_was_swallowed_before_the_run_stops_it_when_it_is_followed(bus: Bus) -> None:
    with ExitStack() as stack:
        departure = Departure(stack)
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        with Interrupts(bus, "r1", departure) as interrupts:
            interrupts.check()
            _, ((_, said),) = ClusterBus(bus).listen("0-0", 0)
            assert (said.kind, said.run) == ("stop", "r1")
            os.kill(os.getpid(), signal.SIGINT)
            with pytest.raises(click.Abort):
                interrupts.check()
