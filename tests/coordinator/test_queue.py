"""Runs wait for their turn, are driven, written off and stopped."""

from __future__ import annotations

import pytest

from loadgen.bus import RunBus, keys
from loadgen.coordinator.controller import RunController
from loadgen.coordinator.leader import LEASE_S
from loadgen.endings import Outcome
from loadgen.errors import BusError
from loadgen.messages import RunState

# -- runs


def test_runs_wait_in_the_queue_while_another_waits_for_workers(cluster):
    coordinator = cluster.coordinator()
    first, second = cluster.submit("r-1", workers={"wait": "2s"}), cluster.submit("r-2")
    cluster.turn(coordinator, times=5)
    assert (cluster.bus.active(), cluster.bus.queued()) == (["r-1"], ["r-2"])
    assert second.record() is None

    cluster.turn(coordinator, times=20)
    assert first.record().verdict.outcome is Outcome.FAILED
    assert (cluster.bus.active(), cluster.bus.queued()) == (["r-2"], [])
    assert ("end", "r-1") in cluster.said()


def test_only_workers_that_are_free_are_invited(cluster):
    coordinator = cluster.coordinator()
    cluster.join("busy", run="other")
    cluster.join("leaving", leaving=True)
    cluster.join("free")
    run = cluster.submit("r-1")
    cluster.turn(coordinator, times=3)

    assert run.seats().keys() == {"free"}


def test_a_run_that_has_ended_is_shown_until_the_next(cluster):
    coordinator = cluster.coordinator()
    cluster.submit("r-1", workers={"wait": "0s"})
    cluster.turn(coordinator, times=5)

    assert [run.record.state for run in cluster.shown[-1].runs] == [RunState.FINISHED]


def test_what_runs_ended_with_is_shown_of_each_though_others_ended_with_them(cluster):
    coordinator = cluster.coordinator()
    for run in ("r-1", "r-2"):
        cluster.submit(run, workers={"wait": "1m"})
    cluster.turn(coordinator, times=2)
    cluster.stop()
    cluster.turn(coordinator, times=5)

    shown = [(run.record.run, run.record.state) for snapshot in cluster.shown for run in snapshot.runs]
    assert {("r-1", RunState.FINISHED), ("r-2", RunState.FINISHED)} <= set(shown)


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        ("spec", b"rubbish", "RunSpec is malformed"),
        ("record", b"rubbish", "RunRecord is malformed"),
        ("spec", None, "there is no run"),
        ("seats", {"w": b"rubbish"}, "Seat is malformed"),
        ("totals", {"w": b"rubbish"}, "WorkerTotals is malformed"),
    ],
)
def test_a_run_that_cannot_be_driven_is_written_off_and_the_next_goes_on(cluster, bus, part, content, says):
    coordinator = cluster.coordinator()
    run = cluster.submit("r-1")
    key = keys.run_key("r-1", part)
    if content is None:
        bus.client.delete(key)
    elif isinstance(content, dict):
        bus.client.hset(key, mapping=content)
    else:
        bus.client.set(key, content)
    cluster.submit("r-2")
    cluster.turn(coordinator, times=3)

    assert run.record().verdict.outcome is Outcome.FAILED
    assert says in run.record().detail
    assert (cluster.bus.active(), cluster.bus.queued()) == (["r-2"], [])
    assert ("stop", "r-1") in cluster.said()


def test_a_run_that_brings_its_controller_down_brings_down_nothing_else(cluster, monkeypatch):
    coordinator = cluster.coordinator()
    run = cluster.submit("r-1")
    real = RunController.tick

    def tick(self, *args):
        if self.run == "r-1":
            raise ZeroDivisionError("on purpose")
        real(self, *args)

    monkeypatch.setattr(RunController, "tick", tick)
    cluster.submit("r-2")
    cluster.turn(coordinator, times=3)

    assert "on purpose" in run.record().detail
    assert cluster.bus.active() == ["r-2"]


# -- stops


@pytest.mark.parametrize("said", ["r-1", "*"])
def test_a_run_is_stopped_by_its_name_or_with_all_others(cluster, said):
    coordinator = cluster.coordinator()
    first, second = cluster.submit("r-1"), cluster.submit("r-2")
    cluster.turn(coordinator, times=2)
    cluster.stop(said)
    cluster.turn(coordinator, times=2)

    assert first.record().verdict.outcome is Outcome.STOPPED
    assert first.record().verdict.reason == "enough"
    assert (second.record().verdict is not None) == (said == "*")


def test_a_stop_does_not_reach_runs_that_came_after_it(cluster):
    coordinator = cluster.coordinator()
    cluster.hands.now_s += 60
    cluster.stop()
    first = cluster.submit("r-1")  # a minute after the stop, by cluster time
    second = cluster.submit("r-2")
    cluster.hands.now_s -= 60
    cluster.turn(coordinator, times=5)

    assert first.record().verdict is None
    assert second.record() is None
    assert cluster.bus.queued() == ["r-2"]


def test_a_stop_said_while_nobody_led_is_obeyed(cluster):
    run = cluster.submit("r-1", workers={"count": 5})
    cluster.turn(cluster.coordinator(), times=2)
    cluster.bus.resign(cluster.bus.leader())
    cluster.stop("r-1")
    heir = cluster.coordinator()
    cluster.turn(heir, seconds=LEASE_S + 1)  # the lease of the dead one had to run out first
    cluster.turn(heir)

    assert run.record().verdict.outcome is Outcome.STOPPED


def test_a_stop_of_all_said_long_before_anybody_led_is_obeyed(cluster):
    first, second = cluster.submit("r-1", workers={"count": 5}), cluster.submit("r-2")
    cluster.stop()
    cluster.hands.now_s += 600
    third = cluster.submit("r-3")
    cluster.turn(cluster.coordinator(), times=3)

    assert [run.record().verdict.outcome for run in (first, second)] == [Outcome.STOPPED, Outcome.STOPPED]
    assert third.record() is None or third.record().verdict is None


def test_a_queued_run_whose_papers_are_malformed_can_be_stopped_with_the_others(cluster, bus):
    coordinator = cluster.coordinator()
    cluster.submit("r-1", workers={"count": 5})
    broken = cluster.submit("r-2")
    bus.client.set(keys.run_key("r-2", "spec"), b"rubbish")
    cluster.turn(coordinator, times=2)
    cluster.stop()
    cluster.turn(coordinator, times=2)

    assert broken.record().verdict.outcome is Outcome.FAILED
    assert (cluster.bus.active(), cluster.bus.queued()) == ([], [])


def test_a_stop_is_not_lost_when_redis_fails_before_it_is_written(cluster, monkeypatch):
    coordinator = cluster.coordinator()
    run = cluster.submit("r-1", workers={"count": 5})
    cluster.turn(coordinator, times=2)
    cluster.stop()
    with monkeypatch.context() as patch:
        patch.setattr(RunBus, "write_record", lambda *_: (_ for _ in ()).throw(BusError("gone")))
        with pytest.raises(BusError):
            cluster.turn(coordinator)
    coordinator._runs.clear()  # as the loop does
    cluster.turn(coordinator, times=2)

    assert run.record().verdict.outcome is Outcome.STOPPED
