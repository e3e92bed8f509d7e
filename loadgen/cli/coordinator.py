"""``loadgen coordinator``: leads the cluster, or stands by."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from loadgen.cli.options import redis_option
from loadgen.cli.page import TOKEN_VARIABLE, listen
from loadgen.cli.pushing import WARNING, open_receivers, push_options

if TYPE_CHECKING:
    from loadgen.metrics.push.pusher import Pushing


@click.command()
@redis_option()
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics here; 0 takes a free port."
)
@click.option("--metrics-address", default="127.0.0.1", show_default=True, help="Address for it.")
@push_options
@click.option("--lease", "lease_s", default=5.0, show_default=True, type=click.FloatRange(1, 60), help="Seconds.")
@click.option("--web", callback=listen, metavar="[HOST:]PORT", help="Serve the live page here; 0 takes a free port.")
@click.option("--web-token", envvar=TOKEN_VARIABLE, show_envvar=True, help="As for loadgen page.")
@click.option("--web-plans", default=".", show_default=True, help="As --plans of loadgen page.")
def coordinator(
    redis_url: str,
    metrics_port: int | None,
    metrics_address: str,
    remote_write: str | None,
    otlp: str | None,
    push_every_s: float,
    lease_s: float,
    web: tuple[str, int] | None,
    web_token: str | None,
    web_plans: str,
) -> None:
    """Lead the cluster: share the load out, merge what workers report, judge it. Several may run; one leads.

    \b
    Examples:
      loadgen coordinator --redis redis://localhost:6379
      loadgen coordinator --redis redis://localhost:6379 --metrics-port 9646 --metrics-address 0.0.0.0
      loadgen coordinator --redis redis://localhost:6379 --web 9647 --web-plans journeys
      loadgen coordinator --redis redis://localhost:6379 --remote-write http://localhost:9090/api/v1/write
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.cli.local_cluster import LocalCluster
    from loadgen.coordinator.leader import Coordinator
    from loadgen.metrics import ClusterSnapshot
    from loadgen.metrics.push.pusher import Pushing
    from loadgen.metrics.server import MetricsServer
    from loadgen.worker.settings import cluster_key

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    receivers = open_receivers(remote_write, otlp)
    latest: list[ClusterSnapshot] = []
    bus = connect(redis_url)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        if web is not None:  # a child, so before there are threads
            beside = stack.enter_context(LocalCluster())
            beside.use_server(redis_url, cluster_key())
            place = f"[{web[0]}]:{web[1]}" if ":" in web[0] else f"{web[0]}:{web[1]}"
            address = beside.start_page("--listen", place, "--plans", web_plans, token=web_token or "")
            click.echo(f"page on {address}")
            sys.stdout.flush()
        if metrics_port is not None:
            server = MetricsServer(metrics_address, metrics_port, lambda: latest[0] if latest else None)
            server.start()
            stack.callback(server.stop)
            click.echo(f"metrics on http://{metrics_address}:{server.port}/metrics")
            sys.stdout.flush()
        pushing = Pushing(receivers, push_every_s)
        pushing.start()
        stack.callback(_close, pushing)

        def show(snapshot: ClusterSnapshot) -> None:
            latest[:] = [replace(snapshot, pushes=pushing.counts())]
            pushing.take(latest[0])

        shown = metrics_port is not None or receivers
        Coordinator(bus, lease_s=lease_s, on_snapshot=show if shown else None).run(stop)


def _close(pushing: Pushing) -> None:
    """Send the last figures, and say what did not arrive."""
    for line in pushing.close():
        click.echo(f"{WARNING}{line}", err=True)
