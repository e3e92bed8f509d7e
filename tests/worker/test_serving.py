"""One run served by this process: from its seat to its last frame."""

from __future__ import annotations

import logging
import time

import gevent
import pytest
from locust import User, constant, task
from locust.event import Events

from loadgen.bus import Agreement
from loadgen.bus.outage import Outage
from loadgen.clock import ClusterClock, TimeSample
from loadgen.journey import JourneyEnvironment
from loadgen.messages import Frame, Offer, Piece, Seat, StopMode, unpack_tally
from loadgen.plan.planned import PlannedLoad
from loadgen.shapes.shares import PLACES, Share
from loadgen.worker import serving as module
from loadgen.worker.handover import Handover
from loadgen.worker.preparation import Prepared
from loadgen.worker.serving import Serving


class FarEnd:
    """In the place of Redis and the coordinator: whatever is sent is sealed."""

    run = "demo-1"

    def __init__(self) -> None:
        self.got: list[Frame] = []
        self.outage = Outage(logging.getLogger("test"))
        self.agreement, self.heard = Agreement.OPEN, []

    def hear(self, *of_what):
        self.heard.append(of_what)
        return self.agreement

    def send(self, _worker, frames):
        self.got += [Frame.decode(data) for data in frames]
        return [f"{number + 1}-0" for number in range(len(self.got) - len(frames), len(self.got))]

    def sealed_sequence(self, _worker):
        return max((frame.sequence for frame in self.got), default=0)

    def sum(self, what):
        return sum(what(unpack_tally(frame.tally)) for frame in self.got)


class Busy(User):
    wait_time = constant(0.02)

    @task
    def work(self):
        gevent.sleep(0.01)


class Stage:
    """A run of half a second, ready to be served; time is the real one."""

    def __init__(self, make) -> None:
        self.make = make
        self.environment = JourneyEnvironment(events=Events(), host="http://127.0.0.1:1")
        self.far_end, self.lease, self.asked, self.heard = FarEnd(), True, [], []
        self.clock = ClusterClock()
        now_s = time.monotonic()
        self.clock.update([TimeSample(now_s, now_s, now_s)])
        for name in ("init", "test_start", "test_stop", "quitting"):
            getattr(self.environment.events, name).add_listener(lambda name=name, **_: self.heard.append(name))

    def serving(self, *streams, **changes) -> Serving:
        streams = streams or ({"shape": {"constant": {"at": "20/s", "for": "500ms"}}},)
        fields = {"journeys": [{"file": "browse.py", "user": "Busy"}], "graceful_stop": "2s"} | changes
        prepared = Prepared("demo-1", self.make.plan(*streams, **fields), self.environment, {"Busy": Busy}, ())
        return Serving(prepared, self.far_end, "w1", self.clock, lambda: self.lease, self.asked.append)

    def seat(self, epoch=1, low=0, high=PLACES, from_s=0.0, start_s=None) -> Seat:
        self.start_s = start_s or getattr(self, "start_s", None) or self.clock.now() + 0.05
        pieces = (Piece(from_s=from_s, low=low, high=high),)
        return Seat(epoch=epoch, start_s=self.start_s, pieces=pieces)

    def serve(self, serving, then=lambda: None):
        greenlet = gevent.spawn(serving.serve)
        gevent.sleep(0.01)
        then()
        return greenlet.get(timeout=20)


@pytest.fixture
def stage(make) -> Stage:
    return Stage(make)


def test_a_run_is_served_from_its_first_arrival_to_its_last_frame(stage):
    serving = stage.serving()
    serving.assign(stage.seat())
    last = stage.serve(serving)

    frames = stage.far_end.got
    assert [frame.sequence for frame in frames] == list(range(1, last + 1))
    assert frames[-1].last
    assert frames[-1].dealt_to_s >= 0.5
    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 10
    assert stage.far_end.sum(lambda tally: sum(j.completed for j in tally.journeys.values())) == 10
    assert unpack_tally(frames[-1].tally).shoppers.total() == 0
    assert {frame.epoch for frame in frames} == {1}


def test_journeys_hear_the_events_of_locust_in_order(stage):
    serving = stage.serving()
    assert stage.heard == ["init"]
    serving.assign(stage.seat())
    stage.serve(serving)

    assert stage.heard == ["init", "test_start", "test_stop", "quitting"]


@pytest.mark.parametrize("mode", list(StopMode))
def test_a_run_that_is_stopped_before_it_starts_has_no_frame(stage, mode):
    serving = stage.serving()

    assert stage.serve(serving, lambda: serving.stop(mode)) == 0
    assert stage.far_end.got == []
    assert stage.heard == ["init"]


def test_an_older_seat_is_passed_over(stage):
    serving = stage.serving()
    serving.assign(stage.seat(epoch=3))
    serving.assign(stage.seat(epoch=2, high=0))
    serving.assign(stage.seat(epoch=3, high=0))
    stage.serve(serving)

    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 10


def test_a_worker_that_gave_its_share_back_is_done(stage):
    serving = stage.serving({"shape": {"constant": {"at": "50/s", "for": "60s"}}})
    serving.assign(stage.seat())
    began = time.monotonic()
    stage.serve(serving, lambda: serving.assign(stage.seat(epoch=2, low=0, high=0, from_s=0.2)))

    assert time.monotonic() - began < 10
    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 10
    assert stage.far_end.got[-1].last


def test_in_doubt_a_worker_starts_only_what_is_surely_its_own_and_says_so(stage):
    """Of half and half the middle is common; what was due in the other quarters is started late, or not at all."""
    serving = stage.serving({"shape": {"constant": {"at": "100/s", "for": "1200ms"}}})
    stage.start_s = stage.clock.now() + 0.05
    held = (Piece(from_s=0.0, high=PLACES // 2),)
    offer = Offer(from_s=0.3, by_s=0.2, low=PLACES // 4, high=3 * PLACES // 4)
    serving.assign(Seat(epoch=1, start_s=stage.start_s, pieces=held))
    serving.assign(Seat(epoch=2, start_s=stage.start_s, pieces=held, offer=offer))
    told = {}

    def later():
        while stage.clock.now() - stage.start_s < 0.7:
            gevent.sleep(0.01)
        told["open"], told["by_then"] = serving._deal(), stage.clock.now() - stage.start_s
        serving.settle(2, sure=True)
        told["sure"] = serving._deal()

    stage.serve(serving, later)
    arrivals = PlannedLoad(serving._prepared.plan)
    dealt_to_s, beyond = told["open"]
    common = arrivals.due(0.3, told["by_then"], Share(PLACES // 4, PLACES // 2))[0]
    assert dealt_to_s == 0.3
    assert beyond[0] == pytest.approx(common, abs=1)
    assert told["sure"][0] > 0.7
    assert told["sure"][1] == {}
    wanted = arrivals.due(0.0, 0.3, held[0].share)[0] + arrivals.due(0.3, 1.2, offer.share)[0]
    assert stage.far_end.sum(lambda tally: tally.arrivals_total().in_all) == wanted


def test_an_offer_that_came_to_nothing_leaves_no_trace(stage):
    serving = stage.serving()
    stage.start_s = stage.clock.now() + 0.05
    held = (Piece(from_s=0.0, high=PLACES),)
    serving.assign(Seat(epoch=1, start_s=stage.start_s, pieces=held))
    serving.assign(Seat(epoch=2, start_s=stage.start_s, pieces=held, offer=Offer(from_s=0.25, by_s=0.2)))
    stage.serve(serving, lambda: serving.settle(2, sure=False))

    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 10


def test_a_worker_that_is_only_offered_a_share_has_not_begun(stage):
    serving = stage.serving()
    offer = Offer(from_s=0.2, by_s=0.1, high=PLACES)
    serving.assign(Seat(epoch=1, start_s=stage.clock.now() + 0.05, offer=offer))

    assert stage.serve(serving, lambda: serving.stop(StopMode.NOW)) == 0


def test_a_worker_that_leaves_waits_for_an_empty_share_while_it_has_a_lease(stage):
    serving = stage.serving({"shape": {"constant": {"at": "20/s", "for": "1s"}}})
    serving.assign(stage.seat())
    stage.serve(serving, serving.leave)

    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 20


def test_a_worker_that_leaves_before_it_has_a_share_is_not_held_up_till_the_end_of_the_run(stage, monkeypatch):
    monkeypatch.setattr(module, "LEAVE_S", 0.05)
    serving = stage.serving({"shape": {"constant": {"at": "20/s", "for": "60s"}}})

    assert stage.serve(serving, serving.leave) == 0
    assert stage.far_end.got == []


def test_a_worker_that_leaves_sees_to_a_share_that_it_is_just_being_offered(stage, monkeypatch):
    monkeypatch.setattr(module, "LEAVE_S", 0.05)
    serving = stage.serving()
    offer = Offer(from_s=0.2, by_s=0.1, high=PLACES)
    serving.assign(Seat(epoch=1, start_s=stage.clock.now() + 0.3, offer=offer))

    def leave():
        serving.leave()
        gevent.sleep(0.3)
        serving.settle(1, sure=True)

    assert stage.serve(serving, leave) > 0
    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 6


def test_a_worker_that_leaves_and_has_no_lease_waits_for_nobody(stage):
    serving = stage.serving({"shape": {"constant": {"at": "20/s", "for": "60s"}}})
    serving.assign(stage.seat())

    def leave():
        stage.lease = False
        serving.leave()

    began = time.monotonic()
    stage.serve(serving, leave)
    assert time.monotonic() - began < 10


def test_a_graceful_stop_lets_shoppers_finish_and_one_at_once_does_not(stage):
    class Slow(User):
        @task
        def work(self):
            gevent.sleep(1.0)

    slow_users = {"Busy": Slow}
    for mode, how in ((StopMode.GRACEFUL, "completed"), (StopMode.NOW, "interrupted")):
        stage.far_end, stage.start_s = FarEnd(), None
        serving = stage.serving({"shape": {"constant": {"at": "20/s", "for": "60s"}}})
        serving._prepared.users.update(slow_users)
        serving.assign(stage.seat(start_s=stage.clock.now() - 0.2))
        gevent.sleep(0.1)
        stage.serve(serving, lambda mode=mode, serving=serving: serving.stop(mode))
        started = stage.far_end.sum(lambda tally: tally.arrivals_total().started)

        assert started > 0
        assert stage.far_end.got[-1].dealt_to_s < 5, "what was due after the stop is nobody's"
        ended = stage.far_end.sum(lambda tally, how=how: sum(getattr(j, how) for j in tally.journeys.values()))
        assert ended == started, how


@pytest.mark.parametrize("agreement", [Agreement.SURE, Agreement.OFF])
def test_an_offer_that_is_open_when_the_load_ends_stays_in_doubt_and_is_asked_after_no_more(stage, agreement):
    """Its shoppers leave meanwhile, and what is left of the processor is theirs."""
    serving = stage.serving({"shape": {"constant": {"at": "50/s", "for": "60s"}}})
    stage.start_s = stage.clock.now() - 0.2
    held, offer = (Piece(from_s=0.0, high=PLACES),), Offer(from_s=0.25, by_s=0.24)
    serving.assign(Seat(epoch=1, start_s=stage.start_s, pieces=held))
    serving.assign(Seat(epoch=2, start_s=stage.start_s, pieces=held, offer=offer))
    stage.far_end.agreement = agreement
    handover = Handover(stage.far_end, "w1", serving, stage.clock.now, lambda: None)

    def stop_in_doubt():
        while stage.clock.now() - stage.start_s < 0.5:
            gevent.sleep(0.01)
        serving.stop(StopMode.GRACEFUL)
        handover.begin()
        gevent.sleep(0.2)

    stage.serve(serving, stop_in_doubt)
    assert stage.far_end.heard == []
    assert serving.tenure.is_open
    assert stage.far_end.got[-1].dealt_to_s == offer.from_s


def test_closed_and_open_streams_run_side_by_side(stage):
    serving = stage.serving(
        {"shape": {"constant": {"at": "20/s", "for": "500ms"}}},
        {"model": "closed", "shape": {"constant": {"at": 3, "for": "500ms"}}},
    )
    serving.assign(stage.seat())
    stage.serve(serving)
    journeys = stage.far_end.sum(lambda tally: sum(j.started for j in tally.journeys.values()))

    assert journeys > 10 + 3
    assert stage.far_end.sum(lambda tally: tally.arrivals_total().started) == 10


def test_a_journey_can_ask_to_end_the_run(stage):
    serving = stage.serving()
    serving.runner.quit()

    assert stage.asked == ["a journey called runner.quit()"]
