"""``loadgen stop``: end a run, or every run of the cluster."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from loadgen.cli.options import checked, redis_option
from loadgen.errors import BusError, UsageError, WorkersError
from loadgen.units import format_duration, parse_duration

if TYPE_CHECKING:
    from loadgen.bus import Bus

LOOK_S: Final = 0.25
"""How often is looked whether all has ended."""


def _duration(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    return checked(parse_duration, text)


@click.command()
@click.argument("run", required=False)
@redis_option()
@click.option("--now", is_flag=True, help="No further request is sent; those on the wire are awaited and counted.")
@click.option("--all", "every", is_flag=True, help="Every run of the cluster, queued ones too; waits for their end.")
@click.option("--wait", "wait_s", default="1m", show_default=True, callback=_duration, help="With --all: how long.")
@click.option("--reason", default="asked for with loadgen stop", show_default=True, help="For the report.")
def stop(run: str | None, redis_url: str, now: bool, every: bool, wait_s: float, reason: str) -> None:
    """Stop RUN: no new shopper comes, those inside finish what they are at. With --now nobody sends another request.

    --all is the emergency brake: workers obey it without a coordinator too, and the command returns when no worker
    serves any run; runs that are submitted afterwards are not meant.

    \b
    Examples:
      loadgen stop --all --now --redis redis://localhost:6379
      loadgen stop RUN --redis redis://localhost:6379
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import ClusterBus, RunBus, connect
    from loadgen.messages import ControlMessage, RunState, StopMode

    if (run is None) == (not every):
        raise UsageError("say which run to stop, or --all", hint="loadgen status lists the runs")
    bus = connect(redis_url)
    if run is not None:
        RunBus(bus, run).spec()
        record = RunBus(bus, run).record()
        if record is not None and record.state is RunState.FINISHED:
            click.echo(f"run {run} has ended already")
            return
    mode = StopMode.NOW if now else StopMode.GRACEFUL
    ClusterBus(bus).say(ControlMessage(kind="stop", run=run or "*", mode=mode, reason=reason[:400]))
    click.echo(f"stopping {run or 'every run'} ({mode})")
    if every:
        _wait_for_all(bus, wait_s)


def _wait_for_all(bus: Bus, wait_s: float) -> None:
    """Wait until no worker serves a run any more, and every run has its verdict if somebody leads.

    Raises:
        WorkersError: some still do.
    """
    deadline_s, busy, runs, led = time.monotonic() + wait_s, ["?"], ["?"], True
    while busy or (runs and led):
        if time.monotonic() > deadline_s:
            raise WorkersError(
                f"not everything has ended within {format_duration(wait_s)}: {', '.join(busy or runs)}",
                hint="loadgen status says what it is at; loadgen stop --all --now lets nobody send another request",
            )
        time.sleep(LOOK_S)
        try:
            busy, runs, led = _still(bus)
        except BusError:  # said already; the workers stop by themselves when their leases are over
            continue
    if runs:
        click.echo(f"no worker serves a run; as no coordinator leads, the next one ends: {', '.join(runs)}")
    else:
        click.echo("every run has ended")


def _still(bus: Bus) -> tuple[list[str], list[str], bool]:
    """Workers that serve a run, runs without a verdict, and whether anybody leads."""
    from loadgen.bus import ClusterBus
    from loadgen.clock import ClusterClock

    cluster, clock = ClusterBus(bus), ClusterClock()
    cluster.sync_clock(clock)
    members = cluster.members().items()
    busy = [name for name, member in members if member.info.run and member.lease_until_s > clock.now()]
    return busy, [*cluster.active(), *cluster.queued()], bool(cluster.leader())
