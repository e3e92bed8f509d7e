"""``loadgen coordinator``: leads the cluster, or stands by."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import ExitStack

import click

from loadgen.cli.options import redis_option


@click.command()
@redis_option()
@click.option(
    "--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics here; 0 takes a free port."
)
@click.option("--metrics-address", default="127.0.0.1", show_default=True, help="Address for it.")
@click.option("--lease", "lease_s", default=5.0, show_default=True, type=click.FloatRange(1, 60), help="Seconds.")
def coordinator(redis_url: str, metrics_port: int | None, metrics_address: str, lease_s: float) -> None:
    """Lead the cluster: share the load out, merge what workers report, judge it. Several may run; one leads.

    \b
    Examples:
      loadgen coordinator --redis redis://localhost:6379
      loadgen coordinator --redis redis://localhost:6379 --metrics-port 9646 --metrics-address 0.0.0.0
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.coordinator.leader import Coordinator
    from loadgen.metrics import ClusterSnapshot
    from loadgen.metrics.server import MetricsServer

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    latest: list[ClusterSnapshot] = []
    bus = connect(redis_url)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        if metrics_port is not None:
            server = MetricsServer(metrics_address, metrics_port, lambda: latest[0] if latest else None)
            server.start()
            stack.callback(server.stop)
            click.echo(f"metrics on http://{metrics_address}:{server.port}/metrics")
            sys.stdout.flush()

        def show(snapshot: ClusterSnapshot) -> None:
            latest[:] = [snapshot]

        Coordinator(bus, lease_s=lease_s, on_snapshot=show if metrics_port is not None else None).run(stop)
