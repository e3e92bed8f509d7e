"""A worker that is late to take answers says in which seconds, and the verdict says what that means."""

import os
import signal
import time

from cluster.harness import finish, reach

from loadgen.endings import Validity


def looking(shop, user, **load):
    return {
        "name": "coloured",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "burning.py" if user == "Burner" else "looking.py", "user": user}],
        "load": [load],
        "graceful_stop": "5s",
    }


def reasons(follower):
    return {reason.code: reason for reason in follower.record.verdict.validity.reasons}


def test_a_worker_that_stood_still_has_coloured_the_seconds_around_it(cluster):
    shop = cluster.shop()
    shop.fault(kind="slow", ms=300)
    cluster.start("coordinator")
    cluster.workers(1)
    follower = cluster.submit(cluster.plan(looking(shop, "OnePage", shape={"constant": {"at": "40/s", "for": "6s"}})))
    reach(follower, 2)
    (worker,) = cluster.members().values()
    os.kill(worker.info.pid, signal.SIGSTOP)
    stopped_s = time.time() - follower.record.started_at
    time.sleep(1.0)  # it is stopped for a time: this is what is tested
    os.kill(worker.info.pid, signal.SIGCONT)
    woken_s = time.time() - follower.record.started_at
    finish(follower)

    around = [row for row in follower.stats.timeline() if int(stopped_s) <= row.second <= int(woken_s)]
    coloured = [row for row in around if row.coloured]
    assert coloured, [(row.second, row.lengthened_requests, row.loop_lag_max_us) for row in around]
    assert max(row.loop_lag_max_us for row in coloured) >= 0.9e6
    assert max(row.tally.service().max_us for row in coloured) >= 0.9e6  # as their requests say themselves
    assert sum(row.coloured_requests for row in coloured) > 0
    totals = follower.record.workers[worker.info.worker]
    assert totals.coloured_seconds >= len(coloured)
    assert "of the requests were measured too long" in reasons(follower)["coloured"].text


def test_a_journey_that_keeps_the_processor_to_itself_makes_the_run_invalid(cluster):
    shop = cluster.shop()
    shop.fault(kind="slow", ms=60)
    cluster.start("coordinator")
    cluster.workers(1)
    plan = looking(shop, "Burner", model="closed", shape={"constant": {"at": 10, "for": "4s"}})
    follower = finish(cluster.submit(cluster.plan(plan)))

    loaded = [row for row in follower.stats.timeline() if row.second < 4]
    assert sum(row.coloured > 0 for row in loaded) >= 3
    assert reasons(follower)["coloured"].severity is Validity.INVALID
    assert follower.record.verdict.outcome == "invalid"
