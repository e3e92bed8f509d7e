"""What reports say of coloured seconds."""

from __future__ import annotations

import pytest

from loadgen.report import Summary
from loadgen.report.coloured import BANDS_MOST, bands, by_worker
from loadgen.report.summary import Span


def points(summary: Summary, coloured: set[int], length: int = 100, span_s: int = 1) -> list[Span]:
    """A timeline of so many spans, of which the ones that begin at some seconds are coloured."""
    some = summary.seconds[0]
    return [
        some.model_copy(update={"second": at, "span_s": span_s, "coloured_seconds": int(at in coloured)})
        for at in range(0, length * span_s, span_s)
    ]


@pytest.mark.parametrize(
    ("coloured", "expected"),
    [
        (set(), []),
        ({0}, [(0, 0.5)]),
        ({4, 5, 6, 9}, [(3.5, 6.5), (8.5, 9.5)]),
        ({98, 99}, [(97.5, 99.5)]),
    ],
)
def test_neighbouring_seconds_are_one_band(
    summary: Summary, coloured: set[int], expected: list[tuple[float, float]]
) -> None:
    assert bands(points(summary, coloured)) == expected


def test_bands_of_a_long_run_are_as_wide_as_its_spans(summary: Summary) -> None:
    assert bands(points(summary, {120, 300}, span_s=60)) == [(90, 150), (270, 330)]


def test_no_chart_is_given_more_bands_than_can_be_seen(summary: Summary) -> None:
    assert len(bands(points(summary, set(range(0, 2000, 2)), length=2000))) <= BANDS_MOST
    assert bands([]) == []


def test_the_worker_with_the_most_coloured_seconds_is_named(summary: Summary) -> None:
    some = summary.workers[0].model_copy(update={"seconds": 60, "coloured_seconds": 0})
    one, two = (some.model_copy(update={"worker": f"n/{n}", "coloured_seconds": n}) for n in (1, 2))

    assert by_worker([some, some]) == ""
    assert by_worker([some, one]) == "1 of 60 seconds coloured by n/1"
    assert by_worker([one, some, two]) == "2 of 60 seconds coloured by n/2 and some by 1 more"
