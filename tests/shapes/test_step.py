from __future__ import annotations

import pytest

from loadgen.shapes import Constant, Sequence, Step


def test_a_staircase_climbs_at_each_interval() -> None:
    shape = Step.model_validate({"from": "50/s", "by": "50/s", "every": "1m", "steps": 5})
    assert [shape.rate_at(60 * i) for i in range(5)] == [50, 100, 150, 200, 250]
    assert shape.rate_at(59.9) == 50
    assert (shape.duration, shape.total, shape.end_level) == (300, 45_000, 250)


def test_a_staircase_goes_down_as_far_as_nothing() -> None:
    shape = Step(from_=100, by=-50, every=10, steps=3)
    assert (shape.peak, shape.end_level, shape.total) == (100, 0, 1500)


def test_a_staircase_starts_where_the_shape_before_ended() -> None:
    sequence = Sequence(shapes=(Constant(at=10, for_=5), Step(by=5, every=1, steps=2)))
    assert sequence.shapes[1] == Step(from_=10, by=5, every=1, steps=2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"from": 100, "by": -60, "every": 1, "steps": 3}, "the last of 3 steps would be at -20, below 0"),
        ({"from": 0, "by": 1e8, "every": 1, "steps": 3}, "above 100 million"),
        ({"from": 1, "by": 1, "every": "1d", "steps": 40}, "longer than 31 days"),
        ({"from": 1, "by": 1, "every": "1s", "steps": 0}, "greater than or equal to 1"),
        ({"from": 1, "by": 1, "every": "1s", "steps": 1.5}, "valid integer"),
    ],
)
def test_a_staircase_to_nowhere_is_refused(body: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Step.model_validate(body)
