"""Redis is killed and comes back with what lay on its disk."""

import pytest
from cluster.harness import assert_exact, ended_by_itself, finish, one_page, reach, wait_until
from cluster.servers import DURABLE, LOAD_SLOWLY, down_for


@pytest.mark.parametrize("flush", ["always", "everysec"])
def test_a_restart_within_the_lease_leaves_no_dent(servers, cluster_at, flush):
    server = servers.make("appendonly yes", f"appendfsync {flush}").start()
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 9)))
    reach(follower, 2)
    down_for(server, 2)
    reach(follower, 5)
    down_for(server, 0.5)
    finish(follower)
    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)


def test_a_restart_beyond_the_lease_pauses_the_load_and_loses_nothing(servers, cluster_at):
    server = servers.make(*DURABLE).start()
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    cluster.start("coordinator", "--lease", "2")
    cluster.nodes(2, "--lease", "2")
    follower = cluster.submit(cluster.plan(one_page(shop, 13)))
    reach(follower, 2)
    down_for(server, 5)
    finish(follower)
    assert_exact(follower, shop, missed=True)
    assert 40 < follower.stats.total.arrivals_total().missed < 40 * 6
    assert {worker.state for worker in follower.record.workers.values()} == {"done"}


def test_a_server_that_loads_its_data_for_seconds_is_waited_for(servers, cluster_at):
    server = servers.make(*DURABLE).start()
    server.say("DEBUG", "POPULATE", 1000)
    server.say("BGREWRITEAOF")
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 9)))
    reach(follower, 2)
    server.kill()
    server.start(*LOAD_SLOWLY, wait=False)
    wait_until(lambda: "loading" in server.refusal(), "the server loads")
    finish(follower)
    assert_exact(follower, shop)
