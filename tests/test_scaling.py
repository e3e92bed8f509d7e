"""The table of docs/scaling.md follows from the formulae and figures that stand on the same page."""

from __future__ import annotations

import math
import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"


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
    of = figures()
    a_worker = of["use"] * of["q"]
    frame_us = of["c0"] + of["c1"] * a_worker / 1000 + of["l"]

    assert f"{1e6 / frame_us:,.0f} workers" in PAGE.read_text()
