"""What must hold at the end of every run, whatever went wrong in it.

The target's log is the independent count: which arrival was seen when, and who says to have started it.

======================  ==============================================================================================
it ended                by itself or by the stop that was asked for, never ``failed``
nothing counted twice   recorded ≤ seen, of each worker and of all; no arrival was seen twice
nothing lost            recorded = seen; where a process was killed, what was on the wire is stated; where a machine was
                        lost (or not back from a crash or a cut in time before the run's end), the rest lies in the
                        window that is stated
never over plan         no arrival was seen before it was due
all accounted for       planned = started + dropped + missed; sent = recorded + on the wire, of each worker
sums agree              workers' totals, seconds, series and histograms
verdict                 VALID only with nothing missed, unreported, refused or unaccounted; a missed arrival makes
                        DEGRADED, more than 1 % INVALID; unreported windows only of lost machines
nothing left            every key of the run expires; no connection to the target stays open
======================  ==============================================================================================
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaos.playing import RATE, Played
from chaos.schedule import LOAD_S
from chaos.stage import Stage

from loadgen.bus.following import Follower
from loadgen.endings import Outcome, Validity

SERVER_CLOCK_S = 0.003
"""nginx writes milliseconds of a clock that it reads once for all that has come, which takes it one or two."""

ON_PLAN_S = 0.25
"""An arrival seen so soon after it was due came on plan; the machine has other work, and a person would not notice."""


MUTE = {
    "machine-lost",
    "node-crashed",
    "node-cut-off-long",
    "node-refused",
    "supervisor-killed",
    "supervisor-paused",
    "worker-paused-long",
}
"""Faults in which neither a worker nor its supervisor can say anything for longer than the lease."""

BACK_S = 6.0
"""How long a machine may take, when it is crowded, until what it held or found is sent and sealed."""


@dataclass(frozen=True)
class Counts:
    """The figures of a run.

    Attributes:
        planned, started, missed, dropped: arrivals.
        seen: requests, as the target counted them.
        recorded: requests in the run's figures.
        died: seen, and on the wire when their process was killed: stated as in flight.
        unreported: seen of lost machines within the stated windows, and not recorded.
        lost: seen, and neither recorded nor stated.
        twice: recorded more than once, or seen more than once.
        over: seen before they were due.
    """

    planned: int
    started: int
    missed: int
    dropped: int
    seen: int
    recorded: int
    died: int
    unreported: int
    lost: int
    twice: int
    over: int


def due_s(number: int) -> float:
    """When an arrival is due, seconds since the start: the middle of its cell of a constant rate."""
    return (number + 0.5) / RATE


def counts_of(played: Played) -> Counts:
    """Count."""
    follower = played.follower
    total, arrivals = follower.stats.total, follower.stats.total.arrivals_total()
    seen_twice = sum(times - 1 for times in Counter(seen.number for seen in played.seen).values())
    lost, died, unreported, recorded_twice = _losses(played)
    return Counts(
        planned=follower.stats.planned,
        started=arrivals.started,
        missed=arrivals.missed,
        dropped=arrivals.dropped,
        seen=len(played.seen),
        recorded=total.requests,
        died=died,
        unreported=unreported,
        lost=lost,
        twice=seen_twice + recorded_twice,
        over=len(_early(played)),
    )


def wrong_with(played: Played, counts: Counts, stage: Stage) -> list[str]:
    """Everything that does not hold, in words; empty when all is well."""
    found = list(played.wrong)
    for check in (_ending, _counting, _sums, _verdict):
        found += check(played, counts)
    return [*found, *_keys(played.follower, stage)]


def _ending(played: Played, _: Counts) -> Iterator[str]:
    record = played.follower.record
    verdict = record.verdict
    if verdict is None:
        yield "it has no verdict"
        return
    stopped = any(struck.fault.kind.startswith("stopped") for struck in played.struck)
    fine = {Outcome.STOPPED} if stopped else {Outcome.PASSED, Outcome.INVALID}
    # Asked to stop when the load was over, it may have ended by itself first.
    if verdict.outcome not in fine | ({Outcome.PASSED, Outcome.INVALID} if record.stop is None else set()):
        yield f"its outcome is {verdict.outcome}: {verdict.reason}"


def _counting(played: Played, counts: Counts) -> Iterator[str]:
    if counts.twice:
        yield f"{counts.twice} counted twice"
    if counts.lost:
        yield f"{counts.lost} lost"
    for seen, early_s in _early(played)[:3]:
        yield f"arrival {seen.number} of {seen.worker} was seen {early_s * 1000:.1f} ms before it was due"
    if counts.planned != counts.started + counts.dropped + counts.missed:
        parts = f"started {counts.started} + dropped {counts.dropped} + missed {counts.missed}"
        yield f"planned {counts.planned} is not {parts}"
    stop = played.follower.record.stop
    if stop is None and counts.planned != round(RATE * LOAD_S):
        yield f"planned {counts.planned}, the plan says {RATE * LOAD_S:g}"
    if counts.recorded > counts.started:
        yield f"{counts.recorded} requests of {counts.started} shoppers"
    bad = [seen for seen in played.seen if seen.status != 200]
    if bad:
        yield f"answered otherwise: {bad[:3]}"
    for worker in played.follower.record.workers.values():
        if worker.balance.gap:
            yield f"{worker.worker} sent {worker.sent}, recorded {worker.requests}, on the wire {worker.in_flight}"
        if worker.in_flight and worker.state != "lost":
            yield f"{worker.worker} is {worker.state} and has {worker.in_flight} on the wire"


def _sums(played: Played, counts: Counts) -> Iterator[str]:
    stats, workers = played.follower.stats, played.follower.record.workers.values()
    total = stats.total
    for name, whole in (("requests", counts.recorded), ("sent", total.sent), ("started", counts.started)):
        parts = sum(getattr(worker, name) for worker in workers)
        if parts != whole:
            yield f"workers' {name} are {parts} in all, those of the seconds {whole}"
    if counts.recorded != sum(row.tally.requests for row in stats.timeline()):
        yield "the seconds do not add up to the total"
    if total.service().count != counts.recorded:
        yield f"the histogram holds {total.service().count} of {counts.recorded} requests"
    if sum(series.since_due.count for series in total.series.values()) != counts.recorded:
        yield "the histogram since due holds another number of requests"
    if total.arrivals_total().lag.count != counts.started:
        yield f"the histogram of lags holds {total.arrivals_total().lag.count} of {counts.started} shoppers"


def _verdict(played: Played, counts: Counts) -> Iterator[str]:
    record = played.follower.record
    if record.verdict is None:
        return
    validity = record.verdict.validity
    reasons = {reason.code: reason.severity for reason in validity.reasons}
    silent = {silence.worker for silence in record.silences}
    unbalanced = any(worker.balance.gap for worker in record.workers.values())
    for code, is_so in (
        ("missed", counts.missed > 0),
        ("dropped", counts.dropped > 0),
        ("unreported", bool(silent)),
        ("quarantined", record.quarantined > 0),
        ("unaccounted", unbalanced),
    ):
        if (code in reasons) != is_so:
            yield f"the verdict {'says' if code in reasons else 'does not say'} {code}"
    if counts.missed > counts.planned * 0.01 and reasons.get("missed") is not Validity.INVALID:
        yield f"{counts.missed} of {counts.planned} missed, and {validity.verdict}"
    for worker in silent:
        if worker.partition("-")[0] not in _lost_machines(played):
            yield f"{worker} is unreported, and its machine was not lost"
    if record.quarantined:
        yield f"{record.quarantined} frames were refused"
    may_miss = any(not each.void for each in played.struck) or "cpu" in reasons or "late" in reasons
    if counts.missed and not may_miss:
        yield f"{counts.missed} missed without a fault"


def _keys(follower: Follower, stage: Stage) -> Iterator[str]:
    run, client = follower.record.run, stage.bus.client
    forever = [key.decode() for key in client.scan_iter(match=f"{{run:{run}*", count=1000) if client.ttl(key) < 0]
    if forever:
        yield f"keys that never expire: {forever}"


def _lost_machines(played: Played) -> set[str]:
    """Machines that were lost; and those that were gone or cut off, and not back in time to say what they held."""
    ended_s = (played.follower.record.ended_at or 0.0) - (played.follower.record.started_at or 0.0)
    struck = [struck for struck in played.struck if struck.fault.kind in MUTE and not struck.void]
    lost = {each.fault.node for each in struck if each.fault.kind == "machine-lost"}
    for each in struck:
        back_s = max(each.ended_at_s, played.started_at_s.get(each.fault.node, 0.0))
        if back_s + BACK_S > ended_s:
            lost.add(each.fault.node)
    return lost


def _early(played: Played) -> list:
    """Requests seen before their arrival was due, with how much."""
    record = played.follower.record
    if record.started_at is None:
        return []
    found = []
    for seen in played.seen:
        totals = record.workers.get(seen.worker)
        tolerance_s = SERVER_CLOCK_S + (totals.clock_error_us / 1e6 if totals else 0.0)
        early_s = record.started_at + due_s(seen.number) - seen.at_s
        if early_s > tolerance_s:
            found.append((seen, early_s))
    return found


def _losses(played: Played) -> tuple[int, int, int, int]:
    """Seen and not recorded: lost, died on the wire, within stated windows; and recorded though not seen."""
    record = played.follower.record
    lost = died = unreported = twice = 0
    seen_of: Counter[str] = Counter(seen.worker for seen in played.seen)
    for name in {*seen_of, *record.workers}:
        totals = record.workers.get(name)
        recorded, wire = (totals.requests, totals.in_flight) if totals else (0, 0)
        gap = seen_of[name] - recorded
        twice += max(0, -gap)
        on_wire = min(max(0, gap), wire)
        within = min(max(0, gap) - on_wire, _in_windows(played, name))
        died += on_wire
        unreported += within
        lost += max(0, gap) - on_wire - within
    return lost, died, unreported, twice


def _in_windows(played: Played, worker: str) -> int:
    """How many requests of a worker were seen within the windows that are stated for it."""
    record = played.follower.record
    windows: list[Callable[[float], bool]] = [
        lambda at_s, silence=silence: silence.first_second <= at_s < silence.last_second + 1
        for silence in record.silences
        if silence.worker == worker
    ]
    since = [seen.at_s - (record.started_at or 0.0) for seen in played.seen if seen.worker == worker]
    return sum(any(window(at_s) for window in windows) for at_s in since)
