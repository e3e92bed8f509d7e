"""Visitors do what their graph says: a small run of the benchmark ``behaviour``, by a whole cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from benchmarks.behaviour import Seen, findings, visit

VISITS = 400


@pytest.fixture(scope="module")
def seen() -> Seen:
    return visit(VISITS, rate=40, pace=0.2)


def too_far(seen: Seen) -> list[str]:
    return [f"{found.what} of {found.place}" for found in findings(seen) if found.off > found.bound]


def with_counters(seen: Seen, journey: str, changed: Mapping[str, int]) -> Seen:
    counters = seen.summary["counters"]
    by_journey = {**counters["by_journey"], journey: {**counters["by_journey"][journey], **changed}}
    return seen._replace(summary={**seen.summary, "counters": {**counters, "by_journey": by_journey}})


def test_mix_ways_and_think_times_of_a_run_are_those_of_the_graphs(seen: Seen) -> None:
    assert sum(figures["started"] for figures in seen.summary["journeys"]) == VISITS
    assert too_far(seen) == []


def test_the_comparison_sees_visitors_who_go_other_ways(seen: Seen) -> None:
    counted = seen.summary["counters"]["by_journey"]["Strolling"]
    to_category, to_search = counted["home > category"], counted["home > search"]
    other = with_counters(seen, "Strolling", {"home > category": to_search, "home > search": to_category})
    assert {
        "probability of a way of Strolling home > category",
        "probability of a way of Strolling home > search",
    } <= set(too_far(other))


def test_the_comparison_sees_visitors_who_think_longer(seen: Seen) -> None:
    slower = {journey: [(t * 1.3, passed) for t, passed in times] for journey, times in seen.thoughts.items()}
    assert "think times drawn: D of Strolling" in too_far(seen._replace(thoughts=slower))
