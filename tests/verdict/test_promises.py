"""Whether the shop kept its own rules: what one shopper saw, and what all saw together."""

from __future__ import annotations

from types import SimpleNamespace

from loadgen.endings import Outcome
from loadgen.plan import Commerce
from loadgen.stats import ErrorSample, RunStats
from loadgen.verdict import ValidityResult, Verdict, ViolationResult, broken, decide

LIMITS = Commerce(stock={"lamp": 10, "rug": 5}, coupons={"TEN": 3})


def run_with(make: SimpleNamespace, *seconds: dict[tuple[str, str], int]) -> RunStats:
    stats = RunStats()
    for number, counters in enumerate(seconds):
        row = make.second(number, ok=1)
        row.tally.counters.update(counters)
        for journey, name in counters:
            row.tally.samples.append(ErrorSample(number, "w1", journey, "payment", name, "", "evidence", "seen"))
        stats.add(row)
    return stats


def test_a_run_in_which_nothing_was_seen_accuses_nobody(make: SimpleNamespace) -> None:
    stats = run_with(make, {("Buyer", "orders"): 9, ("Buyer", "sold:lamp"): 10, ("Buyer", "used:TEN"): 3})
    assert broken(LIMITS, stats) == ()
    assert broken(Commerce(), run_with(make, {("Buyer", "sold:lamp"): 99})) == ()


def test_sums_over_journeys_and_seconds_are_held_against_the_limits(make: SimpleNamespace) -> None:
    stats = run_with(
        make, {("Buyer", "sold:lamp"): 8, ("Buyer", "used:TEN"): 2}, {("Fan", "sold:lamp"): 4, ("Fan", "used:TEN"): 2}
    )
    stock, coupon = broken(LIMITS, stats)

    assert (stock.rule, stock.count, stock.text) == ("stock", 2, "12 of lamp were sold, there were 10")
    assert [(each.second, each.journey, each.step) for each in stock.evidence] == [
        (0, "Buyer", "payment"),
        (1, "Fan", "payment"),
    ]
    assert (coupon.rule, coupon.count, coupon.text) == ("coupon", 1, "TEN counted in 4 orders, it may in 3")


def test_what_shoppers_saw_needs_no_limit_and_comes_with_its_evidence(make: SimpleNamespace) -> None:
    seen = {("Buyer", "violation:price"): 1, ("Buyer", "violation:mine"): 2}
    mine, price = broken(Commerce(), run_with(make, seen, {("Fan", "violation:mine"): 3}))

    assert (mine.rule, mine.count, mine.text) == ("mine", 5, "seen 5 times")
    assert (price.rule, price.count, price.text) == ("price", 1, "seen once")
    assert [each.worker for each in price.evidence] == ["w1"]


def test_a_broken_rule_fails_the_run_and_is_named() -> None:
    found = (ViolationResult(rule="price", count=2, text="seen 2 times"),)
    verdict = decide(None, (), (), ValidityResult(), violations=found)

    assert (verdict.outcome, verdict.exit_code) == (Outcome.THRESHOLDS_FAILED, 10)
    assert verdict.reason == "the shop broke its own rules: price (seen 2 times)"
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    assert decide("person", (), (), ValidityResult(), violations=found).violations == found
