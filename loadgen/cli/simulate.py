"""``loadgen simulate``: what coordinator and Redis take for so many workers, without so many machines."""

from __future__ import annotations

import socket
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from loadgen.cli.options import checked, redis_option
from loadgen.errors import UsageError, WorkersError
from loadgen.units import format_bytes, format_percent, parse_duration

if TYPE_CHECKING:
    from loadgen.bus import Bus
    from loadgen.cli.crowds import Crowds
    from loadgen.cli.interrupts import Departure
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.cli.simulation import Rates, Result, Sample
    from loadgen.messages import RunSpec

LIST_S: Final = 60.0
"""How long simulated workers may take to come on the list."""

END_S: Final = 20.0
"""How long they may take to leave when their run has ended."""


@click.command()
@click.option("--workers", required=True, type=click.IntRange(1, 10_000), help="How many to simulate.")
@click.option(
    "--requests", default=500, show_default=True, type=click.IntRange(1, 100_000), help="Of each worker, a second."
)
@click.option("--for", "duration", default="20s", show_default=True, metavar="DURATION", help="How long they work.")
@click.option(
    "--series", default=20, show_default=True, type=click.IntRange(2, 1000), help="Series of requests in each frame."
)
@click.option(
    "--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that simulate them."
)
@redis_option(required=False)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the result as JSON.")
def simulate(
    workers: int,
    requests: int,
    duration: str,
    series: int,
    processes: int,
    redis_url: str | None,
    json_file: Path | None,
) -> int:
    """See how many workers a coordinator and a Redis can take: simulated ones, which call no shop.

    They speak as workers do, through a real Redis to a real coordinator, which leads, seals and judges their run. Redis
    is a server of its own on this machine, or the one named with --redis, which no cluster may use meanwhile. What
    stays out are the network between machines, and the connections of each worker. Ctrl-C stops it all.

    Ends with 0 if every second was sealed within 1.5 s at p99 and every request was counted, 10 if sealing took longer,
    13 if counts differ or the simulated workers themselves were too slow for this machine.

    \b
    Examples:
      loadgen simulate --workers 20 --for 2s
      loadgen simulate --workers 50 --for 2s --requests 100 --processes 2 --json simulated.json
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.cli.interrupts import Departure
    from loadgen.cli.outputs import check_outputs
    from loadgen.report import write_file

    for_s = checked(parse_duration, duration)
    if for_s < 1:
        raise UsageError("a simulation takes at least a second", hint="--for 20s, for example")
    check_outputs(json_file)
    with ExitStack() as stack:
        departure = Departure(stack)
        result = _Simulation(stack, redis_url, workers, processes, series).run(requests, for_s, departure)
    if json_file is not None:
        write_file(json_file, result.as_json())
        click.echo(f"wrote {json_file}", err=True)
    for line in _in_words(result):
        click.echo(line)
    return result.ending.exit_code


class _Simulation:
    """Starts everything; what it started ends with the stack."""

    def __init__(self, stack: ExitStack, redis_url: str | None, workers: int, processes: int, series: int) -> None:
        from loadgen.bus import connect
        from loadgen.cli.crowds import Crowds
        from loadgen.cli.local_cluster import LocalCluster
        from loadgen.worker.simulated.settings import CrowdSettings

        self._workers, self._series = workers, series
        self._token = uuid.uuid4().hex[:6]
        self._local: LocalCluster = stack.enter_context(LocalCluster())
        if redis_url is None:
            self._local.start_server()
        else:
            self._local.use_server(redis_url)
        self._bus: Bus = connect(self._local.redis_url)
        stack.callback(self._bus.close)
        _make_sure_it_is_free(self._bus)
        self._metrics_url = self._local.start_coordinator(0)
        processes = min(processes, workers)
        parts = [workers // processes + (at < workers % processes) for at in range(processes)]
        url, labels = self._local.redis_url, {"simulation": self._token}
        settings = [
            CrowdSettings(redis_url=url, name=f"simulated-{at}", workers=part, labels=labels, series=series)
            for at, part in enumerate(parts)
        ]
        self._crowds: Crowds = Crowds([self._local.start_crowd(each) for each in settings])
        stack.callback(self._crowds.close)

    def run(self, requests: int, for_s: float, departure: Departure) -> Result:
        """Let them work, and tell what was found."""
        from loadgen.cli.interrupts import Interrupts
        from loadgen.cli.observer import Observer

        self._await_list()
        departure.check()
        spec = self._submit(requests, for_s)
        observer = Observer(self._bus, spec.run, self._local.pid("coordinator"), self._metrics_url, self._crowds)
        with Interrupts(self._bus, spec.run, departure) as interrupts:

            def check() -> None:
                interrupts.check()
                self._local.check()

            observer.follow(lambda sample, rates: _show(sample, rates, self._workers), check)
        self._crowds.await_end(END_S)
        return observer.result(self._workers)

    def _await_list(self) -> None:
        deadline_s = time.monotonic() + LIST_S
        while (listed := self._crowds.sums().listed) < self._workers:
            if time.monotonic() > deadline_s:
                raise WorkersError(
                    f"{listed} of {self._workers} simulated workers came on the list within {LIST_S:g} s",
                    hint="is this machine busy with something else?",
                )
            self._local.check()
            time.sleep(0.05)

    def _submit(self, requests: int, for_s: float) -> RunSpec:
        from loadgen.bus import ClusterBus
        from loadgen.clock import ClusterClock
        from loadgen.messages import RunSpec

        cluster, clock = ClusterBus(self._bus), ClusterClock()
        cluster.sync_clock(clock)
        spec = RunSpec(
            run=f"simulated-{self._token}",
            plan=_plan(self._workers, requests, for_s, self._series, self._token),
            submitted_at=clock.now(),
            submitter=f"simulate@{socket.gethostname()}"[:200],
            files={},
            digest="0" * 64,
            code="installed",
        )
        cluster.submit(spec, b"")
        return spec


def _make_sure_it_is_free(bus: Bus) -> None:
    """Simulated workers beside real ones might be given a real run, and would serve it.

    Raises:
        UsageError: a cluster works there.
    """
    from loadgen.bus import ClusterBus

    cluster = ClusterBus(bus)
    if cluster.leader() or cluster.members() or cluster.queued() or cluster.active():
        raise UsageError(
            f"a cluster works at {bus.url}: simulated workers would take its runs",
            hint="name a Redis that no cluster uses, or leave --redis out: then there is one for this alone",
        )


def _plan(workers: int, requests: int, for_s: float, series: int, token: str) -> str:
    """The plan of a simulated run, as JSON; each shopper makes a request in every series of its journey."""
    from loadgen.plan.model import Plan
    from loadgen.worker.simulated.figures import JOURNEYS

    a_second = 2 * workers * requests / series
    plan = {
        "name": "simulated",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [{"file": "simulated.py", "user": journey} for journey in JOURNEYS],
        "load": [{"shape": {"constant": {"at": f"{a_second:.6f}/s", "for": f"{for_s:g}s"}}}],
        "max_names": series,
        "workers": {"count": workers, "labels": {"simulation": token}},
        "graceful_stop": "1s",
    }
    return Plan.model_validate(plan).model_dump_json()


def _show(sample: Sample, rates: Rates, workers: int) -> None:
    """One line of a run under way."""
    click.echo(
        f"{workers - sample.sums.gone:6,d} workers {rates.frames:7,.0f} frames/s {rates.in_bytes / 1e6:6.1f} MB/s to "
        f"Redis | coordinator {rates.coordinator:4.0%} {rates.frame_us:4.0f} µs/frame | sealed after "
        f"{sample.lag_s[0]:.2f} / {sample.lag_s[1]:.2f} / {sample.lag_s[2]:.2f} s | Redis {rates.redis:4.0%} "
        f"{format_bytes(sample.server.memory_bytes)} | simulators {rates.simulators:4.0%}",
        err=True,
    )


def _in_words(result: Result) -> list[str]:
    """The table, and in one sentence what it means."""
    pages = f"{format_bytes(result.metrics_bytes)}, read within {result.metrics_s:.2f} s"
    exact = "equal" if result.is_exact else "NOT EQUAL"
    rows = {
        "workers": f"{result.workers:,}, ready {result.ready_s:.1f} s after the submit",
        "frames": f"{result.frames_per_s:,.0f}/s of {format_bytes(result.frame_bytes)}",
        "sealed": f"p50 {result.seal_p50_s:.2f} s, p99 {result.seal_p99_s:.2f} s, max {result.seal_max_s:.2f} s after "
        f"the second, {format_percent(result.late_frames)} of the frames as amendments",
        "coordinator": f"{result.coordinator:.0%} of a core, {result.frame_us:.0f} µs/frame, "
        f"{format_bytes(result.coordinator_rss_bytes)}",
        "Redis": f"{result.redis:.0%} of a core, at most {format_bytes(result.redis_bytes)}, "
        f"{result.in_bytes_per_s / 1e6:.1f} MB/s in, {result.out_bytes_per_s / 1e6:.1f} MB/s out",
        "metrics": pages if result.metrics_bytes else "not read: the run was short",
        "simulators": f"{result.simulators:.0%} of a core, frames sent within {result.sent_p99_s:.2f} s (p99)",
        "counts": f"{result.requests_sent:,} requests in {result.frames_sent:,} frames sent, "
        f"{result.requests_sealed:,} in {result.frames_sealed:,} sealed: {exact}",
        "run": f"{result.outcome.value}, {result.validity.value}: {result.reason}",
    }
    return [*(f"{name:12} {value}" for name, value in rows.items()), "", _judgement(result)]


def _judgement(result: Result) -> str:
    if result.kept_pace:
        pace = f"The coordinator kept pace with {result.workers:,} workers."
    elif result.senders_were_late:
        pace = "Nothing can be said of the coordinator: this machine could not send frames in time (try --processes)."
    else:
        pace = f"The coordinator did NOT keep pace with {result.workers:,} workers."
    return pace if result.is_exact else f"{pace} The counts differ: {'; '.join(result.differences)}."
