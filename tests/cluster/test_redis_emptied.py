"""Redis is emptied: the run ends as invalid, nobody floods the shop, and the cluster goes on with the next run."""

import json
import subprocess
import time

import pytest
from cluster.harness import ended_by_itself, finish, one_page, wait_until

from loadgen.bus import ClusterBus
from loadgen.children import loadgen_command, start_child

LEASE_S = 5.0


def run_and_follow(cluster, plan, report):
    """``loadgen run``, as a person calls it."""
    env = {"LOADGEN_REDIS": cluster.redis_url, "LOADGEN_KEY": "a key for tests"}
    run = start_child(
        loadgen_command("run", str(plan), "--no-web", "--json", str(report)),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    cluster.children.append(run)
    return run


def under_way(cluster, shop, run):
    wait_until(lambda: shop.stats()["requests_total"] > 100 or run.poll() is not None, "the run is under way", 30)
    (name,) = ClusterBus(cluster.bus).active()
    return name


def quiet_since(shop) -> float:
    """When the shop was asked for the last time; waits until it is not asked any more."""
    wait_until(lambda: time.time() - shop.stats()["last_request_at"] > 1.5, "the load stops", 20)
    return shop.stats()["last_request_at"]


def serves_the_next_run(cluster, shop):
    wait_until(lambda: sum(not m.info.run for m in cluster.members().values()) >= 2, "the workers are free", 30)
    before = shop.stats()["requests_total"]
    follower = finish(cluster.submit(cluster.plan(one_page(shop, 2) | {"name": "the-next"})))
    assert ended_by_itself(follower), follower.record.verdict
    assert follower.stats.total.requests == shop.stats()["requests_total"] - before == 80


@pytest.mark.parametrize("how", ["flushed", "restarted without its data"])
def test_a_run_ends_as_invalid_with_what_coordinator_and_workers_still_know(servers, cluster_at, tmp_path, how):
    server = servers.make("appendonly no").start()
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    run = run_and_follow(cluster, cluster.plan(one_page(shop, 60)), tmp_path / "report.json")
    under_way(cluster, shop, run)
    emptied_at = time.time()
    if how == "flushed":
        server.say("FLUSHALL")
    else:
        server.kill()
        server.start()
    said, _ = run.communicate(timeout=40)
    assert run.returncode == 13, said.decode()
    assert "Redis was emptied" in said.decode()
    assert quiet_since(shop) < emptied_at + LEASE_S + 1

    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["outcome"], report["validity"]["verdict"]) == ("invalid", "INVALID")
    served = shop.stats()["requests_total"]
    assert report["totals"]["requests"] == served
    serves_the_next_run(cluster, shop)
    server.say("FLUSHALL")  # between two runs: nobody minds
    serves_the_next_run(cluster, shop)


def test_a_run_that_nobody_remembers_ends_as_invalid_too(servers, cluster_at, tmp_path):
    server = servers.make("appendonly no").start()
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    leader = cluster.start("coordinator")
    cluster.nodes(2)
    run = run_and_follow(cluster, cluster.plan(one_page(shop, 60)), tmp_path / "report.json")
    under_way(cluster, shop, run)
    leader.kill()
    leader.wait()
    emptied_at = time.time()
    server.say("FLUSHALL")
    said, _ = run.communicate(timeout=40)
    assert run.returncode == 13, said.decode()
    assert "Redis was emptied, and no coordinator knows the run any more" in said.decode()
    assert quiet_since(shop) < emptied_at + LEASE_S + 1
    assert json.loads((tmp_path / "report.json").read_text())["totals"]["requests"] <= shop.stats()["requests_total"]
    cluster.start("coordinator")
    serves_the_next_run(cluster, shop)
