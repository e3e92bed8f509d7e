"""docs/benchmarks.md is its prose around its tables, and of figures the prose says what the tables show."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from benchmarks.table import PAGE, PROSE, cells_of, read_table, write_page

WITH_GOALS = {
    "http-client": "requests/s",
    "hot-paths": "median",
    "memory": "resident (RSS)",
    "arrivals": "p99",
    "freshness": "p99",
    "scale": "p99",
    "faults": "median",
}
"""By table that has goals, the column that they are for."""

RECORDED = (
    "one request recorded (`Recorder.request`)",
    "its part of the second's tally (`Recorder.take`)",
    "for comparison: Locust's own statistics of one request",
)

UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3}
"""Of what is measured against a goal in another unit, in seconds; others stand in the unit of their goal."""


def number(text: str) -> float:
    """A figure with its unit: ``1,000 ms``, ``0.4 µs``, ``12.1 KB``, ``0 %``, ``1.35``."""
    figure, unit = re.fullmatch(r"([\d.,]+) ?(\S*)", text).groups()
    return float(figure.replace(",", "")) * UNITS.get(unit, 1)


def is_met(goal: str, found: str) -> bool:
    """Whether a figure is as good as was wanted."""
    if goal == "none":
        return number(found) == 0
    wanted = number(goal.lstrip("≤≥ "))
    return number(found) <= wanted if goal.startswith("≤") else number(found) >= wanted


def missed(name: str) -> list[tuple[str, str]]:
    """Goals of a table that are missed, each with what was measured."""
    head, rows = read_table(name)
    found = [(cells[head.index("goal")], cells[head.index(WITH_GOALS[name])], cells) for cells in rows]
    goals = [(goal, value, cells) for goal, value, cells in found if goal]
    assert goals, f"the table {name} has no goals"
    return [(goal, value) for goal, value, cells in goals if not is_met(*_of_p99(goal, value, cells))]


def _of_p99(goal: str, value: str, cells: list[str]) -> tuple[str, str]:
    """A goal for the 99th percentile is held against that, which stands in another cell: ``p99 41 ms, max 41 ms``."""
    if not goal.startswith("p99 "):
        return goal, value
    (p99,) = (found[1] for cell in cells if (found := re.match(r"p99 ([\d,.]+ \w+),", cell)))
    return goal.removeprefix("p99 "), p99


def row_of(table: str, name: str) -> list[str]:
    _, rows = read_table(table)
    (row,) = [cells for cells in rows if cells[0] == name]
    return row


def test_the_page_is_the_prose_around_the_tables(tmp_path: Path) -> None:
    page = tmp_path / PAGE.name
    shutil.copy(PAGE, page)

    assert write_page({}, page) == [], "each table was measured"
    assert page.read_text() == PAGE.read_text(), "write the page again: tests/benchmarks/table.py, write_page({})"


def test_every_table_with_goals_is_known() -> None:
    names = re.findall(r"<!-- table: ([a-z-]+) -->", PROSE.read_text())

    assert {name for name in names if "goal" in read_table(name)[0]} == set(WITH_GOALS)


def test_the_goals_that_are_missed_are_named_with_their_figures() -> None:
    section = PAGE.read_text().partition("## Goals that are missed\n")[2].partition("\n## ")[0]
    _, _, *named = (cells_of(line) for line in section.splitlines() if line.startswith("|"))

    assert [(goal, value) for _, goal, value, _ in named] == [one for name in WITH_GOALS for one in missed(name)]


@pytest.mark.parametrize(
    ("goal", "found", "met"),
    [
        ("≤ 0.4 µs", "399 ns", True),
        ("≤ 0.4 µs", "401 ns", False),
        ("≥ 1.5", "1.50", True),
        ("≥ 1.5", "1.49", False),
        ("≤ 1.5 s", "900 ms", True),
        ("≤ 1,000 ms", "1.1 s", False),
        ("≤ 15 KB", "12.1 KB", True),
        ("none", "0 %", True),
        ("none", "1 %", False),
    ],
)
def test_a_goal_is_held_against_what_was_measured(goal: str, found: str, met: bool) -> None:
    assert is_met(goal, found) is met


def test_the_prose_says_what_the_tables_show() -> None:
    prose = " ".join(PROSE.read_text().split())
    profile = {cells[0]: cells for cells in read_table("profile")[1]}
    ours, theirs = (profile["**all**"][at].strip("*") for at in (2, 4))
    client = profile["the HTTP client"]
    compiled = sum(int(profile[part][1].rstrip("%")) for part in ("the HTTP client", "counting"))
    newcomer = row_of("hot-paths", "one `Shopper` with one GET over a new connection")[1]
    connection = row_of("hot-paths", "the same connection and GET by hand, without a client")[1]
    recorded, taken, locust = (number(row_of("hot-paths", name)[1]) * 1e6 for name in RECORDED)
    grown = row_of("eight-hours", "8h")[2]

    for said in (
        f"Of {float(theirs):.0f} µs a request {float(ours):.0f} are left.",
        f"session took {float(client[4]):.0f} µs, the client in their place takes {float(client[2]):.0f}.",
        f"Client and recorder take {compiled}% of that time",
        f"of {newcomer} for a new shopper with one request",
        f"closing the connection by hand takes {float(connection.split()[0]):.0f} (",
        f"with its part of the tally, in {recorded + taken:.2f} µs, where Locust's own statistics take {locust:.2f} µs",
        f"by {grown.lstrip('+')} from the first hour to the eighth",
    ):
        assert said in prose


def test_the_parts_of_a_request_are_told_in_their_order() -> None:
    share = {cells[0]: int(cells[1].rstrip("%")) for cells in read_table("profile")[1] if cells[1]}
    middle = [
        share["sockets: send, receive"],
        share["event loop and waiting: gevent, libev"],
        share["the shopper, its tasks, its journey"],
    ]

    assert share["the HTTP client"] > max(middle)
    assert max(middle) <= 1.5 * min(middle), "of much the same size"
    assert min(middle) > share["counting"] > share["parsing: llhttp"]
