"""People's units, read and written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.units import (
    MAX_DURATION_S,
    MAX_RATE,
    format_bytes,
    format_count,
    format_duration,
    format_percent,
    format_rate,
    parse_duration,
    parse_rate,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("5min", 300),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("2d", 172_800),
        (" 10 s ", 10),
        ("0s", 0),
        (90, 90),
        (0.25, 0.25),
        ("31d", MAX_DURATION_S),
    ],
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "s", "5", "5x", "5 mins", "-5s", "1h-30m", "1e3s", "five minutes", "32d", "5s!", "1,5s", "٣x", "nan", "infs"],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize("number", [-1, -0.001, math.nan, math.inf, -math.inf, MAX_DURATION_S + 1, 1e300, True, False])
def test_impossible_numbers_are_no_durations(number):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(number)


@given(st.text())
def test_any_text_is_a_duration_within_bounds_or_a_value_error(text):
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0 <= seconds <= MAX_DURATION_S


@pytest.mark.parametrize(
    ("text", "per_second"),
    [("120/s", 120), ("6000/min", 100), ("6000/m", 100), ("50/h", 50 / 3600), ("0/s", 0), ("1.5 / s", 1.5)],
)
def test_rates_are_read(text, per_second):
    assert parse_rate(text) == pytest.approx(per_second)


@pytest.mark.parametrize(
    "text", ["", "120", "120s", "120/x", "/s", "-1/s", "1e3/s", "120/s/s", "1000000000/s", 120, None]
)
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="rate"):
        parse_rate(text)


@given(st.text())
def test_any_text_is_a_rate_within_bounds_or_a_value_error(text):
    try:
        rate = parse_rate(text)
    except ValueError:
        return
    assert 0 <= rate <= MAX_RATE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.0005, "0.5ms"),
        (0.85, "850ms"),
        (0.9999, "999.9ms"),
        (0.99996, "1s"),
        (1, "1s"),
        (12.5, "12.5s"),
        (59.96, "1m"),
        (60, "1m"),
        (300, "5m"),
        (3600, "1h"),
        (5400, "1h30m"),
        (90061, "1d1h"),
    ],
)
def test_durations_are_written_as_people_do(seconds, text):
    assert format_duration(seconds) == text


@given(st.floats(0, MAX_DURATION_S - 60))
def test_a_written_duration_can_be_read_again(seconds):
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=0.05, abs=1e-4)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (950, "950"),
        (1200, "1200"),
        (9999, "9999"),
        (12_000, "12k"),
        (3_400_000, "3.4M"),
        (2e9, "2G"),
        (999_990, "1M"),
        (-12_000, "-12k"),
    ],
)
def test_counts_are_written_shortly(number, text):
    assert format_count(number) == text


def test_rates_sizes_and_shares_are_written_with_their_units():
    assert format_rate(120) == "120/s"
    assert [format_bytes(size) for size in (0, 512, 1536, 1024**2, 1.5 * 1024**3, 5000 * 1024**4)] == [
        "0 B",
        "512 B",
        "1.5 KiB",
        "1 MiB",
        "1.5 GiB",
        "5000 TiB",
    ]
    assert [format_percent(share) for share in (0, 0.005, 0.12, 1)] == ["0%", "0.5%", "12%", "100%"]
