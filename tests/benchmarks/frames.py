"""What the coordinator pays for each frame, and what Locust's master pays for a report of the same requests.

CPU time. 1,000 workers report once a second; each frame holds 20 series, the funnel of 10 steps, and slow requests.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.sample_frames import DRAWN, RUN, SERIES, frames_of
from benchmarks.spread import Spread, Work, as_count, as_time, cpu_ns, cpu_ns_in_turns
from benchmarks.table import Table

from loadgen.bus import ClusterBus, EmbeddedServer, RunBus, connect
from loadgen.coordinator.accounts import Accounts
from loadgen.coordinator.intake import Intake
from loadgen.messages import Frame, RunSpec, encode_second, pack_tally, unpack_tally
from loadgen.plan.model import Plan
from loadgen.stats import RunStats, SecondRow, Tally

WORKERS = 1000

FRAMES = (500, 5_000)
"""Requests in a frame: a worker in a usual run, and one at its limit."""

REPORTS = 100
"""Of Locust's workers, read over and over."""

ALL = "**coordinator: all of it, read from Redis and written to it**"


def measure(quick: bool) -> list[Table]:
    """The cost of a frame, from the worker that writes it to the sealed second."""
    rounds, seconds = (3, 1) if quick else (11, 3)
    columns = [_costs(rounds, seconds, requests) for requests in FRAMES]
    for requests, column in zip(FRAMES, columns, strict=True):  # last: what Locust patches would slow us down
        column["for comparison, Locust's master: report unpacked and added up"] = _locust_master(rounds, requests)
    rows = [[what, *(cell for column in columns for cell in column[what].cells(as_time))] for what in columns[0]]
    at = [row[0] for row in rows].index(ALL)
    per_core = [Spread(*(1e9 / ns for ns in (of.median, of.most, of.least))) for of in (c[ALL] for c in columns)]
    rows.insert(at + 1, ["that is, frames a second on one core", *(c for of in per_core for c in of.cells(as_count))])
    note = (
        f"CPU time; median of {rounds} rounds of {seconds} seconds of {WORKERS:,} workers, {SERIES} series in each "
        f"frame; all but Locust took turns. *Other series*: each of {DRAWN} kinds of frames has 20 others of 40 series."
    )
    head = ["for each frame", *(title for n in FRAMES for title in (f"{n:,} requests", "least to most"))]
    return [Table("frames", head, rows, [note])]


def _costs(rounds: int, seconds: int, requests: int) -> dict[str, Spread]:
    frames = frames_of(WORKERS, seconds, requests)
    others = frames_of(WORKERS, seconds, requests, pool=2 * SERIES)
    times = WORKERS * seconds
    with in_redis(frames) as whole, in_redis(others) as other_series:
        works = {
            "worker: encoded": Work(DRAWN, lambda: _counted(frames), _encode),
            "coordinator: decoded and checked": Work(times, lambda: _encoded(frames), _decode),
            "coordinator: taken in, merged, sealed": Work(times, lambda: _decoded(frames), _seal),
            "coordinator: its part of the sealed second, written and added up": Work(
                times, lambda: _seal(_decoded(frames)), _write_and_add_up
            ),
            ALL: Work(WORKERS, whole.send, whole.seal),
            "the same, other series in each frame": Work(WORKERS, other_series.send, other_series.seal),
        }
        return cpu_ns_in_turns(rounds, works)


def _counted(frames: list[list[Frame]]) -> list[tuple[Frame, Tally]]:
    return [(frame, unpack_tally(frame.tally)) for frame in frames[0][:DRAWN]]


def _encode(counted: list[tuple[Frame, Tally]]) -> None:
    for frame, tally in counted:
        replace(frame, tally=pack_tally(tally)).encode()


def _encoded(frames: list[list[Frame]]) -> list[list[bytes]]:
    return [[frame.encode() for frame in second] for second in frames]


def _decode(packed: list[list[bytes]]) -> None:
    for second in packed:
        Frame.decode_all(second)


def _decoded(frames: list[list[Frame]]) -> list[list[Frame]]:
    """The frames as the coordinator has them."""
    return [[frame for frame in Frame.decode_all(second) if isinstance(frame, Frame)] for second in _encoded(frames)]


def _seal(frames: list[list[Frame]]) -> list[SecondRow]:
    intake, rows = Intake({}), []
    expected = [frame.worker for frame in frames[0]]
    for second, reported in enumerate(frames):
        now = second + 1.3
        for number, frame in enumerate(reported):
            refused = intake.take((0, f"{second}-{number}"), frame, now)
            if refused:
                raise AssertionError(refused)
        rows += intake.seal(now, expected)
        intake.positions()
    if [row.workers for row in rows] != [WORKERS] * len(frames):
        raise AssertionError("not every second was sealed with every worker")
    return rows


def _write_and_add_up(rows: list[SecondRow]) -> None:
    stats = RunStats(keep_s=300)
    for row in rows:
        encode_second(row)
        stats.add(row)


class _Run:
    """A run whose frames lie in a real Redis, second after second.

    Args:
        accounts: of its leader.
        bus: its part of the bus.
        frames: what its workers send, over and over.
    """

    def __init__(self, accounts: Accounts, bus: RunBus, frames: list[list[Frame]]) -> None:
        self._accounts, self._bus, self._frames = accounts, bus, frames
        self._workers = [frame.worker for frame in frames[0]]
        self._second = -1

    def send(self) -> float:
        """The workers send one second more; gives the time by which they have."""
        self._second += 1
        frames = self._frames[self._second % len(self._frames)]
        told = {"sequence": self._second + 1, "second": self._second, "dealt_to_s": self._second + 1.0}
        ours = [replace(frame, **told).encode() for frame in frames]
        for start in range(0, len(ours), 100):
            self._bus.send("all", ours[start : start + 100])
        return self._second + 1.1

    def seal(self, now_second: float) -> None:
        """The coordinator's part, as in its loop."""
        if self._accounts.read(now_second):
            raise AssertionError("a frame was refused")
        self._accounts.seal(now_second, self._workers, lambda _: "")
        if self._accounts.stats.last_second != self._second:
            raise AssertionError("the second was not sealed")


@contextmanager
def in_redis(frames: list[list[Frame]]) -> Iterator[_Run]:
    """A run of a real Redis and a real leader's accounts; its workers send these seconds over and over."""
    plan = Plan.model_validate(
        {
            "name": "winter-sales",
            "target": {"base_url": "http://127.0.0.1:1"},
            "journeys": [{"file": "shop.py", "user": "Browser"}, {"file": "shop.py", "user": "Buyer"}],
            "load": [{"shape": {"constant": {"at": "500000/s", "for": "1h"}}}],
        }
    )
    spec = RunSpec(run=RUN, plan=plan.model_dump_json(), submitted_at=1.0, files={}, digest="0" * 64, code="installed")
    with EmbeddedServer() as server:
        bus = connect(server.url)
        ClusterBus(bus).submit(spec, b"")
        run = RunBus(bus, RUN)
        run.claim(1)
        run.spread_over(1)
        yield _Run(Accounts(plan, run, 1, [], None), run, frames)
        bus.close()


def _locust_master(rounds: int, requests: int) -> Spread:
    """Locust's own listeners, in both roles; its messages are msgpack too."""
    import msgpack

    with warnings.catch_warnings(action="ignore"):  # that it patches too late: we do not use what it patches
        from locust.event import Events
        from locust.stats import RequestStats, setup_distributed_stats_event_listeners

    rng = random.Random(7)
    worker, reporting = RequestStats(), Events()
    setup_distributed_stats_event_listeners(reporting, worker)
    reports = []
    for _ in range(REPORTS):
        for number in range(requests):
            worker.log_request("GET", f"/page/{number % SERIES}", rng.lognormvariate(4.4, 0.6), 24_000)
        data: dict[str, object] = {}
        reporting.report_to_master.fire(client_id="w", data=data)
        reports.append(msgpack.dumps(data, use_bin_type=True, strict_types=False))

    def prepare() -> Events:
        events = Events()
        setup_distributed_stats_event_listeners(events, RequestStats())
        return events

    def work(events: Events) -> None:
        for report in reports:
            events.worker_report.fire(client_id="w", data=msgpack.loads(report, raw=False, strict_map_key=False))

    return cpu_ns(rounds, REPORTS, prepare, work)
