"""Histograms and summaries as plain series, as text and remote write have them: ``_bucket``, ``_count``, ``_sum``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar

from loadgen.latency import Histogram
from loadgen.metrics.buckets import cumulative
from loadgen.metrics.page import QUANTILES, Labels

_QUANTILES: Final = tuple(map(repr, QUANTILES))

P = TypeVar("P")
"""Labels as a format writes them."""


class ClassicForm(ABC, Generic[P]):
    """A :class:`loadgen.metrics.page.Form` that knows series with one value each, and nothing else."""

    def value(self, labels: Labels, value: float) -> None:
        """Take a figure of a counter, gauge or info."""
        self._add("", self._written(labels), value)

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a histogram, in seconds, with its classic buckets."""
        self._add_each("_bucket", labels, "le", cumulative(times))
        self._add_totals(labels, times.count, times.sum_us)

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take a summary, in seconds."""
        values = (value_us / 1e6 for value_us in quantiles_us)
        self._add_each("", labels, "quantile", zip(_QUANTILES, values, strict=True))
        self._add_totals(labels, count, sum_us)

    def _add_totals(self, labels: Labels, count: int, sum_us: int) -> None:
        written = self._written(labels)
        self._add("_count", written, count)
        self._add("_sum", written, sum_us / 1e6)

    @abstractmethod
    def _written(self, labels: Labels) -> P:
        """Labels, sorted by name."""

    @abstractmethod
    def _add(self, suffix: str, labels: P, value: float) -> None:
        """Take one series of the family's name with a suffix."""

    @abstractmethod
    def _add_each(self, suffix: str, labels: Labels, name: str, parts: Iterable[tuple[str, float]]) -> None:
        """Take series that differ in one label only, by its values; the others are sorted and written once."""
