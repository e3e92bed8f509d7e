from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import Curve, points_from_csv

EXPECTED = [(0.0, 0.0), (300.0, 100.0)]


@pytest.mark.parametrize(
    "text",
    [
        "0,0\n300,100\n",
        "t,rate\n0s,0/s\n5m,100/s\n",
        "Time;Level\r\n0;0\r\n300;100\r\n",
        "\ufefft\trate\n0\t0\n300\t100",
        "# last year\n\nt,rate\n0,0\n\n# noon\n300,100\n\n",
        'day,rate,t\nmonday,"0/s",0s\nmonday,6000/min,5m\n',
        " 0 , 0 \n 300 , 100 \n",
    ],
)
def test_people_write_csv_in_many_ways(text: str) -> None:
    assert points_from_csv(text) == EXPECTED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least two points"),
        ("t,rate\n", "at least two points"),
        ("0,1\n", "at least two points"),
        ("5,1\n6,2\n", "^line 1: the first point must be at 0s"),
        ("0,0\n\n60,1\n60,2\n", "^line 4: the time 60s stands there twice"),
        ("0,0\n60,1\n30,2\n", "^line 3: 30s comes after 60s; times must rise"),
        ("0,0\n0.0001,1\n", "^line 2: less than a millisecond"),
        ("t,rate\n0,0\n60,-1\n", "^line 3: a level cannot be negative"),
        ("0,0\n60,fast\n", "^line 2: expected a rate such as"),
        ("0,0\nsoon,5\n", "^line 2: expected a duration such as"),
        ("0,0\n60,nan\n", "^line 2: a number must be finite"),
        ("0,0\n60\n", "^line 2: expected a time and a level, found 1 column$"),
        ("when,how_many\n0,0\n", "^line 1: expected the columns t and rate, found when, how_many"),
        ("t,time,rate\n", "^line 1: expected the columns t and rate"),
        ('0,0\n60,"1\n', "^line 2: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        points_from_csv(text)


def test_endless_files_are_refused() -> None:
    with pytest.raises(ValueError, match="line 100001: more than 100000 points"):
        points_from_csv("\n".join(f"{i},1" for i in range(100_002)))


@given(st.text())
def test_any_text_gives_points_or_a_reason(text: str) -> None:
    with suppress(ValueError):
        Curve(points=tuple(points_from_csv(text)))
