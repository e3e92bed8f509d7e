"""Redis is slow: a stop reaches every worker within a second all the same."""

import time

import pytest
from cluster.harness import finish, one_page, reach, wait_until

from loadgen.bus import ClusterBus
from loadgen.messages import ControlMessage, StopMode

STOP_S = 1.0


def looping(shop):
    """Shoppers that would go on for ever."""
    return one_page(shop, 60) | {
        "name": "looping",
        "journeys": [{"file": "looking.py", "user": "Looker"}],
        "load": [{"model": "closed", "shape": {"constant": {"at": 10, "for": "60s"}}}],
    }


def last_request_at(shop) -> float:
    wait_until(lambda: time.time() - shop.stats()["last_request_at"] > 1.2, "the load stops", 20)
    return shop.stats()["last_request_at"]


@pytest.mark.parametrize("slowness", ["delayed", "throttled", "paused"])
def test_a_stop_reaches_every_worker_within_a_second(servers, net_to, cluster_at, slowness):
    server = servers.make().start()
    net = net_to(server.port)
    cluster = cluster_at(f"redis://127.0.0.1:{net.port}/0")
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(looping(shop)))
    reach(follower, 2)
    if slowness == "delayed":
        net.delay(0.15)
    elif slowness == "throttled":
        net.throttle(20_000)
    reach(follower, 4)
    if slowness == "paused":
        server.say("CLIENT", "PAUSE", 500, "ALL")
    said_at = time.time()
    ClusterBus(cluster.bus).say(
        ControlMessage(kind="stop", run=follower.record.run, mode=StopMode.NOW, reason="enough")
    )
    assert last_request_at(shop) - said_at < STOP_S
    net.heal()
    finish(follower)
    assert follower.record.verdict.outcome == "stopped"
    total = follower.stats.total
    assert (total.requests, total.in_flight) == (shop.stats()["requests_total"], 0)


def test_the_emergency_brake_ends_everything_and_says_so(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    running = cluster.submit(cluster.plan(looping(shop)))
    queued = cluster.submit(cluster.plan(looping(shop) | {"name": "queued"}))
    reach(running, 1)
    done = cluster.call("stop", "--all", "--now")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "every run has ended"), done.stderr
    assert not any(member.info.run for member in cluster.members().values())
    for follower in (running, queued):
        assert finish(follower, 1).record.verdict.outcome == "stopped"
    assert running.stats.total.requests == shop.stats()["requests_total"]
    idle = [""] * 2
    wait_until(lambda: [member.info.run for member in cluster.members().values()] == idle, "both are free again", 60)


def test_the_emergency_brake_needs_no_coordinator(cluster):
    shop = cluster.shop()
    leader = cluster.start("coordinator")
    cluster.nodes(2)
    running = cluster.submit(cluster.plan(looping(shop)))
    reach(running, 1)
    leader.kill()
    leader.wait()
    queued = cluster.submit(cluster.plan(looping(shop) | {"name": "queued"}))
    wait_until(lambda: not cluster.bus.client.exists("{loadgen}:leader"), "nobody leads")
    done = cluster.call("stop", "--all", "--now")
    assert done.returncode == 0, done.stderr
    assert "no worker serves a run; as no coordinator leads, the next one ends: " in done.stdout
    served = shop.stats()["requests_total"]
    cluster.start("coordinator")
    for follower in (running, queued):
        assert finish(follower).record.verdict.outcome == "stopped"
    assert shop.stats()["requests_total"] == running.stats.total.requests == served
