"""Texts are byte for byte what ``prometheus_client`` writes."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.sampled import SampledFamily, by_library
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from loadgen.latency import Histogram
from loadgen.metrics.families import Family
from loadgen.metrics.page import QUANTILES
from loadgen.metrics.rendering import Rendering
from loadgen.metrics.text import OPENMETRICS_END, OpenMetricsFamily, TextFamily

VALUES = st.one_of(st.integers(0, 2**53), st.floats(allow_nan=True, allow_infinity=True))
LABELS = st.dictionaries(st.sampled_from(["a", "le2", "kind", "run", "zone"]), st.text(max_size=8), max_size=4)
TIMES = st.lists(st.integers(0, 10**8), max_size=8)


@pytest.mark.parametrize("leading", [True, False])
def test_a_page_is_what_the_library_makes_of_it(make: SimpleNamespace, leading: bool) -> None:
    snapshot = make.cluster(make.busy_run(), leading=leading)
    pages = Rendering(lambda: snapshot, lambda: 0.0)
    assert pages.page("text/plain")[1] == by_library(generate_latest, snapshot, 0.0)
    assert pages.page("application/openmetrics-text")[1] == by_library(generate_openmetrics, snapshot, 0.0)


class Of(Collector):
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> list[Metric]:
        return [self._metric]


@pytest.mark.parametrize("kind", ["counter", "gauge", "info", "histogram", "summary"])
@given(text=st.text(max_size=20), labels=LABELS, values=st.lists(VALUES, max_size=3), times=TIMES)
def test_a_family_is_what_the_library_makes_of_it(
    kind: str, text: str, labels: dict[str, str], values: list[float], times: list[int]
) -> None:
    name = {"counter": "of_total", "info": "of_info"}.get(kind, "of")
    family = Family(name, kind, tuple(labels), text)  # type: ignore[arg-type]
    histogram = Histogram.of(times)
    forms = SampledFamily(family), TextFamily(family), OpenMetricsFamily(family)
    for form in forms:
        if kind == "histogram":
            form.histogram(labels, histogram)
        elif kind == "summary":
            form.summary(labels, histogram.quantiles_us(QUANTILES), histogram.count, histogram.sum_us)
        else:
            for value in values:
                form.value(labels, value)
    sampled, plain, openmetrics = forms
    registry = CollectorRegistry()
    registry.register(Of(sampled.metric))
    assert plain.encoded() == generate_latest(registry)
    assert openmetrics.encoded() + OPENMETRICS_END == generate_openmetrics(registry)


def test_a_number_that_is_none_is_said() -> None:
    family = TextFamily(Family("of", "gauge", (), "It."))
    family.value({}, math.nan)
    assert family.encoded().endswith(b"\nof NaN\n")
