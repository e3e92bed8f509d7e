from __future__ import annotations

import pytest

from loadgen.shapes import Constant


def test_a_constant_holds_its_level() -> None:
    shape = Constant.model_validate({"at": "200/s", "for": "10m"})
    assert (shape.duration, shape.total, shape.peak) == (600, 120_000, 200)
    assert shape.rate_at(0) == shape.rate_at(300) == shape.rate_at(600) == 200
    assert shape.start_level == shape.end_level == 200
    assert shape.due(1000) == 5


@pytest.mark.parametrize("body", [{"at": 1}, {"for": 1}, {"at": 1, "for": 0}, {"at": 1, "for": 1, "over": 1}])
def test_a_constant_has_a_level_and_a_duration_and_nothing_else(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        Constant.model_validate(body)
