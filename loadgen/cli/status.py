"""``loadgen status``: what the cluster is doing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from loadgen.cli.options import redis_option

if TYPE_CHECKING:
    from loadgen.bus import Bus


@click.command()
@click.argument("run", required=False)
@redis_option()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(run: str | None, redis_url: str, as_json: bool) -> None:
    """Show the cluster: its leader, workers and runs; or one RUN.

    \b
    Examples:
      loadgen status --redis redis://localhost:6379
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect

    bus = connect(redis_url)
    found = _of_run(bus, run) if run else _of_cluster(bus)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif run:
        click.echo("\n".join(f"{key:10} {value}" for key, value in found.items() if value not in {None, ""}))
    else:
        _print_cluster(found)


def _of_run(bus: Bus, run: str) -> dict[str, Any]:
    from loadgen.bus import RunBus

    of_run = RunBus(bus, run)
    spec, record = of_run.spec(), of_run.record()
    return {
        "run": run,
        "state": record.state.value if record else "queued",
        "detail": record.detail if record else "no coordinator has taken it up yet",
        "plan": record.name if record else "",
        "submitter": spec.submitter,
        "epoch": record.epoch if record else 0,
        "validity": record.validity.verdict.value if record and record.validity else None,
        "outcome": record.verdict.outcome.value if record and record.verdict else None,
        "exit_code": record.verdict.exit_code if record and record.verdict else None,
    }


def _of_cluster(bus: Bus) -> dict[str, Any]:
    from loadgen.bus import ClusterBus, RunBus

    cluster = ClusterBus(bus)
    runs = [run for run in cluster.runs() if RunBus(bus, run).exists()]
    cluster.forget([run for run in cluster.runs() if run not in runs])
    return {
        "leader": cluster.leader(),
        "workers": [
            {
                "worker": member.info.worker,
                "node": member.info.node,
                "labels": member.info.labels,
                "state": "leaving" if member.info.leaving else "busy" if member.info.run else "idle",
                "run": member.info.run,
            }
            for member in cluster.members().values()
        ],
        "runs": [_of_any_run(bus, run) for run in runs],
    }


def _of_any_run(bus: Bus, run: str) -> dict[str, Any]:
    """One run among others: what is wrong with it must not hide them."""
    from loadgen.errors import MessageError

    try:
        return _of_run(bus, run)
    except MessageError as error:
        return {"run": run, "state": "unreadable", "detail": error.message, "outcome": None}


def _print_cluster(found: dict[str, Any]) -> None:
    click.echo(f"leader   {found['leader'] or 'none: start one with loadgen coordinator'}")
    click.echo(f"workers  {len(found['workers']) or 'none: start some with loadgen worker'}")
    for worker in found["workers"]:
        labels = " ".join(f"{key}={value}" for key, value in worker["labels"].items())
        click.echo(f"  {worker['worker']:32} {worker['state']:8} {worker['run']} {labels}".rstrip())
    click.echo(f"runs     {len(found['runs']) or 'none'}")
    for run in found["runs"]:
        click.echo(f"  {run['run']:48} {run['outcome'] or run['state']:18} {run['detail']}".rstrip())
