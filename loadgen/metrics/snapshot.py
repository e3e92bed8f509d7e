"""What the leading coordinator shows of one run: an immutable view, taken once a tick, read by the scrape's thread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from loadgen.messages import RunRecord, WorkerTotals
from loadgen.plan.model import Plan
from loadgen.stats import SecondRow, Tally
from loadgen.verdict import GuardStanding


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One run at one moment.

    Attributes:
        record: how it stands.
        plan: what was asked for.
        total: all that was counted so far.
        planned: arrivals planned so far.
        recent: the last ten sealed seconds, oldest first.
        places: where each worker stands (invited, ready, seated, leaving, refused, done, lost).
        totals: what each worker did, as far as sealed.
        guards: how near each guard is to stopping the run, in the plan's order.
    """

    record: RunRecord
    plan: Plan
    total: Tally
    planned: int
    recent: tuple[SecondRow, ...]
    places: dict[str, str]
    totals: dict[str, WorkerTotals]
    guards: tuple[GuardStanding, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """The cluster as its leading coordinator sees it.

    Attributes:
        leader: id of this coordinator.
        leading: whether it leads; a standby shows nothing else.
        fence: its fencing number.
        workers: workers with a live lease, by state (idle, busy, leaving).
        queued: runs that wait for their turn.
        runs: runs under way, and the one that finished last until the next starts.
        leads_until_s: when its lease ends unless it is renewed, by this process's monotonic clock: whoever stood still
            or was cut off for longer may have been replaced, and does not know it yet. Of a standby: until when what it
            has heard counts.
        led_by: id of the coordinator that leads, as this one has heard; empty when it has not.
        pushes: how often metrics were sent to receivers and how often that failed, by kind of receiver.
    """

    leader: str
    leading: bool
    fence: int
    workers: dict[str, int]
    queued: int
    runs: tuple[RunSnapshot, ...]
    leads_until_s: float = math.inf
    led_by: str = ""
    pushes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
