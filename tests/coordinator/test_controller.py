"""One run from the queue to its verdict, in virtual time, with workers made by hand."""

from __future__ import annotations

import pytest
from coordinator.stage import RUN

from loadgen.bus import RunBus
from loadgen.coordinator.recruiting import PREPARE_S
from loadgen.endings import Outcome, Validity
from loadgen.errors import MessageError, NotFoundError, PlanError
from loadgen.messages import RunState

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
