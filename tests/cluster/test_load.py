"""The load is the plan's load, whatever workers come and go."""

import itertools
import signal
import time

from cluster.harness import finish, reach, wait_until

from loadgen.plan.planned import PlannedLoad


def ramp(shop, **more):
    return {
        "name": "ramp",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "looking.py", "user": "OnePage"}],
        "load": [{"shape": [{"ramp": {"from": "20/s", "to": "120/s", "over": "12s"}}]}],
        "graceful_stop": "5s",
        **more,
    }


def test_arrivals_follow_the_plan_while_workers_join_and_leave(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(3)
    leaver = cluster.workers(1)
    follower = cluster.submit(cluster.plan(ramp(shop, workers={"count": 5, "wait": "1s"}) | {"workers": {}}))
    reach(follower, 2)
    cluster.workers(1)
    reach(follower, 6)
    leaver.send_signal(signal.SIGTERM)
    finish(follower)

    shape, workers = follower.plan.load[0].shape, 5
    for row in follower.stats.timeline():
        wanted = shape.arrivals_by(row.second + 1) - shape.arrivals_by(row.second)
        started = row.tally.arrivals_total().started
        assert abs(started - wanted) <= workers, f"second {row.second}: {started} for {wanted:.1f}"
    by_now = itertools.accumulate(row.tally.arrivals_total().started for row in follower.stats.timeline())
    for row, started in zip(follower.stats.timeline(), by_now, strict=True):
        assert abs(started - shape.arrivals_by(row.second + 1)) <= workers
    arrivals = follower.stats.total.arrivals_total()
    assert (arrivals.started, arrivals.dropped, arrivals.missed) == (follower.stats.planned, 0, 0)
    assert follower.record.epoch >= 3
    kinds = [event.kind for event in follower.record.events]
    assert "worker_joined" in kinds
    assert "worker_left" in kinds
    assert shop.stats()["requests_total"] == follower.stats.total.requests == arrivals.started


def test_the_same_seed_gives_the_same_poisson_arrivals_on_any_cluster(cluster):
    shop = cluster.shop()
    plan = ramp(shop, seed=7)
    plan["load"] = [{"arrivals": "poisson", "shape": {"constant": {"at": "40/s", "for": "3s"}}}]
    cluster.start("coordinator")
    seconds = []
    cluster.workers(1)
    path = cluster.plan(plan)
    for extra in (0, 2):
        if extra:
            cluster.workers(extra)
        wait_until(lambda: sum(not m.info.run for m in cluster.members().values()) >= 1 + extra, "workers idle")  # noqa: B023
        follower = finish(cluster.submit(path))
        planned = PlannedLoad(follower.plan)
        assert follower.stats.total.arrivals_total().started == sum(planned.planned(s) for s in range(3))
        seconds.append([row.planned for row in follower.stats.timeline() if row.planned])
    assert seconds[0] == seconds[1]


def test_a_closed_load_follows_its_shape_up_and_down(cluster):
    shop = cluster.shop()
    plan = ramp(shop)
    plan["journeys"] = [
        {"file": "looking.py", "user": "Looker", "weight": 3},
        {"file": "looking.py", "user": "Requester", "weight": 1},
    ]
    shape = [{"ramp": {"from": 0, "to": 20, "over": "3s"}}, {"constant": {"at": 20, "for": "2s"}}]
    plan["load"] = [{"model": "closed", "shape": [*shape, {"ramp": {"from": 20, "to": 4, "over": "3s"}}]}]
    cluster.start("coordinator")
    cluster.workers(2)
    follower = finish(cluster.submit(cluster.plan(plan)))
    levels = {row.second: row.tally.shoppers[0] for row in follower.stats.timeline()}
    assert levels[4] == 20
    for second, active in levels.items():
        if second < 8:
            assert abs(active - follower.plan.load[0].level_at(second + 1)) <= 4, f"second {second}"
    started = follower.stats.total.journeys
    assert started["Looker"].started > started["Requester"].started > 0
    assert shop.stats()["requests_total"] == follower.stats.total.requests


def test_more_shoppers_than_allowed_are_dropped_and_counted(cluster):
    shop = cluster.shop("--fault", "slow")
    shop.fault(kind="slow", share=1.0, ms=1500)
    plan = ramp(shop)
    plan["load"] = [{"shape": {"constant": {"at": "40/s", "for": "3s"}}, "max_shoppers": 10}]
    cluster.start("coordinator")
    cluster.workers(2)
    follower = finish(cluster.submit(cluster.plan(plan)))
    arrivals = follower.stats.total.arrivals_total()
    assert arrivals.dropped > 0
    assert arrivals.started + arrivals.dropped + arrivals.missed == follower.stats.planned == 120
    assert max(row.tally.shoppers[0] for row in follower.stats.timeline()) <= 10


def test_a_worker_without_redis_starts_nobody_once_its_lease_is_over(cluster):
    """The dead-man's switch: nobody floods a shop that nobody watches."""
    shop = cluster.shop()
    plan = ramp(shop)
    plan["load"] = [{"shape": {"constant": {"at": "30/s", "for": "60s"}}}]
    cluster.start("coordinator")
    cluster.workers(1, "--lease", "1")
    follower = cluster.submit(cluster.plan(plan))
    reach(follower, 1)
    server = int(cluster.bus.client.info("server")["process_id"])
    import os

    os.kill(server, signal.SIGSTOP)
    try:
        wait_until(lambda: time.time() - (shop.stats()["last_request_at"] or 0) > 1.5, "the load pauses")
    finally:
        os.kill(server, signal.SIGCONT)
    before = shop.stats()["requests_total"]
    wait_until(lambda: shop.stats()["requests_total"] > before + 20, "the load goes on")
    cluster.call("stop", "--all", "--now")
    finish(follower)
    assert follower.stats.total.arrivals_total().missed > 0
    assert shop.stats()["requests_total"] == follower.stats.total.requests
