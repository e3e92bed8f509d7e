"""A family as text: Prometheus' own format, which people read too, and OpenMetrics.

::

    # HELP loadgen_requests_total Finished requests.
    # TYPE loadgen_requests_total counter
    loadgen_requests_total{journey="Buyer",result="ok",run="r1"} 1234.0

A line is a series: its labels sorted by name, and its value as Go writes floats. Both formats have the same lines;
their heads differ, as OpenMetrics names a counter without its suffix and knows the type info. A native histogram has no
text form that scrapers read, so there are classic buckets alone.

Source: https://prometheus.io/docs/instrumenting/exposition_formats and https://prometheus.io/docs/specs/om. The text is
byte for byte what ``prometheus_client`` writes, and tests hold it against that. It costs a quarter: a run of 1,000
request series has 51,000 lines, and with the library's 30 µs for each a page took most of the 5 s of a scrape.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from prometheus_client import utils

from loadgen.metrics.classic import ClassicForm
from loadgen.metrics.families import Family
from loadgen.metrics.page import Labels

TEXT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

OPENMETRICS_END: Final = b"# EOF\n"
"""Without it an OpenMetrics page was cut off."""

_PLAIN_BELOW: Final = 1_000_000
"""Go writes floats from here on with an exponent."""


class TextFamily(ClassicForm[str]):
    """One family in Prometheus' text format; a :class:`loadgen.metrics.page.Form`."""

    def __init__(self, family: Family) -> None:
        self._name = family.name
        self._lines = [self._head(family)]

    @staticmethod
    def _head(family: Family) -> str:
        kind = "gauge" if family.kind == "info" else family.kind
        text = family.text.replace("\\", r"\\").replace("\n", r"\n")
        return f"# HELP {family.name} {text}\n# TYPE {family.name} {kind}\n"

    def encoded(self) -> bytes:
        """Its head and its lines."""
        return "".join(self._lines).encode()

    def _written(self, labels: Labels) -> str:
        return ",".join([_pair(name, labels[name]) for name in sorted(labels)])

    def _add(self, suffix: str, labels: str, value: float) -> None:
        braced = f"{{{labels}}}" if labels else ""
        self._lines.append(f"{self._name}{suffix}{braced} {_number(value)}\n")

    def _add_each(self, suffix: str, labels: Labels, name: str, parts: Iterable[tuple[str, float]]) -> None:
        before = self._written({other: value for other, value in labels.items() if other < name})
        after = self._written({other: value for other, value in labels.items() if other > name})
        head = f'{self._name}{suffix}{{{before}{"," if before else ""}{name}="'
        tail = f'"{"," if after else ""}{after}}}'
        self._lines += [f"{head}{part}{tail} {_number(value)}\n" for part, value in parts]


class OpenMetricsFamily(TextFamily):
    """One family in OpenMetrics; a :class:`loadgen.metrics.page.Form`."""

    @staticmethod
    def _head(family: Family) -> str:
        return f"# HELP {family.stem} {_escaped(family.text)}\n# TYPE {family.stem} {family.kind}\n"


@lru_cache(maxsize=8192)
def _pair(name: str, value: str) -> str:
    return f'{name}="{_escaped(value)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if type(value) is int and value < _PLAIN_BELOW:
        return f"{value}.0"
    return str(utils.floatToGoString(value))  # type: ignore[no-untyped-call]  # the library leaves it without types
