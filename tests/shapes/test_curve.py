from __future__ import annotations

import pytest

from loadgen.shapes import Curve


def test_a_curve_goes_straight_from_point_to_point() -> None:
    shape = Curve.model_validate({"points": [["0s", "0/s"], ["5m", "100/s"], ["10m", "50/s"]]})
    assert [shape.rate_at(t_s) for t_s in (0, 150, 300, 450, 600)] == [0, 50, 100, 75, 50]
    assert shape.total == 15_000 + 22_500
    assert (shape.start_level, shape.end_level, shape.peak) == (0, 50, 100)


def test_a_curve_keeps_the_times_of_its_points_exactly() -> None:
    times = [0.1 * i for i in range(100)]
    assert Curve(points=tuple((t_s, 1.0) for t_s in times)).corners == tuple(times)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([], "at least two points"),
        ([[0, 1]], "at least two points"),
        ([[1, 1], [2, 1]], "first point must be at 0s"),
        ([[0, 1], [5, 1], [5, 2]], "point 3 is at the same time as the one before it"),
        ([[0, 1], [5, 1], [4, 2]], "point 3 at 4s is before the previous one at 5s"),
        ([[0, 1], [0.0001, 1]], "less than a millisecond"),
        ([[0, -1], [5, 1]], "cannot be negative"),
        ([[0], [5, 1]], "Field required"),
        ([[0, 1], ["40d", 1]], "longer than 31 days"),
    ],
)
def test_points_that_make_no_curve_are_refused(points: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Curve.model_validate({"points": points})
