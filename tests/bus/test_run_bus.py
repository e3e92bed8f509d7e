"""What belongs to one run: spec, seats, frames, sealed seconds, record."""

from __future__ import annotations

import random
from zlib import crc32

import pytest
from drawn import a_frame

from loadgen.bus import Agreement, Announcement, ClusterBus, Papers, Refused, RunBus, Sealing, keys
from loadgen.bus.run import KEPT_AFTER_END_S, QUARANTINE_KEPT
from loadgen.errors import FencedError, MessageError, NotFoundError, StaleError
from loadgen.messages import (
    Frame,
    Health,
    Offer,
    Piece,
    RunRecord,
    Seat,
    WorkerEvent,
    WorkerEventKind,
    WorkerTotals,
    pack_tally,
)
from loadgen.stats import Tally

RUN = "r-1"
FENCE = 7


@pytest.fixture
def run(bus, make_spec) -> RunBus:
    """A run that a leader has claimed."""
    ClusterBus(bus).submit(make_spec(RUN), b"")
    run = RunBus(bus, RUN)
    run.claim(FENCE)
    return run


def frame(sequence: int, run: str = RUN, worker: str = "w") -> Frame:
    return Frame(run, worker, sequence, sequence - 1, 1, pack_tally(Tally(sent=sequence)), Health())


def test_a_run_is_read_as_it_was_submitted(bus, make_spec):
    spec = make_spec(RUN, code="shipped").signed(b"key")
    ClusterBus(bus).submit(spec, b"\x00code\xff")
    run = RunBus(bus, RUN)

    assert run.spec() == spec
    assert run.code() == b"\x00code\xff"
    assert run.exists()
    assert run.record() is None
    assert run.totals() == {}
    assert run.seats() == {}
    assert run.positions() == {}
    assert run.sealed("0-0") == ("0-0", [])


def test_a_run_that_does_not_exist_is_not_found(bus):
    run = RunBus(bus, "nowhere")

    assert not run.exists()
    assert run.code() == b""
    with pytest.raises(NotFoundError, match="there is no run 'nowhere'") as caught:
        run.spec()
    assert "loadgen status" in caught.value.hint


@pytest.mark.parametrize(
    ("part", "read"),
    [
        ("spec", RunBus.spec),
        ("record", RunBus.record),
        ("seats", RunBus.seats),
        ("seats", lambda run: run.seat("w")),
        ("totals", RunBus.totals),
        ("totals", lambda run: run.sealed_sequence("w")),
        ("sealed", lambda run: run.sealed("0-0")),
    ],
)
def test_malformed_papers_are_message_errors(run, bus, part, read):
    key = keys.run_key(RUN, part)
    if part in {"seats", "totals"}:
        bus.client.hset(key, "w", b"rubbish")
    elif part == "sealed":
        bus.client.xadd(key, {"s": b"rubbish"})
    else:
        bus.client.set(key, b"rubbish")

    with pytest.raises(MessageError):
        read(run)


# -- under the fence


def test_a_leader_that_was_replaced_is_told_so(run):
    run.claim(FENCE + 1)
    record = RunRecord(run=RUN, name="demo", submitted_at=1)
    for write in (
        lambda: run.claim(FENCE),
        lambda: run.write_record(FENCE, record),
        lambda: run.write_seats(FENCE, {"w": Seat()}),
        lambda: run.announce(FENCE, Announcement(1, 10.0, (), {"w": Seat()})),
        lambda: run.seal(FENCE, Sealing(totals={"w": WorkerTotals(worker="w")})),
    ):
        with pytest.raises(FencedError, match="another coordinator") as caught:
            write()
        assert caught.value.exit_code == 5
    assert run.record() is None
    assert run.seats() == {}
    assert run.totals() == {}


def test_a_record_is_replaced_as_a_whole(run):
    record = RunRecord(run=RUN, name="demo", submitted_at=1, detail="one")
    run.write_record(FENCE, record)
    record.detail = "two"
    assert run.record().detail == "one"
    run.write_record(FENCE, record)

    assert run.record() == record


def test_each_worker_reads_its_own_seat(run):
    seats = {
        "a": Seat(epoch=1, pieces=(Piece(from_s=0.0, high=5),)),
        "b": Seat(epoch=1, pieces=(Piece(from_s=0.0, low=5, high=9),)),
    }
    run.write_seats(FENCE, seats)
    run.write_seats(FENCE, {})

    assert run.seats() == seats
    assert (run.seat("a"), run.seat("c")) == (seats["a"], None)


def test_an_offer_holds_when_all_have_heard_of_it_in_time(run):
    seat = Seat(epoch=3, offer=Offer(from_s=4.0, by_s=3.5, high=9))
    assert run.latest_epoch() == 0
    run.announce(FENCE, Announcement(3, 1003.5, ("a", "b"), {"a": seat, "b": seat}))
    assert (run.latest_epoch(), run.seats()) == (3, {"a": seat, "b": seat})

    assert run.hear(3, "", 1003.0) is Agreement.OPEN
    assert run.hear(3, "a", 1003.1) is Agreement.OPEN
    assert run.hear(3, "a", 1003.2) is Agreement.OPEN
    assert run.hear(3, "stranger", 1003.2) is Agreement.OPEN
    assert run.hear(3, "b", 1003.4) is Agreement.SURE
    assert run.hear(3, "a", 1009.0) is Agreement.SURE


def test_an_offer_is_off_for_good_once_somebody_looks_after_its_time(run):
    """Even if another's clock is slow: who was told that it is off must not be contradicted."""
    run.announce(FENCE, Announcement(3, 1003.5, ("a", "b"), {"a": Seat(epoch=3)}))
    assert run.hear(3, "a", 1003.4) is Agreement.OPEN
    assert run.hear(3, "", 1003.5) is Agreement.OFF
    assert run.hear(3, "b", 1000.0) is Agreement.OFF


def test_an_epoch_that_nobody_must_hear_of_holds_at_once(run):
    run.announce(FENCE, Announcement(1, 0.0, (), {"a": Seat(epoch=1)}))
    assert run.hear(1, "", 5.0) is Agreement.SURE


def test_only_of_the_latest_epoch_anything_is_known(run):
    assert run.hear(1, "a", 5.0) is Agreement.OVER
    run.announce(FENCE, Announcement(1, 0.0, (), {}))
    run.announce(FENCE, Announcement(2, 9.0, ("a",), {}))
    assert run.hear(1, "a", 5.0) is Agreement.OVER
    assert run.hear(2, "a", 5.0) is Agreement.SURE


def test_nothing_is_announced_while_it_is_open_what_holds(run):
    run.announce(FENCE, Announcement(1, 9.0, ("a",), {"a": Seat(epoch=1)}))
    with pytest.raises(StaleError, match="open still"):
        run.announce(FENCE, Announcement(2, 10.0, (), {"a": Seat(epoch=2)}))
    assert (run.latest_epoch(), run.seat("a").epoch) == (1, 1)


def test_what_workers_say_is_heard_in_order(run, bus):
    run.tell(WorkerEvent(kind=WorkerEventKind.READY, worker="a"))
    bus.client.xadd(keys.run_key(RUN, "events"), {"e": b"rubbish"})
    run.tell(WorkerEvent(kind=WorkerEventKind.DONE, worker="a", sequence=3))
    position, events = run.events("0-0")

    assert [(event.kind.value, event.sequence) for event in events] == [("ready", 0), ("done", 3)]
    assert run.events(position) == (position, [])


# -- frames


def test_frames_are_read_in_portions(run):
    run.send("w", [frame(number).encode() for number in range(1, 6)])
    positions, first, bad = run.frames({}, 3)
    last, rest, _ = run.frames(positions, 3)

    assert [item.sequence for _, item in first] == [1, 2, 3]
    assert [item.sequence for _, item in rest] == [4, 5]
    assert bad == []
    assert dict([first[-1][0]]) == positions
    assert run.frames(last, 3) == (last, [], [])


def test_bad_frames_are_set_aside_and_the_others_read(run, bus):
    stranger = frame(2, run="another").encode()
    run.send("w", [frame(1).encode(), b"rubbish", stranger, frame(2).encode()])
    bus.client.xadd(keys.frames_key(RUN, 0), {"other": b"field"})
    positions, good, bad = run.frames({}, 100)

    assert [item.sequence for _, item in good] == [1, 2]
    assert [refused.data for refused in bad] == [b"rubbish", stranger, b""]
    assert "run another" in bad[1].why
    assert {bad[2].shard: bad[2].entry_id} == positions
    assert run.frames(positions, 100)[1:] == ([], [])


def test_some_refused_frames_are_kept_to_look_at(run, bus):
    run.quarantine([Refused(bytes([number]) * 5000, "why " * 200, "1-0") for number in range(QUARANTINE_KEPT + 50)])
    run.quarantine([Refused(b"last", "reason", "2-0")])
    kept = bus.client.xrange(keys.run_key(RUN, "quarantine"))

    assert len(kept) == QUARANTINE_KEPT
    assert max(len(fields[b"f"]) for _, fields in kept) == 4096
    assert max(len(fields[b"why"]) for _, fields in kept) == 400
    assert kept[-1][1] == {b"f": b"last", b"why": b"reason"}


def test_real_frames_pass_unchanged(run):
    dice = random.Random(4)
    frames = [a_frame(dice) for _ in range(20)]
    for item in frames:
        object.__setattr__(item, "run", RUN)
    run.send("w", [item.encode() for item in frames])

    assert [item for _, item in run.frames({}, 100)[1]] == frames


# -- sealing


def test_sealing_moves_everything_and_trims_what_is_dealt_with(run, make_row):
    run.send("w", [frame(number).encode() for number in range(1, 6)])
    _, frames, _ = run.frames({}, 100)
    third = frames[2][0]
    run.seal(FENCE, Sealing([make_row(0), make_row(1)], dict([third]), {"w": WorkerTotals(worker="w", sequence=3)}))

    assert run.positions() == dict([third])
    assert run.sealed_sequence("w") == 3
    assert run.sealed_sequence("stranger") == 0
    assert [item.sequence for _, item in run.frames({}, 100)[1]] == [4, 5]
    assert [item.sequence for _, item in run.frames(run.positions(), 100)[1]] == [4, 5]
    position, rows = run.sealed("0-0")
    assert rows == [make_row(0), make_row(1)]
    assert run.sealed(position) == (position, [])


def test_sealing_without_a_position_trims_nothing(run, make_row):
    run.send("w", [frame(1).encode()])
    run.seal(FENCE, Sealing([make_row(0)]))

    assert run.positions() == {}
    assert len(run.frames({}, 100)[1]) == 1


def test_sealed_seconds_are_read_in_portions_and_in_the_order_written(run, make_row):
    run.seal(FENCE, Sealing([make_row(second) for second in (0, 1, 2, 1, 3)]))
    position, first = run.sealed("0-0", count=3)
    _, rest = run.sealed(position, count=3)

    assert [row.second for row in first + rest] == [0, 1, 2, 1, 3]


def test_who_read_what_is_sealed_no_more_is_told_so(run, bus, make_row):
    run.seal(FENCE, Sealing([make_row(0), make_row(1)]))
    position, _ = run.sealed("0-0")
    bus.client.xdel(keys.run_key(RUN, "sealed"), position)  # as a fail-over forgets it
    with pytest.raises(StaleError, match="not what it was") as caught:
        run.sealed(position)
    assert caught.value.exit_code == 5
    bus.client.delete(keys.run_key(RUN, "sealed"))
    with pytest.raises(StaleError):
        run.sealed(position)


def test_a_leader_that_thinks_wrongly_of_what_is_sealed_writes_nothing(run, make_row):
    run.seal(FENCE, Sealing([make_row(0)], after=0))
    for after in (0, 2):
        with pytest.raises(StaleError):
            run.seal(FENCE, Sealing([make_row(1)], after=after))
    run.seal(FENCE, Sealing([make_row(1)], after=1))
    assert run.sealed("0-0")[1] == [make_row(0), make_row(1)]


def test_a_worker_can_ask_whether_what_it_sent_still_lies_there(run, bus):
    run.send("w", [frame(1).encode()])
    _, latest = run.send("w", [frame(2).encode(), frame(3).encode()])
    assert run.holds("w", latest)
    bus.client.delete(keys.frames_key(RUN, 0))
    assert not run.holds("w", latest)
    run.send("w", [frame(4).encode()])
    assert not run.holds("w", latest)


def test_a_frame_trimmed_away_by_a_leader_that_was_replaced_is_still_there(run, make_row):
    run.send("w", [frame(1).encode()])
    ((entry, _),) = run.frames({}, 100)[1]
    run.claim(FENCE + 1)
    with pytest.raises(FencedError):
        run.seal(FENCE, Sealing([make_row(0)], dict([entry])))

    assert len(run.frames({}, 100)[1]) == 1


def test_a_run_that_redis_forgot_is_written_anew_once(run, bus, make_row, make_spec):
    run.seal(FENCE, Sealing([make_row(0)]))
    record = RunRecord(run=RUN, name="demo", submitted_at=1)
    papers = Papers(
        make_spec(RUN), record, [make_row(5)], {"w": WorkerTotals(worker="w", sequence=3)}, {"w": Seat(epoch=2)}
    )
    assert not run.restore(papers)  # it is known
    assert run.record() is None
    bus.client.flushall()
    assert run.restore(papers)

    assert (run.spec(), run.record(), run.seats()) == (papers.spec, record, papers.seats)
    assert (run.totals(), run.sealed("0-0")[1], run.positions()) == (papers.totals, papers.seconds, {})
    run.claim(1)  # whoever leads
    run.seal(1, Sealing([make_row(6)], after=1))
    assert not run.restore(papers)


def test_everything_of_a_run_expires_some_time_after_its_end(run, bus, make_row):
    run.send("w", [b"rubbish"])
    run.quarantine(run.frames({}, 10)[2])
    run.tell(WorkerEvent(kind=WorkerEventKind.READY, worker="a"))
    run.write_seats(FENCE, {"w": Seat()})
    run.write_record(FENCE, RunRecord(run=RUN, name="demo", submitted_at=1))
    run.seal(FENCE, Sealing([make_row(0)], {0: "1-0"}, {"w": WorkerTotals(worker="w")}))
    run.expire()

    of_run = [key for key in bus.client.scan_iter() if key.startswith(b"{run:")]
    assert len(of_run) >= 9
    assert all(0 < bus.client.ttl(key) <= KEPT_AFTER_END_S for key in of_run)


def test_workers_read_from_the_record_over_how_many_streams_frames_are_spread(run, bus):
    worker, shard = RunBus(bus, RUN), crc32(b"w") % 3

    def lengths() -> list[int]:
        return [bus.client.xlen(keys.frames_key(RUN, number)) for number in range(3)]

    record = RunRecord(run=RUN, name="demo", submitted_at=1, shards=3)
    run.write_record(FENCE, record.model_copy(update={"started_at": 2.0}))
    assert worker.holds("w", *worker.send("w", [frame(1).encode()]))
    assert lengths() == [int(number == shard) for number in range(3)]
    run.write_record(FENCE, record.model_copy(update={"started_at": 2.0, "shards": 1}))
    worker.send("w", [frame(2).encode()])
    assert lengths()[shard] == 2  # it is fixed, so it is read once


def test_before_the_start_the_number_of_streams_may_still_change(run, bus):
    worker = RunBus(bus, RUN)
    assert worker.frames({}, 10).good == []
    run.write_record(FENCE, RunRecord(run=RUN, name="demo", submitted_at=1, started_at=2.0, shards=2))
    run.spread_over(2)
    for name in "abcdef":
        worker.send(name, [frame(1, worker=name).encode()])

    assert {item.worker for _, item in run.frames({}, 10).good} == set("abcdef")
