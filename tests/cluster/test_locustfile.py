"""A locustfile on a cluster: shipped to the workers, with its master beside whoever started it."""

import json
from pathlib import Path

from cluster.harness import Cluster

MESSAGES = Path(__file__).parents[1] / "journeys" / "locustfiles" / "alone" / "messages.py"


def test_a_locustfile_runs_on_the_workers_of_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2)

    summary, log = tmp_path / "summary.json", tmp_path / "log.txt"
    ended = cluster.call(
        *("run", str(MESSAGES), "-u", "4", "-r", "9", "-t", "3s", "-H", shop.url),
        *("--json", str(summary), "--logfile", str(log)),
        timeout=120,
    )

    assert ended.returncode in {0, 13}, ended.stderr
    requests = {row["name"]: row["count"] for row in json.loads(summary.read_text())["requests"]}
    assert requests == {"message: home": shop.stats()["requests_total"]}
    said = log.read_text()
    assert "heard from 0: [('accounts', 5), ('worker', 0)]" in said
    assert "heard from 1: [('accounts', 5), ('worker', 1)]" in said
