from __future__ import annotations

from dataclasses import replace

import pytest

from loadgen.messages import RunState
from loadgen.metrics.push.outgoing import ENDED_MOST, Outgoing, goes_on

SHOWN_S = 5.0


@pytest.fixture
def outgoing():
    return Outgoing(SHOWN_S)


def runs_of(page):
    return {run.record.run: run.record.state.value for run in page.runs}


def of(make, run: str, state: RunState):
    return make.busy_run(run=run, state=state)


def test_before_anything_is_known_and_from_who_stands_by_there_is_nothing(make, outgoing):
    assert outgoing.page(0.0) is None
    outgoing.take(make.cluster(make.busy_run(), leading=False))
    assert outgoing.page(0.0) is None


def test_a_lease_that_is_over_ends_everything(make, outgoing):
    outgoing.take(replace(make.cluster(make.busy_run()), leads_until_s=10.0))
    assert runs_of(outgoing.page(9.9)) == {"r1": "running"}
    assert outgoing.page(10.0) is None


def test_it_is_worth_sending_at_once_when_a_run_goes_another_way(make, outgoing):
    states = (RunState.PREPARING, RunState.RUNNING, RunState.RUNNING, RunState.DRAINING, RunState.FINISHED)
    turned = [outgoing.take(make.cluster(of(make, "r1", state))) for state in states]

    assert turned == [True, True, False, True, True]
    assert not outgoing.take(make.cluster(of(make, "r1", RunState.FINISHED)))


def test_a_run_that_ended_is_shown_for_some_time_after_it_was_taken_and_then_never_again(make, outgoing):
    finished = make.cluster(of(make, "r1", RunState.FINISHED))
    for now_s in (0.0, 100.0):  # nobody takes it
        outgoing.take(finished)
        assert runs_of(outgoing.page(now_s)) == {"r1": "finished"}
    outgoing.taken(outgoing.page(100.0), 100.0)
    for now_s, shown in ((104.9, {"r1": "finished"}), (105.0, {}), (900.0, {})):
        outgoing.take(finished)
        page = outgoing.page(now_s)
        assert runs_of(page) == shown
        outgoing.taken(page, now_s)


def test_what_a_run_ended_with_is_sent_even_if_the_next_one_has_begun(make, outgoing):
    ended, begun = of(make, "r1", RunState.FINISHED), of(make, "r2", RunState.RUNNING)
    outgoing.take(make.cluster(ended, begun))
    outgoing.take(make.cluster(begun))
    page = outgoing.page(0.0)
    assert runs_of(page) == {"r1": "finished", "r2": "running"}
    outgoing.taken(page, 0.0)
    assert runs_of(outgoing.page(SHOWN_S)) == {"r2": "running"}
    assert goes_on(page)


def test_for_a_receiver_that_is_away_the_last_few_runs_are_kept(make, outgoing):
    for number in range(10):
        outgoing.take(make.cluster(of(make, f"r{number}", RunState.FINISHED)))
    outgoing.take(make.cluster())

    assert list(runs_of(outgoing.page(0.0))) == [f"r{number}" for number in range(10 - ENDED_MOST, 10)]
