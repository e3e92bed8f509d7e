"""``loadgen stop``: end a run, or every run."""

from __future__ import annotations

import click

from loadgen.cli.options import redis_option
from loadgen.errors import UsageError


@click.command()
@click.argument("run", required=False)
@redis_option()
@click.option("--now", is_flag=True, help="No further request is sent; those on the wire are awaited and counted.")
@click.option("--all", "every", is_flag=True, help="Every run, queued ones too.")
@click.option("--reason", default="asked for with loadgen stop", show_default=True, help="For the report.")
def stop(run: str | None, redis_url: str, now: bool, every: bool, reason: str) -> None:
    """Stop RUN: no new shopper comes, those inside finish what they are at. With --now nobody sends another request.

    \b
    Examples:
      loadgen stop --all --now --redis redis://localhost:6379
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
