"""Totals of workers on the wire and in records: exact there and back, and MessageError for everything else."""

from __future__ import annotations

import json
import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.errors import MessageError
from loadgen.messages import RunRecord, WorkerTotals
from loadgen.messages.plain import dumps

whole = st.integers(-1, 2**60)
numbers = st.floats(0, 1e6)
totals = st.builds(
    WorkerTotals,
    worker=st.text(max_size=30),
    node=st.text(max_size=30),
    sequence=whole,
    first_second=whole,
    requests=whole,
    cpu_sum=numbers,
    cpu_max=numbers,
    state=st.sampled_from(["active", "lost"]),
)


@given(totals)
def test_totals_come_back_as_they_were(some):
    assert WorkerTotals.decode(some.encode()) == some
    record = RunRecord(run="r", name="p", submitted_at=1.0, workers={some.worker: some})
    assert RunRecord.decode(record.encode()) == record


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"rubbish",
        dumps([]),
        dumps({"worker": "w"}),
        dumps(astuple(WorkerTotals("w"))[:-1]),
        dumps([*astuple(WorkerTotals("w")), 0]),
        *(dumps([wrong, *astuple(WorkerTotals("w"))[1:]]) for wrong in (7, None, b"w", "w" * 500)),
        *(
            dumps([*astuple(WorkerTotals("w"))[:2], wrong, *astuple(WorkerTotals("w"))[3:]])
            for wrong in ("1", 1.5, None)
        ),
        dumps([*astuple(WorkerTotals("w", cpu_sum=math.nan))]),
    ],
)
def test_malformed_totals_are_refused(data):
    with pytest.raises(MessageError, match="WorkerTotals is malformed"):
        WorkerTotals.decode(data)


@pytest.mark.parametrize("fields", [{}, {"worker": "w", "extra": 1}, {"worker": "w", "sequence": "x"}])
def test_a_record_with_malformed_totals_is_refused(fields):
    record = RunRecord(run="r", name="p", submitted_at=1.0).model_dump(mode="json") | {"workers": {"w": fields}}
    with pytest.raises(MessageError):
        RunRecord.decode(json.dumps(record))
