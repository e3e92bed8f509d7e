"""``make bench``: measures what the design promises, and writes the tables of ``docs/benchmarks.md``.

::

    .venv/bin/python tests/benchmarks/run.py                      everything, within an hour; writes the page
    .venv/bin/python tests/benchmarks/run.py --only reaction      one part; the page's other tables stay
    .venv/bin/python tests/benchmarks/run.py --quick              everything small: prints, writes nothing

==============  ==========================================================================================
part            measures
==============  ==========================================================================================
hot-paths       CPU of one request recorded, one arrival computed, one shopper started and ended
memory          memory of a shopper who waits with an open connection
http-client     requests/s of loadgen's client, Locust's fastest, k6 and wrk, in five cases, in pairs
profile         where the CPU of a request goes
against-locust  requests/s of one worker process and of Locust, with the same locustfile, in pairs
arrivals        how late the shoppers of one worker process start, at some rates
honesty         latencies as loadgen, wrk and nginx itself say them
behaviour       what 20,000 visitors did, against the graph that they walk
frames          CPU of one frame encoded, decoded, merged; the same for a report of Locust's master
scrape          CPU and bytes of a page of /metrics; whether sealing waits for it
freshness       how old what is seen of a run is: in /metrics, in the live page's events, painted
scale           CPU, lag and bytes of coordinator and Redis for 100 to 6,000 simulated workers
eight-hours     memory of coordinator and Redis over a run of eight hours, in virtual time
accuracy        error of merged quantiles against the exact ones
sizes           bytes of a frame, memory of a finished run in Redis
reaction        submit to first request, stop to last request, join to share
faults          what the load at the target looks like when coordinators, processes and machines are lost
==============  ==========================================================================================

Each part is a module of that name beside this one, with ``measure(quick) -> list[Table]``. It runs in a process of its
own, because some import gevent, within a time limit; what it started ends with it. The page's prose is ``page.md``.
A part whose program is missing (nginx, wrk, k6) says so in its table. Measure on a machine that does nothing else;
what disturbed a part is said under its tables.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

TESTS = Path(__file__).resolve().parents[1]
sys.path[0] = str(TESTS)  # as pytest has it: modules are named benchmarks.x and cluster.x

PARTS = (
    "hot-paths",
    "memory",
    "http-client",
    "profile",
    "against-locust",
    "arrivals",
    "honesty",
    "behaviour",
    "frames",
    "scrape",
    "freshness",
    "scale",
    "eight-hours",
    "accuracy",
    "sizes",
    "reaction",
    "faults",
)

LIMIT_S = 1800.0
"""No part takes longer; one that does is broken."""


def main() -> int:
    """Measure what was asked for.

    Returns:
        1 when a part failed, 0 otherwise.
    """
    parser = argparse.ArgumentParser(description="Measure, and write docs/benchmarks.md.")
    parser.add_argument("--quick", action="store_true", help="everything small; prints and writes nothing")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--as-json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_json:
        (part,) = options.only
        _say(json.dumps(_measure(part, options.quick)))
        return 0
    return _run(options.only or list(PARTS), options.quick)


def _run(parts: list[str], quick: bool) -> int:
    from benchmarks.table import PAGE, Circumstances, Table, write_page

    made, failed = {}, []
    for part in parts:
        under = Circumstances()
        _say(f"== {part}")
        tables = _in_own_process(part, quick)
        if tables is None:
            failed.append(part)
            continue
        for table in tables:
            text = Table(**table).as_markdown(str(under))
            _say(text)
            made[table["name"]] = text
    if made and not quick:
        lacking = write_page(made)
        _say(f"wrote {PAGE.name}" + (f"; not measured yet: {', '.join(lacking)}" if lacking else ""))
    if failed:
        _say(f"failed, see above: {', '.join(failed)}")
    return 1 if failed else 0


def _in_own_process(part: str, quick: bool) -> list[dict] | None:
    from loadgen.children import start_child, stop_child

    args = [sys.executable, str(Path(__file__)), "--as-json", "--only", part, *(["--quick"] if quick else [])]
    child = start_child(args, stdout=subprocess.PIPE)
    try:
        output, _ = child.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        _say(f"{part} took longer than {LIMIT_S:g} s")
        return None
    finally:
        stop_child(child, patience_s=20)
    return None if child.returncode else json.loads(output)


def _measure(part: str, quick: bool) -> list[dict]:
    signal.signal(signal.SIGTERM, _leave)  # so that with-blocks stop what they started
    with contextlib.redirect_stdout(sys.stderr):
        module = importlib.import_module(f"benchmarks.{part.replace('-', '_')}")
        return [table.as_json() for table in module.measure(quick)]


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- a command


def _leave(*_: object) -> NoReturn:
    sys.exit(143)


if __name__ == "__main__":
    sys.exit(main())
