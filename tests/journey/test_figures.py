"""``environment.stats``: what scripts read is what was counted, whenever they look."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from loadgen.journal.layout import EVENTS
from loadgen.journey.figures import COMPRESS_AT, Figures, Unread
from loadgen.journey.recorder import Recorder, Visit

VISIT = Visit("Visitor")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("w")


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=1_000_000.5)


@pytest.fixture
def stats(recorder: Recorder, clock: SimpleNamespace) -> Figures:
    return Figures(Unread(recorder, lambda: clock.now))


def get(recorder: Recorder, time_ms: float, name: str = "/", reason: str | None = None) -> None:
    recorder.request(VISIT, "GET", name, round(time_ms * 1000), 10, reason, "" if reason is None else "in words")


def test_a_request_is_there_as_soon_as_it_is_counted(recorder: Recorder, stats: Figures) -> None:
    get(recorder, 20)
    assert stats.total.num_requests == 1

    get(recorder, 40, reason="status_5xx")
    assert (stats.total.num_requests, stats.num_failures, stats.total.fail_ratio) == (2, 1, 0.5)


def test_what_was_read_and_then_taken_counts_once(recorder: Recorder, stats: Figures) -> None:
    for second in range(3 * COMPRESS_AT):
        get(recorder, 20)
        if second % 7 == 0:
            assert stats.total.num_requests == 2 * second + 1
        get(recorder, 20)
        assert recorder.take(second).requests == 2

    assert stats.get("/", "GET").num_requests == stats.num_requests == 6 * COMPRESS_AT


def test_nothing_counts_twice_where_a_half_of_the_journal_was_full(recorder: Recorder, stats: Figures) -> None:
    for number in range(EVENTS + 100):
        get(recorder, 1)
        if number == 1000:
            assert stats.num_requests == 1001
    assert recorder.take(0).requests == EVENTS + 100

    assert stats.num_requests == EVENTS + 100


def test_times_are_those_that_locust_would_show(recorder: Recorder, stats: Figures) -> None:
    for time_ms in range(1, 101):
        get(recorder, time_ms * 10)

    total = stats.total
    assert (total.min_response_time, total.max_response_time, total.avg_response_time) == (10, 1000, 505)
    assert total.get_response_time_percentile(0.5) == pytest.approx(510, abs=10)
    assert total.get_response_time_percentile(0.95) == pytest.approx(960, abs=10)
    assert (total.median_response_time, total.avg_content_length) == (pytest.approx(510, abs=10), 10)


def test_figures_of_the_last_seconds_are_there_too(recorder: Recorder, stats: Figures, clock: SimpleNamespace) -> None:
    stats.total.start_time = clock.now
    for second in range(30):
        for _ in range(5):
            get(recorder, 10 if second < 15 else 90)
        clock.now += 1
        recorder.take(second)

    assert stats.total.current_rps == pytest.approx(5)
    assert stats.total.total_rps == pytest.approx(5, rel=0.1)


def test_a_raw_name_finds_the_entry_of_its_template(recorder: Recorder, stats: Figures) -> None:
    get(recorder, 10, "/product/1")
    get(recorder, 10, "/product/2")

    assert stats.get("/product/77", "GET").num_requests == 2
    assert len(stats.entries) == 1


def test_errors_say_why(recorder: Recorder, stats: Figures) -> None:
    for _ in range(3):
        get(recorder, 10, reason="status_5xx")
    recorder.take(0)

    (error,) = stats.errors.values()
    assert (error.method, error.name, error.error, error.occurrences) == ("GET", "/", "status_5xx: in words", 3)


def test_they_can_be_reset(recorder: Recorder, stats: Figures) -> None:
    get(recorder, 10)
    stats.reset_all()
    assert (stats.num_requests, stats.errors) == (0, {})

    get(recorder, 10)
    stats.clear_all()
    assert (stats.num_requests, len(stats.entries)) == (0, 0)

    get(recorder, 10)
    assert stats.num_requests == 1


def test_a_script_may_add_to_them(recorder: Recorder, stats: Figures) -> None:
    get(recorder, 10)
    stats.log_request("JOB", "nightly", 5, 0)

    assert (stats.num_requests, stats.get("nightly", "JOB").num_requests) == (2, 1)
