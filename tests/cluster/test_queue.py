"""Runs queue, wait for the workers that they ask for, and say what they wait for."""

from cluster.harness import ended_by_itself, finish, wait_until

from loadgen.messages import RunState


def short(shop, name="short", **more):
    return {
        "name": name,
        "target": {"base_url": shop.url},
        "journeys": [{"file": "looking.py", "user": "OnePage"}],
        "load": [{"shape": {"constant": {"at": "20/s", "for": "2s"}}}],
        "graceful_stop": "5s",
        **more,
    }


def state_of(follower):
    follower.look()
    return follower.record


def test_runs_are_served_one_after_the_other(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(1)
    first, second = (cluster.submit(cluster.plan(short(shop, name))) for name in ("first", "second"))
    finish(first)
    finish(second)
    assert first.record.ended_at <= second.record.started_at
    assert shop.stats()["requests_total"] == 80


def test_a_run_waits_for_workers_with_its_labels_and_says_so(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(1, "--label", "zone=b")
    plan = cluster.plan(short(shop, workers={"count": 2, "labels": {"zone": "a"}}))
    follower = cluster.submit(plan)
    wait_until(lambda: state_of(follower).state is RunState.WAITING, "the run waits")
    assert follower.record.detail == "waits for 2 workers with zone=a, 0 free now"
    cluster.workers(2, "--label", "zone=a")
    finish(follower)
    assert len(follower.record.workers) == 2


def test_a_run_that_waits_too_long_fails_with_the_reason(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    follower = finish(cluster.submit(cluster.plan(short(shop, workers={"count": 3, "wait": "500ms"}))))
    assert follower.record.verdict.outcome == "failed"
    assert follower.record.verdict.exit_code == 14
    assert "no 3 workers came within 0.5 s" in follower.record.verdict.reason


def test_a_queued_run_can_be_stopped(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    follower = cluster.submit(cluster.plan(short(shop, workers={"count": 3})))
    wait_until(lambda: state_of(follower).state is RunState.WAITING, "the run waits")
    cluster.call("stop", follower.record.run)
    finish(follower)
    assert follower.record.verdict.outcome == "stopped"


def test_a_standby_takes_over_when_the_leader_stops(cluster):
    shop = cluster.shop()
    leader = cluster.start("coordinator")
    wait_until(lambda: cluster.bus.client.get("{loadgen}:leader"), "a coordinator leads")
    cluster.start("coordinator")
    cluster.workers(1)
    plan = short(shop) | {"load": [{"shape": {"constant": {"at": "20/s", "for": "8s"}}}]}
    follower = cluster.submit(cluster.plan(plan))
    wait_until(lambda: state_of(follower).state is RunState.RUNNING and follower.stats.last_second >= 1, "it runs")
    leader.terminate()
    finish(follower)
    assert ended_by_itself(follower), follower.record.verdict
    assert shop.stats()["requests_total"] == follower.stats.total.requests == 160
