"""What one core sends with loadgen's HTTP client, against Locust's ``FastHttpUser``, k6 and wrk: five cases.

::

    core a   the generators: ours and one other take turns, in pairs
    core b   nginx; Valkey, the coordinator and ``loadgen run`` for ours

The cases are in :mod:`benchmarks.cases`, the turns in :mod:`benchmarks.turns`. That all did the same work is seen from
what the server noted (:mod:`benchmarks.noted`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import noted
from benchmarks.cases import CASES, SATURATING, USERS, Case
from benchmarks.cores import on_core, two_cores
from benchmarks.generators import FAST_HTTP_USERS, HERE, k6, loadgen_plan, locust, wrk
from benchmarks.nginx import MISSING, Nginx, nginx_program
from benchmarks.site import running_site
from benchmarks.spread import Spread, as_count, as_ratio
from benchmarks.table import Table
from benchmarks.turns import TURN_S, Generator, Pair, Turn, take_turns

OURS = "loadgen"

LEAD_IN_S = 0.25
"""Newcomers who were due while the worker was stopped are dropped, or missed, before it is measured."""

OTHERS = {"FastHttpUser": "Locust's `FastHttpUser`", "k6": "k6", "wrk": "wrk, the ceiling"}
"""Names, also of ports; titles."""

_HINTS = {"k6": "k6 was left out: it is not on PATH.", "wrk": "wrk was left out: apt-get install wrk."}

_OF_WRK = (
    "wrk sends the journey's ten requests with cookies and token written down, and closes a newcomer's connection "
    "after every third of all its requests; it unpacks nothing and looks at no answer."
)

RATIOS = ["loadgen ÷ …", "goal", "requests/s", "least to most", "per second of CPU", "least to most"]

RATES = [
    "requests/s",
    "median",
    "least to most",
    "per second of CPU",
    "least to most",
    "bytes of a request",
    "of an answer",
]


@dataclass(frozen=True)
class Measured:
    """One case.

    Attributes:
        case: which.
        pairs: by the other generator's name, one for each round.
        noted: what the server noted, by generator.
    """

    case: Case
    pairs: dict[str, list[Pair]]
    noted: dict[str, noted.Noted]


def measure(quick: bool) -> list[Table]:
    """Ratios and rates of each case."""
    rounds, turns = (2, 1) if quick else (7, 6)
    cores = two_cores()
    if cores is None or nginx_program() is None:
        lacking = MISSING if cores else "it needs two cores, one for the generator alone"
        notes = [f"Left out: {lacking}."]
        return [Table("http-client", RATIOS, notes=notes), Table("http-client-rates", RATES, notes=notes)]
    with on_core(cores[1]):
        found = [_measure_case(case, cores[0], rounds, turns) for case in CASES]
    return [_ratios(found, rounds, turns), _rates(found)]


def _measure_case(case: Case, core: int, rounds: int, turns: int) -> Measured:
    names = [*(name for name in OTHERS if name not in _HINTS or shutil.which(name)), OURS]
    with ExitStack() as stack:
        plain, tls = ((), names) if case.tls else (names, ())
        server, folder = stack.enter_context(running_site(plain, tls))
        running = {name: stack.enter_context(_generator(name, case, server, folder, core)) for name in names}
        ours = running.pop(OURS)
        lead_in_s = LEAD_IN_S if case.leaves else 0.0
        pairs: dict[str, list[Pair]] = {name: [] for name in running}
        for _ in range(rounds):
            for name, other in running.items():
                pairs[name].append(take_turns(ours, other, turns, lead_in_s))
        for generator in (ours, *running.values()):
            generator.finish()
        server.stop()
        ports = {server.ports[name]: name for name in names}
        return Measured(case, pairs, noted.check(server.noted, ports, case))


@contextmanager
def _generator(name: str, case: Case, server: Nginx, folder: Path, core: int) -> Iterator[Generator]:
    url = server.url(name)
    if name == OURS:
        made = loadgen_plan(server, folder, core, case.plan(url))
    elif name == "k6":
        made = k6(server, folder, core, USERS, url, case.script)
    elif name == "wrk":
        args = [str(HERE / "wrk" / arg) if arg.endswith(".lua") else arg for arg in case.wrk]
        made = wrk(server, folder, core, USERS, f"{url}{case.page}", args)
    else:
        made = locust(server, folder, core, USERS, url, case.page, FAST_HTTP_USERS, case.user)
    with made as generator:
        yield generator


def _ratios(found: list[Measured], rounds: int, turns: int) -> Table:
    rows = []
    for measured in found:
        case, goals = measured.case, {"FastHttpUser": measured.case.goal_fast, "k6": measured.case.goal_k6}
        rows.append([f"**{case.title}**", *[""] * (len(RATIOS) - 1)])
        for name, pairs in measured.pairs.items():
            rates = Spread.of([pair.rates for pair in pairs])
            per_cpu = Spread.of([pair.per_cpu for pair in pairs])
            goal = f"≥ {goals[name]:g}" if name in goals else ""
            rows.append([f"÷ {OTHERS[name]}", goal, *rates.cells(as_ratio), *per_cpu.cells(as_ratio)])
    turned = [turn for measured in found for pairs in measured.pairs.values() for pair in pairs for turn in pair]
    note = (
        f"{USERS} shoppers, users or connections, no wait; medians of {rounds} pairs of {turns * TURN_S:g} s each, "
        f"in turns of {TURN_S:g} s, counted by nginx. "
        f"The generators got {min(turn.busy for turn in turned):.0%} to {max(turn.busy for turn in turned):.0%} of "
        f"their core, the server used {max(turn.server_busy for turn in turned):.0%} of its own at most."
    )
    return Table("http-client", RATIOS, rows, [note, *_remarks(found)])


def _rates(found: list[Measured]) -> Table:
    rows = []
    for measured in found:
        rows.append([f"**{measured.case.title}**", *[""] * (len(RATES) - 1)])
        ours = [pair.ours for pairs in measured.pairs.values() for pair in pairs]
        turns: dict[str, list[Turn]] = {OURS: ours}
        turns |= {name: [pair.theirs for pair in pairs] for name, pairs in measured.pairs.items()}
        for name, taken in turns.items():
            rates = Spread.of([turn.rate for turn in taken])
            per_cpu = Spread.of([turn.per_cpu for turn in taken])
            sizes = measured.noted[name]
            cells = [*rates.cells(as_count), *per_cpu.cells(as_count)]
            rows.append([OTHERS.get(name, name), *cells, as_count(sizes.request_bytes), as_count(sizes.answer_bytes)])
    count = sum(sizes.exchanges for measured in found for sizes in measured.noted.values())
    note = (
        "Requests are exchanges as the server counts them: a redirect and the page it leads to are two. Bytes: means "
        f"of the {count:,} exchanges of each tenth connection, whose kind and order were checked."
    )
    return Table("http-client-rates", RATES, rows, [note])


def _remarks(found: list[Measured]) -> list[str]:
    """What differs, and what is missing."""
    remarks = [_OF_WRK] if shutil.which("wrk") else []
    slack = [m for m in found if m.case.leaves and max(p.ours.rate for ps in m.pairs.values() for p in ps) > _full(m)]
    if slack:
        remarks.append(
            f"loadgen was not saturated by {SATURATING:,} newcomers per second: its requests/s there are too few, "
            "those per second of CPU are right."
        )
    remarks += [hint for name, hint in _HINTS.items() if not shutil.which(name)]
    return [" ".join(remarks)] if remarks else []


def _full(measured: Measured) -> float:
    """Requests per second beyond which there were hardly more newcomers than could be served."""
    return 0.95 * SATURATING * len(measured.case.exchanges)
