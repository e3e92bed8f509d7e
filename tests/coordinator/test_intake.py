"""Frames in, seconds out: each frame once, whatever happens to it on the way."""

from __future__ import annotations

import copy
import random
from collections import defaultdict

import pytest
from drawn import a_tally
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.coordinator.intake import AHEAD_S, GRACE_S, NEVER, WAITING_MOST, Intake
from loadgen.messages import Frame, Health, pack_tally, unpack_tally
from loadgen.stats import RunStats, SecondRow, Tally


class Streams:
    """The streams of frames in Redis, and readers of them."""

    def __init__(self) -> None:
        self.entries: tuple[list[Frame], ...] = ([], [], [])

    def send(self, frame: Frame) -> None:
        self.entries[int(frame.worker[1:]) % len(self.entries)].append(frame)

    def after(self, positions: dict[int, str]) -> list[tuple[tuple[int, str], Frame]]:
        read = {shard: int(position.partition("-")[0]) for shard, position in positions.items()}
        return [
            ((shard, f"{number}-0"), frame)
            for shard, entries in enumerate(self.entries)
            for number, frame in enumerate(entries, 1)
            if number > read.get(shard, 0)
        ]


def plain(rows: list[SecondRow]) -> dict[int, Tally]:
    """The sum of sealed seconds and amendments, without samples (of which only some are kept)."""
    stats = RunStats()
    for row in rows:
        stats.add(row)
    tallies = {row.second: copy.copy(row.tally) for row in stats.timeline()}
    for tally in tallies.values():
        tally.samples = []
    return {second: tally for second, tally in tallies.items() if tally != Tally()}


def summed(frames: list[Frame]) -> dict[int, Tally]:
    """What the seconds must be: every frame once."""
    parts = defaultdict(list)
    for frame in frames:
        parts[frame.second].append(unpack_tally(frame.tally))
    tallies = {second: copy.copy(Tally.merged(some)) for second, some in parts.items()}
    for tally in tallies.values():
        tally.samples = []
    return {second: tally for second, tally in tallies.items() if tally != Tally()}


class Worker:
    """Numbers its frames, sends them when it can, and again until they are sealed."""

    def __init__(self, name: str, seconds: list[int], dice: random.Random) -> None:
        self.name = name
        self.frames = [
            Frame("r", name, number, second, 1, pack_tally(a_tally(dice)), Health(), last=number == len(seconds))
            for number, second in enumerate(seconds, 1)
        ]
        self.sealed = 0

    def unsealed(self, now_second: float) -> list[Frame]:
        return [frame for frame in self.frames[self.sealed :] if frame.second < now_second]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_every_frame_counts_once_through_loss_repetition_disorder_and_fail_over(seed):
    dice = random.Random(seed)
    workers = [
        Worker(f"w{n}", sorted(dice.choices(range(12), k=dice.randrange(1, 9))), dice)
        for n in range(dice.randrange(1, 5))
    ]
    streams, rows = Streams(), []
    intake, read, sealed_positions = Intake({}), {}, {}
    now = 0.0
    while any(worker.sealed < len(worker.frames) for worker in workers):
        now += dice.choice((0.1, 0.5, 1.0, 3.0))
        for worker in workers:  # some of what is not sealed yet, in any order, maybe twice
            ready = worker.unsealed(now)
            for frame in dice.sample(ready, dice.randrange(len(ready) + 1)):
                for _ in range(dice.choice((1, 1, 2))):
                    streams.send(frame)
        for place, frame in streams.after(read):
            read |= [place]
            assert intake.take(place, frame, now) is None
        expected = dice.sample([worker.name for worker in workers], dice.randrange(len(workers) + 1))
        rows += intake.seal(now, expected)
        sealed_positions |= intake.positions()
        for worker in workers:
            totals = intake.totals.get(worker.name)
            worker.sealed = totals.sequence if totals else 0
        if dice.random() < 0.2:  # the leader dies; the next one knows what was sealed, and nothing else
            next_second = max((row.second for row in rows), default=-1) + 1
            intake, read = Intake(copy.deepcopy(intake.totals), next_second), dict(sealed_positions)

    frames = [frame for worker in workers for frame in worker.frames]
    assert plain(rows) == summed(frames)
    assert {name: totals.sequence for name, totals in intake.totals.items()} == {
        worker.name: len(worker.frames) for worker in workers
    }
    for worker in workers:
        assert intake.totals[worker.name].requests == sum(unpack_tally(frame.tally).requests for frame in worker.frames)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_seconds_are_sealed_in_order_once_each_and_then_only_amended(seed):
    dice = random.Random(seed)
    workers = [Worker(f"w{n}", list(range(8)), dice) for n in range(3)]
    intake, entry, sealed = Intake({}), 0, []
    coming = [(frame.second + 1 + dice.choice((0.05, 0.3, 1.5, 4)), frame) for w in workers for frame in w.frames]
    coming.sort(key=lambda pair: pair[0])
    for tick in range(150):
        now = tick / 10
        while coming and coming[0][0] <= now:
            entry += 1
            intake.take((0, f"{entry}-0"), coming.pop(0)[1], now)
        fresh = intake.next_second
        rows = intake.seal(now, [worker.name for worker in workers])
        assert [row.second for row in rows] == sorted({row.second for row in rows})
        new = [row.second for row in rows if row.second >= fresh]
        assert new == list(range(fresh, intake.next_second))
        assert all(row.second < int(now) for row in rows if row.second >= fresh)
        sealed += new
    assert sealed == list(range(len(sealed)))
    assert len(sealed) >= 13


def test_a_second_is_sealed_as_soon_as_everyone_expected_has_reported_it(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 1.05)

    assert intake.seal(1.1, ["a", "b"]) == []
    intake.take((0, "2-0"), make.frame("b", 1, 0, 2), 1.15)
    (row,) = intake.seal(1.2, ["a", "b"])

    assert (row.second, row.workers, row.tally.requests) == (0, 2, 3)
    assert row.sealed_after_s == pytest.approx(0.2)
    assert (row.cpu_max, row.loop_lag_p99_us, row.loop_lag_max_us) == (0.25, 10, 100)
    assert intake.seal(1.3, ["a", "b"]) == []


def test_a_second_is_sealed_as_soon_as_whoever_held_it_up_is_expected_no_more(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 1.05)

    assert intake.seal(1.1, ["a", "b"]) == []
    assert intake.seal(1.2, ["a", "b"]) == []
    assert [row.second for row in intake.seal(1.3, ["a"])] == [0]


def test_a_late_frame_is_counted_though_another_holds_up_the_next_second(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 1.05)
    intake.take((0, "2-0"), make.frame("a", 2, 1), 2.05)
    assert [row.second for row in intake.seal(2.3, ["a", "b"])] == [0]
    assert intake.seal(2.4, ["a", "b"]) == []
    intake.take((0, "3-0"), make.frame("c", 1, 0, 5), 2.5)

    (row,) = intake.seal(2.5, ["a", "b"])
    assert (row.second, row.tally.requests) == (0, 5)


def test_a_second_waits_for_slow_workers_no_longer_than_the_grace(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 1.05)

    assert intake.seal(1 + GRACE_S - 0.01, ["a", "b"]) == []
    assert [row.second for row in intake.seal(1 + GRACE_S + 0.01, ["a", "b"])] == [0]


def test_what_comes_late_amends_its_own_second(make):
    intake = Intake({})
    intake.seal(5.0, [])
    assert intake.next_second == 5
    intake.take((0, "1-0"), make.frame("a", 1, 2), 5.1)

    (row,) = intake.seal(5.2, [])
    assert (row.second, row.tally.requests, row.workers) == (2, 1, 1)
    assert intake.next_second == 5


def test_without_anyone_expected_seconds_are_sealed_when_they_end():
    intake = Intake({})

    assert [row.second for row in intake.seal(3.5, [])] == [0, 1, 2]
    assert intake.seal(-0.5, []) == []


def test_a_worker_that_sent_its_last_frame_is_waited_for_no_more(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0, last=True), 1.0)
    assert intake.reported("a") == NEVER

    assert [row.second for row in intake.seal(1.01, ["a"])] == [0]
    assert [row.second for row in intake.seal(3.01, ["a"])] == [1, 2]


def test_a_gap_is_waited_for(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 3.0)
    intake.take((0, "2-0"), make.frame("a", 3, 2), 3.0)
    assert intake.reported("a") == 0
    rows = intake.seal(9.0, ["a"])

    assert sum(row.tally.requests for row in rows) == 1
    assert intake.positions() == {0: "1-0"}
    intake.take((0, "3-0"), make.frame("a", 2, 1), 9.1)
    assert [row.second for row in intake.seal(9.2, ["a"])] == [1, 2]
    assert intake.positions() == {0: "3-0"}


def test_a_worker_that_never_fills_its_gap_can_be_given_up(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 2, 1), 3.0)
    intake.take((0, "2-0"), make.frame("b", 1, 1), 3.0)
    intake.seal(9.0, [])
    assert intake.positions() == {}  # the first entry still waits

    intake.give_up("a")
    assert intake.positions() == {0: "2-0"}
    assert intake.holds_all("b", 1)
    assert not intake.holds_all("a", 2)


def test_what_is_in_order_is_not_given_up(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 3.0)
    intake.take((0, "2-0"), make.frame("a", 3, 2), 3.0)
    intake.give_up("a")
    intake.give_up("nobody")

    assert sum(row.tally.requests for row in intake.seal(9.0, [])) == 1


def test_each_stream_has_its_own_position(make):
    intake = Intake({})
    for shard, worker in enumerate("abc"):
        intake.take((shard, f"{5 - shard}-0"), make.frame(worker, 1, shard), 3.0)
    intake.seal(2.0, "abc")

    assert intake.positions() == {0: "5-0"}
    intake.take((0, "6-0"), make.frame("a", 2, 1), 3.0)
    intake.seal(3.3, ["nobody"])
    assert intake.positions() == {0: "6-0", 1: "4-0"}


def test_the_position_never_passes_a_frame_that_is_not_sealed(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0), 1.0)
    intake.take((0, "2-0"), make.frame("b", 1, 4), 5.0)
    intake.take((0, "3-0"), make.frame("a", 2, 1), 5.0)
    intake.seal(2.5, ["a"])

    assert intake.positions() == {0: "1-0"}
    assert intake.positions() == {}  # nothing new


def test_a_frame_from_the_future_is_refused(make):
    intake = Intake({})

    assert "lies in the future" in intake.take((0, "1-0"), make.frame("a", 1, 10), 10 - AHEAD_S - 0.1)
    assert intake.take((0, "2-0"), make.frame("a", 1, 10), 10 - AHEAD_S + 0.1) is None


def test_a_number_far_beyond_any_gap_is_refused(make):
    intake = Intake({})

    assert "too far from 0" in intake.take((0, "1-0"), make.frame("a", WAITING_MOST + 1, 0), 1.0)
    assert intake.take((0, "2-0"), make.frame("a", WAITING_MOST, 0), 1.0) is None


def test_repetitions_are_passed_over(make):
    intake = Intake({})
    for entry in ("1-0", "2-0"):
        assert intake.take((0, entry), make.frame("a", 1, 0), 1.0) is None
    intake.seal(1.5, ["a"])
    assert intake.take((0, "3-0"), make.frame("a", 1, 0), 1.6) is None

    assert intake.seal(9, []) == [SecondRow(second, sealed_after_s=8.0 - second) for second in range(1, 9)]
    assert intake.positions() == {0: "3-0"}


def test_a_worker_s_totals_follow_its_frames(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 3, 2, started=2, in_flight=1), 4.0)
    intake.take((0, "2-0"), make.frame("a", 2, 4, 5, started=1, in_flight=0), 5.0)
    intake.seal(9.0, [])
    totals = intake.totals["a"]

    assert (totals.sequence, totals.first_second, totals.last_second) == (2, 3, 4)
    assert (totals.requests, totals.sent, totals.started, totals.in_flight) == (7, 7, 3, 0)
    assert (totals.cpu_sum, totals.cpu_max, totals.loop_lag_max_us) == (0.5, 0.25, 200)
    assert (totals.rss_max_bytes, totals.clock_error_us) == (1000, 50)


def test_a_second_says_how_many_workers_coloured_it_and_how_many_requests_they_measured(make):
    intake = Intake({})
    intake.take((0, "1-0"), make.frame("a", 1, 0, 100, lengthened=0.25), 1.0)
    intake.take((0, "2-0"), make.frame("b", 1, 0, 40, lengthened=0.01), 1.0)
    intake.take((0, "3-0"), make.frame("c", 1, 0, 60), 1.0)
    (row,) = intake.seal(1.1, "abc")
    intake.take((0, "4-0"), make.frame("d", 1, 0, 10, lengthened=0.5), 2.0)
    (late,) = intake.seal(2.1, "abcd")
    whole = row.amended(late)

    assert (row.coloured, row.coloured_requests, row.lengthened_requests) == (1, 100, pytest.approx(25.4))
    assert (late.second, late.coloured, late.coloured_requests) == (0, 1, 10)
    assert (whole.coloured, whole.coloured_requests, whole.lengthened_requests) == (2, 110, pytest.approx(30.4))
    assert [(w.coloured_seconds, w.coloured_requests) for _, w in sorted(intake.totals.items())] == [
        (1, 100),
        (0, 0),
        (0, 0),
        (1, 10),
    ]


def test_sealing_leaves_the_totals_of_others_as_they_are(make):
    intake = Intake({})
    for number, worker in enumerate("ab", 1):
        intake.take((0, f"{number}-0"), make.frame(worker, 1, 0), 1.0)
    intake.seal(2.5, [])
    before = dict(intake.totals)
    intake.take((0, "3-0"), make.frame("a", 2, 1), 2.6)
    intake.seal(2.7, ["a"])

    assert intake.totals["b"] is before["b"]
    assert intake.totals["a"] is not before["a"]
