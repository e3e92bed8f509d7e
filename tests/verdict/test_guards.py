from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.latency import Histogram
from loadgen.plan.conditions import Guard
from loadgen.stats import FAILED, OK, SecondRow, Series, SeriesKey, Tally
from loadgen.verdict import GuardResult, GuardWatch


def watch(*texts: str, load_ends_s: float = 1e9) -> GuardWatch:
    return GuardWatch([Guard.model_validate(text) for text in texts], load_ends_s)


def feed(guards: GuardWatch, rows: Sequence[SecondRow]) -> list[GuardResult]:
    return [result for row in rows if (result := guards.observe(row))]


def errors(number: int, percent: int) -> SecondRow:
    tally = Tally()
    for result, count in ((OK, 100 - percent), (FAILED, percent)):
        if count:
            tally.series[SeriesKey("B", "home", "/", "GET", result)] = Series(Histogram.of([1000] * count))
    return SecondRow(number, tally=tally, workers=1)


def test_a_guard_trips_when_its_condition_held_in_every_second_of_its_window() -> None:
    guards = watch("error_rate > 20% for 3s: stop")
    rows = [errors(second, percent) for second, percent in enumerate([0, 25, 30, 9, 40, 33, 21])]
    (result,) = feed(guards, rows)
    assert result == GuardResult(text="error_rate > 20% for 3s: stop", tripped=True, at_s=6, values=(0.40, 0.33, 0.21))
    assert guards.results() == (result,)


def test_a_second_without_requests_breaks_the_window() -> None:
    guards = watch("error_rate > 20% for 3s: stop")
    assert feed(guards, [errors(0, 50), errors(1, 50), SecondRow(2), errors(3, 50), errors(4, 50)]) == []


def test_a_second_that_never_came_breaks_the_window() -> None:
    guards = watch("error_rate > 20% for 3s: stop")
    assert feed(guards, [errors(0, 50), errors(1, 50), errors(3, 50), errors(4, 50)]) == []
    assert feed(guards, [errors(5, 50)])


def test_a_rate_of_nothing_is_a_rate() -> None:
    guards = watch("rate(requests) < 10/s for 2s: stop")
    (result,) = feed(guards, [errors(0, 0), SecondRow(1), SecondRow(2)])
    assert result.values == (0.0, 0.0)


def test_after_the_load_has_ended_nothing_is_watched() -> None:
    guards = watch("rate(requests) < 10/s for 2s: stop", load_ends_s=10)
    assert feed(guards, [SecondRow(second) for second in range(10, 20)]) == []


def test_after_a_stop_nothing_is_watched() -> None:
    guards = watch("rate(requests) < 10/s for 2s: stop")
    feed(guards, [errors(0, 0), errors(1, 0)])
    guards.end_at(2.4)
    assert feed(guards, [SecondRow(second) for second in range(2, 9)]) == []
    assert not guards.results()[0].tripped


def test_how_near_a_guard_is_to_tripping_can_be_asked_at_any_time() -> None:
    guards = watch("error_rate > 20% for 3s: stop")
    seen = []
    for second, percent in enumerate([50, 50, 10]):
        guards.observe(errors(second, percent))
        (standing,) = guards.standing()
        seen.append((standing.figure, standing.held_s))
    assert seen == [(0.5, 1), (0.5, 2), (0.1, 0)]


def test_an_amendment_is_not_judged_twice() -> None:
    guards = watch("error_rate > 20% for 3s: stop")
    assert feed(guards, [errors(0, 50), errors(1, 50), errors(1, 50), errors(0, 50)]) == []


def test_once_a_guard_has_tripped_the_watch_is_over() -> None:
    guards = watch("error_rate > 20% for 2s: stop", "rate(requests) < 10/s for 2s: stop")
    assert len(feed(guards, [errors(0, 50), errors(1, 50), SecondRow(2), SecondRow(3), SecondRow(4)])) == 1
    assert [result.tripped for result in guards.results()] == [True, False]


def test_of_two_guards_in_one_second_the_first_of_the_plan_is_named_and_both_are_shown() -> None:
    guards = watch("error_rate > 40% for 2s: stop", "error_rate > 20% for 2s: stop")
    (named,) = feed(guards, [errors(0, 50), errors(1, 50)])
    assert named.text == "error_rate > 40% for 2s: stop"
    assert [result.tripped for result in guards.results()] == [True, True]


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 40))
def test_feeding_all_seconds_again_after_a_takeover_gives_the_same_state(percents: list[int], cut: int) -> None:
    rows = [errors(second, percent) for second, percent in enumerate(percents)]
    texts = ("error_rate > 20% for 4s: stop", "unavailable for 3s: stop")
    straight, first, second = watch(*texts), watch(*texts), watch(*texts)
    before = feed(straight, rows)
    feed(first, rows[:cut])
    assert feed(second, rows[:cut] + rows[cut:]) == before
    assert second.results() == straight.results()


UNAVAILABLE = [
    ("refused connections", {"failed": {"connect": 10}}, True),
    ("unknown host", {"failed": {"dns": 10}}, True),
    ("a broken certificate", {"failed": {"tls": 10}}, True),
    ("timeouts", {"failed": {"timeout": 10}}, True),
    ("connections reset", {"failed": {"reset": 10}}, True),
    ("errors of the server", {"failed": {"status_5xx": 10}}, True),
    ("a mix of all", {"failed": {"connect": 5, "timeout": 5, "status_5xx": 9}, "ok": 1}, True),
    ("one answer in ten", {"failed": {"connect": 9}, "ok": 1}, False),
    ("one answer in twenty", {"failed": {"connect": 19}, "ok": 1}, True),
    ("not found is an answer", {"failed": {"status_4xx": 10}}, False),
    ("a wrong page is an answer", {"failed": {"assertion": 10}}, False),
    ("an odd protocol is an answer", {"failed": {"protocol": 10}}, False),
    ("requests that wait, and none that finished", {"in_flight": 10}, True),
    ("shoppers that came, and nothing that came back", {"started": 10}, True),
    ("requests that wait, but some that finished", {"in_flight": 10, "ok": 1}, False),
    ("one request that waits", {"in_flight": 1}, False),
    ("two requests that wait", {"in_flight": 2}, False),
    ("nobody there", {}, False),
    ("all is well", {"ok": 10, "in_flight": 3}, False),
]


@pytest.mark.parametrize(
    ("given_second", "trips"), [case[1:] for case in UNAVAILABLE], ids=[case[0] for case in UNAVAILABLE]
)
def test_what_counts_as_unavailable(make: SimpleNamespace, given_second: dict[str, object], trips: bool) -> None:
    guards = watch("unavailable for 3s: stop")
    rows = [make.second(0, ok=5), *(make.second(number, **given_second) for number in range(1, 4))]
    assert bool(feed(guards, rows)) is trips


def test_one_stray_failure_does_not_make_a_shop_unavailable(make: SimpleNamespace) -> None:
    guards = watch("unavailable for 1s: stop")
    assert feed(guards, [make.second(0, ok=1), make.second(1, failed={"timeout": 1}), make.second(2, ok=1)]) == []


def test_at_one_request_a_second_a_dead_shop_is_seen_as_dead(make: SimpleNamespace) -> None:
    guards = watch("unavailable for 5s: stop")
    (result,) = feed(guards, [make.second(number, failed={"connect": 1}) for number in range(6)])
    assert result.at_s == 4
    assert result.values == (1.0,) * 5


def test_one_stuck_request_is_one_witness_however_long_it_waits(make: SimpleNamespace) -> None:
    guards = watch("unavailable for 5s: stop")
    assert feed(guards, [make.second(number, in_flight=1) for number in range(30)]) == []


def test_journeys_that_begin_with_a_pause_do_not_stop_a_run(make: SimpleNamespace) -> None:
    guards = watch("unavailable for 3s: stop")
    assert feed(guards, [make.second(number, started=10) for number in range(10)]) == []
