"""``loadgen run``: the whole thing in one command."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from loadgen.cli.options import checked, knee, redis_option
from loadgen.errors import UsageError
from loadgen.units import parse_duration

if TYPE_CHECKING:
    from loadgen.bus import Bus
    from loadgen.cli.following import Follower
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.plan.read import LoadedPlan

_FILE = click.Path(dir_okay=False, path_type=Path)


def _duration(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    return None if text is None else checked(lambda said: parse_duration(float(said) if said.isdigit() else said), text)


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@redis_option(required=False)
@click.option("--workers", type=click.IntRange(1, 10_000), help="How many worker processes.  [default: one per core]")
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics here; 0 takes a free port."
)
@click.option("--demo-shop", is_flag=True, help="Start the demo shop and aim at it instead of the plan's target.")
@click.option(
    "--knee", callback=knee, metavar="RATE", help="With --demo-shop: new visitors at which it saturates, e.g. 20/s."
)
@click.option("--json", "json_file", type=_FILE, help="Write the summary as JSON.")
@click.option("--html", "html_file", type=_FILE, help="Write the report as one HTML file.")
@click.option("--junit", "junit_file", type=_FILE, help="Write thresholds and guards as JUnit XML.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the seconds as CSV.")
@click.option("-u", "--users", type=click.IntRange(1), help="For a locustfile: how many users at once.")
@click.option("-r", "--spawn-rate", type=click.FloatRange(0, min_open=True), help="For a locustfile: users per second.")
@click.option("-t", "--run-time", callback=_duration, metavar="TIME", help="For a locustfile: how long, e.g. 5m.")
@click.option("-H", "--host", metavar="URL", help="For a locustfile: base URL of the target.")
def run(plan: Path, redis_url: str | None, **options: Any) -> int:
    """Run PLAN, watch it, and report: on this machine alone, or on a cluster with --redis.

    PLAN may also be a locustfile, with Locust's own -u, -r, -t and -H. Ctrl-C stops the run and still reports.
    The exit code says how it ended: 0 passed, 10 a threshold failed, 11 a guard stopped it, 12 stopped by a person,
    13 the generator could not keep up, 14 it failed to run.

    \b
    Examples:
      loadgen run journeys/plans/smoke.yaml --demo-shop
      loadgen run journeys/plans/ramp.yaml --demo-shop --knee 20/s --html report.html --json report.json
      loadgen run locustfile.py -u 100 -r 10 -t 5m -H https://shop.example
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    wanted = _Wanted(**options)
    _check_options(plan, redis_url, wanted)

    from loadgen.cli.outputs import check_outputs, write_outputs

    check_outputs(wanted.json_file, wanted.html_file, wanted.junit_file, wanted.csv_file)
    loaded = _read(plan, wanted)
    with ExitStack() as stack:
        if redis_url is None:
            follower = _on_this_machine(stack, loaded, wanted)
        else:
            follower = _on_cluster(redis_url, loaded, wanted)
    return write_outputs(
        follower.record,
        follower.plan,
        follower.stats,
        json=wanted.json_file,
        html=wanted.html_file,
        junit=wanted.junit_file,
        csv=wanted.csv_file,
    )


@dataclass(frozen=True)
class _Wanted:
    """The options of one call."""

    workers: int | None
    metrics_port: int | None
    demo_shop: bool
    knee: float | None
    json_file: Path | None
    html_file: Path | None
    junit_file: Path | None
    csv_file: Path | None
    users: int | None
    spawn_rate: float | None
    run_time: float | None
    host: str | None


def _check_options(path: Path, redis_url: str | None, wanted: _Wanted) -> None:
    if redis_url is not None and (wanted.demo_shop or wanted.metrics_port is not None):
        raise UsageError(
            "--demo-shop and --metrics-port are for runs on this machine alone",
            hint="start loadgen demo-shop by itself; give --metrics-port to loadgen coordinator",
        )
    if wanted.knee is not None and not wanted.demo_shop:
        raise UsageError("--knee is the demo shop's", hint="add --demo-shop, or leave --knee out")
    if wanted.demo_shop and wanted.host is not None:
        raise UsageError("--demo-shop and -H name two targets", hint="leave one of them out")
    of_locust = (wanted.users, wanted.spawn_rate, wanted.run_time, wanted.host)
    if path.suffix != ".py" and any(value is not None for value in of_locust):
        raise UsageError("-u, -r, -t and -H are for locustfiles", hint="a plan says all this itself")
    if path.suffix == ".py" and (wanted.users is None or wanted.run_time is None):
        raise UsageError("a locustfile needs -u USERS and -t TIME", hint="for example: -u 100 -r 10 -t 5m -H URL")


def _read(path: Path, wanted: _Wanted) -> LoadedPlan:
    from loadgen.cli.submission import read_locustfile, read_plan

    if wanted.users is None or wanted.run_time is None:
        return read_plan(path)
    host = "http://127.0.0.1" if wanted.demo_shop else wanted.host
    return read_locustfile(path, wanted.users, wanted.spawn_rate or 1.0, wanted.run_time, host)


def _on_cluster(redis_url: str, loaded: LoadedPlan, wanted: _Wanted) -> Follower:
    from loadgen.bus import connect
    from loadgen.worker.settings import cluster_key

    if wanted.workers:
        loaded = _with_workers(loaded, wanted.workers)
    return _launch(connect(redis_url), loaded, cluster_key(), None)


def _on_this_machine(stack: ExitStack, loaded: LoadedPlan, wanted: _Wanted) -> Follower:
    from loadgen.bus import connect
    from loadgen.cli.interrupts import put_away_on_sigterm
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.cli.submission import check_target, host_of
    from loadgen.worker.supervisor import cores

    put_away_on_sigterm(stack)
    local = stack.enter_context(LocalCluster())
    if wanted.demo_shop:
        limit = [] if wanted.knee is None else ["--knee", f"{wanted.knee:.9f}/s"]
        loaded = _aimed_at(loaded, local.start_shop(*limit))
    check_target(loaded.plan)
    workers = wanted.workers or loaded.plan.workers.count or cores()
    loaded = _with_workers(loaded, workers)
    local.start_server()
    metrics = local.start_coordinator(wanted.metrics_port)
    installed = [source.name for source in loaded.plan.data if source.installed]
    data_dirs = [path.parent for name, path in loaded.data_files.items() if name in installed]
    local.start_workers(workers, host_of(loaded.plan), loaded.plan.workers.labels, data_dirs)
    if metrics:
        click.echo(f"metrics on {metrics}", err=True)
    return _launch(connect(local.redis_url), loaded, local.key, local)


def _launch(bus: Bus, loaded: LoadedPlan, key: bytes, local: LocalCluster | None) -> Follower:
    """Submit the plan and follow the run to its end, whatever happens on the way."""
    from loadgen.cli.following import Follower
    from loadgen.cli.interrupts import Interrupts
    from loadgen.cli.submission import submit
    from loadgen.report.console import console
    from loadgen.report.live import LiveView

    spec = submit(bus, loaded, key)
    follower = Follower(bus, spec.run)
    with LiveView(follower.plan, console(stderr=True)) as view, Interrupts(bus, spec.run) as interrupts:

        def check() -> None:
            interrupts.check()
            if local is not None:
                local.check()

        follower.follow(view.update, check)
    return follower


def _aimed_at(loaded: LoadedPlan, base_url: str) -> LoadedPlan:
    target = loaded.plan.target.model_copy(update={"base_url": base_url})
    return replace(loaded, plan=loaded.plan.model_copy(update={"target": target}))


def _with_workers(loaded: LoadedPlan, count: int) -> LoadedPlan:
    workers = loaded.plan.workers.model_copy(update={"count": count})
    return replace(loaded, plan=loaded.plan.model_copy(update={"workers": workers}))
