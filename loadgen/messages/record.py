"""The record of a run: what a person asks for when asking how a run is doing, or how it went.

Written by the leading coordinator under its fence, read by everyone.

::

    queued ──▶ waiting ──▶ preparing ──▶ running ──▶ draining ──▶ finished
                  │            │            │            ▲
                  └────────────┴────────────┴── stop ────┘
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from loadgen.messages.control import Piece
from loadgen.messages.json_form import JsonForm
from loadgen.messages.totals import WorkerTotals
from loadgen.verdict.outcome import StoppedBy
from loadgen.verdict.results import ValidityResult, Verdict


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    WAITING = "waiting"
    PREPARING = "preparing"
    RUNNING = "running"
    DRAINING = "draining"
    FINISHED = "finished"


class StopNote(JsonForm):
    """Why and when a run was stopped before its time.

    Attributes:
        by: a guard, a person, a failure, or Redis, which had lost the run.
        reason: one sentence.
        at_s: seconds since the run's start; 0 when it had not started.
    """

    model_config = ConfigDict(frozen=True)

    by: StoppedBy
    reason: str
    at_s: float


class Silence(JsonForm):
    """Seconds of one worker that no frame covers, because it was lost.

    Attributes:
        worker: its name.
        first_second: first second it did not report, since the run's start.
        last_second: last second in which it may still have sent requests.
    """

    model_config = ConfigDict(frozen=True)

    worker: str
    first_second: int
    last_second: int


class Loss(JsonForm):
    """A share that nobody served for a while, because its worker was lost.

    Attributes:
        worker: the worker that carried it.
        pieces: what it carried, as far back as its frames may tell of.
        at_s: from when on it has surely started nobody, seconds since the run's start.
        to_s: from when on others carry its share; None while nobody does.
    """

    worker: str
    pieces: tuple[Piece, ...]
    at_s: float
    to_s: float | None = None


class RunEvent(JsonForm):
    """One thing that happened to a run, for people to read.

    Attributes:
        at_s: seconds since the run's start (negative before it).
        kind: closed set: submitted, waiting, prepared, started, epoch, worker_joined, worker_left, worker_lost, guard,
            stop_asked, quarantined, finished.
        text: one sentence.
    """

    model_config = ConfigDict(frozen=True)

    at_s: float
    kind: str
    text: str


class RunRecord(JsonForm):
    """How a run stands.

    Attributes:
        run: its id.
        name: the plan's name.
        state: where it stands.
        detail: one sentence for people: what it waits for, why it ended.
        submitted_at: cluster time, seconds since the Unix epoch.
        started_at: the start instant; None before it is known.
        ended_at: when the last shopper had left; None before.
        epoch: number of the current shares.
        shards: how many streams its frames are spread over; fixed when it starts.
        workers: by worker name.
        events: the log, oldest first.
        quarantined: frames that were refused.
        refused_to: stream id of the last one counted among them, by frame stream.
        emptied_at_s: when Redis lost the run while it went on, seconds since its start; None when it did not.
        stop: why it was stopped; None when it was not.
        silences: what lost workers may have done unseen.
        losses: what lost workers left undone.
        validity: the generator as judged so far; None before a second is sealed. The verdict has the last word.
        verdict: None until finished.
    """

    version: Literal[1] = 1
    run: str
    name: str
    state: RunState = RunState.QUEUED
    detail: str = ""
    submitted_at: float
    started_at: float | None = None
    ended_at: float | None = None
    epoch: int = 0
    shards: Annotated[int, Field(ge=1, le=1000)] = 1
    workers: dict[str, WorkerTotals] = Field(default_factory=dict)
    events: list[RunEvent] = Field(default_factory=list)
    quarantined: int = 0
    refused_to: dict[str, str] = Field(default_factory=dict)
    emptied_at_s: float | None = None
    stop: StopNote | None = None
    silences: list[Silence] = Field(default_factory=list)
    losses: list[Loss] = Field(default_factory=list)
    validity: ValidityResult | None = None
    verdict: Verdict | None = None
