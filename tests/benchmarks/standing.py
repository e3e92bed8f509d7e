"""A standing cluster for a benchmark: the same parts as in the tests of real clusters."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.harness import Cluster, wait_until

from loadgen.bus import EmbeddedServer
from loadgen.children import stop_child


@contextmanager
def standing_cluster(workers: int) -> Iterator[Cluster]:
    """Valkey, a coordinator and some worker processes; all of them stopped at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="loadgen-bench-") as folder, EmbeddedServer() as server:
        cluster = Cluster(Path(folder), server.url)
        try:
            cluster.start("coordinator")
            cluster.workers(workers)
            yield cluster
        finally:
            for child in reversed(cluster.children):
                stop_child(child, patience_s=15)
            cluster.bus.close()


def await_idle(cluster: Cluster, workers: int) -> None:
    """Wait until so many workers are free: after a run each process makes room for a fresh one."""

    def idle() -> bool:
        return sum(not m.info.run and not m.info.leaving for m in cluster.members().values()) >= workers

    wait_until(idle, f"{workers} workers are idle", seconds=30)
