"""``loadgen watch``: the live view of a run, from anywhere that reaches Redis."""

from __future__ import annotations

import click

from loadgen.cli.options import redis_option


@click.command()
@click.argument("run")
@redis_option()
def watch(run: str, redis_url: str) -> int:
    """Watch RUN until it ends; Ctrl-C stops watching, not the run. Ends with the run's own exit code.

    \b
    Examples:
      loadgen watch RUN --redis redis://localhost:6379
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.bus.following import Follower
    from loadgen.cli.outputs import write_outputs
    from loadgen.report.console import console
    from loadgen.report.live import LiveView

    follower = Follower(connect(redis_url), run)
    with LiveView(follower.plan, console(stderr=True)) as view:
        follower.follow(view.update)
    return write_outputs(follower.record, follower.plan, follower.stats)
