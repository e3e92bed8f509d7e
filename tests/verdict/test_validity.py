import inspect
import re
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from loadgen.endings import Validity
from loadgen.plan.model import Plan
from loadgen.stats import ArrivalCounts, JourneyCounts, RunStats, SecondRow, Tally
from loadgen.verdict import (
    REASONS,
    Balance,
    GeneratorFacts,
    GeneratorSeconds,
    Unreported,
    ValidityResult,
    assess,
    validity,
)

VALID, DEGRADED, INVALID = Validity.VALID, Validity.DEGRADED, Validity.INVALID


def judged(plan: Plan, rows: list[SecondRow], facts: GeneratorFacts | None = None) -> ValidityResult:
    stats = RunStats()
    for row in rows:
        stats.add(row)
    return assess(plan, stats, GeneratorSeconds.of(plan, rows), facts or GeneratorFacts())


def run(make: SimpleNamespace) -> list[SecondRow]:
    """100 seconds of 100 arrivals each, all well."""
    return [make.second(number, ok=100, started=100, planned=100) for number in range(100)]


def codes(result: ValidityResult) -> dict[str, Validity]:
    return {reason.code: reason.severity for reason in result.reasons}


def test_a_run_that_went_as_planned_is_valid(open_plan: Plan, make: SimpleNamespace) -> None:
    assert judged(open_plan, run(make)) == ValidityResult(verdict=VALID)


@pytest.mark.parametrize(("hot_seconds", "verdict"), [(5, VALID), (6, DEGRADED), (30, DEGRADED), (31, INVALID)])
def test_a_busy_worker_is_a_matter_of_how_many_seconds(
    open_plan: Plan, make: SimpleNamespace, hot_seconds: int, verdict: Validity
) -> None:
    rows = run(make)
    for row in rows[:hot_seconds]:
        row.cpu_max = 0.97
    assert judged(open_plan, rows).verdict is verdict


@pytest.mark.parametrize(("lengthened", "verdict"), [(100, VALID), (101, DEGRADED), (1000, DEGRADED), (1001, INVALID)])
def test_requests_measured_too_long_are_a_share_of_all(
    open_plan: Plan, make: SimpleNamespace, lengthened: float, verdict: Validity
) -> None:
    rows = run(make)
    for row in rows[:20]:
        row.coloured, row.coloured_requests, row.lengthened_requests = 1, 100, lengthened / 20
    result = judged(open_plan, rows)
    assert result.verdict is verdict
    assert set(codes(result)) <= {"coloured"}


def test_the_reason_of_a_coloured_run_has_the_figures_and_what_to_do(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = run(make)
    rows[7].coloured, rows[7].coloured_requests, rows[7].lengthened_requests = 2, 100, 60.0
    late = SecondRow(7, tally=make.second(7, ok=100).tally, coloured=1, coloured_requests=100, lengthened_requests=80.5)
    (reason,) = judged(open_plan, [*rows, late]).reasons
    assert reason.text == (
        "about 1.39% of the requests were measured too long, as workers were late to take the answers "
        "(1.98% of all fell into the 1 s they coloured): use more workers, or cores that nothing else needs"
    )


def test_a_long_wait_of_a_loop_alone_is_no_matter(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = run(make)
    for row in rows:
        row.loop_lag_max_us = 800_000
    assert judged(open_plan, rows).verdict is VALID


def lose(code: str) -> Callable[[ArrivalCounts, int], None]:
    def change(counts: ArrivalCounts, many: int) -> None:
        counts.started -= many
        setattr(counts, code, many)

    return change


@pytest.mark.parametrize("code", ["dropped", "missed"])
@pytest.mark.parametrize(("many", "verdict"), [(0, VALID), (1, DEGRADED), (100, DEGRADED), (101, INVALID)])
def test_every_lost_arrival_is_said_and_one_percent_is_too_much(
    open_plan: Plan, make: SimpleNamespace, code: str, many: int, verdict: Validity
) -> None:
    rows = [make.second(0, ok=100, started=10_000, planned=10_000)]
    lose(code)(rows[0].tally.arrivals[0], many)
    result = judged(open_plan, rows)
    assert result.verdict is verdict
    assert set(codes(result)) == ({code} if many else set())


def test_dropping_beyond_max_shoppers_is_what_the_plan_asked_for(open_plan: Plan, make: SimpleNamespace) -> None:
    stream = open_plan.load[0].model_copy(update={"max_shoppers": 10})
    plan = open_plan.model_copy(update={"load": (stream,)})
    rows = [make.second(0, ok=100, started=10_000, planned=10_000)]
    lose("dropped")(rows[0].tally.arrivals[0], 5_000)
    assert judged(plan, rows).verdict is DEGRADED


@pytest.mark.parametrize(("late", "verdict"), [(100, VALID), (101, DEGRADED), (1001, INVALID)])
def test_late_arrivals_are_a_share_of_the_started(
    open_plan: Plan, make: SimpleNamespace, late: int, verdict: Validity
) -> None:
    rows = [make.second(0, ok=100, started=10_000, planned=10_000)]
    rows[0].tally.arrivals[0].late = late
    assert judged(open_plan, rows).verdict is verdict


def test_arrivals_that_nobody_accounts_for_are_found(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = [make.second(number, ok=100, started=90, planned=100) for number in range(100)]
    assert codes(judged(open_plan, rows)) == {"short": INVALID}


def test_a_stop_within_a_second_and_the_dice_of_poisson_are_forgiven(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = [make.second(number, ok=100, started=100, planned=100) for number in range(10)]
    assert judged(open_plan, [*rows, make.second(10, ok=10, started=10, planned=100)]).verdict is VALID


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GeneratorFacts(unreported=(Unreported("w-1", 40, 41),)), {"unreported": DEGRADED}),
        (GeneratorFacts(unreported=(Unreported("w-1", 40, 60),)), {"unreported": INVALID}),
        (GeneratorFacts(quarantined=1), {"quarantined": DEGRADED}),
        (GeneratorFacts(quarantined=10), {"quarantined": DEGRADED}),
        (GeneratorFacts(quarantined=11), {"quarantined": INVALID}),
        (GeneratorFacts(emptied_at_s=7.5), {"emptied": INVALID}),
        (GeneratorFacts(clock_error_us=50_000), {}),
        (GeneratorFacts(clock_error_us=60_000), {"clock": DEGRADED}),
        (GeneratorFacts(clock_error_us=600_000), {"clock": INVALID}),
    ],
)
def test_what_the_seconds_cannot_say_counts_too(
    open_plan: Plan, make: SimpleNamespace, facts: GeneratorFacts, expected: dict[str, Validity]
) -> None:
    assert codes(judged(open_plan, run(make), facts)) == expected


def test_an_unreported_window_is_named_with_its_bounds(open_plan: Plan, make: SimpleNamespace) -> None:
    result = judged(open_plan, run(make), GeneratorFacts(unreported=(Unreported("w-1", 40, 41),)))
    assert result.reasons[0].text == "2 s of workers were never reported (w-1 40–42 s)"


def test_requests_that_no_balance_holds_are_named_with_their_worker(open_plan: Plan, make: SimpleNamespace) -> None:
    even = Balance("w-1", sent=1_000, recorded=997, in_flight=3)
    short, over = Balance("w-2", 1_000, 990, 5), Balance("w-3", 1_000, 1_002, 0)
    assert codes(judged(open_plan, run(make), GeneratorFacts(balances=(even,)))) == {}
    result = judged(open_plan, run(make), GeneratorFacts(balances=(even, short, over)))
    assert codes(result) == {"unaccounted": DEGRADED}
    assert result.reasons[0].text == (
        "7 of 3000 requests sent are neither recorded nor on the wire at the end (w-2 +5, w-3 -2)"
    )


def test_requests_on_the_wire_at_the_end_are_accounted_for(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = run(make)
    rows[-1].tally.sent += 20
    rows[-1].tally.in_flight = 20
    assert judged(open_plan, rows).verdict is VALID


def test_journeys_whose_client_counts_no_sent_requests_are_not_suspected(
    open_plan: Plan, make: SimpleNamespace
) -> None:
    rows = run(make)
    for row in rows:
        row.tally.sent = 0
    assert judged(open_plan, rows).verdict is VALID


@pytest.mark.parametrize(
    ("browsers", "buyers", "verdict"),
    [(7000, 3000, VALID), (6810, 3190, VALID), (7500, 2500, DEGRADED), (9000, 1000, INVALID)],
)
def test_the_mix_of_journeys_is_compared_with_the_weights(
    open_plan: Plan, make: SimpleNamespace, browsers: int, buyers: int, verdict: Validity
) -> None:
    rows = run(make)
    for row in rows:
        row.tally.journeys = {}
    rows[0].tally.journeys = {"Browser": JourneyCounts(browsers), "Buyer": JourneyCounts(buyers)}
    result = judged(open_plan, rows)
    assert result.verdict is verdict
    assert set(codes(result)) <= {"mix"}


def closed(plan: Plan) -> Plan:
    raw = plan.model_dump(mode="json")
    raw["load"] = [{"model": "closed", "shape": [{"constant": {"at": 100, "for": "100s"}}]}]
    return Plan.model_validate(raw)


@pytest.mark.parametrize(("short_seconds", "verdict"), [(5, VALID), (6, DEGRADED), (31, INVALID)])
def test_missing_shoppers_of_a_closed_stream_are_seen(open_plan: Plan, short_seconds: int, verdict: Validity) -> None:
    rows = [
        SecondRow(
            number,
            users_planned=100,
            workers=2,
            tally=Tally(shoppers=Counter({0: 60 if number < short_seconds else 95})),
        )
        for number in range(100)
    ]
    result = judged(closed(open_plan), rows)
    assert result.verdict is verdict
    assert set(codes(result)) <= {"shoppers"}


def test_the_mix_of_a_closed_stream_is_not_judged_by_starts(open_plan: Plan) -> None:
    tally = Tally(shoppers=Counter({0: 100}), journeys={"Browser": JourneyCounts(9000), "Buyer": JourneyCounts(1000)})
    assert judged(closed(open_plan), [SecondRow(0, users_planned=100, workers=1, tally=tally)]).verdict is VALID


def test_the_worst_reason_comes_first_and_gives_the_verdict(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = run(make)
    rows[0] = make.second(0, planned=5000)
    rows[0].tally.arrivals[0] = ArrivalCounts(missed=5000)
    result = judged(open_plan, rows, GeneratorFacts(quarantined=1))
    assert [reason.code for reason in result.reasons] == ["missed", "quarantined"]
    assert result.verdict is INVALID


def test_seconds_amended_late_and_out_of_order_give_the_same_health(open_plan: Plan, make: SimpleNamespace) -> None:
    rows = [make.second(number, cpu=0.95 if number % 3 else 0.2) for number in range(9)]
    straight = GeneratorSeconds.of(open_plan, [*rows, rows[4]])
    shuffled = GeneratorSeconds.of(open_plan, [rows[4], *rows[::-1]])
    assert vars(straight) == vars(shuffled)
    assert straight.seconds == 9
    assert straight.cpu_hot_share == pytest.approx(6 / 9)


def test_every_reason_there_can_be_is_named() -> None:
    named = re.findall(r"^``([a-z]+)``", validity.__doc__ or "", re.MULTILINE)
    assert tuple(named) == REASONS
    given = set(re.findall(r'^ {8,}(?:code=)?"([a-z]+)",$', inspect.getsource(validity), re.MULTILINE))
    direct = set(re.findall(r', "([a-z]+)", _gone', inspect.getsource(validity)))
    assert given | direct == set(REASONS)
