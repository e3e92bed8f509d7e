"""Coordinators that are killed, stand still or are cut off: the load goes on, a standby leads, no figure is lost."""

import itertools
import subprocess
import time

import psutil
import pytest
from cluster.harness import assert_exact, ended_by_itself, finish, one_page, reach, wait_until
from cluster.overhearing import Overhearing
from cluster.scraping import Scraping, coordinator, leads, scrape, shows_a_run

from loadgen.bus import ClusterBus, RunBus
from loadgen.latency import Histogram

LEASE_S = 1.0
LEASE = ("--lease", f"{LEASE_S:g}")
RATE = 40


def led_by(cluster, child) -> bool:
    """Whether this process leads."""
    return f"-{child.pid}-" in ClusterBus(cluster.bus).leader()


def leads_soon(cluster, child, seconds: float = 10.0) -> None:
    wait_until(lambda: led_by(cluster, child), f"process {child.pid} leads", seconds)


def kill(child) -> None:
    child.kill()
    child.wait()


def assert_without_a_dent(follower, shop) -> None:
    """Every arrival of every second was started, and every figure of the run is of all that the shop served."""
    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)
    rows = [row for row in follower.stats.timeline() if row.planned]
    started = list(itertools.accumulate(row.tally.arrivals_total().started for row in rows))
    planned = list(itertools.accumulate(row.planned for row in rows))
    assert [row.second for row in rows] == list(range(len(rows)))
    for second, (now, due) in enumerate(zip(started, [0, *planned], strict=False)):
        assert now >= due, f"second {second}: {now} started, {due} due a second before"
    served = shop.stats()["requests_total"]
    tallies = [row.tally for row in follower.stats.timeline()]
    series = [series for tally in tallies for series in tally.series.values()]
    for of_all in (
        Histogram.merged([of_one.service for of_one in series]),
        Histogram.merged([of_one.since_due for of_one in series]),
        Histogram.merged([tally.arrivals_total().lag for tally in tallies]),
    ):
        assert of_all.count == served
    assert sum(worker.sent for worker in follower.record.workers.values()) == served


@pytest.fixture
def server(servers):
    return servers.make().start()


def test_the_load_goes_on_without_a_dent_when_the_leader_is_killed(cluster):
    shop = cluster.shop()
    leader, leader_url = coordinator(cluster)
    leads_soon(cluster, leader)
    standby, standby_url = coordinator(cluster)
    cluster.nodes(2)
    with Scraping(leader_url, standby_url) as scraping:
        follower = cluster.submit(cluster.plan(one_page(shop, 14, RATE)))
        reach(follower, 3)
        sealed = follower.stats.last_second
        kill(leader)
        leads_soon(cluster, standby)
        reach(follower, sealed + 1)
        finish(follower)
        wait_until(lambda: shows_a_run(scraping.leading[-1]), "the run is shown", 5)
    assert_without_a_dent(follower, shop)
    assert [event.kind for event in follower.record.events if event.kind.startswith("worker_")] == []
    scraping.assert_counters_never_fell()
    scraping.assert_only_leaders_showed_runs()
    last = {name: value for (name, _), value in scraping.leading[-1].items()}
    assert last["loadgen_arrivals_planned_total"] == last["loadgen_request_latency_seconds_count"] == 14 * RATE


def test_a_leader_that_stood_still_writes_nothing_and_can_lead_again(cluster_at, server):
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    first, first_url = coordinator(cluster, *LEASE)
    leads_soon(cluster, first)
    second, second_url = coordinator(cluster, *LEASE)
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 16, RATE)))
    run = follower.record.run
    reach(follower, 2)
    with Scraping(first_url, second_url) as scraping, Overhearing(server, first.pid) as heard:
        heard.look()
        psutil.Process(first.pid).suspend()
        try:
            leads_soon(cluster, second)
            reach(follower, follower.stats.last_second + 2)
            fence = cluster.bus.client.get(f"{{run:{run}}}:fence")
            before = len(scraping.pages[first_url])
        finally:
            psutil.Process(first.pid).resume()
        wait_until(lambda: scrape(first_url) and not leads(scrape(first_url)), "it says that it stands by", 5)
        reach(follower, follower.stats.last_second + 1)
        assert led_by(cluster, second)
        assert cluster.bus.client.get(f"{{run:{run}}}:fence") == fence
        heard.look()
    assert "EVALSHA" in heard.commands
    assert heard.writing == []
    after = scraping.pages[first_url][before:]
    assert after
    assert not any(leads(page) for page in after)

    kill(second)
    leads_soon(cluster, first)
    reach(follower, follower.stats.last_second + 1)
    assert int(cluster.bus.client.get(f"{{run:{run}}}:fence")) > int(fence)
    finish(follower)
    assert_without_a_dent(follower, shop)


def through(cluster, url: str) -> tuple[subprocess.Popen, str]:
    """A coordinator whose way to Redis is another than that of all others."""
    usual, cluster.redis_url = cluster.redis_url, url
    try:
        return coordinator(cluster, *LEASE)
    finally:
        cluster.redis_url = usual


def test_a_leader_that_is_cut_off_gives_way_and_what_it_said_meanwhile_changes_nothing(cluster_at, server, net_to):
    net = net_to(server.port)
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    first, first_url = through(cluster, f"redis://127.0.0.1:{net.port}/0")
    leads_soon(cluster, first)
    second, second_url = coordinator(cluster, *LEASE)
    cluster.nodes(2)
    with Scraping(first_url, second_url) as scraping:
        follower = cluster.submit(cluster.plan(one_page(shop, 20, RATE)))
        reach(follower, 2)
        net.hold()
        leads_soon(cluster, second)
        wait_until(lambda: scrape(first_url) and not leads(scrape(first_url)), "it knows that its lease is over", 5)
        reach(follower, follower.stats.last_second + 2)
        net.heal()  # what it had said arrives now
        reach(follower, follower.stats.last_second + 2)
        assert led_by(cluster, second)
        kill(second)
        leads_soon(cluster, first, 15)
        finish(follower)
        wait_until(lambda: shows_a_run(scraping.leading[-1]), "the run is shown", 5)
    assert_without_a_dent(follower, shop)
    scraping.assert_counters_never_fell()
    scraping.assert_only_leaders_showed_runs()


def test_nothing_is_lost_while_no_coordinator_lives(cluster):
    shop = cluster.shop()
    both = [cluster.start("coordinator", *LEASE) for _ in range(2)]
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 16, RATE)))
    reach(follower, 2)
    for child in both:
        kill(child)
    before = shop.stats()["requests_total"]
    wait_until(lambda: shop.stats()["requests_total"] > before + 6 * RATE, "the load goes on", 20)
    sealed = follower.stats.last_second
    follower.look()
    assert follower.stats.last_second <= sealed + 1, "nobody seals"
    cluster.start("coordinator", *LEASE)
    finish(follower)
    assert_without_a_dent(follower, shop)


def test_a_run_that_ends_while_nobody_leads_is_brought_to_its_end_later(cluster):
    shop = cluster.shop()
    leader = cluster.start("coordinator", *LEASE)
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 5, RATE)))
    run = RunBus(cluster.bus, follower.record.run)
    reach(follower, 1)
    kill(leader)
    wait_until(lambda: shop.stats()["requests_total"] == 5 * RATE, "all of the load is done", 20)
    wait_until(lambda: time.time() - shop.stats()["last_request_at"] > 2, "its last second is over")
    assert run.record().verdict is None
    cluster.start("coordinator", *LEASE)
    finish(follower)
    assert_without_a_dent(follower, shop)
