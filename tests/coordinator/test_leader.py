"""The coordinator's loop: who leads, who is believed dead, and what survives."""

from __future__ import annotations

import threading
import time

import pytest

from loadgen.bus import ClusterBus, keys
from loadgen.coordinator import leader as module
from loadgen.coordinator.leader import LEASE_S, Coordinator
from loadgen.endings import Outcome
from loadgen.errors import BusError, FencedError
from loadgen.messages import RunState, WorkerEvent

# -- leading


def test_one_leads_and_another_stands_by_until_it_may(cluster):
    one, other = cluster.coordinator(), cluster.coordinator()
    cluster.turn(one)
    cluster.turn(other)
    assert cluster.bus.leader() == one.name
    first, second = cluster.shown
    assert first.leading
    assert (second.leading, second.fence) == (False, 0)
    assert first.led_by == second.led_by == one.name

    one._resign()
    cluster.turn(other, seconds=3)
    assert cluster.bus.leader() == other.name
    assert cluster.shown[-1].fence > first.fence


def test_a_lease_is_renewed_before_it_ends(cluster, bus):
    coordinator = cluster.coordinator()
    cluster.turn(coordinator)
    bus.client.pexpire(keys.LEADER, 1000)
    cluster.turn(coordinator, seconds=LEASE_S / 3 + 0.1)

    assert bus.client.pttl(keys.LEADER) > 1000


def test_a_leader_that_was_replaced_drops_everything(cluster, bus):
    one, other = cluster.coordinator(), cluster.coordinator()
    cluster.submit("r-1")
    cluster.turn(one)
    bus.client.delete(keys.LEADER)
    cluster.turn(other)
    assert [controller.run for controller in other._runs.values()] == ["r-1"]
    cluster.turn(one, seconds=3)

    assert one._runs == {}
    assert one._fence == 0
    assert not cluster.shown[-1].leading


def test_a_leader_that_was_paused_finds_its_fence_gone(cluster, bus):
    one, other = cluster.coordinator(), cluster.coordinator()
    cluster.submit("r-1")
    cluster.turn(one)
    bus.client.delete(keys.LEADER)
    cluster.turn(other)
    cluster.join("w")
    with pytest.raises(FencedError):
        cluster.turn(one, times=10, seconds=0.01)


# -- workers


def test_a_worker_whose_lease_has_ended_is_taken_off_the_list(cluster):
    coordinator = cluster.coordinator()
    cluster.join("w", lease_s=1)
    cluster.join("v", lease_s=600)
    cluster.turn(coordinator, times=40)  # the first lease after taking the lead, nobody is declared dead
    assert cluster.bus.members().keys() == {"w", "v"}
    cluster.turn(coordinator, times=20)

    assert cluster.bus.members().keys() == {"v"}


def test_nobody_is_declared_dead_right_after_a_pause(cluster):
    coordinator = cluster.coordinator()
    cluster.join("w", lease_s=7)
    cluster.turn(coordinator, times=60)
    cluster.turn(coordinator, seconds=30)  # Redis was away, or this process stood still
    cluster.turn(coordinator, times=45)
    assert cluster.bus.members().keys() == {"w"}
    cluster.turn(coordinator, times=10)
    assert cluster.bus.members().keys() == set()


def ready(cluster, coordinator, *workers):
    """A run that these workers have prepared."""
    for worker in workers:
        cluster.join(worker)
    run = cluster.submit("r-1")
    cluster.turn(coordinator, times=2)
    for worker in workers:
        run.tell(WorkerEvent(kind="ready", worker=worker))
    cluster.turn(coordinator, times=2)
    assert run.record().state is RunState.RUNNING
    return run


def lost(run) -> set[str]:
    return {event.text.partition(" ")[0] for event in run.record().events if event.kind == "worker_lost"}


@pytest.mark.parametrize("by", ["this leader", "another"])
def test_workers_that_redis_forgot_have_a_lease_to_come_back(cluster, bus, by):
    coordinator = cluster.coordinator()
    run = ready(cluster, coordinator, "a", "b")
    cluster.turn(coordinator, times=60)
    bus.client.delete(keys.WORKERS, keys.WORKER_INFO, keys.MEMBERS)
    if by == "another":
        coordinator._resign()
        coordinator = cluster.coordinator()
    cluster.turn(coordinator, times=10)
    cluster.join("a")
    cluster.turn(coordinator, times=35)
    assert lost(run) == set()
    cluster.turn(coordinator, times=15)
    assert lost(run) == {"b"}


def test_a_worker_that_left_is_lost_at_once_though_redis_was_away(cluster):
    coordinator = cluster.coordinator()
    run = ready(cluster, coordinator, "a", "b")
    coordinator._resign()
    cluster.bus.leave("b")  # its supervisor saw it die
    cluster.turn(cluster.coordinator(), times=2)
    assert lost(run) == {"b"}


def test_a_run_that_redis_forgot_is_brought_to_its_end_by_whoever_leads_then(cluster, bus):
    former, other = cluster.coordinator(), cluster.coordinator()
    run = ready(cluster, former, "a")
    bus.client.flushall()
    cluster.turn(other)  # is the first to see that nobody leads
    cluster.turn(former, times=20)
    assert ("stop", "r-1") in cluster.said()
    run.tell(WorkerEvent(kind="done", worker="a"))
    cluster.turn(other, times=20)

    verdict = run.record().verdict
    assert (verdict.outcome, verdict.exit_code) == (Outcome.INVALID, 13)
    assert "Redis was emptied" in verdict.reason
    assert (cluster.bus.active(), cluster.bus.runs()) == ([], ["r-1"])


def test_what_metrics_show_of_workers_and_runs(cluster):
    coordinator = cluster.coordinator()
    cluster.join("a")
    cluster.join("b", run="other")
    cluster.join("c", leaving=True)
    cluster.submit("r-1", workers={"count": 5})
    cluster.submit("r-2")
    cluster.turn(coordinator, times=2)
    shown = cluster.shown[-1]

    assert shown.workers == {"idle": 1, "busy": 1, "leaving": 1}
    assert (shown.queued, [run.record.run for run in shown.runs]) == (1, ["r-1"])


# -- the loop


@pytest.fixture
def loop(cluster, monkeypatch):
    """A coordinator that works by itself, in a thread."""
    monkeypatch.setattr(module, "TICK_S", 0.01)
    coordinator, stop = Coordinator(cluster.redis), threading.Event()
    thread = threading.Thread(target=coordinator.run, args=(stop,))
    thread.start()
    yield coordinator, stop, thread
    stop.set()
    thread.join(20)


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_works_until_it_is_told_to_stop_and_gives_the_lead_back(cluster, loop):
    coordinator, stop, thread = loop
    until(lambda: cluster.bus.leader() == coordinator.name)
    stop.set()
    thread.join(10)

    assert not thread.is_alive()
    assert cluster.bus.leader() == ""


def test_it_goes_on_after_redis_was_away(cluster, loop, monkeypatch, caplog):
    coordinator, _, _ = loop
    until(cluster.bus.leader)
    caplog.set_level("INFO", "loadgen")
    with monkeypatch.context() as patch:
        patch.setattr(ClusterBus, "members_version", lambda _: (_ for _ in ()).throw(BusError("Redis is on fire")))
        until(lambda: "Redis is on fire; trying again" in caplog.text)
    until(lambda: "Redis is back" in caplog.text)
    run = cluster.submit("r-1", workers={"count": 5})
    until(lambda: run.record() is not None)

    assert caplog.text.count("Redis is on fire") == 1
    assert coordinator.name == cluster.bus.leader()


@pytest.mark.usefixtures("loop")
def test_it_stands_by_when_it_is_fenced_off(cluster, bus, caplog):
    run = cluster.submit("r-1", workers={"count": 5})
    until(lambda: run.record() is not None)
    bus.client.set(keys.run_key("r-1", "fence"), 99)
    cluster.join("w")  # news, which must be written

    until(lambda: "standing by" in caplog.text)
