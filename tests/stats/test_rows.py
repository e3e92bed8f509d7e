"""Rows tell where the numbers of a tally stand."""

from __future__ import annotations

import numpy as np

from loadgen.stats.rows import Kind, Rows, united


def test_rows_of_several_are_united_in_the_order_they_come():
    one = Rows(((Kind.LEVELS,), (Kind.STEP, "A", "home"), (Kind.JOURNEY, "A")))
    other = Rows(((Kind.JOURNEY, "B"), (Kind.STEP, "A", "home"), (Kind.LEVELS,)))
    whole, places = united([one, other, one])

    assert whole.rows == (*one.rows, (Kind.JOURNEY, "B"))
    assert [place.tolist() for place in places[one]] == [[0, 1, 2, 3, 4, 5, 6, 7, 8, 13], [0]]
    assert [place.tolist() for place in places[other]] == [[9, 10, 11, 12, 3, 4, 0, 1, 2, 13], [0]]


def test_the_same_rows_are_equal():
    one, same, other = (Rows(((Kind.JOURNEY, name),)) for name in "AAB")

    assert one == same
    assert hash(one) == hash(same)
    assert one not in {other, ((Kind.JOURNEY, "A"),)}


def test_only_what_authors_count_may_be_below_0():
    rows = Rows(((Kind.JOURNEY, "j"), (Kind.COUNTER, "j", "n"), (Kind.DEVICE, "j", "mobile", "", "n")))

    assert np.flatnonzero(rows.may_be_negative).tolist() == [4, 5]


def test_a_histogram_is_told_by_its_row():
    series = [(Kind.SERIES, *"jsnm", result) for result in ("ok", "failed")]
    rows = Rows(((Kind.ARRIVALS, 0), series[0], (Kind.COUNTER, "j", "n"), series[1], (Kind.STEP, *"js")))

    assert rows.is_service.tolist() == [False, True, False, True, False, False]
    assert rows.is_twin.tolist() == [False, False, True, False, True, False]
    assert np.flatnonzero(rows.may_be_negative).tolist() == [5]
    assert np.flatnonzero(rows.is_sum).tolist() == [*range(9, 15)]
