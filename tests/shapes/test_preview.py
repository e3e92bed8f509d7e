from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.shapes import Constant, Ramp, Sequence, Shape, Spike, Step, Wave
from loadgen.shapes.preview import draw, levels

SALES_DAY = Sequence(
    shapes=(Ramp(to=200, over=300), Constant(at=200, for_=600), Spike(to=600, for_=60), Ramp(to=0, over=120))
)
TWO_DAYS = Wave(low=20, high=200, period=86_400, for_=172_800, peak_at=72_000)
STAIRS = Step(from_=5, by=5, every=0.2, steps=4)

Same = Callable[[str, str], None]


def drawn(placed: list[tuple[Shape, float]], duration_s: float, unit: str, **size: int | bool) -> str:
    return draw(levels(placed, duration_s, 64), duration_s=duration_s, unit=unit, **size)  # type: ignore[arg-type]


def test_a_sales_day(same_as_golden: Same) -> None:
    same_as_golden("sales_day", drawn([(SALES_DAY, 0)], SALES_DAY.duration, "shoppers/s"))


def test_two_days_with_a_mailing_in_ascii(same_as_golden: Same) -> None:
    mailing = Spike(to=150, for_=600)
    text = drawn([(TWO_DAYS, 0), (mailing, 100_000)], TWO_DAYS.duration, "shoppers/s", ascii_only=True)
    assert text.isascii()
    same_as_golden("two_days_ascii", text)


def test_a_small_staircase_of_shoppers(same_as_golden: Same) -> None:
    same_as_golden("stairs", drawn([(STAIRS, 0)], STAIRS.duration, "shoppers", width=40, height=6))


def test_a_trickle_beside_a_flood(same_as_golden: Same) -> None:
    same_as_golden("trickle", draw([0.0, 0.001, 0.0, 12_345_678.0], duration_s=3600, unit="", width=50, height=3))


def test_no_load_is_drawn_as_an_empty_area(same_as_golden: Same) -> None:
    same_as_golden("nothing", draw([0.0], duration_s=60, unit="shoppers/s", width=40, height=4))


def test_an_empty_series_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        draw([], duration_s=1, unit="")


@given(
    series=st.lists(st.floats(0, 1e8), min_size=1, max_size=200),
    width=st.integers(1, 120),
    height=st.integers(1, 30),
    duration_s=st.floats(0.001, 2.6e6),
    ascii_only=st.booleans(),
)
def test_every_drawing_fits(series: list[float], width: int, height: int, duration_s: float, ascii_only: bool) -> None:
    lines = draw(
        series, width=width, height=height, duration_s=duration_s, unit="x", ascii_only=ascii_only
    ).splitlines()
    assert len(lines) == height + 3
    assert max(map(len, lines)) <= max(width, 20)


def test_a_short_spike_in_a_long_test_is_seen() -> None:
    shape = Sequence(shapes=(Constant(at=1, for_=40_000), Spike(to=900, for_=5), Constant(at=1, for_=46_395)))
    assert max(levels([(shape, 0)], 86_400, 70)) == 900


def test_streams_add_up_where_they_overlap() -> None:
    placed: list[tuple[Shape, float]] = [(Constant(at=1, for_=10), 0), (Constant(at=2, for_=10), 5)]
    assert levels(placed, 15, 3) == [1, 3, 2]


def test_the_end_of_a_climb_is_seen() -> None:
    assert levels([(Ramp(to=100, over=10), 0), (Constant(at=0, for_=10), 10)], 20, 1) == pytest.approx([100], rel=1e-6)
