"""One scrape being written: samples in, metric families out.

A :class:`Page` keeps the samples of a family together, as the format asks, however many runs write to it. A
:class:`Sheet` is the page as one run sees it: it adds the run's label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import Metric
from prometheus_client.samples import Sample

from loadgen.latency import Histogram
from loadgen.metrics.buckets import cumulative
from loadgen.metrics.families import Family

MAX_LABEL_LENGTH: Final = 120
"""Characters of a label's value: as much as a legend can show."""

_DIGEST_BYTES: Final = 5
_KEPT: Final = MAX_LABEL_LENGTH - 1 - 2 * _DIGEST_BYTES

QUANTILES: Final = (0.5, 0.9, 0.95, 0.99, 0.999)
"""The quantiles of a summary."""


def label_value(text: str) -> str:
    """A text as a label's value.

    One that is too long, or holds what cannot be shown, ends in a digest of the original, so that what was distinct
    stays distinct: two samples with the same labels would spoil the scrape.
    """
    if len(text) <= MAX_LABEL_LENGTH and text.isprintable():
        return text
    shown = "".join(ch if ch.isprintable() else "�" for ch in text[:_KEPT])
    digest = hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{shown}…{digest}"


class Sheet:
    """Where one run, or the cluster, writes its samples.

    Args:
        metrics: the page's families by name.
        common: labels that every sample here carries.
    """

    def __init__(self, metrics: dict[str, Metric], common: dict[str, str]) -> None:
        self._metrics = metrics
        self._common = common

    def put(self, family: Family, value: float, *labels: str) -> None:
        """Write a sample of a counter, gauge or info.

        Args:
            family: where it belongs.
            value: in the family's unit.
            labels: values of the family's labels, in its order.
        """
        self._metrics[family.name].samples.append(Sample(family.name, self._labels(family, labels), value))

    def put_histogram(self, family: Family, times: Histogram, *labels: str) -> None:
        """Write a classic histogram, in seconds."""
        common = self._labels(family, labels)
        samples = self._metrics[family.name].samples
        bucket = f"{family.name}_bucket"
        samples += [Sample(bucket, {**common, "le": le}, count) for le, count in cumulative(times)]
        self._put_totals(family, times.count, times.sum_us, common)

    def put_summary(self, family: Family, recent: Histogram, count: int, sum_us: int, *labels: str) -> None:
        """Write a summary, in seconds.

        Args:
            family: where it belongs.
            recent: what the quantiles are read from; without values they are NaN, as the format has it.
            count: of the whole run.
            sum_us: of the whole run, microseconds.
            labels: values of the family's labels, in its order.
        """
        common = self._labels(family, labels)
        samples = self._metrics[family.name].samples
        for quantile, value_us in zip(QUANTILES, recent.quantiles_us(QUANTILES), strict=True):
            samples.append(Sample(family.name, {**common, "quantile": repr(quantile)}, value_us / 1e6))
        self._put_totals(family, count, sum_us, common)

    def _put_totals(self, family: Family, count: int, sum_us: int, labels: dict[str, str]) -> None:
        samples = self._metrics[family.name].samples
        samples.append(Sample(f"{family.name}_count", labels, count))
        samples.append(Sample(f"{family.name}_sum", labels, sum_us / 1e6))

    def _labels(self, family: Family, values: Sequence[str]) -> dict[str, str]:
        named = zip(family.labels, map(label_value, values), strict=True)
        return {**dict(named), **self._common}


class Page(Sheet):
    """One scrape.

    Args:
        families: what it shows, in this order; those without samples are named all the same.
    """

    def __init__(self, families: Iterable[Family]) -> None:
        super().__init__({family.name: Metric(family.stem, family.text, family.kind) for family in families}, {})

    def sheet(self, run: str) -> Sheet:
        """The page for one run: its samples carry its id."""
        return Sheet(self._metrics, {"run": label_value(run)})

    def metrics(self) -> list[Metric]:
        """Everything written so far."""
        return list(self._metrics.values())
