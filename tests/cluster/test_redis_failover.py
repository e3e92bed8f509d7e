"""The primary is lost and a replica takes over that has not heard of everything."""

from cluster.harness import assert_exact, ended_by_itself, finish, one_page, reach, wait_until

PASSWORD = "only for Sentinels"


def of_replica(link) -> bool:
    return b"PSYNC" in link.opening


def test_a_fail_over_by_sentinel_loses_nothing_though_the_replica_lacks_sealed_seconds(servers, net_to, cluster_at):
    primary = servers.make().start()
    net = net_to(primary.port)
    replica, sentinel = servers.watched(net.port, f'requirepass "{PASSWORD}"')
    sentinel.password = PASSWORD
    wait_until(lambda: sentinel.say("SENTINEL", "REPLICAS", "shop"), "Sentinel knows the replica", 15)
    password = PASSWORD.replace(" ", "%20")
    cluster = cluster_at(f"redis+sentinel://127.0.0.1:{sentinel.port}/shop?sentinel_password={password}")
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 12)))
    reach(follower, 2)
    net.hold(only=of_replica)
    reach(follower, 4)
    primary.kill()
    net.shut()
    told = [row.second for row in follower.stats.timeline()]
    wait_until(replica.is_primary, "the replica is promoted", 15)
    assert len(replica.say("XRANGE", f"{{run:{follower.record.run}}}:sealed", "-", "+")) < len(told)
    finish(follower)
    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)
