"""A worker that has far more to do than it can is late, and says so; it is not lost."""

from cluster.harness import finish

from loadgen.endings import Validity


def test_a_worker_whose_loop_is_never_idle_keeps_its_lease(cluster):
    """Each arrival takes 30 ms of the processor, a hundred come a second: a turn of the loop takes about one.

    A beat and five questions for the time took twenty turns, so the lease was over whenever the clock was set.
    """
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.workers(1)
    plan = {
        "name": "saturated",
        "target": {"base_url": shop.url},
        "journeys": [{"file": "burning.py", "user": "Burner"}],
        "load": [{"shape": {"constant": {"at": "100/s", "for": "15s"}}, "max_shoppers": 30}],
        "graceful_stop": "5s",
    }
    follower = finish(cluster.submit(cluster.plan(plan)))

    arrivals = follower.stats.total.arrivals_total()
    assert arrivals.in_all == follower.stats.planned == 1500
    assert arrivals.dropped + arrivals.missed > 300, "it is saturated"
    assert [event.text for event in follower.record.events if event.kind == "worker_lost"] == []
    assert len(follower.record.workers) == 1
    assert follower.record.verdict.validity.verdict is Validity.INVALID
