"""The queue arithmetic, in virtual time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop import stations
from loadgen.demoshop.stations import SPECS, Station, StationSpec, Step


def one_server(service_s: float = 0.1) -> Station:
    return Station(StationSpec(service_s, 1.0, 1.0), knee_per_s=1 / service_s)


@pytest.mark.parametrize(
    ("arrivals", "waits", "answers"),
    [
        ([0.0], [0.0], [0.1]),
        ([0.0, 0.0], [0.0, 0.1], [0.1, 0.2]),
        ([0.0, 0.05, 0.06], [0.0, 0.05, 0.14], [0.1, 0.2, 0.3]),
        ([0.0, 0.5], [0.0, 0.0], [0.1, 0.6]),
    ],
)
def test_requests_queue_for_a_single_server(arrivals: list[float], waits: list[float], answers: list[float]) -> None:
    station = one_server()
    admissions = [station.admit(now) for now in arrivals]
    assert [admission.wait_s for admission in admissions] == pytest.approx(waits)
    assert [admission.answer_at for admission in admissions] == pytest.approx(answers)


def test_as_many_requests_as_there_are_servers_wait_for_nothing() -> None:
    station = Station(StationSpec(0.1, 1.0, 1.0), knee_per_s=50)
    assert station.servers == 5
    assert [station.admit(1.0).wait_s for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.1])


def test_a_wait_longer_than_the_limit_is_refused_and_takes_no_server() -> None:
    station = Station(StationSpec(1.0, 1.0, 1.0), knee_per_s=1, max_wait_s=1.5)
    assert [station.admit(0.0).answer_at for _ in range(4)] == [1.0, 2.0, None, None]
    assert station.admit(0.5).answer_at == 3.0


def test_noise_stretches_service_and_occupancy_alike() -> None:
    station = one_server()
    assert station.admit(0.0, noise=2.0).answer_at == pytest.approx(0.2)
    assert station.admit(0.0, noise=0.5).answer_at == pytest.approx(0.25)


@pytest.mark.parametrize("knee", [0.5, 5, 150, 10_000])
@pytest.mark.parametrize("step", list(Step))
def test_a_station_has_exactly_the_capacity_its_table_says(step: Step, knee: float) -> None:
    spec = SPECS[step]
    station = Station(spec, knee)
    assert station.capacity_per_s == pytest.approx(knee * spec.requests_per_visitor * spec.headroom)
    assert station.admit(0.0).answer_at == pytest.approx(spec.service_s)


def test_payment_is_the_tightest_station() -> None:
    assert min(SPECS, key=lambda step: SPECS[step].headroom) is Step.PAYMENT
    assert SPECS[Step.PAYMENT].headroom == 1.0
    assert set(SPECS) == set(Step)


@settings(deadline=None)
@given(
    gaps=st.lists(st.floats(0, 0.5), max_size=60),
    knee=st.floats(0.1, 200),
    noises=st.lists(st.floats(0.2, 5), min_size=60, max_size=60),
)
def test_no_station_ever_works_on_more_than_it_has_servers(gaps: list[float], knee: float, noises: list[float]) -> None:
    station = Station(SPECS[Step.PAYMENT], knee)
    now, busy = 0.0, []
    for gap, noise in zip(gaps, noises, strict=False):
        now += gap
        admission = station.admit(now, noise)
        assert admission.wait_s >= 0
        if admission.answer_at is None:
            assert admission.wait_s > stations.DEFAULT_MAX_WAIT_S
            continue
        assert admission.wait_s <= stations.DEFAULT_MAX_WAIT_S
        start = now + admission.wait_s
        busy = [end for end in busy if end > start + 1e-9] + [admission.answer_at]
        assert len(busy) <= station.servers


def rush(visitors_per_s: float, knee_per_s: float, seconds: float = 30.0) -> tuple[list[float], int]:
    """Send Poisson visitors of the usual mix past all stations; waits at the payment, and refusals anywhere."""
    dice = random.Random(7)
    built = stations.build(knee_per_s)
    payment_waits, refused = [], 0
    for step, station in built.items():
        now = 0.0
        rate = visitors_per_s * SPECS[step].requests_per_visitor
        while (now := now + dice.expovariate(rate)) < seconds:
            admission = station.admit(now, dice.lognormvariate(-0.03, 0.25))
            refused += admission.answer_at is None
            if step is Step.PAYMENT:
                payment_waits.append(admission.wait_s)
    return payment_waits, refused


def test_below_the_knee_hardly_anybody_waits() -> None:
    waits, refused = rush(visitors_per_s=120, knee_per_s=150)
    assert refused == 0
    assert sorted(waits)[len(waits) // 2] < 0.02


def test_beyond_the_knee_the_wait_grows_until_visitors_are_refused() -> None:
    waits, refused = rush(visitors_per_s=190, knee_per_s=150)
    assert refused > 100
    assert waits[len(waits) // 10] < waits[len(waits) // 4] < waits[len(waits) // 3]
    assert max(waits) > stations.DEFAULT_MAX_WAIT_S
