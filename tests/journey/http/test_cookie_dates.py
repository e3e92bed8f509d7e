"""The dates of cookies, in every form that servers write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.journey.http.cookie_dates import parse_cookie_date

NOVEMBER_S = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "06 nov 1994 8:49:37",
        "1994 November 6th 08:49:37 PST",  # words and zones are passed over
        "08:49:37pm 6 NOV 94",
        "6/Nov/1994\t08:49:37",
        "(Sun) 08:49:37; 6; Nov; 1994; 7; Dec; 2024",
    ],
)
def test_servers_write_one_instant_in_many_ways(text):
    assert parse_cookie_date(text.encode()) == NOVEMBER_S


@pytest.mark.parametrize(("year", "full"), [("69", 2069), ("70", 1970), ("99", 1999), ("00", 2000), ("1601", 1601)])
def test_two_digits_of_a_year_are_of_1970_to_2069(year, full):
    wanted = datetime(full, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()

    assert parse_cookie_date(f"02 Jan {year} 03:04:05".encode()) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "Sun, 06 Nov 1994",
        "Nov 1994 08:49:37",
        "06 1994 08:49:37",
        "06 Nov 08:49:37",
        "00 Nov 1994 08:49:37",
        "31 Feb 1994 08:49:37",
        "06 Nov 1600 08:49:37",
        "06 Nov 19940 08:49:37",
        "06 Nov 1994 24:00:00",
        "06 Nov 1994 08:60:37",
        "06 Nov 1994 08:49:60",
        "06 Nov 1994 08:49:370",
        "006 Nov 1994 08:49:37",
        "\u0666 Nov 1994 08:49:37",
    ],
)
def test_what_no_calendar_has_is_no_date(text):
    assert parse_cookie_date(text.encode()) is None


@settings(deadline=None)
@given(st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)))
def test_every_instant_of_the_usual_form_is_read(moment):
    moment = moment.replace(microsecond=0, tzinfo=UTC)

    assert (
        parse_cookie_date(f"{moment:%a, %d %b} {moment.year:04} {moment:%H:%M:%S} GMT".encode()) == moment.timestamp()
    )


@settings(deadline=None)
@given(st.binary(max_size=40) | st.text("0123456789:- janfeb", max_size=40).map(str.encode))
def test_no_garbage_raises(text):
    parse_cookie_date(text)
