"""Workers that die or stand still: their share moves, what nobody did is counted, and nothing outlives its parent."""

import json
import os
import signal
import subprocess
import time

import psutil
import pytest
from cluster.harness import JOURNEYS, finish, reach, wait_until

from loadgen.children import loadgen_command, start_child


def steady(shop, seconds="12s"):
    return {
        "name": "steady",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "looking.py", "user": "OnePage"}],
        "load": [{"shape": {"constant": {"at": "40/s", "for": seconds}}}],
        "graceful_stop": "5s",
    }


def never_more_than_planned(follower):
    for row in follower.stats.timeline():
        arrivals = row.tally.arrivals_total()
        assert arrivals.started <= row.planned + 3, f"second {row.second}"


def test_the_share_of_a_worker_that_is_killed_moves_at_once(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2)
    follower = cluster.submit(cluster.plan(steady(shop, "8s")))
    reach(follower, 2)
    victim = next(iter(cluster.members().values())).info
    os.kill(victim.pid, signal.SIGKILL)
    finish(follower)

    never_more_than_planned(follower)
    arrivals = follower.stats.total.arrivals_total()
    assert 0 < arrivals.missed < 3 * 40
    assert arrivals.started + arrivals.missed == pytest.approx(follower.stats.planned, abs=45)
    assert follower.record.workers[victim.worker].state == "lost"
    assert follower.record.silences == [], "its supervisor told what it had counted"
    total = follower.stats.total
    assert total.requests <= shop.stats()["requests_total"] <= total.sent


def test_a_worker_that_stood_still_does_not_take_up_a_share_that_others_carry_now(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2, "--lease", "1")
    follower = cluster.submit(cluster.plan(steady(shop)))
    reach(follower, 2)
    sleeper = next(iter(cluster.members().values())).info
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: sleeper.worker not in cluster.members(), "it is taken for dead")
        reach(follower, 5)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    finish(follower)

    never_more_than_planned(follower)
    arrivals = follower.stats.total.arrivals_total()
    assert arrivals.missed > 0
    assert arrivals.started + arrivals.missed == pytest.approx(follower.stats.planned, abs=45)
    assert follower.record.workers[sleeper.worker].state == "done"
    assert follower.record.silences == []
    assert shop.stats()["requests_total"] == follower.stats.total.requests


def test_nothing_outlives_a_run_that_is_killed(cluster, tmp_path):
    """The workers' shoppers loop: with nobody left to stop them they must stop by themselves."""
    shop = cluster.shop()
    plan = steady(shop) | {"graceful_stop": "1s"}
    plan["journeys"] = [{"file": os.path.relpath(JOURNEYS / "looking.py", tmp_path), "user": "Looker"}]
    plan["load"] = [{"model": "closed", "shape": {"constant": {"at": 4, "for": "10m"}}}]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    run = start_child(loadgen_command("run", str(path), "--workers", "2"), stdout=subprocess.DEVNULL)
    wait_until(lambda: shop.stats()["requests_total"] > 20, "the run is under way", 40)
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) >= 5
    run.kill()
    run.wait()

    def quiet() -> bool:
        return time.time() - (shop.stats()["last_request_at"] or 0) > 1

    wait_until(quiet, "no request is sent any more", 15)
    wait_until(lambda: not any(child.is_running() for child in children), "every process has ended", 60)
