"""Judge whether the shop kept its own rules, once, at the end, over the whole run.

Two kinds of counters tell, both without loss when a worker process dies (they travel in frames)::

    violation:RULE                  ─▶ one shopper saw it
    sold:ARTICLE, used:COUPON  ─┬────▶ all shoppers together saw it
    plan's commerce, limits    ─┘

What a lost machine did not report is missing from the sums: they are never too high, so nobody is accused wrongly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from loadgen.commerce.violations import Violation, oversold, overused
from loadgen.plan.commerce import Commerce
from loadgen.stats import RunStats
from loadgen.stats.evidence import EVIDENCE, SOLD, USED, VIOLATION
from loadgen.verdict.results import Evidence, ViolationResult


def broken(commerce: Commerce, stats: RunStats) -> tuple[ViolationResult, ...]:
    """The rules that the shop broke, with the first evidence of each.

    Args:
        commerce: the plan's limits.
        stats: the run; its totals and its samples are read.
    """
    counted: Counter[str] = Counter()
    for (_, name), number in stats.total.counters.items():
        counted[name] += number
    return (*_seen_by_one(counted, stats), *_seen_together(counted, commerce, stats))


def _seen_by_one(counted: Counter[str], stats: RunStats) -> Iterator[ViolationResult]:
    for name, number in sorted(counted.items()):
        if name.startswith(VIOLATION) and number > 0:
            times = "once" if number == 1 else f"{number} times"
            rule = name.removeprefix(VIOLATION)
            yield ViolationResult(rule=rule, count=number, text=f"seen {times}", evidence=_evidence(name, stats))


def _seen_together(counted: Counter[str], commerce: Commerce, stats: RunStats) -> Iterator[ViolationResult]:
    for prefix, limits, rule in ((SOLD, commerce.stock, oversold), (USED, commerce.coupons, overused)):
        for key, limit in sorted(limits.items()):
            found: list[Violation] = list(rule({key: counted[prefix + key]}, {key: limit}))
            for violation in found:
                yield ViolationResult(
                    rule=violation.rule,
                    count=counted[prefix + key] - limit,
                    text=violation.words,
                    evidence=_evidence(prefix + key, stats),
                )


def _evidence(name: str, stats: RunStats) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(second=each.second, worker=each.worker, journey=each.journey, step=each.step, text=each.text)
        for each in stats.samples
        if each.name == name and each.reason == EVIDENCE
    )
