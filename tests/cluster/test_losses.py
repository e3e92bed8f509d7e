"""Workers that die or stand still: their share moves, what nobody did is counted, and nothing outlives its parent."""

import json
import os
import signal
import subprocess
import time

import psutil
import pytest
from cluster.harness import (
    JOURNEYS,
    assert_accounted_for,
    assert_exact,
    finish,
    one_page,
    reach,
    wait_until,
)

from loadgen.children import loadgen_command, start_child

LEASE = ("--lease", "1")


def killed_by(cluster, name: str) -> int:
    """How often supervisors said that a process was killed by a signal."""
    return sum(log.read_text().count(f"was killed by {name}") for log in cluster.folder.glob("worker-*.log"))


def test_the_share_of_a_worker_that_is_killed_moves_at_once(cluster):
    """As the kernel kills it that is out of memory."""
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 8)))
    reach(follower, 2)
    victim = next(iter(cluster.members().values())).info
    os.kill(victim.pid, signal.SIGKILL)
    finish(follower)

    assert_accounted_for(follower, shop)
    missed = follower.stats.total.arrivals_total().missed
    assert 0 < missed < 5 * 20, "its half of the load for less than the lease, which nobody waited for"
    assert follower.record.workers[victim.worker].state == "lost"
    assert killed_by(cluster, "SIGKILL") == 1
    assert len(follower.record.workers) == 3, "a fresh process took its place"


def test_journeys_that_bring_their_process_down_lose_no_request(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2)
    plan = one_page(shop, 12) | {"journeys": [{"file": "crashing.py", "user": "Crasher"}]}
    follower = finish(cluster.submit(cluster.plan(plan)))

    assert_accounted_for(follower, shop)
    lost = [worker for worker, totals in follower.record.workers.items() if totals.state == "lost"]
    assert killed_by(cluster, "SIGSEGV") == len(lost) >= 2
    assert follower.stats.total.arrivals_total().missed > 0
    assert len(follower.record.workers) > 2, "fresh processes took their places"


def test_a_worker_that_stood_still_does_not_take_up_a_share_that_others_carry_now(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2, *LEASE)
    follower = cluster.submit(cluster.plan(one_page(shop, 12)))
    reach(follower, 2)
    sleeper = next(iter(cluster.members().values())).info
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: sleeper.worker not in cluster.members(), "it is taken for dead")
        reach(follower, 5)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    finish(follower)

    assert_exact(follower, shop, missed=True)
    assert follower.record.workers[sleeper.worker].state == "done"


@pytest.mark.parametrize("how", ["black hole", "refused"])
def test_a_machine_that_is_cut_off_for_longer_than_its_lease_does_no_harm(servers, net_to, cluster_at, how):
    server = servers.make().start()
    net = net_to(server.port)
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(1, *LEASE)
    (staying,) = cluster.members()
    cluster.redis_url = f"redis://127.0.0.1:{net.port}/0"
    cluster.nodes(1, *LEASE)
    (leaving,) = cluster.members().keys() - {staying}
    follower = cluster.submit(cluster.plan(one_page(shop, 16)))
    reach(follower, 2)
    epoch = follower.record.epoch
    net.hold() if how == "black hole" else net.shut()
    wait_until(lambda: leaving not in cluster.members(), "it is taken for dead")
    reach(follower, follower.stats.last_second + 3)
    assert follower.record.epoch > epoch, "its share has moved"
    missed = follower.stats.total.arrivals_total().missed
    reach(follower, follower.stats.last_second + 2)
    assert follower.stats.total.arrivals_total().missed == missed, "the whole load is served"
    assert "missed" in {reason.code for reason in follower.record.validity.reasons}, "it is said while the run goes on"
    net.heal() if how == "black hole" else net.open()
    finish(follower)

    assert_exact(follower, shop, missed=True)
    assert follower.record.workers[leaving].state == "done", "it sent what it held"
    assert follower.record.workers[leaving].requests > 0
    wait_until(lambda: len(cluster.members().keys() - {leaving}) == 2, "a fresh process joins in its place", 30)


def test_nothing_outlives_a_run_that_is_killed(cluster, tmp_path):
    """The workers' shoppers loop: with nobody left to stop them they must stop by themselves."""
    shop = cluster.shop()
    plan = one_page(shop, 12) | {"graceful_stop": "1s"}
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
