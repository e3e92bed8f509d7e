"""A run's frames on several servers of a Redis Cluster."""

import signal
import sys
from zlib import crc32

import pytest
from cluster.harness import KEY, assert_exact, ended_by_itself, finish, one_page, reach, wait_until
from redis.crc import key_slot

from loadgen.bus import ClusterBus, RunBus, Sealing, connect, keys
from loadgen.bus.run import KEPT_AFTER_END_S
from loadgen.children import start_child
from loadgen.messages import Frame, Health, RunRecord, WorkerTotals, pack_tally
from loadgen.stats import SecondRow, Tally

SHARDS = 4
NODES = 3

ONE_WORKER_A_SHARD = "from loadgen.bus import frames; frames.WORKERS_A_SHARD = 1; from loadgen.cli import main; main()"
"""A coordinator for which a cluster of a few workers is a large one."""


@pytest.fixture
def nodes(servers):
    """The servers of a Redis Cluster."""
    return servers.cluster(NODES)


def url(nodes) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


def spread_run() -> str:
    """A run whose four streams lie on all three servers."""
    for number in range(1000):
        slots = [key_slot(keys.frames_key(f"run-{number}", shard).encode()) for shard in range(SHARDS)]
        if len({slot * NODES // 16384 for slot in slots}) == NODES:
            return f"run-{number}"
    raise AssertionError("slots are not spread at all")


def in_order(stream_id: str) -> list[int]:
    return [int(part) for part in stream_id.split("-")]


def frame(run: str, worker: str, sequence: int) -> bytes:
    return Frame(run, worker, sequence, sequence - 1, 1, pack_tally(Tally(sent=1)), Health()).encode()


def test_frames_of_a_run_lie_on_all_servers_and_are_read_sealed_trimmed_and_dropped(nodes):
    bus, run = connect(url(nodes)), spread_run()
    workers = [f"machine-{number}/0" for number in range(40)]
    leader = RunBus(bus, run)
    leader.claim(1)
    leader.spread_over(SHARDS)
    leader.write_record(1, RunRecord(run=run, name="x", submitted_at=1, started_at=2, shards=SHARDS))
    for worker in workers:
        ids = RunBus(bus, run).send(worker, [frame(run, worker, number) for number in (1, 2, 3)])
        assert RunBus(bus, run).holds(worker, ids[2])

    lengths = [sum(node.say("XLEN", key) for key in node.say("KEYS", "*:frames")) for node in nodes]
    assert sum(lengths) == 3 * len(workers)
    assert min(lengths) > 0

    positions, good, bad = leader.frames({}, 1000)
    assert bad == []
    assert positions.keys() == set(range(SHARDS))
    of_worker = {worker: [(shard, f.sequence) for (shard, _), f in good if f.worker == worker] for worker in workers}
    for worker, found in of_worker.items():
        assert found == [(crc32(worker.encode()) % SHARDS, number) for number in (1, 2, 3)]

    second = {shard: next(at for (of, at), f in good if of == shard and f.sequence == 2) for shard in range(SHARDS)}
    leader.seal(1, Sealing([SecondRow(0)], second, {w: WorkerTotals(worker=w, sequence=1) for w in workers}))
    assert leader.positions() == second
    successor = RunBus(bus, run)
    left = [place for place, _ in good if in_order(place[1]) > in_order(second[place[0]])]
    assert left
    assert [place for place, _ in successor.frames(successor.positions(), 1000).good] == left
    assert [place for place, _ in successor.frames({}, 1000).good] == left

    leader.expire()
    assert [node.say("KEYS", "*:frames") for node in nodes] == [[]] * NODES, "all of them are dealt with"
    kept_s = [node.say("TTL", key) for node in nodes for key in node.say("KEYS", "*")]
    assert kept_s
    assert all(0 < ttl_s <= KEPT_AFTER_END_S for ttl_s in kept_s)
    bus.close()


def test_uneven_streams_are_read_in_turns_and_none_is_left_behind(nodes):
    bus, run = connect(url(nodes)), RunBus(connect(url(nodes)), "r")
    run.spread_over(2)
    names = [next(f"w{n}" for n in range(99) if crc32(f"w{n}".encode()) % 2 == shard) for shard in (0, 1)]
    for name, sent in zip(names, (30, 3), strict=True):
        run.send(name, [frame("r", name, number) for number in range(1, sent + 1)])
    positions, good, _ = run.frames({}, 10)
    assert [f.worker for _, f in good] == [names[0]] * 10 + [names[1]] * 3
    positions, good, _ = run.frames(positions, 10)
    assert [f.sequence for _, f in good] == list(range(11, 21))
    assert [f.sequence for _, f in run.frames(positions, 10).good] == list(range(21, 31))
    bus.close()


@pytest.mark.parametrize(("workers", "shards"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (10_000, 10)])
def test_a_large_run_gets_several_streams_on_a_cluster_of_servers_alone(nodes, redis_url, workers, shards):
    several, one = connect(url(nodes)), connect(redis_url)

    assert RunBus(several, "r").spread_for(workers) == shards
    assert RunBus(one, "r").spread_for(workers) == 1
    several.close()
    one.close()


def test_a_run_spread_over_four_streams_is_exact_through_the_death_of_its_leader(nodes, cluster_at):
    cluster = cluster_at(url(nodes))
    shop = cluster.shop()

    def coordinator():
        with (cluster.folder / f"coordinator-{len(cluster.children)}.log").open("wb") as log:
            env = {"LOADGEN_REDIS": cluster.redis_url, "LOADGEN_KEY": KEY}
            command = [sys.executable, "-c", ONE_WORKER_A_SHARD, "coordinator"]
            cluster.children.append(start_child(command, env=env, stderr=log))
        return cluster.children[-1]

    leader = coordinator()
    wait_until(lambda: ClusterBus(cluster.bus).leader(), "it leads")
    coordinator()
    cluster.nodes(SHARDS)
    follower = cluster.submit(cluster.plan(one_page(shop, 12)))
    reach(follower, 3)
    leader.send_signal(signal.SIGKILL)
    leader.wait()
    finish(follower)

    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)
    assert follower.record.shards == SHARDS
    run = RunBus(cluster.bus, follower.record.run)
    assert run.positions().keys() == {crc32(worker.encode()) % SHARDS for worker in follower.record.workers}
    assert run.frames({}, 1000).good == []
