"""One frame a second, numbered, packed whatever is in it, and kept until it is sealed."""

from __future__ import annotations

import logging
import time

import gevent
import pytest

from loadgen.bus.outage import Outage
from loadgen.errors import BusError, MessageError
from loadgen.journey.recorder import Recorder, Visit
from loadgen.messages import Frame, unpack_tally
from loadgen.worker.outbox import APART, STEP
from loadgen.worker.reporting import Reporting


class FarEnd:
    """In the place of Redis and the coordinator: takes frames in, and seals them when told to."""

    run = "demo-1"

    def __init__(self, seals: bool = True) -> None:
        self.got: list[Frame] = []
        self.seals = seals
        self.away: Exception | None = None
        self.outage = Outage(logging.getLogger("test"))

    def send(self, _worker, frames):
        if self.away:
            raise self.away
        self.got += [Frame.decode(data) for data in frames]
        return [f"{number + 1}-0" for number in range(len(self.got) - len(frames), len(self.got))]

    def holds(self, _worker, entry_id):
        return int(entry_id.removesuffix("-0")) <= len(self.got)

    def sealed_sequence(self, _worker):
        if self.away:
            raise self.away
        return max((frame.sequence for frame in self.got), default=0) if self.seals else 0


def dealt():
    """No arrivals here."""
    return 0.0, {}


VISIT = Visit("Browser", "home")


def report(hall, far_end, **more) -> Reporting:
    return Reporting(far_end, "w1", hall.recorder, hall.elapsed, lambda: 0.0005, lambda: (hall.now_s, {}), **more)


def frames(reporting) -> list[Frame]:
    return [Frame.decode(data) for _, data in reporting._outbox.due()]


def until(condition):
    with gevent.Timeout(10):
        while not condition():
            gevent.sleep(0.005)


def test_each_second_becomes_a_frame_with_its_number(hall):
    reporting = report(hall, FarEnd())
    for second in range(3):
        hall.recorder.arrival_started(0, 100, late=False)
        hall.now_s = second + 1.001
        reporting.epoch = second
        reporting._close()

    assert [(f.sequence, f.second, f.epoch, f.last) for f in frames(reporting)] == [
        (1, 0, 0, False),
        (2, 1, 1, False),
        (3, 2, 2, False),
    ]
    assert all(unpack_tally(f.tally).arrivals_total().started == 1 for f in frames(reporting))
    assert {(f.run, f.worker) for f in frames(reporting)} == {("demo-1", "w1")}
    assert reporting.last_sequence == 3


def test_a_worker_that_joins_reports_from_the_second_in_which_it_does(hall):
    hall.now_s = 7.4
    reporting = report(hall, FarEnd())
    hall.now_s = 8.0
    reporting._close()

    assert [f.second for f in frames(reporting)] == [7]


def test_before_the_start_it_is_second_0(hall):
    hall.now_s = -0.5
    reporting = report(hall, FarEnd())
    hall.now_s = 1.0
    reporting._close()

    assert [f.second for f in frames(reporting)] == [0]


def test_after_a_pause_what_happened_goes_into_the_last_second_that_has_ended(hall):
    reporting = report(hall, FarEnd())
    hall.now_s = 5.3
    reporting._close()
    hall.now_s = 6.0
    reporting._close()

    assert [(f.sequence, f.second) for f in frames(reporting)] == [(1, 4), (2, 5)]


def test_a_frame_says_how_the_process_fares(hall):
    reporting = report(hall, FarEnd())
    hall.now_s = 1.0
    reporting._close()
    (frame,) = frames(reporting)

    assert frame.health.rss_bytes > 1_000_000
    assert frame.health.clock_error_us == 500
    assert frame.health.cpu >= 0


def test_a_frame_says_up_to_when_all_arrivals_were_dealt_with_and_deals_with_them_first(hall):
    def deal():
        hall.recorder.arrival_started(0, 0, late=False)
        return hall.now_s, {0: 2}

    reporting = Reporting(FarEnd(), "w1", hall.recorder, hall.elapsed, lambda: 0.0, deal)
    hall.now_s = 1.25
    reporting._close()
    (frame,) = frames(reporting)

    assert (frame.dealt_to_s, frame.beyond) == (1.25, {0: 2})
    assert unpack_tally(frame.tally).arrivals_total().started == 1


def test_secrets_in_the_words_of_failures_are_hidden(hall):
    reporting = report(hall, FarEnd(), secrets=("t0k3n",))
    hall.recorder.request(VISIT, "GET", "/", 1000, 0, "connect", "cannot reach https://t0k3n@shop")
    hall.now_s = 1.0
    reporting._close()

    assert unpack_tally(frames(reporting)[0].tally).samples[0].text == "cannot reach https://[hidden]@shop"


def test_whatever_journeys_say_can_be_sent(hall):
    reporting = report(hall, FarEnd())
    hall.recorder.request(VISIT, "GET", "/\ud800", 1000, 2**70, "assertion", "half a \ud800 character")
    hall.now_s = 1.0
    reporting._close()

    assert unpack_tally(frames(reporting)[0].tally).samples[0].text == "half a ? character"


def test_everything_is_sent_and_forgotten_when_it_is_sealed():
    recorder, far_end = Recorder("w1"), FarEnd()
    now = [0.0]
    reporting = Reporting(far_end, "w1", recorder, lambda: now[0], lambda: 0.0, dealt)
    recorder.arrival_started(0, 100, late=False)
    now[0] = 2.5
    reporting._close()

    assert reporting.finish(10)
    assert [(f.sequence, f.second, f.last) for f in far_end.got] == [(1, 1, False), (2, 2, True)]
    assert len(reporting._outbox) == 0


@pytest.mark.parametrize("error", [BusError("gone"), MessageError("its totals are malformed")])
def test_frames_wait_while_redis_is_away(error):
    recorder, far_end = Recorder("w1"), FarEnd()
    far_end.away = error
    now = [0.0]
    reporting = Reporting(far_end, "w1", recorder, lambda: now[0], lambda: 0.0, dealt)
    for second in (1, 2, 3):
        now[0] = second
        reporting._close()
    gevent.sleep(0.05)
    assert far_end.got == []
    far_end.away = None

    assert reporting.finish(10)
    assert [f.sequence for f in far_end.got] == [1, 2, 3, 4]


def test_the_load_s_last_full_second_is_not_taken_for_the_one_in_which_it_ends():
    recorder, far_end, now = Recorder("w1"), FarEnd(), [0.0]
    reporting = Reporting(far_end, "w1", recorder, lambda: now[0], lambda: 0.0, dealt)
    recorder.arrival_started(0, 100, late=False)
    now[0] = 1.0  # the ticker has not come to close second 0 yet
    assert reporting.finish(10)
    told = [(f.second, unpack_tally(f.tally).arrivals_total().started, f.last) for f in far_end.got]
    assert told == [(0, 1, False), (1, 0, True)]


def test_what_redis_lost_is_sent_again():
    far_end, now = FarEnd(seals=False), [0.0]
    reporting = Reporting(far_end, "w1", Recorder("w1"), lambda: now[0], lambda: 0.0, dealt)
    for second in (1, 2, 3):
        now[0] = second
        reporting._close()
    until(lambda: len(far_end.got) == 3)
    reporting._ask(time.monotonic() + 100)  # overdue, and still there
    gevent.sleep(0.05)
    assert len(far_end.got) == 3
    del far_end.got[:]
    reporting._ask(time.monotonic() + 200)
    until(lambda: len(far_end.got) == 3)
    assert [f.sequence for f in far_end.got] == [1, 2, 3]
    reporting.finish(0)


def test_frames_grow_longer_while_many_wait():
    far_end = FarEnd()
    far_end.away = BusError("gone")
    began = time.monotonic()
    reporting = Reporting(far_end, "w1", Recorder("w1"), lambda: 2000 * (time.monotonic() - began), lambda: 0.0, dealt)
    for _ in range(APART + STEP):
        reporting._outbox.put(b"")
    assert reporting._outbox.seconds_a_frame == 4
    first, second = reporting._second, int(reporting._elapsed()) + 40
    until(lambda: reporting._second > second)
    assert reporting.last_sequence - APART - STEP < (reporting._second - first) / 3
    reporting.finish(0)


def test_what_nobody_seals_is_given_up_in_the_end():
    reporting = Reporting(FarEnd(seals=False), "w1", Recorder("w1"), lambda: 0.0, lambda: 0.0, dealt)

    assert not reporting.finish(0.1)
    assert reporting.last_sequence == 1


def test_seconds_are_closed_by_themselves():
    began, far_end = time.monotonic(), FarEnd()
    reporting = Reporting(far_end, "w1", Recorder("w1"), lambda: 10 * (time.monotonic() - began), lambda: 0.0, dealt)
    until(lambda: len(far_end.got) >= 3)

    assert reporting.finish(10)
    seconds = [frame.second for frame in far_end.got]
    assert seconds == sorted(set(seconds))
    assert [frame.sequence for frame in far_end.got] == list(range(1, len(seconds) + 1))
