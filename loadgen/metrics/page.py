"""One scrape being written: figures in, metric families out.

::

    put_requests(sheet, run) ──▶ Sheet ── labels ──▶ Page ── figures ──▶ a family in its form: samples, or protobuf

A :class:`Page` keeps what belongs to a family together, as the formats ask, however many runs write to it. A
:class:`Sheet` is the page as one run sees it: it adds the run's label. What comes of a figure is the business of the
family's form; all forms are given the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Final, Generic, Protocol, TypeVar

from loadgen.latency import Histogram
from loadgen.metrics.families import Family
from loadgen.metrics.pausing import Pause

MAX_LABEL_LENGTH: Final = 120
"""Characters of a label's value: as much as a legend can show."""

_DIGEST_BYTES: Final = 5
_KEPT: Final = MAX_LABEL_LENGTH - 1 - 2 * _DIGEST_BYTES

QUANTILES: Final = (0.5, 0.9, 0.95, 0.99, 0.999)
"""The quantiles of a summary."""

Labels = Mapping[str, str]


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


class Form(Protocol):
    """One family in one exposition format."""

    def value(self, labels: Labels, value: float) -> None:
        """Take a figure of a counter, gauge or info, in the family's unit."""

    def histogram(self, labels: Labels, times: Histogram) -> None:
        """Take a distribution, of which every value is shown."""

    def summary(self, labels: Labels, quantiles_us: Sequence[float], count: int, sum_us: int) -> None:
        """Take the :data:`QUANTILES`, microseconds, with the count and sum of the whole run."""


F = TypeVar("F", bound=Form)


class Sheet:
    """Where one run, or the cluster, writes its figures.

    Args:
        shown: the page's families by name; figures of others are left out.
        common: labels that everything here carries.
        pause: called before each figure.
    """

    def __init__(self, shown: Mapping[str, Form], common: dict[str, str], pause: Pause) -> None:
        self._shown = shown
        self._common = common
        self._pause = pause

    def put(self, family: Family, value: float, *labels: str) -> None:
        """Write a figure of a counter, gauge or info.

        Args:
            family: where it belongs.
            value: in the family's unit.
            labels: values of the family's labels, in its order.
        """
        form = self._form(family)
        if form is not None:
            form.value(self._labels(family, labels), value)

    def put_histogram(self, family: Family, times: Histogram, *labels: str) -> None:
        """Write a histogram, in seconds."""
        form = self._form(family)
        if form is not None:
            form.histogram(self._labels(family, labels), times)

    def put_summary(self, family: Family, recent: Histogram, count: int, sum_us: int, *labels: str) -> None:
        """Write a summary, in seconds.

        Args:
            family: where it belongs.
            recent: what the quantiles are read from; without values they are NaN, as the format has it.
            count: of the whole run.
            sum_us: of the whole run, microseconds.
            labels: values of the family's labels, in its order.
        """
        form = self._form(family)
        if form is not None:
            form.summary(self._labels(family, labels), recent.quantiles_us(QUANTILES), count, sum_us)

    def _form(self, family: Family) -> Form | None:
        self._pause()
        return self._shown.get(family.name)

    def _labels(self, family: Family, values: Sequence[str]) -> dict[str, str]:
        named = zip(family.labels, map(label_value, values), strict=True)
        return {**dict(named), **self._common}


class Page(Sheet, Generic[F]):
    """One scrape.

    Args:
        families: what it shows, in this order; those of which nothing is known are named all the same.
        form: makes a family in the format wanted.
        names: shows only families that have one of these names or series of such names; all when it is empty.
        pause: called before each figure.
    """

    def __init__(self, families: Iterable[Family], form: Callable[[Family], F], names: Set[str], pause: Pause) -> None:
        self._families = {
            family.name: form(family) for family in families if not names or not names.isdisjoint(family.series)
        }
        super().__init__(self._families, {}, pause)

    def sheet(self, run: str) -> Sheet:
        """The page for one run: what it writes carries its id."""
        return Sheet(self._families, {"run": label_value(run)}, self._pause)

    def families(self) -> list[F]:
        """Everything written so far."""
        return list(self._families.values())
