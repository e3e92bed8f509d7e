"""How a run ends: by its plan, by a person, by a guard, and what is waited for."""

from __future__ import annotations

import pytest
from coordinator.stage import RUN, codes

from loadgen.coordinator.controller import DONE_PATIENCE_S
from loadgen.endings import Outcome
from loadgen.messages import ControlMessage, RunState, StopMode
from loadgen.stats import FAILED


def test_the_last_frames_are_waited_for(stage):
    run = stage()
    run.join("a")
    slow = run.join("b")
    run.until_second(9)
    slow.connected = False
    run.until_second(14)
    assert run.state is RunState.DRAINING
    slow.connected = True
    run.finish()

    assert run.sealed().total.arrivals_total().started == 100
    assert run.record.verdict.outcome is Outcome.PASSED


def test_a_worker_that_never_ends_is_given_up_in_the_end(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(8.05)
    run.workers["b"].alive = False
    run.finish()

    assert run.now_s - run.record.started_at == pytest.approx(10 + 5 + DONE_PATIENCE_S, abs=0.5)
    assert [silence.worker for silence in run.record.silences] == ["b"]
    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == 100


def test_frames_that_never_come_are_said_to_be_missing(stage):
    run = stage()
    run.join("a")
    gap = run.join("b")
    run.until_second(5.05)
    gap.held.clear()
    gap.connected = False
    run.until_second(6.95)
    gap.held.clear()  # these frames exist nowhere any more
    gap.connected = True
    run.finish()

    assert [silence.worker for silence in run.record.silences] == ["b"]
    assert "unreported" in codes(run.record.verdict)


def test_refused_frames_are_counted_and_kept(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    run.bus.send("a", [b"rubbish"])
    run.finish()

    assert run.record.quarantined == 1
    assert "quarantined" in run.kinds()
    assert "quarantined" in codes(run.record.verdict)
    assert run.sealed().total.arrivals_total().started == 100


@pytest.mark.parametrize("state", [RunState.WAITING, RunState.PREPARING])
def test_a_run_can_be_stopped_before_it_starts(stage, state):
    run = stage(workers={"count": 1})
    if state is RunState.PREPARING:
        run.join("a", prepares="not at all")
    run.until(lambda: run.state is state)
    run.controller.stop(run.now_s, StopMode.NOW, "changed my mind", "person")

    assert run.controller.finished
    assert run.record.verdict.outcome is Outcome.STOPPED
    assert run.record.verdict.reason == "changed my mind"


@pytest.mark.parametrize("mode", list(StopMode))
def test_a_running_run_can_be_stopped_and_nothing_is_planned_after_that(stage, mode):
    run = stage()
    run.join("a")
    run.until_second(4.5)
    run.cluster.say(ControlMessage(kind="stop", run=RUN, mode=mode))
    run.controller.stop(run.now_s, mode, "enough", "person")
    assert run.state is RunState.DRAINING
    run.finish()

    assert run.record.verdict.outcome is Outcome.STOPPED
    stats = run.sealed()
    assert 40 < stats.planned < 50
    assert stats.total.arrivals_total().started == pytest.approx(stats.planned, abs=2)


def test_a_run_that_drains_can_still_be_stopped(stage):
    run = stage()
    slow = run.join("a")
    run.until_second(9)
    slow.connected = False
    run.until(lambda: run.state is RunState.DRAINING)
    run.controller.stop(run.now_s, StopMode.NOW, "enough", "person")
    slow.connected = True
    run.finish()

    assert run.record.verdict.outcome is Outcome.STOPPED
    assert run.sealed().planned == 100


def test_only_the_first_stop_counts(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    run.controller.stop(run.now_s, StopMode.GRACEFUL, "first", "person")
    run.controller.stop(run.now_s, StopMode.NOW, "second", "person")
    run.cluster.say(ControlMessage(kind="stop", run=RUN))
    run.finish()
    run.controller.stop(run.now_s, StopMode.NOW, "third", "person")

    assert run.record.verdict.reason == "first"


def test_a_guard_stops_the_run_and_tells_the_workers(stage):
    run = stage(guards=["error_rate > 20% for 2s: stop"])
    run.join("a", answers=FAILED)
    run.finish()

    assert run.record.verdict.outcome is Outcome.GUARD
    (guard,) = run.record.verdict.guards
    assert (guard.tripped, guard.at_s) == (True, 1)
    stops = [m for _, m in run.cluster.listen("0-0", 0)[1] if m.kind == "stop"]
    assert [(message.run, message.mode) for message in stops] == [(RUN, StopMode.NOW)]
    assert run.sealed().planned < 50


def test_a_lost_worker_does_not_make_a_guard_blind(stage):
    """What was missed in a second must not be taken for the second itself."""
    run = stage(guards=["error_rate > 20% for 3s: stop"])
    run.join("a", answers=FAILED)
    run.join("b")
    run.until_second(0.5)
    run.lose("b")
    run.finish()

    assert run.record.verdict.outcome is Outcome.GUARD
    assert run.record.verdict.guards[0].at_s == 2
