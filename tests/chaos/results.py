"""What a campaign found: a line for each run as it ends, a summary, and the block of ``docs/reliability.md``."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chaos.checking import Counts
from chaos.schedule import KINDS

BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"


@dataclass
class Result:
    """One run of a campaign, as far as its figures matter.

    Attributes:
        number: of the run.
        faults: kind, when, how long, and after which time the load was back on plan (None: cannot be told).
        counts: its figures.
        failovers_s: how long it took until another coordinator led.
        outcome, validity: the verdict.
        reasons: codes of what speaks against the generator.
        took_s: how long it took, with mending what was broken.
        wrong: what did not hold.
    """

    number: int
    faults: list[tuple[str, float, float, float | None]]
    counts: Counts
    failovers_s: list[float]
    outcome: str
    validity: str
    reasons: list[str]
    took_s: float
    wrong: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Result:
        """From JSON."""
        faults = [tuple(fault) for fault in plain["faults"]]
        return cls(**{**plain, "counts": Counts(**plain["counts"]), "faults": faults})


HEAD = (
    f"{'run':>4} {'planned':>7} {'started':>7} {'missed':>6} {'seen':>6} {'counted':>7} {'died':>4} {'unrep.':>6} "
    f"{'lost':>4} {'twice':>5} {'over':>4} {'failover':>8} {'took':>6}  verdict, faults"
)


def line(result: Result) -> str:
    """One run for the table."""
    counts = result.counts
    failover = f"{max(result.failovers_s):.2f} s" if result.failovers_s else ""
    faults = ", ".join(kind for kind, *_ in result.faults)
    verdict = f"{result.outcome}/{result.validity}" + (f" ({' '.join(result.reasons)})" if result.reasons else "")
    head = (
        f"{result.number:>4} {counts.planned:>7} {counts.started:>7} {counts.missed:>6} {counts.seen:>6} "
        f"{counts.recorded:>7} {counts.died:>4} {counts.unreported:>6} {counts.lost:>4} {counts.twice:>5} "
        f"{counts.over:>4} {failover:>8} {result.took_s:>4.0f} s  {verdict}: {faults}"
    )
    return "\n".join([head, *(f"     WRONG: {what}" for what in result.wrong)])


def summary(results: Sequence[Result], left: Sequence[str], seed: int) -> str:
    """The whole campaign, in Markdown."""
    totals: Counter[str] = Counter()
    for result in results:
        totals.update(asdict(result.counts))
    struck = [fault for result in results for fault in result.faults]
    spared = [result for result in results if not any(kind.startswith("redis") for kind, *_ in result.faults)]
    failovers = [seconds for result in spared for seconds in result.failovers_s]
    verdicts = Counter(f"{result.outcome} {result.validity}" for result in results)
    rows = [
        ("runs, each with 2 to 5 faults", f"{len(results)} (seed {seed})"),
        ("faults", f"{len(struck)}"),
        ("arrivals planned", f"{totals['planned']:,}"),
        ("arrivals missed, each of them counted", f"{totals['missed']:,}"),
        ("requests that the target answered", f"{totals['seen']:,}"),
        ("requests counted", f"{totals['recorded']:,}"),
        ("of processes killed while an answer was on the wire: stated as in flight", f"{totals['died']:,}"),
        (
            "of machines that were lost, or not back in time: within the unreported window that is stated",
            f"{totals['unreported']:,}",
        ),
        ("**lost**", f"**{totals['lost']}**"),
        ("**counted twice**", f"**{totals['twice']}**"),
        ("**arrivals seen before they were due, or more than planned**", f"**{totals['over']}**"),
        ("runs in which anything did not hold", f"{sum(bool(result.wrong) for result in results)}"),
        ("processes, files or connections left behind", f"{len(left)}"),
        ("until another coordinator leads: median, longest (in runs that spared Redis)", _spread(failovers)),
        ("verdicts", ", ".join(f"{count} × {verdict}" for verdict, count in verdicts.most_common())),
    ]
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows),
            "",
            "| fault | times | load back on plan after: median, longest (of those that had the load to themselves) |",
            "|---|---|---|",
            *_by_kind(struck),
        ]
    )


def _by_kind(struck: Sequence[tuple[str, float, float, float | None]]) -> list[str]:
    by_kind: defaultdict[str, list[float | None]] = defaultdict(list)
    for kind, _, _, back in struck:
        by_kind[kind].append(back)
    rows = []
    for name, kind in KINDS.items():
        told = [back for back in by_kind[name] if back is not None]
        rows.append(f"| {kind.text} | {len(by_kind[name])} | {_spread(told)} |")
    return rows


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "–"
    return f"{statistics.median(seconds):.2f} s, {max(seconds):.2f} s ({len(seconds)})"


def write(page: Path, block: str) -> None:
    """Put the block between its marks on the page."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}")
