"""``loadgen run``: the whole thing in one command."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from loadgen.cli.locustfile import LocustWanted, Words, split
from loadgen.cli.options import checked, knee, redis_option
from loadgen.cli.pushing import open_receivers, push_options
from loadgen.errors import BusError, JourneyError, LoadgenError, UsageError
from loadgen.units import parse_duration

if TYPE_CHECKING:
    from loadgen.bus import Bus
    from loadgen.bus.following import Follower
    from loadgen.cli.interrupts import Departure
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.cli.master import MasterProcess
    from loadgen.plan.read import LoadedPlan

LONG_S: Final = 86400.0
"""A locustfile's run that may last longer than a day was given no end."""

_WORDS: Final = "loadgen.cli.run.words"
"""Where the context keeps the words of a command line that names a locustfile."""

_FILE = click.Path(dir_okay=False, path_type=Path)


def _duration(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    return None if text is None else checked(lambda said: parse_duration(float(said) if said.isdigit() else said), text)


class _Run(click.Command):
    """Takes Locust's own options too, where a locustfile is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = split(args)
        if words is None:
            return super().parse_args(ctx, args)
        ctx.meta[_WORDS] = words
        return super().parse_args(ctx, [*words.ours, "locustfile.py"])


@click.command(cls=_Run)
@click.argument("plan", type=click.Path(path_type=Path))
@redis_option(required=False)
@click.option("--workers", type=click.IntRange(1, 10_000), help="How many worker processes.  [default: one per core]")
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics here; 0 takes a free port."
)
@push_options
@click.option(
    "--web/--no-web",
    default=True,
    show_default=True,
    envvar="LOADGEN_WEB",
    show_envvar=True,
    help="Serve the live page while the run goes on.",
)
@click.option("--demo-shop", is_flag=True, help="Start the demo shop and aim at it instead of the plan's target.")
@click.option(
    "--knee", callback=knee, metavar="RATE", help="With --demo-shop: new visitors at which it saturates, e.g. 20/s."
)
@click.option("--json", "json_file", type=_FILE, help="Write the summary as JSON.")
@click.option("--html", "html_file", type=_FILE, help="Write the report as one HTML file.")
@click.option("--junit", "junit_file", type=_FILE, help="Write thresholds and guards as JUnit XML.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the seconds as CSV.")
@click.option("--created", "created_file", type=_FILE, help="Write what shoppers created, for loadgen clean.")
@click.option("-u", "--users", type=click.IntRange(1), help="For a locustfile: how many users at once.")
@click.option("-r", "--spawn-rate", type=click.FloatRange(0, min_open=True), help="For a locustfile: users per second.")
@click.option("-t", "--run-time", callback=_duration, metavar="TIME", help="For a locustfile: how long, e.g. 5m.")
@click.option("-H", "--host", metavar="URL", help="For a locustfile: base URL of the target.")
def run(plan: Path, redis_url: str | None, **options: Any) -> int:
    """Run PLAN, watch it, and report: on this machine alone, or on a cluster with --redis.

    PLAN may also be a locustfile, with all of Locust's own options and the file's (docs/locustfiles.md). Ctrl-C stops
    the run and still reports.
    The exit code says how it ended: 0 passed, 10 a threshold failed or the shop broke its own rules, 11 a guard stopped
    it, 12 stopped by a person, 13 the generator could not keep up, 14 it failed to run.

    \b
    Examples:
      loadgen run journeys/plans/smoke.yaml --demo-shop
      loadgen run journeys/plans/ramp.yaml --demo-shop --knee 20/s --html report.html --json report.json
      loadgen run journeys/plans/smoke.yaml --demo-shop --remote-write http://localhost:9090/api/v1/write
      loadgen run locustfile.py -u 100 -r 10 -t 5m -H https://shop.example
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    wanted = _Wanted(**options)
    words: Words | None = click.get_current_context().meta.get(_WORDS)
    _check_options(redis_url, wanted, of_locust=words is not None)

    from loadgen.cli.outputs import check_outputs, write_outputs

    locust = None if words is None else _read_locustfile(words, wanted)
    if words is not None and locust is not None:
        wanted = _with_options(wanted, locust, words)
    check_outputs(wanted.json_file, wanted.html_file, wanted.junit_file, wanted.csv_file, wanted.created_file)
    loaded = _read_plan(plan) if locust is None else locust.plan
    if wanted.created_file is not None and not loaded.plan.cleanable:
        raise UsageError(
            "--created writes the list that a plan with 'cleanable: true' keeps", hint="add it to the plan"
        )
    with ExitStack() as stack:
        if redis_url is None:
            ended = _on_this_machine(stack, loaded, wanted, locust)
        else:
            ended = _on_cluster(stack, redis_url, loaded, wanted, locust)
        if wanted.created_file is not None:
            _write_created(wanted.created_file, ended)
    follower = ended.follower
    code = write_outputs(
        follower.record,
        follower.plan,
        follower.stats,
        json=wanted.json_file,
        html=wanted.html_file,
        junit=wanted.junit_file,
        csv=wanted.csv_file,
        table_on_stderr=ended.locust_json is not None,
    )
    if ended.locust_json is not None:
        click.echo(ended.locust_json)
    return code if ended.exit_code is None else ended.exit_code(code)


def _write_created(path: Path, ended: _Ended) -> None:
    from loadgen.bus.created import CreatedBus
    from loadgen.cli.created import write_created

    run, target = ended.follower.spec.run, ended.follower.plan.target.base_url
    created = CreatedBus(ended.bus, run)
    try:
        things, lost = created.all(), created.lost()
    except BusError as error:  # the run has its report all the same
        click.echo(f"{path} is not written: {error.message}", err=True)
        return
    write_created(path, run, target, things)
    click.echo(f"wrote {path}: {len(things):,} created" + (f", {lost:,} more are not kept" if lost else ""), err=True)


@dataclass(frozen=True)
class _Wanted:
    """The options of one call."""

    workers: int | None
    metrics_port: int | None
    remote_write: str | None
    otlp: str | None
    push_every_s: float
    web: bool
    demo_shop: bool
    knee: float | None
    json_file: Path | None
    html_file: Path | None
    junit_file: Path | None
    csv_file: Path | None
    created_file: Path | None
    users: int | None
    spawn_rate: float | None
    run_time: float | None
    host: str | None


@dataclass(frozen=True)
class _Ended:
    """A run that was followed to its end.

    Attributes:
        bus: the connection to its cluster.
        follower: what is known of it.
        exit_code: what locustfiles make of the exit code of the run's outcome; None without any.
        locust_json: Locust's own JSON of the figures, where it was asked for.
    """

    bus: Bus
    follower: Follower
    exit_code: Callable[[int], int] | None = None
    locust_json: str | None = None


def _check_options(redis_url: str | None, wanted: _Wanted, *, of_locust: bool) -> None:
    if redis_url is not None and (wanted.demo_shop or wanted.metrics_port is not None):
        raise UsageError(
            "--demo-shop and --metrics-port are for runs on this machine alone",
            hint="start loadgen demo-shop by itself; give --metrics-port to loadgen coordinator",
        )
    given = click.get_current_context().get_parameter_source  # a variable may be there for coordinators of this machine
    pushed = [name for name in ("remote_write", "otlp") if given(name) is ParameterSource.COMMANDLINE]
    if redis_url is not None and pushed:
        raise UsageError(
            "--remote-write and --otlp are for runs on this machine alone", hint="give them to loadgen coordinator"
        )
    if redis_url is None:
        open_receivers(wanted.remote_write, wanted.otlp)
    if wanted.knee is not None and not wanted.demo_shop:
        raise UsageError("--knee is the demo shop's", hint="add --demo-shop, or leave --knee out")
    for_locust = (wanted.users, wanted.spawn_rate, wanted.run_time, wanted.host)
    if not of_locust and any(value is not None for value in for_locust):
        raise UsageError("-u, -r, -t and -H are for locustfiles", hint="a plan says all this itself")


def _read_plan(path: Path) -> LoadedPlan:
    from loadgen.cli.submission import read_plan

    return read_plan(path)


def _read_locustfile(words: Words, wanted: _Wanted) -> LocustWanted:
    from loadgen.cli.locustfile import read_locustfile

    locust = read_locustfile(words.locust, wanted.demo_shop)
    if locust.options["run_time"] is None and locust.plan.plan.duration > LONG_S:
        click.echo("without -t it runs until it is stopped: Ctrl-C, or loadgen stop", err=True)
    return locust


def _with_options(wanted: _Wanted, locust: LocustWanted, words: Words) -> _Wanted:
    """What Locust's options say that loadgen has too."""
    return replace(
        wanted,
        workers=wanted.workers or locust.workers,
        json_file=words.json_file,
        html_file=locust.html_file,
        csv_file=locust.csv_file,
    )


def _on_cluster(
    stack: ExitStack, redis_url: str, loaded: LoadedPlan, wanted: _Wanted, locust: LocustWanted | None
) -> _Ended:
    from loadgen.bus import connect
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.worker.settings import cluster_key

    if wanted.workers:
        loaded = _with_workers(loaded, wanted.workers)
    bus = connect(redis_url)
    if wanted.web:
        beside = stack.enter_context(LocalCluster())
        beside.use_server(redis_url, cluster_key())
        _start_page(beside)
    return _launch(stack, bus, redis_url, loaded, cluster_key(), None, locust)


def _on_this_machine(stack: ExitStack, loaded: LoadedPlan, wanted: _Wanted, locust: LocustWanted | None) -> _Ended:
    from loadgen.bus import connect
    from loadgen.cli.interrupts import Departure
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.cli.submission import check_target, code_root, host_of
    from loadgen.worker.supervisor import cores

    departure = Departure(stack)
    local = stack.enter_context(LocalCluster())
    if wanted.demo_shop:
        limit = [] if wanted.knee is None else ["--knee", f"{wanted.knee:.9f}/s"]
        loaded = _aimed_at(loaded, local.start_shop(*limit))
    check_target(loaded.plan)
    workers = wanted.workers or loaded.plan.workers.count or cores()
    loaded = _with_workers(loaded, workers)
    local.start_server()
    metrics = local.start_coordinator(
        wanted.metrics_port, wanted.remote_write, wanted.otlp, push_every_s=wanted.push_every_s
    )
    installed = [source.name for source in loaded.plan.data if source.installed]
    data_dirs = [path.parent for name, path in loaded.data_files.items() if name in installed]
    # A locustfile lies where its author runs it: it may open files beside it, and speak to whom it likes, as in Locust.
    allowed, journeys = (host_of(loaded.plan), None) if locust is None else ("*", code_root(loaded))
    local.start_workers(workers, allowed, loaded.plan.workers.labels, data_dirs, journeys)
    if metrics:
        click.echo(f"metrics on {metrics}", err=True)
    if wanted.web:
        _start_page(local)
    return _launch(stack, connect(local.redis_url), local.redis_url, loaded, local.key, local, locust, departure)


def _start_page(local: LocalCluster) -> None:
    """Serve the live page; a run goes on without."""
    try:
        click.echo(f"page on {local.start_page('--no-start')}", err=True)
    except LoadgenError as error:
        click.echo(f"there is no live page: {error.message}", err=True)


def _launch(
    stack: ExitStack,
    bus: Bus,
    redis_url: str,
    loaded: LoadedPlan,
    key: bytes,
    local: LocalCluster | None,
    locust: LocustWanted | None,
    departure: Departure | None = None,
) -> _Ended:
    """Submit the plan and follow the run to its end, whatever happens on the way."""
    from loadgen.bus.following import Follower
    from loadgen.cli.interrupts import Interrupts
    from loadgen.cli.master import MasterProcess
    from loadgen.cli.submission import submit
    from loadgen.report.console import console
    from loadgen.report.live import LiveView

    if departure is not None:
        departure.check()
    spec = submit(bus, loaded, key, installed=local is not None and locust is not None, master=locust is not None)
    follower = Follower(bus, spec.run)
    master = None
    if locust is not None:
        count = loaded.plan.workers.count
        master = stack.enter_context(MasterProcess(redis_url, spec.run, replace(locust, plan=loaded), count))
    with LiveView(follower.plan, console(stderr=True)) as view, Interrupts(bus, spec.run, departure) as interrupts:

        def check() -> None:
            interrupts.check()
            if local is not None:
                local.check()
            if master is not None and follower.record.started_at is None:
                _check_master(master, bus, spec.run)

        silent = locust is not None and locust.options["only_summary"]
        follower.follow((lambda *_: None) if silent else view.update, check)
    return _Ended(bus, follower) if locust is None or master is None else _heard(bus, follower, locust, master, local)


def _check_master(master: MasterProcess, bus: Bus, run: str) -> None:
    """A master that could not begin takes its run with it: workers wait for its word.

    Raises:
        JourneyError: it could not.
    """
    from loadgen.bus import ClusterBus
    from loadgen.messages import ControlMessage, StopMode

    try:
        master.check()
    except JourneyError:
        reason = "the locustfile's master could not begin"
        ClusterBus(bus).say(ControlMessage(kind="stop", run=run, mode=StopMode.NOW, reason=reason))
        raise


def _heard(
    bus: Bus, follower: Follower, locust: LocustWanted, master: MasterProcess, local: LocalCluster | None
) -> _Ended:
    """What the locustfiles have to say of a run that has ended."""
    from loadgen.cli.master import exit_code, tell

    result = master.result()
    if result.failed:
        click.echo(f"the locustfile's master failed: {result.failed}", err=True)
    logfile = bool(locust.options["logfile"])
    tell(master.said() + (local.said("worker") if local is not None and logfile else ""), dict(locust.options))
    return _Ended(
        bus,
        follower,
        lambda code: exit_code(follower.record, follower.stats, result, dict(locust.options), code),
        json.dumps(result.stats, indent=4) if locust.options["json"] else None,
    )


def _aimed_at(loaded: LoadedPlan, base_url: str) -> LoadedPlan:
    plan = loaded.plan
    target = plan.target.model_copy(update={"base_url": base_url})
    options = {**plan.options, "host": base_url} if "host" in plan.options else plan.options
    return replace(loaded, plan=plan.model_copy(update={"target": target, "options": options}))


def _with_workers(loaded: LoadedPlan, count: int) -> LoadedPlan:
    workers = loaded.plan.workers.model_copy(update={"count": count})
    return replace(loaded, plan=loaded.plan.model_copy(update={"workers": workers}))
