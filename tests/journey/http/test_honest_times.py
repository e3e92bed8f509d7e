"""The times that are recorded are those that the server took: held against nginx's own note of each request."""

from __future__ import annotations

import os
from pathlib import Path

import gevent
import pytest
from benchmarks.delaying import delaying_server
from benchmarks.honesty import LOCATIONS, QUANTILES, noted_times
from benchmarks.nginx import MISSING, nginx, nginx_program
from benchmarks.stage import stage

from loadgen.journey import Session, Shopper
from loadgen.latency import Histogram

SHOPPERS = 8
EACH = 25

LEAST_MS, MOST_MS = 20.0, 60.0

ROUNDING_S = 0.001
"""nginx notes whole milliseconds of a clock that it looks at now and then."""

BOUND = 0.005
"""A quantile's own error at most."""

NOISE_S = 0.004
"""The way there and back, and other processes' turns on these cores."""

TRIES = 3
"""A core may be busy with something else for a while."""


class Patient(Shopper):
    def journey(self) -> None:
        for _ in range(EACH):
            self.client.get("/slow")


def test_latencies_are_those_that_nginx_noted(tmp_path: Path) -> None:
    if nginx_program() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    beyond: list[float] = []
    with delaying_server(LEAST_MS, MOST_MS) as port:
        for number in range(TRIES):
            folder = tmp_path / str(number)
            folder.mkdir()
            with nginx(folder, LOCATIONS.format(folder=folder, port=port), ["shop"]) as server:
                said = recorded(server.url("shop"))
            (noted,) = noted_times(folder / "times.log").values()
            assert said.count == noted.count == SHOPPERS * EACH
            apart = [us / 1e6 - s for us, s in zip(said.quantiles_us(QUANTILES), noted.quantiles_s, strict=True)]
            for difference_s, noted_s in zip(apart, noted.quantiles_s, strict=True):
                assert difference_s >= -ROUNDING_S - BOUND * noted_s, "an answer was there before it was sent"
            beyond.append(max(apart[:2]) - BOUND * noted.quantiles_s[1])
            if beyond[-1] <= NOISE_S:
                break
    assert min(beyond) <= NOISE_S, f"median or p95 are {[f'{s * 1000:.1f} ms' for s in beyond]} above nginx's"


def recorded(url: str) -> Histogram:
    """All service times of some shoppers."""
    shoppers, recorder = stage(Patient, url)
    for number in range(SHOPPERS):
        shoppers.come(Session(recorder, "Patient", 0, 0, number), 1)
    with gevent.Timeout(30):
        while len(shoppers):
            gevent.sleep(0.01)
    return Histogram.merged([series.service for series in recorder.take(0).series.values()])
