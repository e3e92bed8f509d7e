"""What coordinator and workers say to each other about a run. Nothing is said per arrival or per request.

::

    coordinator ── invite(run) ─────▶ worker   its seat in the run's table says it is meant
    worker ────── ready | refused ──▶ coordinator
    coordinator ── epoch(run) ──────▶ worker   its seat holds its shares from an instant on, or an offer of new ones
    worker ────── heard(n) ─────────▶ Redis    whoever is the last to hear an offer in time makes it hold
    coordinator ── stop(run, mode) ─▶ worker
    worker ────── done ─────────────▶ coordinator   its last frame's number
    coordinator ── end(run) ────────▶ worker   all is sealed, the process may go
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from loadgen.messages.json_form import Bound, JsonForm, Label, prose
from loadgen.shapes.shares import Share


class Message(JsonForm):
    """A frozen JSON message of this version."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1


class StopMode(StrEnum):
    """How to stop a run.

    ``graceful``: no new shopper; those inside may finish, up to the plan's ``graceful_stop``.
    ``now``: no further request; those on the wire are still awaited and counted.
    """

    GRACEFUL = "graceful"
    NOW = "now"


class ControlMessage(Message):
    """One word to all workers; what differs between them is in their seats.

    Attributes:
        kind: invite, epoch, stop or end.
        run: the run meant; ``*`` with stop means every run.
        mode: how to stop.
        reason: why, for people.
    """

    kind: Literal["invite", "epoch", "stop", "end"]
    run: Label
    mode: StopMode = StopMode.GRACEFUL
    reason: Annotated[str, prose(400)] = ""


class Piece(JsonForm):
    """A share of every stream, and from when on it holds: until the next piece begins.

    Attributes:
        from_s: seconds since the run's start.
        low, high: the share [low, high), in units of 2**-32.
    """

    model_config = ConfigDict(frozen=True)

    from_s: float
    low: Bound = 0
    high: Bound = 0

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        if self.low > self.high:
            raise ValueError("a share cannot end before it begins")
        return self

    @property
    def share(self) -> Share:
        """The share itself."""
        return Share(self.low, self.high)


class Offer(Piece):
    """A piece that holds if everyone who bears the load hears of theirs in time, and otherwise does not.

    Attributes:
        by_s: until when everyone must have heard, seconds since the run's start.
    """

    by_s: float


MAX_PIECES: Final = 32
"""Pieces in one seat. Only those are kept of which the worker's frames may still tell: mostly one or two."""


class Seat(Message):
    """What one worker has to do in one run.

    Attributes:
        epoch: number of these shares; 0 invites the worker to prepare.
        start_s: the run's start instant, cluster time; 0 while unknown.
        pieces: what surely holds, in order; the latest are enough.
        offer: what comes after, if all hear of it.
    """

    epoch: int = 0
    start_s: float = 0.0
    pieces: Annotated[tuple[Piece, ...], Field(max_length=MAX_PIECES)] = ()
    offer: Offer | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        instants = [piece.from_s for piece in self.pieces] + ([self.offer.from_s] if self.offer else [])
        if any(later <= earlier for earlier, later in pairwise(instants)):
            raise ValueError("pieces must follow one another")
        return self

    @property
    def latest_s(self) -> float:
        """When the last of it begins to hold, seconds since the run's start."""
        last = self.offer or (self.pieces[-1] if self.pieces else None)
        return last.from_s if last else 0.0


class WorkerEventKind(StrEnum):
    """What a worker says about a run."""

    READY = "ready"
    REFUSED = "refused"
    DONE = "done"


class WorkerEvent(Message):
    """One worker's word to the coordinator about one run.

    Attributes:
        kind: ready, refused or done.
        worker: its name.
        text: why it refused, for people.
        hint: what to do about it.
        sequence: number of its last frame (with done).
    """

    kind: WorkerEventKind
    worker: Label
    text: Annotated[str, prose(4000)] = ""
    hint: Annotated[str, prose(1000)] = ""
    sequence: int = 0


class WorkerInfo(Message):
    """What a worker process says of itself when it joins, and when that changes.

    Attributes:
        worker: its name, unique for the life of the process.
        node: its machine's name.
        pid: its process id on that machine.
        labels: what its operator said of it, for runs to choose by.
        weight: how much it can take compared with others.
        run: the run it serves; empty when idle.
        leaving: it takes no new load and ends when it has drained.
        loadgen: version of its code.
    """

    worker: Label
    node: Label
    pid: int
    labels: dict[Label, Label] = Field(default_factory=dict)
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    run: Label = ""
    leaving: bool = False
    loadgen: Label = ""
