"""A Redis Cluster whose slots move while a run goes on: ASK, TRYAGAIN and MOVED."""

import time

from cluster.harness import assert_exact, ended_by_itself, finish, one_page, reach
from redis.crc import key_slot

from loadgen.bus import ClusterBus, connect
from loadgen.bus.cluster import CLOCK_SAMPLES
from loadgen.clock import ClusterClock

BETWEEN_KEYS_S = 0.15
"""A slot is halfway for some time: scripts that need keys on both sides must wait."""


def slot_of(tag: str) -> int:
    return key_slot(f"{{{tag}}}".encode())


def move(servers, slot: int) -> None:
    """Move a slot to the next server, key by key, as operators do."""
    ids = [server.say("CLUSTER MYID").decode() for server in servers]
    source = next(number for number, server in enumerate(servers) if _owns(server, ids[number], slot))
    target = (source + 1) % len(servers)
    servers[target].say("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    servers[source].say("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    while keys := servers[source].say("CLUSTER", "GETKEYSINSLOT", slot, 1):
        servers[source].say("MIGRATE", "127.0.0.1", servers[target].port, "", 0, 5000, "KEYS", *keys)
        time.sleep(BETWEEN_KEYS_S)
    for number in (target, source, *(set(range(len(servers))) - {source, target})):
        servers[number].say("CLUSTER", "SETSLOT", slot, "NODE", ids[target])


def _owns(server, own_id: str, slot: int) -> bool:
    owned = [part for part in server.say("CLUSTER", "SLOTS") if part[2][2].decode() == own_id]
    return any(low <= slot <= high for low, high, *_ in owned)


def test_slots_move_while_a_run_goes_on(servers, cluster_at):
    nodes = servers.cluster(3)
    cluster = cluster_at(f"redis+cluster://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}")
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 12)))
    run = follower.record.run
    reach(follower, 1)
    move(nodes, slot_of(f"run:{run}"))
    reach(follower, 4)
    move(nodes, slot_of(f"run:{run}:0"))
    move(nodes, slot_of("loadgen"))
    finish(follower)
    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)
    told = {}
    for node in nodes:
        for kind, count in node.say("INFO", "errorstats").items():
            told[kind] = told.get(kind, 0) + count["count"]
    assert {"errorstat_MOVED", "errorstat_ASK", "errorstat_TRYAGAIN"} <= told.keys(), told


def test_every_process_has_the_clock_of_the_server_that_judges_leases(servers):
    """In a Redis Cluster each server has a clock of its own, and redis-py asks any."""
    nodes = servers.cluster(3)
    answers = next(node for node in nodes if _owns(node, node.say("CLUSTER MYID").decode(), slot_of("loadgen")))
    before = [node.say("INFO", "commandstats").get("cmdstat_time", {}).get("calls", 0) for node in nodes]
    for first in nodes:
        bus = connect(f"redis+cluster://127.0.0.1:{first.port}")
        ClusterBus(bus).sync_clock(ClusterClock())
        bus.close()
    asked = [node.say("INFO", "commandstats").get("cmdstat_time", {}).get("calls", 0) for node in nodes]
    assert [number - known for number, known in zip(asked, before, strict=True)] == [
        3 * CLOCK_SAMPLES if node is answers else 0 for node in nodes
    ]
