"""The shop's own count."""

from __future__ import annotations

from loadgen.demoshop.counters import HISTORY_S, Counters


def test_a_request_is_in_progress_from_its_receipt_to_its_end() -> None:
    counters = Counters()
    for now in (100.25, 100.75, 102.0):
        counters.received(now)
    counters.answered("/product/{slug}", 200, 7000)
    counters.abandoned()
    assert counters.snapshot() == {
        "requests_total": 1,
        "received_total": 3,
        "abandoned_total": 1,
        "in_progress": 1,
        "response_body_bytes": 7000,
        "by_route": {"/product/{slug}": {"200": 1}},
        "per_second": [(100, 2), (102, 1)],
        "first_request_at": 100.25,
        "last_request_at": 102.0,
    }


def test_routes_are_counted_by_template_and_status() -> None:
    counters = Counters()
    for template, status in (("/", 200), ("/login", 303), ("/login", 200), ("/", 200)):
        counters.answered(template, status, 0)
    assert counters.snapshot()["by_route"] == {"/": {"200": 2}, "/login": {"200": 1, "303": 1}}


def test_only_the_last_hour_is_kept_by_the_second() -> None:
    counters = Counters()
    for second in range(HISTORY_S + 100):
        counters.received(float(second))
    kept = [second for second, _ in counters.snapshot()["per_second"]]
    assert kept == list(range(100, HISTORY_S + 100))
    assert counters.received_total == HISTORY_S + 100


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    counters = Counters()
    for now in (100.0, 99.0, 100.0):
        counters.received(now)
    assert counters.snapshot()["per_second"] == [(99, 1), (100, 2)]
