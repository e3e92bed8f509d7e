"""Messages in JSON: exact there and back, and MessageError for everything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.endings import Outcome, Validity
from loadgen.errors import MessageError
from loadgen.messages import (
    MAX_PIECES,
    ControlMessage,
    Offer,
    Piece,
    RunEvent,
    RunRecord,
    RunSpec,
    RunState,
    Seat,
    Silence,
    StopMode,
    StopNote,
    WorkerEvent,
    WorkerEventKind,
    WorkerInfo,
    WorkerTotals,
)
from loadgen.verdict.results import GuardResult, ThresholdResult, ValidityReason, ValidityResult, Verdict

SHA = "0" * 64
VERDICT = Verdict(
    outcome=Outcome.GUARD,
    reason="guard 'unavailable for 5s: stop' tripped at 7s",
    thresholds=(ThresholdResult(text="p(95) < 1s", value=None, ok=False),),
    guards=(GuardResult(text="unavailable for 5s: stop", tripped=True, at_s=7, values=(1.0, 0.9)),),
    validity=ValidityResult(
        verdict=Validity.DEGRADED, reasons=(ValidityReason(code="cpu", severity=Validity.DEGRADED, text="hot"),)
    ),
)
MESSAGES = [
    ControlMessage(kind="invite", run="a"),
    ControlMessage(kind="epoch", run="a"),
    ControlMessage(kind="stop", run="*", mode=StopMode.NOW, reason="größer"),
    Seat(),
    Seat(epoch=2, start_s=1.7e9, pieces=(Piece(from_s=12.5, low=5, high=2**32), Piece(from_s=13.0))),
    Seat(epoch=3, pieces=(Piece(from_s=0.0, high=2**32),), offer=Offer(from_s=2.5, by_s=2.0, low=5, high=9)),
    WorkerEvent(kind=WorkerEventKind.REFUSED, worker="w", text="no", hint="do"),
    WorkerEvent(kind=WorkerEventKind.DONE, worker="w", sequence=12),
    WorkerInfo(worker="w", node="n", pid=1, labels={"zone": "a"}, weight=2.5, run="r", leaving=True, loadgen="1"),
    RunSpec(run="r", plan="{}", submitted_at=1.5, files={"a.py": SHA}, digest=SHA, code="shipped", signature=SHA),
    RunEvent(at_s=-0.5, kind="submitted", text="by alice"),
    RunRecord(run="r", name="p", submitted_at=1.0),
    RunRecord(
        run="r",
        name="p",
        state=RunState.FINISHED,
        submitted_at=1.0,
        started_at=2.0,
        ended_at=3.0,
        workers={"w": WorkerTotals(worker="w")},
        events=[RunEvent(at_s=0, kind="started", text="")],
        stop=StopNote(by="guard", reason="too slow", at_s=7.5),
        silences=[Silence(worker="w", first_second=1, last_second=4)],
        verdict=VERDICT,
    ),
]
KINDS = sorted({type(message) for message in MESSAGES}, key=lambda kind: kind.__name__)
each_message = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@each_message
def test_a_message_comes_back_as_it_was(message):
    assert type(message).decode(message.encode()) == message
    assert type(message).decode(message.encode().decode()) == message


@each_message
def test_an_unknown_key_is_refused(message):
    fields = json.loads(message.encode()) | {"more": 1}

    with pytest.raises(MessageError, match=f"a {type(message).__name__} is malformed: 1 problem$"):
        type(message).decode(json.dumps(fields))


@each_message
def test_another_version_is_refused(message):
    if "version" in type(message).model_fields:
        with pytest.raises(MessageError):
            type(message).decode(json.dumps(json.loads(message.encode()) | {"version": 2}))


@each_kind
@given(data=st.binary(max_size=60))
def test_any_bytes_are_refused(kind, data):
    try:
        kind.decode(data)
    except MessageError:
        return
    assert kind is Seat  # the one message that may be empty
    assert json.loads(data) == {}


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@each_message
@given(data=st.data())
def test_a_message_with_a_foreign_field_is_refused_or_read(message, data):
    fields = json.loads(message.encode())
    fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(json_values)
    try:
        back = type(message).decode(json.dumps(fields))
    except MessageError:
        return
    assert type(message).decode(back.encode()) == back


@each_kind
@pytest.mark.parametrize(
    "data", ["", "null", "[]", "[" * 100_000, '{"a":' * 100_000, "\x00", '{"version": 1e400}', '"\\ud800"', b"\xff\xfe"]
)
def test_bombs_and_rubbish_are_refused(kind, data):
    with pytest.raises(MessageError):
        kind.decode(data)


@pytest.mark.parametrize("instant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_instants_are_finite(instant):
    with pytest.raises(MessageError):
        Seat.decode(f'{{"start_s": {instant}}}')


@pytest.mark.parametrize(("low", "high"), [(2, 1), (-1, 1), (0, 2**32 + 1)])
def test_a_piece_is_a_part_of_the_whole(low, high):
    with pytest.raises(MessageError):
        Piece.decode(json.dumps({"from_s": 0.0, "low": low, "high": high}))


@pytest.mark.parametrize("instants", [(1.0, 1.0), (2.0, 1.0), (0.0, 1.0, 1.0)])
def test_the_pieces_of_a_seat_follow_one_another(instants):
    *held, last = ({"from_s": instant, "low": 0, "high": 1} for instant in instants)
    with pytest.raises(MessageError):
        Seat.decode(json.dumps({"pieces": [*held, last]}))
    with pytest.raises(MessageError):
        Seat.decode(json.dumps({"pieces": held, "offer": last | {"by_s": 0.5}}))


def test_a_seat_holds_only_so_many_pieces():
    with pytest.raises(MessageError):
        Seat.decode(json.dumps({"pieces": [{"from_s": second} for second in range(MAX_PIECES + 1)]}))


@pytest.mark.parametrize("weight", [0, -1, 1001, "heavy"])
def test_weights_are_above_0_and_not_absurd(weight):
    fields = {"worker": "w", "node": "n", "pid": 1, "weight": weight}
    with pytest.raises(MessageError):
        WorkerInfo.decode(json.dumps(fields))


@given(st.text(max_size=5000))
def test_texts_for_people_are_cut_not_refused(text):
    event = WorkerEvent(kind=WorkerEventKind.REFUSED, worker="w", text=text * 10, hint=text * 10)
    message = ControlMessage(kind="stop", run="r", reason=text * 10)

    assert len(event.text) <= 4000
    assert len(event.hint) <= 1000
    assert len(message.reason) <= 400
    assert WorkerEvent.decode(event.encode()) == event
    assert ControlMessage.decode(message.encode()) == message


def test_messages_to_and_from_workers_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Seat().epoch = 3
