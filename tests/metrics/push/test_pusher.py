"""In virtual time but for the few that need the thread; those wait for conditions."""

from __future__ import annotations

import threading
import time

import pytest
from cluster.harness import wait_until

from loadgen.messages import RunState
from loadgen.metrics.push import pusher as module
from loadgen.metrics.push.pusher import Pusher, Pushing
from loadgen.metrics.push.receiver import SendError

EVERY_S = 5.0


class Taker:
    """A receiver that remembers what it was sent, and fails as it is told to."""

    kind = "otlp"
    shown = "http://taker"

    def __init__(self) -> None:
        self.taken: list[tuple[list[str] | None, int]] = []
        self.error: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.tried = 0

    def send(self, page, now_s, at_ms):  # noqa: ARG002 -- as receivers have it
        self.tried += 1
        self.free.wait(60)
        if self.error is not None:
            raise self.error
        runs = None if page is None else [run.record.state.value for run in page.runs]
        self.taken.append((runs, at_ms))
        return page is not None


@pytest.fixture
def taker():
    return Taker()


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def pusher(taker, clock):
    return Pusher(taker, EVERY_S, lambda: clock[0], lambda: clock[0])


def of(make, state: RunState):
    return make.cluster(make.busy_run(state=state))


def test_instants_rise_even_if_the_clock_is_set_back(make, pusher, taker, clock):
    pusher.take(of(make, RunState.RUNNING))
    for clock[0] in (100.0, 100.0, 50.0, 200.0):
        pusher.push()

    assert [at_ms for _, at_ms in taker.taken] == [100_000, 100_001, 100_002, 200_000]


def test_after_the_end_of_a_run_its_last_figures_stand_for_one_interval(make, pusher, taker):
    pusher.take(of(make, RunState.FINISHED))
    pusher.end()

    assert taker.taken == [(["finished"], 100_000), (None, 105_000)]


def test_a_run_that_another_one_takes_over_ends_here_at_once(make, pusher, taker):
    pusher.take(of(make, RunState.RUNNING))
    pusher.end()

    assert taker.taken == [(["running"], 100_000), (None, 100_001)]


def test_pauses_grow_while_a_receiver_is_away_and_not_while_it_refuses(make, pusher, taker, caplog):
    pusher.take(of(make, RunState.RUNNING))
    taker.error = SendError("answered 503", again=True)
    pauses = []
    for _ in range(8):
        assert not pusher.push()
        pauses.append(pusher._pause_s)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    taker.error = SendError("answered 400", again=False)
    pusher.push()
    assert pusher._pause_s == EVERY_S
    taker.error = None
    assert pusher.push()
    assert pusher._pause_s == EVERY_S
    assert [record.message for record in caplog.records] == [
        "http://taker does not take metrics: it answered 503",
    ]
    assert (pusher.sent, pusher.failed) == (1, 9)
    assert pusher.complaint == (
        "http://taker did not take all metrics: 9 of 10 times it failed, the last time because it answered 400"
    )


def test_what_cannot_be_written_is_counted_and_told(make, pusher, taker, caplog):
    pusher.take(of(make, RunState.RUNNING))
    taker.error = KeyError("a fault of ours")
    assert not pusher.push()
    assert pusher.failed == 1
    assert "a fault of ours" in caplog.text


def test_a_turn_is_sent_at_once_and_the_end_before_it_is_over(make, taker):
    pushing = Pushing([taker], 60.0)
    pushing.start()
    for state in (RunState.RUNNING, RunState.FINISHED):
        pushing.take(of(make, state))
        wait_until(lambda state=state: [state.value] in [runs for runs, _ in taker.taken], f"{state} is sent")
    assert pushing.close() == []
    assert [runs for runs, _ in taker.taken][-2:] == [["finished"], None]
    assert pushing.counts()["otlp"][1] == 0


def test_a_receiver_that_hangs_holds_nobody_up_and_is_left_behind(make, taker, monkeypatch):
    monkeypatch.setattr(module, "END_S", 0.2)
    taker.free.clear()
    pushing = Pushing([taker], 1.0)
    pushing.start()
    wait_until(lambda: taker.tried, "it hangs")
    began_s = time.perf_counter()
    for state in (RunState.RUNNING, RunState.FINISHED):
        pushing.take(of(make, state))
    complaints = pushing.close()
    took_s = time.perf_counter() - began_s
    taker.free.set()

    assert took_s < 2
    assert complaints == [
        "http://taker did not take all metrics: 1 of 1 times it failed, the last time because it did not answer in time"
    ]


def test_without_receivers_there_is_nothing_to_do(make):
    pushing = Pushing([])
    pushing.start()
    pushing.take(of(make, RunState.RUNNING))
    assert (pushing.counts(), pushing.close()) == ({}, [])
