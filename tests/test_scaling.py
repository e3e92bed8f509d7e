"""docs/scaling.md: its table follows from its formulae and figures, and these from what docs/benchmarks.md measured."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from benchmarks.table import read_table

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
MEASURED = "docs/benchmarks.md"

JOURNEY = "**a journey of ten requests: cookies, a form POST with redirect, JSON, gzip**"

TOLERANCE = 0.05
"""By how much a figure may differ from what was measured: more than its rounding, less than what moves a plan."""


def figures() -> dict[str, float]:
    """The page's own figures, by symbol: ``| `symbol` | what | figure | …``."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d,.]+)", PAGE.read_text(), re.MULTILINE)
    return {symbol: float(figure.replace(",", "")) for symbol, figure in rows}


def reckoned(rate: int) -> list[str]:
    """A row of the table, by the formulae of the page."""
    of = figures()
    workers = math.ceil(rate / (of["use"] * of["q"]))
    machines = math.ceil(workers / of["w"])
    arrivals = rate / of["n"]
    shoppers = arrivals * of["d"]
    ports = arrivals * (of["d"] + of["tw"])
    gbit = rate * of["B"] * 8 / 1e9
    frame_kb = of["f0"] + of["f1"] * rate / workers / 1000
    frame_us = of["c0"] + of["c1"] * rate / workers / 1000
    return [
        f"{rate:,}",
        f"{workers:,}",
        f"{machines:,}",
        f"{shoppers:,.0f}",
        f"{shoppers / workers:,.0f}",
        f"{ports / machines:,.0f}",
        f"{shoppers * of['m'] / machines / 1e6:.1f} GB",
        f"{gbit:,.1f} Gbit/s",
        f"{gbit / machines:.1f} Gbit/s",
        f"{workers * (frame_us + of['l']) / 1e6:.2%}",
        f"{workers * frame_kb / 1000:.1f} MB/s",
        f"{workers * of['k']:,.0f}",
        f"{workers + 2:,}",
    ]


def test_the_table_follows_from_the_formulae() -> None:
    table = PAGE.read_text().partition("## The table")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:3] > "| 0"]
    rows = [row for row in rows if row[0][:1].isdigit()]

    assert [int(row[0].replace(",", "")) for row in rows] == [7_000, 10_000, 100_000, 1_000_000, 4_700_000]
    for row in rows:
        assert row == reckoned(int(row[0].replace(",", "")))


def test_what_one_coordinator_carries_is_as_the_page_says() -> None:
    of, text = figures(), " ".join(PAGE.read_text().split())
    a_worker = of["use"] * of["q"]
    most = 1e6 / (of["c0"] + of["c1"] * a_worker / 1000 + of["l"])

    assert f"| {most:,.0f} workers | the coordinator's one core, at {most * a_worker / 1e6:.0f} million" in text
    assert f"the coordinator takes {coordinator_percent(1_000_000)} % of a core" in text
    assert f"Coordinator: {coordinator_percent(4_700_000)} % of a core" in text


def coordinator_percent(rate: int) -> int:
    """Of one core, as its column says."""
    return round(float(reckoned(rate)[9].rstrip("%")))


# -- what was measured


def measured(table: str, row: str, column: str, under: str = "") -> float:
    """The number in a cell of docs/benchmarks.md, without its unit; of the first such row under a heading."""
    head, rows = read_table(table)
    names = [cells[0] for cells in rows]
    assert not under or under in names, f"the table {table} of {MEASURED} has no heading {under!r}"
    below = rows[names.index(under) if under else 0 :]
    found = [cells[head.index(column)] for cells in below if cells[0] == row]
    assert found, f"the table {table} of {MEASURED} has no row {row!r}"
    return float(found[0].split()[0].replace(",", ""))


def of_a_frame(requests: int) -> float:
    """µs of the coordinator."""
    return measured("frames", "**coordinator: all of it, read from Redis and written to it**", f"{requests:,} requests")


def frame_kb(requests: int) -> float:
    """Its size."""
    row = f"one frame of {requests:,} requests in 20 series, 10 steps of the funnel"
    return measured("sizes", row, "size") * 1.024


def follows() -> dict[str, float]:
    """Each figure that was measured, by symbol, as it follows from the tables."""
    c1, f1 = (of_a_frame(5_000) - of_a_frame(500)) / 4.5, (frame_kb(5_000) - frame_kb(500)) / 4.5
    return {
        "q": measured("http-client-rates", "loadgen", "per second of CPU", JOURNEY) / 2,
        "m": measured("memory", "loadgen, `Shopper`, over TLS", "resident (RSS)"),
        "f0": frame_kb(500) - f1 / 2,
        "f1": f1,
        "c0": of_a_frame(500) - c1 / 2,
        "c1": c1,
        "l": measured("scale", "3,000", "coordinator, a frame") - of_a_frame(500),
    }


@pytest.mark.parametrize("symbol", ["q", "m", "f0", "f1", "c0", "c1", "l"])
def test_the_figures_are_those_that_were_measured(symbol: str) -> None:
    stands, now = figures()[symbol], follows()[symbol]

    assert math.isclose(stands, now, rel_tol=TOLERANCE), (
        f"{PAGE.name} reckons with {symbol} = {stands:g}, and {MEASURED} now gives {now:.3g}: write that there, "
        f"then what the other tests of this file expect, and read the prose again"
    )
