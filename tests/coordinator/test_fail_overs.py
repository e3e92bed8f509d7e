"""Leaders change in the middle of a run, and it comes out the same."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from coordinator.stage import RUN, Stage, codes

from loadgen.endings import Outcome
from loadgen.errors import FencedError
from loadgen.messages import ControlMessage, StopMode
from loadgen.stats import FAILED


def watched(run: Stage) -> tuple:
    """All that must not depend on who leads."""
    stats = run.sealed()
    arrivals = stats.total.arrivals_total()
    verdict = run.record.verdict
    return (
        (arrivals.started, arrivals.missed, stats.total.requests, stats.planned),
        {row.second: (row.planned, row.tally.arrivals_total().started) for row in stats.timeline() if row.planned},
        {name: (totals.requests, totals.state) for name, totals in run.record.workers.items()},
        (verdict.outcome, verdict.reason, codes(verdict)),
    )


def play(run: Stage, fail_over_at: set[int]) -> tuple:
    """One joins, one leaves, one is lost; leaders change at some ticks."""
    for name in "abc":
        run.join(name)
    events = {35: lambda: run.join("d"), 50: lambda: run.leave("a"), 65: lambda: run.lose("b")}
    for tick in range(400):
        if run.controller.finished:
            return watched(run)
        if tick in fail_over_at:
            run.fail_over()
        events.get(tick, lambda: None)()
        run.tick()
    raise AssertionError(run.record)


def test_a_run_comes_out_the_same_however_often_leaders_change(bus, make):
    plan = make.plan(thresholds=["rate(requests) > 1/s"])
    alone = play(Stage(bus, plan), set())
    dice = random.Random(5)
    for _ in range(3):
        bus.client.flushall()
        assert play(Stage(bus, plan), set(dice.sample(range(3, 120), 6))) == alone


@pytest.mark.parametrize("tick", range(60, 75))
def test_no_instant_around_a_loss_is_bad_for_a_fail_over(bus, make, tick):
    run = Stage(bus, make.plan())
    (started, missed, requests, planned), *_ = play(run, {tick})

    assert planned == started + missed == 100
    assert started == requests
    assert len(run.record.silences) == 1
    assert run.kinds().count("worker_lost") == 1


def test_the_machine_of_a_lost_worker_is_known_under_the_next_leader_too(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4.05)
    run.lose("b")
    run.until_second(4.3)
    run.fail_over()
    run.finish()

    assert {name: (totals.state, totals.node) for name, totals in run.record.workers.items()} == {
        "a": ("done", "n1"),
        "b": ("lost", "n1"),
    }


def test_a_stop_survives_the_leader_that_heard_it(stage):
    run = stage()
    slow = run.join("a")
    run.until_second(4.5)
    slow.connected = False
    run.cluster.say(ControlMessage(kind="stop", run=RUN, mode=StopMode.NOW))
    run.controller.stop(run.now_s, StopMode.NOW, "enough", "person")
    run.tick()
    run.fail_over()
    slow.connected = True
    run.finish()

    assert (run.record.verdict.outcome, run.record.verdict.reason) == (Outcome.STOPPED, "enough")
    assert run.sealed().planned < 50


def test_a_guard_that_tripped_as_its_leader_died_stops_the_run_under_the_next(stage, monkeypatch):
    run = stage(guards=["error_rate > 20% for 2s: stop"])
    run.join("a", answers=FAILED)
    run.until_second(1.5)
    monkeypatch.setattr(type(run.controller), "stop", lambda *_: None)  # the leader dies before it can say so
    run.until_second(2.6)
    monkeypatch.undo()
    run.fail_over()
    run.finish()

    assert run.record.verdict.outcome is Outcome.GUARD


def test_names_that_were_kept_apart_stay_apart_under_the_next_leader(stage, make):
    run = stage(max_names=2)
    run.join("a")
    run.until_second(1)
    for number, name in enumerate(("/x", "/y"), 1):
        run.bus.send("stranger", [replace(make.frame("stranger", number, 0, name=name), run=RUN).encode()])
    run.until_second(3)
    run.fail_over()
    run.finish()

    assert len({key.name for key in run.sealed().total.series}) <= 3  # two, and __other__


def test_an_older_leader_writes_nothing_any_more(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    old = run.controller
    run.fail_over()
    before = (run.bus.record(), run.sealed().last_second)

    with pytest.raises(FencedError):
        old.tick(run.now_s + 5, run.members, {})
    assert (run.bus.record(), run.sealed().last_second) == before
    with pytest.raises(FencedError):
        type(old)(run.cluster, run.bus, 1, run.now_s)


def test_a_finished_run_that_was_not_put_away_is_put_away_by_the_next_leader(stage):
    run = stage()
    run.join("a")
    run.finish()
    assert run.cluster.active() == [RUN]
    run.fail_over()
    run.tick()

    assert run.controller.finished
    run.controller.retire()
    assert run.cluster.active() == []
    assert run.bus.exists()  # for a while
