"""What thousands say in one round trip is what each of them would have said by itself."""

from __future__ import annotations

import pytest

from loadgen.bus import Agreement, Announcement, ClusterBus, RunBus, Sealing
from loadgen.bus.crowd import CrowdBus, CrowdRun
from loadgen.bus.load import server_load
from loadgen.messages import Seat, WorkerEvent, WorkerEventKind, WorkerInfo, WorkerTotals

RUN = "demo-1"
NAMES = ("a", "b", "c")


def info(name: str, run: str = "") -> WorkerInfo:
    return WorkerInfo(worker=name, node="n", pid=1, run=run)


@pytest.fixture
def fence(bus):
    fence = ClusterBus(bus).lead("me", 30).fence
    RunBus(bus, RUN).claim(fence)
    return fence


def test_all_come_on_the_list_and_leave_it(bus):
    crowd = CrowdBus(bus)

    first = crowd.beat_all([info(name) for name in NAMES], 5)
    again = crowd.beat_all([info(name) for name in NAMES], 5)

    assert [pulse.joined for pulse in first + again] == [True] * 3 + [False] * 3
    assert sorted(crowd.members()) == list(NAMES)
    crowd.leave_all(["a", "c"])
    assert sorted(crowd.members()) == ["b"]
    assert [pulse.taken_off for pulse in crowd.beat_all([info("a", RUN), info("b", RUN)], 5)] == [True, False]


def test_each_sees_its_own_seat_and_hears_of_its_own_share(bus, fence):
    run = CrowdRun(bus, RUN)
    seats = {name: Seat(epoch=1, start_s=float(at)) for at, name in enumerate(NAMES)}
    run.announce(fence, Announcement(1, 1e9, ["a", "b"], seats))

    assert run.seats_of([*NAMES, "stranger"]) == [*seats.values(), None]
    assert run.hear_all([(1, "a"), (1, ""), (2, "a"), (1, "b")], 5.0) == [
        Agreement.OPEN,
        Agreement.OPEN,
        Agreement.OVER,
        Agreement.SURE,
    ]


def test_frames_and_words_arrive_under_their_own_names(bus, fence):
    run = CrowdRun(bus, RUN)
    run.spread_over(1)

    ids = run.send_all({"a": [b"1", b"2"], "b": [], "c": [b"3"]})
    run.tell_all([WorkerEvent(kind=WorkerEventKind.DONE, worker=name, sequence=7) for name in NAMES])

    assert {name: len(own) for name, own in ids.items()} == {"a": 2, "b": 0, "c": 1}
    assert run.holds("a", ids["a"][1])
    assert len(run.frames({}, 10).bad) == 3, "they are rubbish, and all there"
    assert [event.worker for event in run.events("0-0")[1]] == list(NAMES)
    run.seal(fence, Sealing(totals={"a": WorkerTotals(worker="a", sequence=2)}))
    assert run.sealed_sequences(NAMES) == [2, 0, 0]


def test_nothing_said_is_no_round_trip(bus):
    assert CrowdBus(bus).beat_all([], 5) == []
    assert CrowdRun(bus, RUN).hear_all([], 0.0) == []


def test_the_server_tells_what_it_uses(bus):
    before = server_load(bus)
    bus.client.set("x", b"0" * 1_000_000)
    after = server_load(bus)

    assert after.in_bytes - before.in_bytes > 1_000_000
    assert after.memory_bytes > before.memory_bytes + 900_000
    assert after.commands > before.commands
    assert after.cpu_s >= before.cpu_s > 0
