"""Where the CPU of a request goes, in loadgen's worker and in Locust with ``FastHttpUser``: ``make profile``.

py-spy looks at each process some hundred times a second while 32 shoppers get a page of 1 KB over kept connections. A
sample belongs to the innermost frame that a group names: what Python's own library does is charged to who asked for it.
Time in C, a system call too, is that of the Python function that called it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import CASES, USERS
from benchmarks.cores import on_core, two_cores
from benchmarks.generators import FAST_HTTP_USERS, loadgen_plan, locust
from benchmarks.nginx import MISSING, nginx_program
from benchmarks.site import running_site
from benchmarks.table import Table
from benchmarks.turns import Generator

SAMPLES_PER_S = 250

TOP = 20

GROUPS = {
    "sockets: send, receive": r"loadgen/journey/http/(wires|tls)\.py|gevent/_(socket|ssl)",
    "event loop and waiting: gevent, libev": r"loadgen/journey/http/waiting\.py|/gevent/",
    "parsing: llhttp": r"AnswerReader\.|HTTPResponse\.feed",
    "the HTTP client": r"loadgen/journey/http/|/geventhttpclient/|locust/contrib/fasthttp",
    "counting": r"loadgen/(journal|latency|stats)/|loadgen/journey/(recorder|counting|slow)|locust/(stats|event)\.py",
    "the shopper, its tasks, its journey": r"loadgen/journey/|/locust/user/|/shoppers\.py|/fast_http_users\.py",
    "the worker: arrivals, frames, Redis": r"loadgen/(worker|bus|messages)/|/redis/",
}
"""Titles, and what the frames of each look like; the first that fits is taken."""

OTHER = "all else"

HEAD = ["where", "loadgen", "µs a request", "`FastHttpUser`", "µs a request"]
HEAD_TOP = ["loadgen", "its own time", "`FastHttpUser`", "its own time"]

_PATTERNS = {title: re.compile(pattern) for title, pattern in GROUPS.items()}
_FRAME = re.compile(r"(.*) \((.*):\d+\)$")
_ROOTS = re.compile(r"^.*?/(?=(?:loadgen|gevent|locust|geventhttpclient)/)|^.*/(?:site-packages|python3\.\d+)/|^.*/")


@dataclass(frozen=True)
class Profile:
    """What was seen of one process.

    Attributes:
        groups: samples by group.
        functions: samples by function.
        request_us: CPU of one request, microseconds.
    """

    groups: Counter[str]
    functions: Counter[str]
    request_us: float

    def share(self, group: str) -> float:
        """Of all samples."""
        return self.groups[group] / self.groups.total()


class CannotLook(Exception):  # noqa: N818 -- a sentence
    """This system does not let one process look into another."""


def measure(quick: bool) -> list[Table]:
    """Shares of each group, and the functions that have most."""
    cores, program = two_cores(), _py_spy()
    if cores is None or nginx_program() is None or program is None:
        lacking = "it needs two cores" if cores is None else MISSING if program else "it needs py-spy"
        return _left_out(lacking)
    seconds = 2 if quick else 20
    try:
        ours, theirs = _profiles(program, cores, seconds)
    except CannotLook as reason:
        return _left_out(f"py-spy cannot look into a process here ({reason})")
    return [_groups(ours, theirs, seconds), _top(ours, theirs)]


def _py_spy() -> str | None:
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def _left_out(lacking: str) -> list[Table]:
    notes = [f"Left out: {lacking}."]
    return [Table("profile", HEAD, notes=notes), Table("profile-functions", HEAD_TOP, notes=notes)]


def _profiles(program: str, cores: tuple[int, int], seconds: int) -> list[Profile]:
    case = CASES[0]
    with on_core(cores[1]), ExitStack() as stack:
        server, folder = stack.enter_context(running_site(["loadgen", "locust"]))
        where = (server, folder, cores[0])
        of_locust = (*where, USERS, server.url("locust"), case.page, FAST_HTTP_USERS, case.user)
        generators = [
            stack.enter_context(loadgen_plan(*where, case.plan(server.url("loadgen")))),
            stack.enter_context(locust(*of_locust)),
        ]
        return [_profile(program, generator, folder / "profile.raw", seconds) for generator in generators]


def _profile(program: str, generator: Generator, file: Path, seconds: int) -> Profile:
    often = ["--rate", str(SAMPLES_PER_S), "--duration", str(seconds)]
    command = [program, "record", "--pid", str(generator.pid), *often, "--format", "raw", "--full-filenames"]

    def look() -> None:
        done = subprocess.run(
            [*command, "--output", str(file)], capture_output=True, text=True, timeout=seconds + 60, check=False
        )
        if done.returncode:
            raise CannotLook(done.stderr.strip().splitlines()[-1])

    turn = generator.working(look)
    groups, functions = Counter[str](), Counter[str]()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        groups[_group_of(frames)] += int(count)
        functions[_function(frames[-1])] += int(count)
    return Profile(groups, functions, 1e6 / turn.per_cpu)


def _group_of(frames: list[str]) -> str:
    for frame in reversed(frames):
        for title, pattern in _PATTERNS.items():
            if pattern.search(frame):
                return title
    return OTHER


def _function(frame: str) -> str:
    """``PlainWire.send (loadgen/journey/http/wires.py)``."""
    found = _FRAME.match(frame)
    return f"`{found[1]}` ({_ROOTS.sub('', found[2])})" if found else frame


def _groups(ours: Profile, theirs: Profile, seconds: int) -> Table:
    rows = []
    for title in [*GROUPS, OTHER]:
        cells = [(f"{one.share(title):.0%}", f"{one.share(title) * one.request_us:.1f}") for one in (ours, theirs)]
        rows.append([title, *cells[0], *cells[1]])
    rows.append(["**all**", "", f"**{ours.request_us:.1f}**", "", f"**{theirs.request_us:.1f}**"])
    note = (
        f"{CASES[0].title}, one core: {seconds} s at {SAMPLES_PER_S} samples a second, "
        f"{ours.groups.total():,} and {theirs.groups.total():,} samples. What the profiler takes is in the times."
    )
    return Table("profile", HEAD, rows, [note])


def _top(ours: Profile, theirs: Profile) -> Table:
    rows = [[*mine, *other] for mine, other in zip(_most(ours), _most(theirs), strict=False)]
    return Table("profile-functions", HEAD_TOP, rows)


def _most(profile: Profile) -> list[tuple[str, str]]:
    """The functions with most time of their own, and their shares."""
    total = profile.groups.total()
    return [(name, f"{count / total:.1%}") for name, count in profile.functions.most_common(TOP)]
