"""Reads the date of a cookie's ``Expires``, in all the forms that servers write.

The algorithm of RFC 6265, 5.1.1: the text is cut into tokens, and the first token of each form is the time, the day,
the month and the year; words, weekdays and time zones are passed over. All of these are the same instant::

    Sun, 06 Nov 1994 08:49:37 GMT      Sunday, 06-Nov-94 08:49:37 GMT      Sun Nov  6 08:49:37 1994
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_TOKEN: Final = re.compile(rb"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME: Final = re.compile(rb"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY: Final = re.compile(rb"([0-9]{1,2})(?![0-9])")
_YEAR: Final = re.compile(rb"([0-9]{2,4})(?![0-9])")
_MONTHS: Final = dict(zip(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13), strict=True))

_FIRST_YEAR: Final = 1601
"""Earlier years are refused (RFC 6265, 5.1.1)."""


def parse_cookie_date(text: bytes) -> float | None:
    """Read a cookie-date.

    Returns:
        Seconds since 1970, negative before; None when it is no date, or one that no calendar has.
    """
    time = day = month = year = None
    for token in _TOKEN.findall(text):
        if time is None and (time := _TIME.match(token)):
            continue
        if day is None and (day := _DAY.match(token)):
            continue
        if month is None and (month := _MONTHS.get(token[:3].lower())):
            continue
        if year is None:
            year = _YEAR.match(token)
    if time is None or day is None or month is None or year is None:
        return None
    full_year = _full_year(int(year[1]))
    if full_year < _FIRST_YEAR:
        return None
    hour, minute, second = map(int, time.groups())
    try:
        moment = datetime(full_year, month, int(day[1]), hour, minute, second, tzinfo=UTC)
    except ValueError:  # the 31st of February, 25 o'clock
        return None
    return moment.timestamp()


def _full_year(number: int) -> int:
    """``94`` is 1994, ``07`` is 2007; three digits stay as they are."""
    if number < 70:
        return number + 2000
    return number + 1900 if number < 100 else number
