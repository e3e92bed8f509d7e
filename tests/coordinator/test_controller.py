"""One run from the queue to its verdict, in virtual time, with workers made by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from coordinator.stage import RUN, Stage

from loadgen.bus import RunBus
from loadgen.coordinator.controller import DONE_PATIENCE_S, LAST_WORDS_S, ORPHANED_S
from loadgen.coordinator.recruiting import PREPARE_S
from loadgen.endings import Outcome, Validity
from loadgen.errors import FencedError, MessageError, NotFoundError, PlanError
from loadgen.messages import ControlMessage, RunState, StopMode, WorkerEventKind
from loadgen.shapes.shares import EMPTY
from loadgen.stats import FAILED, ArrivalCounts, Tally


@pytest.fixture
def stage(bus, make):
    """A run of ten shoppers a second for ten seconds; keyword arguments change its plan."""
    return lambda **changes: Stage(bus, make.plan(**changes))


def codes(verdict) -> set[str]:
    return {reason.code for reason in verdict.validity.reasons}


# -- the usual way


def test_a_run_goes_from_the_queue_to_its_verdict(stage):
    run = stage()
    states = [run.state]
    run.tick()
    states.append(run.state)
    for name in "ab":
        run.join(name)
    while not run.controller.finished:
        run.tick()
        if run.state is not states[-1]:
            states.append(run.state)

    assert states == list(RunState)
    assert run.record.verdict.outcome is Outcome.PASSED
    assert run.record.verdict.validity.verdict is Validity.VALID
    stats = run.sealed()
    assert [row.planned for row in stats.timeline() if row.planned] == [10] * 10
    assert stats.total.arrivals_total().started == stats.planned == 100
    assert run.kinds() == ["prepared", "started", "epoch", "finished"]
    assert {name: (totals.state, totals.node) for name, totals in run.record.workers.items()} == {
        "a": ("done", "n1"),
        "b": ("done", "n1"),
    }
    assert run.bus.record() == run.record


def test_what_was_written_is_what_everyone_reads(stage):
    run = stage()
    run.join("a")
    run.until_second(3)

    assert run.bus.record().state is RunState.RUNNING
    assert run.bus.record().epoch == 1
    assert run.sealed().planned == run.controller.snapshot().planned >= 10
    assert run.bus.totals() == run.controller.snapshot().totals


def test_a_snapshot_does_not_change_afterwards(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    snapshot = run.controller.snapshot()
    before = (snapshot.total.requests, snapshot.planned, len(snapshot.record.events), snapshot.record.state)
    run.join("b")
    run.finish()

    assert (snapshot.total.requests, snapshot.planned, len(snapshot.record.events), snapshot.record.state) == before


# -- waiting and preparing


def test_a_run_says_what_it_waits_for(stage):
    run = stage(workers={"count": 2, "labels": {"zone": "a"}})
    run.join("a", labels={"zone": "a"})
    run.join("b", labels={"zone": "b"})
    run.tick()
    assert (run.state, run.record.detail) == (RunState.WAITING, "waits for 2 workers with zone=a, 1 free now")

    run.join("c", labels={"zone": "a", "more": "x"})
    run.finish()
    assert sorted(run.record.workers) == ["a", "c"]


def test_a_run_that_asks_for_a_number_of_workers_takes_no_more(stage):
    run = stage(workers={"count": 2})
    for name in "abc":
        run.join(name)
    run.finish()

    assert sorted(run.record.workers) == ["a", "b"]


def test_a_run_that_waits_too_long_fails(stage):
    run = stage(workers={"count": 2, "wait": "3s"})
    run.join("a")
    run.finish()

    assert run.record.verdict.outcome is Outcome.FAILED
    assert run.record.verdict.reason == "no 2 workers came within 3 s"
    assert 3 < run.now_s - 1000 < 3.5


def test_a_worker_that_refuses_fails_the_run_with_its_reason(stage):
    run = stage()
    run.join("a")
    run.join("b", prepares="refused")
    run.finish()

    assert run.record.verdict.outcome is Outcome.FAILED
    assert run.record.verdict.reason == "another digest (bring both to the same version)"
    assert run.record.started_at is None


def test_a_run_starts_without_workers_that_take_too_long_to_prepare(stage):
    run = stage()
    run.join("a")
    run.join("b", prepares="not at all")
    run.until(lambda: run.state is RunState.RUNNING)
    assert PREPARE_S < run.now_s - 1000 < PREPARE_S + 1

    run.finish()
    assert run.record.verdict.outcome is Outcome.PASSED
    assert sorted(run.record.workers) == ["a"]


def test_a_run_whose_workers_all_take_too_long_fails(stage):
    run = stage()
    run.join("a", prepares="not at all")
    run.finish()

    assert run.record.verdict.reason == "no worker could prepare the run within 20 s"


# -- workers come and go


def test_a_worker_that_joins_gets_its_share_and_the_load_stays_on_plan(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    run.join("b")
    run.finish()

    assert run.record.epoch == 2
    assert [row.tally.arrivals_total().started for row in run.sealed().timeline()][:10] == [10] * 10
    assert run.record.workers["b"].started > 20
    assert run.record.workers["b"].first_second == 3
    assert "worker_joined" in run.kinds()


def test_a_worker_that_leaves_gives_its_share_back_and_the_load_stays_on_plan(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4)
    run.leave("b")
    run.finish()

    assert run.record.workers["b"].last_second == 4
    assert [row.tally.arrivals_total().started for row in run.sealed().timeline()][:10] == [10] * 10
    assert run.record.verdict.validity.verdict is Validity.VALID
    assert "worker_left" in run.kinds()


def test_a_worker_that_stood_still_while_its_share_was_given_back_learns_of_it_though_the_next_epoch_has_come(stage):
    run = stage()
    for name in "bac":  # b hears of new shares before a does, so it does not know yet that they are sure
        run.join(name)
    run.until_second(2.5)
    run.leave("b")
    run.until(lambda: run.workers["b"].tenure.is_open)
    run.workers["b"].paused = True
    run.leave("c")
    run.until(lambda: run.record.epoch == 3)
    run.workers["b"].paused = False
    run.until(lambda: run.workers["b"].gone, ticks=20)
    run.finish()

    assert run.record.workers["b"].state == "done"
    assert run.sealed().total.arrivals_total().in_all == 100


def test_the_arrivals_of_a_lost_worker_are_missed_until_the_next_epoch(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4.05)
    run.lose("b")
    run.finish()

    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == 100
    by_second = {row.second: row.tally.arrivals_total() for row in run.sealed().timeline()}
    assert [second for second, counts in by_second.items() if counts.missed] == [4]
    assert all(counts.started + counts.missed == 10 for second, counts in by_second.items() if second < 10)
    assert [(s.worker, s.first_second, s.last_second) for s in run.record.silences] == [("b", 4, 4)]
    assert {"missed", "unreported"} <= codes(run.record.verdict)
    assert run.record.workers["b"].state == "lost"


def test_arrivals_missed_over_several_seconds_belong_to_their_seconds(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(3.05)
    run.workers["b"].alive = False
    run.until_second(7.05)  # its lease ends only now
    run.lose("b")
    run.finish()

    by_second = {row.second: row.tally.arrivals_total() for row in run.sealed().timeline()}
    assert [second for second, counts in by_second.items() if counts.missed] == [3, 4, 5, 6, 7]
    assert all(counts.started + counts.missed == 10 for second, counts in by_second.items() if second < 10)


def test_the_seat_of_a_lost_worker_is_vacated_so_that_it_does_not_go_on(stage):
    run = stage()
    run.join("a")
    run.join("b")
    run.until_second(4)
    before = run.bus.seat("b")
    run.lose("b")
    run.tick()

    assert run.bus.seat("b").pieces[-1].share == EMPTY
    assert run.bus.seat("b").epoch > before.epoch


def test_a_lost_worker_that_comes_back_is_heard_and_done(stage):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(3)
    lost.connected = False
    del run.members["b"]
    run.until_second(6)
    lost.connected = True  # it finds its seat vacated, and sends what it kept
    run.finish()

    assert run.record.workers["b"].state == "done"
    assert run.record.silences == []
    assert run.bus.sealed_sequence("b") == lost.sequence


def test_a_lost_worker_is_not_silent_whose_frames_are_found_later(stage):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(3.4)
    run.lose("b")  # its supervisor was killed with it
    run.until_second(5)
    assert [silence.worker for silence in run.record.silences] == ["b"]
    lost.bequeath()  # another supervisor on its machine has found what it left
    run.finish()

    assert run.record.workers["b"].state == "lost"
    assert run.record.silences == []
    assert "unreported" not in codes(run.record.verdict)


@pytest.mark.parametrize("tells_after_s", [1.0, LAST_WORDS_S - 0.5, None])
def test_the_end_waits_some_seconds_for_what_lost_workers_may_still_tell(stage, tells_after_s):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(8.05)
    run.lose("b")
    run.until_second(10.5)
    run.until(lambda: run.workers["a"].gone)
    complete_s = run.now_s
    if tells_after_s is not None:
        run.until(lambda: run.now_s >= complete_s + tells_after_s)
        lost.bequeath()
    run.finish()

    told = tells_after_s is not None
    assert run.now_s - complete_s == pytest.approx(tells_after_s if told else LAST_WORDS_S, abs=1)
    assert [silence.worker for silence in run.record.silences] == ([] if told else ["b"])
    assert ("unreported" in codes(run.record.verdict)) != told


def test_what_a_worker_missed_is_counted_once_when_it_comes_back(stage, make):
    run = stage()
    run.join("a")
    lost = run.join("b")
    run.until_second(3.05)
    lost.alive = False
    del run.members["b"]
    run.until_second(6)
    again = make.frame("b", lost.sequence + 1, 5, tally=Tally(arrivals={0: ArrivalCounts(missed=14)}), last=True)
    run.bus.send("a", [replace(again, run=RUN).encode()])
    lost.say(WorkerEventKind.DONE, sequence=lost.sequence + 1)
    run.finish()

    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == 100
    assert run.record.workers["b"].missed < 5, "those that were due before it was lost"


def test_a_worker_lost_before_it_carried_anything_leaves_no_gap(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    run.join("b", prepares="not at all")
    run.tick()
    run.lose("b")
    run.finish()

    assert run.record.silences == []
    assert run.record.verdict.validity.verdict is Validity.VALID


def test_a_worker_lost_before_its_first_frame_is_silent_since_it_was_seated(stage):
    run = stage()
    run.join("a")
    run.until_second(3)
    run.join("b")
    run.until(lambda: run.record.epoch == 2)
    run.until_second(run.workers["b"].tenure.pieces[0].from_s + 0.05)
    run.workers["b"].alive = False
    run.until_second(6)
    run.lose("b")
    run.finish()

    (silence,) = run.record.silences
    assert (silence.worker, silence.first_second) == ("b", 4)
    assert run.sealed().total.arrivals_total().started + run.sealed().total.arrivals_total().missed == 100


def test_a_run_that_lost_every_worker_waits_for_one_and_then_fails(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    run.lose("a")
    lost_s = run.now_s
    run.until(lambda: run.controller.finished, ticks=200)

    verdict = run.record.verdict
    assert (verdict.outcome, verdict.reason) in {
        (Outcome.FAILED, "every worker of the run is gone"),
        (Outcome.INVALID, verdict.reason),
    }
    assert run.now_s - lost_s <= ORPHANED_S + LAST_WORDS_S + 1
    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == run.sealed().planned


def test_a_run_that_lost_every_worker_goes_on_with_one_that_joins(stage):
    run = stage()
    run.join("a")
    run.until_second(2.05)
    run.lose("a")
    run.until_second(4.05)
    run.join("b")
    run.finish()

    arrivals = run.sealed().total.arrivals_total()
    assert arrivals.started + arrivals.missed == run.sealed().planned == 100
    assert 20 <= arrivals.missed <= 30
    assert run.record.workers["b"].started >= 50


def test_a_worker_that_refuses_while_the_run_goes_on_is_noted_and_left_out(stage):
    run = stage()
    run.join("a")
    run.until_second(2)
    run.join("b", prepares="refused")
    run.finish()

    assert run.record.verdict.outcome is Outcome.PASSED
    assert "b refuses the run: another digest (bring both to the same version)" in [e.text for e in run.record.events]


def test_a_worker_that_is_ready_only_when_the_load_ends_holds_nobody_up(stage):
    run = stage()
    run.join("a")
    run.until_second(9.5)
    late = run.join("b", prepares="later")
    run.until(lambda: run.state is RunState.DRAINING)
    late.say(WorkerEventKind.READY)
    run.finish()

    assert run.now_s - run.record.started_at < 13
    assert run.record.silences == []
    assert run.record.verdict.validity.verdict is Validity.VALID


# -- the end


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


# -- other leaders


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


# -- what Redis may hold


def test_a_run_that_is_gone_cannot_be_driven(bus):
    from loadgen.bus import ClusterBus
    from loadgen.coordinator.controller import RunController

    with pytest.raises(NotFoundError):
        RunController(ClusterBus(bus), RunBus(bus, "nowhere"), 1, 0.0)


@pytest.mark.parametrize("part", ["spec", "record"])
def test_a_run_whose_papers_are_malformed_cannot_be_driven(stage, bus, part):
    run = stage()
    bus.client.set(f"{{run:{RUN}}}:{part}", b"{}")

    with pytest.raises(MessageError):
        run.take_over()


def test_a_run_of_another_version_cannot_be_driven(stage, bus):
    run = stage()
    spec = run.bus.spec().model_copy(update={"plan": "{}"})
    bus.client.set(f"{{run:{RUN}}}:spec", spec.encode())

    with pytest.raises(PlanError):
        run.take_over()
