"""Read and write the right-hand side of a condition: ``800ms``, ``1%``, ``500/s``, ``1000``.

Inside loadgen a limit is a float of the metric's base unit: seconds, a share of one, events per
second, or a count. What is written here is exact: ``read(metric, write(metric, limit)) == limit`` for every limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from loadgen import units
from loadgen.plan.measures import LATENCY, Metric, Operator

MAX_COUNT = 1e15
"""A float counts exactly to 9e15; no run sends a thousandth of that."""

_MOST = {Metric.ERROR_RATE: 1.0, Metric.RATE: units.MAX_RATE, Metric.COUNT: MAX_COUNT}
"""The largest limit of each metric; latencies are bounded by the longest duration."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def expected(metric: Metric) -> str:
    """What a limit of this metric looks like, for messages."""
    if metric in LATENCY:
        return "a duration with its unit such as 800ms or 1.5s"
    if metric is Metric.ERROR_RATE:
        return "a percentage such as 1% or a share below 1 such as 0.01"
    if metric is Metric.RATE:
        return "a rate such as 500/s or 6000/min"
    return "a whole number such as 1000"


def read(metric: Metric, text: str) -> float:
    """Read a limit in the unit that its metric is compared with.

    Raises:
        ValueError: the text is not a limit of this metric; the message is for people.
    """
    if metric in LATENCY:
        if _NUMBER.fullmatch(text):
            raise ValueError(f"got '{text}' without a unit")
        return _read_with(units.parse_duration, text)
    if metric is Metric.ERROR_RATE:
        return _read_share(text)
    if metric is Metric.RATE:
        return _read_with(units.parse_rate, text)
    if not re.fullmatch(r"\d{1,15}", text):
        raise ValueError(f"got '{text}'")
    return float(text)


def write(metric: Metric, limit: float) -> str:
    """Write a limit so that :func:`read` gives back the very same float."""
    if metric in LATENCY:
        return write_duration(limit)
    if metric is Metric.ERROR_RATE:
        return f"{_decimal_text(Decimal(repr(limit)) * 100)}%"
    if metric is Metric.RATE:
        return f"{plain(limit)}/s"
    return plain(limit)


def write_duration(seconds: float) -> str:
    """Write a duration as people do where that is exact, else in plain seconds."""
    short = units.format_duration(seconds)
    return short if units.parse_duration(short) == seconds else f"{plain(seconds)}s"


def check(metric: Metric, operator: Operator, limit: float) -> None:
    """Refuse a comparison that is always or never true: it would judge nothing.

    Raises:
        ValueError: not a number the metric can have, or a comparison without meaning.
    """
    most = _MOST.get(metric, units.MAX_DURATION_S)
    if not 0 <= limit <= most or (metric is Metric.COUNT and limit != int(limit)):
        raise ValueError(f"expected {expected(metric)}; got {limit!r}")
    low = {Operator.BELOW: "can never hold", Operator.AT_LEAST: "always holds"}
    high = {Operator.ABOVE: "can never hold", Operator.AT_MOST: "always holds"}
    verdict = (
        low.get(operator) if limit == 0 else high.get(operator) if metric is Metric.ERROR_RATE and limit == 1 else None
    )
    if verdict is not None:
        raise ValueError(f"'{operator} {write(metric, limit)}' {verdict}")


def plain(number: float) -> str:
    """Write a float exactly, without an exponent and without trailing zeros."""
    return _decimal_text(Decimal(repr(float(number))))


def _decimal_text(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read_share(text: str) -> float:
    percent = _PERCENT.fullmatch(text)
    if percent is not None:
        share = float(Decimal(percent[1]) / 100)
        if share > 1:
            raise ValueError(f"got '{text}', more than 100%")
        return share
    if _NUMBER.fullmatch(text) and float(text) < 1:
        return float(text)
    # "error_rate < 1" means 1 % to half of its readers and 100 % to the other half.
    raise ValueError(f"got '{text}'")


def _read_with(parse: Callable[[str], float], text: str) -> float:
    try:
        return parse(text)
    except ValueError as error:
        reason = str(error)
        raise ValueError(f"got '{text}'" if reason.startswith("expected") else f"{reason}: '{text}'") from None
