"""What a run's part of the bus is given and gives: values without I/O, for :class:`loadgen.bus.run.RunBus`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from loadgen.messages import Frame, RunRecord, RunSpec, Seat, WorkerTotals
from loadgen.stats import SecondRow


@dataclass(slots=True)
class Sealing:
    """One atomic step of the coordinator.

    Attributes:
        seconds: sealed seconds and amendments, in the order to append them.
        positions: by shard, the stream id up to which all frames are dealt with; a shard that is not named stays.
        totals: the workers whose last sealed sequence moved.
        after: how many entries were sealed before; None does not look.
    """

    seconds: list[SecondRow] = field(default_factory=list)
    positions: dict[int, str] = field(default_factory=dict)
    totals: dict[str, WorkerTotals] = field(default_factory=dict)
    after: int | None = None


class Agreement(StrEnum):
    """Whether the shares of an epoch hold.

    ``open``: not all have heard of them yet. ``sure``: they hold. ``off``: somebody did not hear in time, so all goes
    on as before. ``over``: another epoch has come, which says all.
    """

    OPEN = "open"
    SURE = "sure"
    OFF = "off"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Announcement:
    """New shares for all.

    Attributes:
        epoch: their number.
        by_s: until when all must have heard, cluster time.
        awaited: who must hear before they hold; when empty they hold at once.
        seats: by worker.
    """

    epoch: int
    by_s: float
    awaited: Sequence[str]
    seats: Mapping[str, Seat]


class Refused(NamedTuple):
    """A frame that was refused.

    Attributes:
        data: its bytes.
        why: the reason.
        entry_id: its id in the stream.
        shard: which stream.
    """

    data: bytes
    why: str
    entry_id: str
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Papers:
    """All that the leader of a run knows of it.

    Attributes:
        spec: as it was submitted; without the journey code.
        record: how it stands.
        seconds: what was sealed.
        totals: what each worker did.
        seats: who is to send more.
    """

    spec: RunSpec
    record: RunRecord
    seconds: list[SecondRow]
    totals: Mapping[str, WorkerTotals]
    seats: Mapping[str, Seat]


class Batch(NamedTuple):
    """Frames that were read.

    Attributes:
        positions: by shard, the last stream id read.
        good: each with its place: shard and stream id.
        bad: what was refused.
    """

    positions: dict[int, str]
    good: list[tuple[tuple[int, str], Frame]]
    bad: list[Refused]
