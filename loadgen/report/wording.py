"""How reports write numbers: three digits that matter, thousands separated, a dash for what is not known."""

from __future__ import annotations

from typing import Final

from loadgen.plan.conditions import Condition
from loadgen.plan.measures import LATENCY, Metric

UNKNOWN: Final = "–"


def count(number: int | None) -> str:
    """``12,345``."""
    return UNKNOWN if number is None else f"{number:,}"


def seconds(time_s: float | None) -> str:
    """``0.85 ms``, ``742 ms``, ``1.24 s``, ``124 s``."""
    if time_s is None:
        return UNKNOWN
    return f"{_three_digits(time_s * 1000)} ms" if time_s < 0.9995 else f"{_three_digits(time_s)} s"


def rate(per_second: float | None) -> str:
    """``0.50/s``, ``12.3/s``, ``1,234/s``."""
    return UNKNOWN if per_second is None else f"{_three_digits(per_second)}/s"


def percent(share: float | None) -> str:
    """``0%``, ``0.013%``, ``1.2%``, ``99.97%``, ``100%``; never rounded to none or all where it is neither."""
    if share is None:
        return UNKNOWN
    if share in (0, 1):
        return f"{share:.0%}"
    if 0.9995 <= share < 1:
        return f"{min(share * 100, 99.99):.2f}%"
    return f"{share * 100:.1f}%" if share >= 0.00995 else f"{share * 100:.2g}%"


def score(of_one: float | None) -> str:
    """An Apdex with two digits, as its specification has it: ``0.94``."""
    return UNKNOWN if of_one is None else f"{of_one:.2f}"


def clock(time_s: float) -> str:
    """A moment of a run: ``0:05``, ``12:30``, ``1:02:03``; negative before its start."""
    whole = round(time_s)
    minutes, second = divmod(abs(whole), 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"-{text}" if whole < 0 else text


def counter(name: str, number: int) -> tuple[str, str]:
    """A business count with its name: amounts counted in ``…_cents`` are written in whole units, ``28,731.72``."""
    if name.endswith("_cents"):
        return name.removesuffix("_cents").replace("_", " "), money(number)
    return name.replace("_", " "), count(number)


def money(cents: float | None) -> str:
    """An amount in the shop's currency: ``58.12``."""
    return UNKNOWN if cents is None else f"{cents / 100:,.2f}"


def figure(condition: Condition, value: float | None) -> str:
    """What a condition measured, in its unit."""
    if value is None:
        return "no data"
    if condition.metric in LATENCY:
        return seconds(value)
    if condition.metric in (Metric.ERROR_RATE, Metric.UNAVAILABLE):
        return percent(value)
    return rate(value) if condition.metric is Metric.RATE else count(round(value))


def rounded(number: float) -> int:
    """A large number as people say it: three digits, then zeros."""
    return int(float(f"{number:.3g}"))


def _three_digits(number: float) -> str:
    if number == 0:
        return "0"
    if abs(number) >= 99.95:
        return f"{number:,.0f}"
    decimals = 1 if abs(number) >= 9.995 else 2 if abs(number) >= 0.0995 else 3
    return f"{number:.{decimals}f}" if abs(number) >= 0.0005 else f"{number:.1g}"
