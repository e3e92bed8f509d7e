"""What a journal folds into is what was counted, whatever was counted."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from loadgen.journal import Journal, Kind, fold
from loadgen.journal.layout import KEY_SHIFT, KIND_SHIFT
from loadgen.latency import Histogram
from loadgen.stats import ArrivalCounts, JourneyCounts, Series, SeriesKey, StepCounts, Tally

TIMES = st.one_of(st.integers(0, 5_000_000), st.integers(0, 2**32 - 1))
NAMES = st.sampled_from(["/", "/cart", "/product/{slug}"])
REQUESTS = st.lists(
    st.tuples(NAMES, st.sampled_from(["", "reset", "status_5xx"]), TIMES, TIMES, st.integers(0, 2**32 - 1)), max_size=60
)

ARRIVALS = st.sampled_from([Kind.STARTED, Kind.LATE, Kind.DROPPED, Kind.MISSED])


def request(journal: Journal, name: str, reason: str, service_us: int, lag_us: int, size: int) -> None:
    prefix = journal.prefix(Kind.REQUEST, "Browser", "look", name, "GET", reason)
    journal.append(prefix + service_us, size << 32 | lag_us)


@given(REQUESTS)
def test_requests_are_grouped_into_their_series(requests: list[tuple[str, str, int, int, int]]) -> None:
    journal = Journal.in_memory()
    expected: dict[SeriesKey, list[tuple[str, int, int, int]]] = {}
    for name, reason, service_us, lag_us, size in requests:
        request(journal, name, reason, service_us, lag_us, size)
        key = SeriesKey("Browser", "look", name, "GET", "failed" if reason else "ok")
        expected.setdefault(key, []).append((reason, service_us, lag_us, size))
    tally = fold(journal.turn(1), journal.keys)
    assert tally.series == {
        key: Series(
            Histogram.of(service for _, service, _, _ in of_key),
            Histogram.of(service + lag for _, service, lag, _ in of_key),
            sum(size for *_, size in of_key),
            Counter(reason for reason, *_ in of_key if reason),
        )
        for key, of_key in expected.items()
    }


@given(st.lists(st.tuples(ARRIVALS, st.integers(0, 3), TIMES)))
def test_arrivals_are_added_by_stream(arrivals: list[tuple[Kind, int, int]]) -> None:
    journal = Journal.in_memory()
    expected: dict[int, ArrivalCounts] = {}
    lags: dict[int, list[int]] = {}
    for kind, stream, value in arrivals:
        journal.append(kind << KIND_SHIFT | stream << KEY_SHIFT | value)
        counts = expected.setdefault(stream, ArrivalCounts())
        counts.started += kind in {Kind.STARTED, Kind.LATE}
        counts.late += kind is Kind.LATE
        counts.dropped += value if kind is Kind.DROPPED else 0
        counts.missed += value if kind is Kind.MISSED else 0
        if kind in {Kind.STARTED, Kind.LATE}:
            lags.setdefault(stream, []).append(value)
    for stream, of_stream in lags.items():
        expected[stream].lag = Histogram.of(of_stream)
    assert fold(journal.turn(1), journal.keys) == Tally(arrivals=expected)


def test_journeys_steps_and_counters_are_added() -> None:
    journal = Journal.in_memory()
    for _ in range(3):
        journal.append(journal.prefix(Kind.BEGAN, "Buyer"))
        journal.append(journal.prefix(Kind.ENTERED, "Buyer", "payment", ""))
    journal.append(journal.prefix(Kind.COMPLETED, "Buyer", "payment", "") + 1_500)
    journal.append(journal.prefix(Kind.ABANDONED, "Buyer", "payment", "", "slow"))
    for how in ("completed", "failed", "interrupted"):
        journal.append(journal.prefix(Kind.ENDED, "Buyer", how))
    for cents in (12_900, -900):
        journal.append(journal.prefix(Kind.COUNTED, "Buyer", "revenue_cents", ""), cents % 2**64)
    assert fold(journal.turn(1), journal.keys) == Tally(
        journeys={"Buyer": JourneyCounts(3, 1, 1, 1)},
        steps={("Buyer", "payment"): StepCounts(3, 1, Counter(slow=1), Histogram.of([1_500]))},
        counters=Counter({("Buyer", "revenue_cents"): 12_000}),
    )


def test_what_shoppers_with_a_device_do_counts_for_it_and_in_all() -> None:
    journal, payment = Journal.in_memory(), ("Buyer", "payment")
    for device, time_us in (("mobile", 1_500), ("desktop", 900), ("desktop", 700)):
        journal.append(journal.prefix(Kind.ENTERED, *payment, device))
        journal.append(journal.prefix(Kind.COMPLETED, *payment, device) + time_us)
        journal.append(journal.prefix(Kind.COUNTED, "Buyer", "orders", device), 1)
    journal.append(journal.prefix(Kind.ENTERED, *payment, "mobile"))
    journal.append(journal.prefix(Kind.ABANDONED, *payment, "mobile", "slow"))
    tally = fold(journal.turn(1), journal.keys)
    assert tally.steps == {payment: StepCounts(4, 3, Counter(slow=1), Histogram.of([700, 900, 1_500]))}
    assert tally.counters == {("Buyer", "orders"): 3}
    assert tally.devices == {
        ("Buyer", "mobile", "payment", "entered"): 2,
        ("Buyer", "mobile", "payment", "completed"): 1,
        ("Buyer", "mobile", "payment", "slow"): 1,
        ("Buyer", "desktop", "payment", "entered"): 2,
        ("Buyer", "desktop", "payment", "completed"): 2,
        ("Buyer", "mobile", "", "orders"): 1,
        ("Buyer", "desktop", "", "orders"): 2,
    }


def test_a_name_beyond_the_cap_counts_as_renamed() -> None:
    journal = Journal.in_memory()
    for name in ("/", "__other__", "__other__"):
        request(journal, name, "", 10, 0, 0)
    assert fold(journal.turn(1), journal.keys).renamed == 2


def test_nothing_folds_into_nothing() -> None:
    journal = Journal.in_memory()
    assert fold(journal.turn(1), journal.keys) == Tally()
