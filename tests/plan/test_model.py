"""A plan as a value: what it knows about itself, and that it survives the wire."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from loadgen.plan import LoadModel, Plan
from loadgen.plan.checks import stream_names


def _written(**changes: Any) -> dict[str, Any]:
    return {
        "name": "demo",
        "target": {"base_url": "https://shop.example/", "headers": {"Authorization": "Bearer ${env:TOKEN}"}},
        "journeys": [
            {"file": "browse.py", "user": "Browser", "weight": 3},
            {"file": "buy.py", "user": "Buyer"},
        ],
        "load": [{"shape": {"constant": {"at": "10/s", "for": "1m"}}}],
        **changes,
    }


def test_a_trailing_slash_of_the_address_is_dropped() -> None:
    assert Plan.model_validate(_written()).target.base_url == "https://shop.example"


def test_streams_without_a_name_get_one_each() -> None:
    assert stream_names([("", "open"), ("", "closed"), ("", "open")]) == ["open", "closed", "load-3"]
    assert stream_names([("", "open"), ("open", "open")]) == ["load-1", "open"]
    assert stream_names([("load-2", "open"), ("", "open"), ("", "open")]) == ["load-2", "open", "load-3"]
    assert stream_names([("load-2", "open"), ("open", "open"), ("", "open")]) == ["load-2", "open", "load-3"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "open", "load-1", "load-2"]), st.sampled_from(["open", "closed"]))))
def test_names_given_to_streams_never_clash_with_written_ones(streams: list[tuple[str, str]]) -> None:
    names = stream_names(streams)

    given_names = [name for name, (own, _) in zip(names, streams, strict=True) if not own]
    assert len(set(given_names)) == len(given_names)
    assert set(given_names).isdisjoint(own for own, _ in streams)
    assert all(name in ("open", "closed", f"load-{i}") or "-" in name for i, name in enumerate(names, start=1))


def test_the_mix_of_a_stream_is_its_own_or_that_of_the_plan() -> None:
    shape = {"constant": {"at": 1, "for": 60}}
    plan = Plan.model_validate(_written(load=[{"shape": shape}, {"shape": shape, "journeys": {"Buyer": 5}}]))

    assert plan.mix(plan.load[0]) == {"Browser": 0.75, "Buyer": 0.25}
    assert plan.mix(plan.load[1]) == {"Buyer": 1.0}


def test_levels_of_streams_of_one_model_add_up_from_their_starts() -> None:
    plan = Plan.model_validate(
        _written(
            load=[
                {"shape": {"constant": {"at": 10, "for": 60}}},
                {"shape": {"constant": {"at": 5, "for": 60}}, "start": "30s"},
                {"model": "closed", "shape": {"constant": {"at": 7, "for": 600}}},
            ]
        )
    )

    assert [plan.level_at(t_s, LoadModel.OPEN) for t_s in (0, 45, 75)] == [10, 15, 5]
    assert plan.level_at(45, LoadModel.CLOSED) == 7
    assert (plan.peak_rate, plan.peak_shoppers, plan.arrivals, plan.duration) == (15, 7, 900, 600)
    assert plan.load[1].level_at(29) == 0
    assert plan.load[1].arrivals_by(40) == pytest.approx(50)


def test_the_peak_of_several_streams_sees_a_spike_of_a_second_in_a_day() -> None:
    day = {"constant": {"at": 10, "for": "24h"}}
    spike = {"spike": {"to": 500, "for": "1s", "rise": "250ms"}}
    plan = Plan.model_validate(_written(load=[{"shape": day}, {"shape": spike, "start": "7h13m"}]))

    assert plan.peak_rate == pytest.approx(510)


@pytest.mark.parametrize(
    "changes",
    [
        {"journeys": [{"file": "a.py", "user": "A"}, {"file": "b.py", "user": "A"}]},
        {"load": [{"shape": {"constant": {"at": 1, "for": 1}}, "journeys": {"Nobody": 1}}]},
        {"load": [{"model": "closed", "arrivals": "poisson", "shape": {"constant": {"at": 1, "for": 1}}}]},
        {"thresholds": ["mean{journey:Nobody} < 1s"]},
        {"tags": ["a"], "exclude_tags": ["a"]},
        {"seed": True},
        {"seed": 2**64},
        {"version": 7},
    ],
)
def test_what_comes_over_the_wire_is_checked_as_strictly(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Plan.model_validate(_written(**changes))


_SHAPES = st.sampled_from(
    [
        {"constant": {"at": "10/s", "for": "1m"}},
        {"ramp": {"to": "33/min", "over": "90s"}},
        {"step": {"by": "10/s", "every": "1m", "steps": 3}},
        {"spike": {"from": "1/s", "to": "600/s", "for": "1m", "rise": "5s"}},
        {"wave": {"low": "1/s", "high": "7/s", "period": "1h", "for": "2h"}},
        {"curve": {"points": [["0s", "1/s"], ["5m", "20/s"]]}},
    ]
)


@settings(deadline=None)
@given(
    shapes=st.lists(st.one_of(_SHAPES, st.lists(_SHAPES, min_size=1, max_size=4)), min_size=1, max_size=4),
    model=st.sampled_from(["open", "closed"]),
    start=st.floats(0, 3600),
    weight=st.floats(1e-3, 1e6),
    seed=st.integers(0, 2**63 - 1),
)
def test_a_plan_survives_the_wire_unchanged(
    shapes: list[Any], model: str, start: float, weight: float, seed: int
) -> None:
    plan = Plan.model_validate(
        _written(
            journeys=[{"file": "buy.py", "user": "Buyer", "weight": weight}],
            load=[{"model": model, "start": start, "shape": shape} for shape in shapes],
            thresholds=['p(99.9){name:"GET /p/{slug}", clock:due} < 1.25s', "error_rate < 0.3%"],
            guards=["error_rate > 20% for 10s: stop"],
            workers={"count": 3, "labels": {"zone": "a"}, "wait": "2m"},
            data=[{"name": "shoppers", "file": "shoppers.jsonl"}],
            seed=seed,
        )
    )

    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert Plan.model_validate_json(plan.model_dump_json()).model_dump_json() == plan.model_dump_json()
