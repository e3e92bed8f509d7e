"""A short campaign: real processes, real faults, every invariant. The long one is ``make chaos``."""

import os

import pytest
from benchmarks.nginx import MISSING, nginx_program
from chaos.campaign import campaign

SEED = 1355
RUNS = (0, 1, 2)


@pytest.mark.timeout(300)
def test_whatever_goes_wrong_nothing_is_lost_counted_twice_or_over_plan(tmp_path):
    if nginx_program() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    left = []
    results = list(campaign(tmp_path, SEED, RUNS, left))
    assert [result.wrong for result in results] == [[]] * len(RUNS)
    assert all(result.faults for result in results), "in each run something was struck"
    assert all((result.counts.lost, result.counts.twice, result.counts.over) == (0, 0, 0) for result in results)
    assert left == []
