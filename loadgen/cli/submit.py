"""``loadgen submit``: put a run into the cluster's queue."""

from __future__ import annotations

from pathlib import Path

import click

from loadgen.cli.options import redis_option


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@redis_option()
def submit(plan: Path, redis_url: str) -> None:
    """Put PLAN into the cluster's queue and print the run's id.

    With LOADGEN_KEY set the journey code is shipped, signed with it; otherwise the workers must have it installed.

    \b
    Examples:
      loadgen submit journeys/plans/smoke.yaml --redis redis://localhost:6379
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.cli.submission import read_plan
    from loadgen.cli.submission import submit as put_into_queue
    from loadgen.worker.settings import cluster_key

    loaded = read_plan(plan)
    bus = connect(redis_url)
    click.echo(put_into_queue(bus, loaded, cluster_key()).run)
