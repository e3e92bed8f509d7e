"""What a coordinator shows as ``prometheus_client`` has it, to hold the texts against that the library makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from loadgen.latency import Histogram
from loadgen.metrics import ClusterSnapshot
from loadgen.metrics.buckets import cumulative
from loadgen.metrics.exposition import written
from loadgen.metrics.families import Family
from loadgen.metrics.page import QUANTILES, Labels


class SampledFamily:
    """One family; a :class:`loadgen.metrics.page.Form`.

    Attributes:
        metric: it, with the samples so far.
    """

    def __init__(self, family: Family) -> None:
        self._name = family.name
        self.metric = Metric(family.stem, family.text, family.kind)

    def value(self, labels: Labels, value: float) -> None:
        """Take one sample."""
        self.metric.samples.append(Sample(self._name, dict(labels), value))

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a classic histogram, in seconds."""
        bucket = f"{self._name}_bucket"
        self.metric.samples += [Sample(bucket, {**labels, "le": le}, count) for le, count in cumulative(times)]
        self._totals(labels, times.count, times.sum_us)

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take a summary, in seconds."""
        for quantile, value_us in zip(QUANTILES, quantiles_us, strict=True):
            self.metric.samples.append(Sample(self._name, {**labels, "quantile": repr(quantile)}, value_us / 1e6))
        self._totals(labels, count, sum_us)

    def _totals(self, labels: Labels, count: int, sum_us: int) -> None:
        self.metric.samples.append(Sample(f"{self._name}_count", dict(labels), count))
        self.metric.samples.append(Sample(f"{self._name}_sum", dict(labels), sum_us / 1e6))


class SnapshotCollector(Collector):
    """A snapshot as the library collects it."""

    def __init__(self, snapshot: ClusterSnapshot | None, now_s: float) -> None:
        self._snapshot, self._now_s = snapshot, now_s

    def collect(self) -> Iterable[Metric]:
        for family in written(self._snapshot, self._now_s, SampledFamily):
            yield family.metric


def by_library(write: Callable[[CollectorRegistry], bytes], snapshot: ClusterSnapshot | None, now_s: float) -> bytes:
    """The text that the library writes of a snapshot."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(snapshot, now_s))
    return write(registry)
