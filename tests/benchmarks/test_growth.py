"""What counts as growth in a soak."""

import pytest
from benchmarks.growth import Course, Limit

LIMIT = Limit(0.05, 3.0)


def course(values, warm_s=0.0):
    return Course("memory", [(10.0 * number, float(value)) for number, value in enumerate(values)], LIMIT, warm_s)


def test_a_steady_climb_grows():
    climbing = course(range(100, 160))
    assert climbing.slope == pytest.approx(0.1)
    assert climbing.growth == pytest.approx(59)
    assert climbing.grows


def test_a_level_with_single_peaks_does_not():
    assert not course([100, 101, 100, 400, 100, 101, 100, 101, 900, 100, 101]).grows


def test_what_is_warming_up_is_not_judged():
    values = [*range(0, 100, 5), *[100] * 40]
    assert course(values).grows
    assert not course(values, warm_s=200.0).grows


def test_what_shrinks_does_not_grow():
    assert not course(range(160, 100, -1)).grows


@pytest.mark.parametrize(("last", "grows"), [(105, False), (106, True)])
def test_growth_below_the_limit_is_none(last, grows):
    values = [100 + (last - 100) * number / 40 for number in range(41)]
    assert course(values).grows is grows


def test_the_limit_is_a_share_of_the_median_or_so_much_at_least():
    assert course([1000] * 5).allowed == 50
    assert course([10] * 5).allowed == 3
