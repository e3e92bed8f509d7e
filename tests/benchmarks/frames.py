"""What the coordinator pays for each frame, and what Locust's master pays for a report of the same requests.

CPU time. 100 workers report once a second; each frame holds 20 series and the funnel of 10 steps.
"""

from __future__ import annotations

import random
from dataclasses import replace

from benchmarks.sample_frames import SERIES, frames_of
from benchmarks.spread import Spread, as_time, cpu_ns
from benchmarks.table import Table

from loadgen.coordinator.intake import Intake
from loadgen.messages import Frame, encode_second, pack_tally, unpack_tally
from loadgen.stats import RunStats, SecondRow, Tally

WORKERS = 100

FRAMES = (500, 5_000)
"""Requests in a frame: a worker in a usual run, and one at its limit."""


def measure(quick: bool) -> list[Table]:
    """The cost of a frame, from the worker that writes it to the sealed second."""
    rounds, seconds = (3, 1) if quick else (11, 5)
    columns = [_costs(rounds, seconds, requests) for requests in FRAMES]
    rows = [[what, *(cell for column in columns for cell in column[what].cells(as_time))] for what in columns[0]]
    note = (
        f"CPU time; median of {rounds} rounds of {seconds} seconds of {WORKERS} workers, {SERIES} series in each frame."
    )
    head = ["for each frame", *(title for n in FRAMES for title in (f"{n:,} requests", "least to most"))]
    return [Table("frames", head, rows, [note])]


def _costs(rounds: int, seconds: int, requests: int) -> dict[str, Spread]:
    frames = frames_of(WORKERS, seconds, requests)
    packed = [[frame.encode() for frame in second] for second in frames]
    counted = [(frame, unpack_tally(frame.tally)) for second in frames for frame in second]
    times = WORKERS * seconds
    return {
        "worker: encoded": cpu_ns(rounds, times, lambda: counted, _encode),
        "coordinator: decoded and checked": cpu_ns(rounds, times, lambda: packed, _decode),
        "coordinator: taken in, merged, sealed": cpu_ns(rounds, times, lambda: frames, _seal),
        "coordinator: its part of the sealed second, written and added up": _afterwards(rounds, times, frames),
        "for comparison, Locust's master: report unpacked and added up": _locust_master(rounds, seconds, requests),
    }


def _encode(counted: list[tuple[Frame, Tally]]) -> None:
    for frame, tally in counted:
        replace(frame, tally=pack_tally(tally)).encode()


def _decode(packed: list[list[bytes]]) -> None:
    for second in packed:
        Frame.decode_all(second)


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


def _afterwards(rounds: int, times: int, frames: list[list[Frame]]) -> Spread:
    def work(rows: list[SecondRow]) -> None:
        stats = RunStats(keep_s=300)
        for row in rows:
            encode_second(row)
            stats.add(row)

    return cpu_ns(rounds, times, lambda: _seal(frames), work)


def _locust_master(rounds: int, seconds: int, requests: int) -> Spread:
    """Locust's own listeners, in both roles; its messages are msgpack too."""
    import msgpack
    from locust.event import Events
    from locust.stats import RequestStats, setup_distributed_stats_event_listeners

    rng = random.Random(7)
    worker, reporting = RequestStats(), Events()
    setup_distributed_stats_event_listeners(reporting, worker)
    reports = []
    for _ in range(WORKERS):
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
        for _ in range(seconds):
            for report in reports:
                events.worker_report.fire(client_id="w", data=msgpack.loads(report, raw=False, strict_map_key=False))

    return cpu_ns(rounds, WORKERS * seconds, prepare, work)
