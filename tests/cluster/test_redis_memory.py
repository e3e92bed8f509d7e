"""What a run takes of Redis: its frames only until they are sealed, and everything only for some days."""

import pytest
from cluster.harness import assert_all_expire, finish, one_page
from coordinator.stage import Stage

from loadgen.bus import EmbeddedServer, connect, keys
from loadgen.plan.model import Plan

MINUTES = 8


@pytest.fixture
def bus():
    with EmbeddedServer() as server:
        bus = connect(server.url)
        yield bus
        bus.close()


def sizes(stage, bus) -> dict[str, int]:
    """Bytes in Redis, by part of the run."""
    parts = {part: keys.run_key(stage.bus.run, part) for part in keys.RUN_PARTS}
    parts["frames"] = keys.frames_key(stage.bus.run, 0)
    parts["control"] = keys.CONTROL
    return {part: bus.client.memory_usage(key, samples=0) or 0 for part, key in parts.items()}


def test_a_long_run_grows_by_its_sealed_seconds_alone(bus):
    """Eight simulated minutes of six workers, one of which comes late and one of which dies."""
    plan = {
        "name": "long",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [{"file": "browse.py", "user": "Browser"}],
        "load": [{"shape": {"constant": {"at": "60/s", "for": f"{MINUTES}m"}}}],
    }
    stage = Stage(bus, Plan.model_validate(plan))
    for name in "abcde":
        stage.join(name)
    stage.until_second(10)
    stage.join("late")
    stage.until_second(20)
    stage.lose("a")
    measured = []
    for second in range(30, 60 * MINUTES, 30):
        stage.until_second(second)
        assert bus.client.xlen(keys.frames_key(stage.bus.run, 0)) <= 2 * len(stage.members)
        measured.append(sizes(stage, bus))
    first, last = measured[0], measured[-1]
    grown = {part: last[part] - first[part] for part in last if last[part] > 1.05 * first[part] + 1000}
    assert grown.keys() == {"sealed"}, measured
    assert grown["sealed"] / (60 * MINUTES - 60) < 500, "bytes a second of one series"
    assert sum(size for part, size in last.items() if part != "sealed") < 100_000
    stage.finish()
    stage.controller.retire()
    assert bus.client.exists(keys.frames_key(stage.bus.run, 0)) == 0


def test_every_key_of_a_run_expires_after_its_end(cluster):
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 3)))
    cluster.bus.client.xadd(keys.frames_key(follower.record.run, 0), {"f": b"rubbish"})
    finish(follower)
    assert follower.record.quarantined == 1
    (why,) = (reason for reason in follower.record.verdict.validity.reasons if reason.code == "quarantined")
    assert why.severity == "DEGRADED"
    assert_all_expire(cluster)
    of_run = {key.decode().rpartition(":")[2] for key in cluster.bus.client.scan_iter(match="{run:*")}
    # While a change is not heard by all; of plans with data, or that are cleaned; of locustfiles that ask and speak.
    not_of_each = {"awaited", "rows", "rows-held", "indexes", "to-master", "to-workers", "created", "created-lost"}
    assert of_run | not_of_each == {*keys.RUN_PARTS}
