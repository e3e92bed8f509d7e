"""Every request is counted once: what a run recorded is what the shop served, however the run ended."""

import json
import signal
import subprocess

import pytest
import requests
from cluster.harness import ended_by_itself, finish, reach, wait_until

from loadgen.children import loadgen_command, start_child


def busy(shop, seconds="60s"):
    return {
        "name": "busy",
        "target": {"base_url": shop.url},
        "journeys": [
            {"file": "looking.py", "user": "Looker", "weight": 3},
            {"file": "looking.py", "user": "Requester", "weight": 1},
        ],
        "load": [
            {"shape": {"constant": {"at": "40/s", "for": seconds}}, "session": 4},
            {"model": "closed", "shape": {"constant": {"at": 6, "for": seconds}}},
        ],
        "graceful_stop": "10s",
    }


def assert_all_counted(follower, shop):
    total = follower.stats.total
    assert total.requests > 50
    assert shop.stats()["requests_total"] == total.requests == total.sent
    assert total.in_flight == 0
    assert sum(worker.requests for worker in follower.record.workers.values()) == total.requests


def test_a_run_that_ends_by_itself_counts_what_the_shop_served(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2)
    follower = finish(cluster.submit(cluster.plan(busy(shop, "4s"))))
    assert ended_by_itself(follower), follower.record.verdict
    assert_all_counted(follower, shop)


@pytest.mark.parametrize("how", [[], ["--now"]])
def test_a_stopped_run_counts_what_the_shop_served(cluster, how):
    shop = cluster.shop()
    shop.fault(kind="slow", share=0.3, ms=300)
    cluster.start("coordinator")
    cluster.workers(2)
    follower = cluster.submit(cluster.plan(busy(shop)))
    reach(follower, 2)
    done = cluster.call("stop", follower.record.run, *how)
    assert done.returncode == 0, done.stderr
    finish(follower)
    assert follower.record.verdict.outcome == "stopped"
    assert follower.record.verdict.exit_code == 12
    assert_all_counted(follower, shop)


def test_a_run_stopped_by_ctrl_c_reports_what_the_shop_served(cluster, tmp_path):
    shop = cluster.shop()
    report = tmp_path / "report.json"
    plan = cluster.plan(busy(shop))
    run = start_child(
        loadgen_command("run", str(plan), "--no-web", "--workers", "2", "--json", str(report)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    cluster.children.append(run)
    wait_until(lambda: shop.stats()["requests_total"] > 200, "the run is under way", 30)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 12, errors.decode()
    summary = json.loads(report.read_text())
    assert summary["outcome"] == "stopped"
    assert summary["totals"]["requests"] == shop.stats()["requests_total"]


def test_a_guard_stops_the_run_everywhere_and_says_why(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(2)
    plan = busy(shop) | {"guards": ["error_rate > 20% for 2s: stop", "unavailable for 30s: stop"]}
    follower = cluster.submit(cluster.plan(plan))
    reach(follower, 1)
    shop.fault(kind="error", share=0.6)
    finish(follower)
    verdict = follower.record.verdict
    assert verdict.outcome == "guard"
    assert verdict.exit_code == 11
    tripped = [guard for guard in verdict.guards if guard.tripped]
    assert [guard.text for guard in tripped] == ["error_rate > 20% for 2s: stop"]
    assert len(tripped[0].values) == 2
    assert_all_counted(follower, shop)


def test_a_shop_that_refuses_connections_trips_the_guard_for_unavailability(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(1)
    follower = cluster.submit(cluster.plan(busy(shop) | {"guards": ["unavailable for 2s: stop"]}))
    reach(follower, 1)
    shop.fault(kind="refuse", share=1.0)
    finish(follower)
    assert follower.record.verdict.outcome == "guard"
    assert requests.get(f"{shop.url}/_shop/stats", timeout=5).ok
