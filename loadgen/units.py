"""People's units: durations, rates, sizes and shares, read and written.

Inside loadgen a duration is a float of seconds, a rate a float per second, a share a float in [0, 1].
"""

from __future__ import annotations

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)")
_RATE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*/\s*(ms|s|min|m|h|d)\s*$")

MAX_DURATION_S = 31 * 86400.0
"""No run, window or timeout is longer than a month: beyond that it is a slip of the pen."""

MAX_RATE = 1e8
"""Arrivals per second beyond this are a slip of the pen (the largest known shop peaks below 1e7/s)."""


def parse_duration(text: str | float) -> float:
    """Read ``90s``, ``5m``, ``1h30m``, ``500ms`` or a bare number of seconds.

    Returns:
        Seconds, 0 or more.

    Raises:
        ValueError: not a duration, negative, or longer than :data:`MAX_DURATION_S`.
    """
    if isinstance(text, bool):
        raise ValueError("expected a duration such as 90s, 5m or 1h30m")
    seconds = float(text) if isinstance(text, int | float) else _duration_from_text(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError("a duration cannot be negative or infinite")
    if seconds > MAX_DURATION_S:
        raise ValueError("a duration cannot be longer than 31 days")
    return seconds


def _duration_from_text(text: str) -> float:
    compact = text.strip()
    parts = _DURATION_PART.findall(compact)
    if not parts or _DURATION_PART.sub("", compact).strip():
        raise ValueError("expected a duration such as 90s, 5m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def parse_rate(text: str) -> float:
    """Read ``120/s``, ``6000/min`` or ``50/h``.

    Returns:
        Events per second, 0 or more.

    Raises:
        ValueError: not a rate, or more than :data:`MAX_RATE`.
    """
    match = _RATE.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("expected a rate such as 120/s, 6000/min or 50/h")
    rate = float(match[1]) / _SECONDS[match[2]]
    if rate > MAX_RATE:
        raise ValueError("a rate cannot be more than 100 million per second")
    return rate


def format_duration(seconds: float) -> str:
    """Write a duration as people do: ``850ms``, ``12.5s``, ``5m``, ``1h30m``."""
    if seconds < 0.99995:  # what would be rounded to 1000ms or 60s is written in the next unit
        return f"{_trim(seconds * 1000)}ms"
    if seconds < 59.95:
        return f"{_trim(seconds)}s"
    whole = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2])


def format_rate(per_second: float) -> str:
    """Write a rate per second: ``120/s``, ``0.5/s``, ``12k/s``."""
    return f"{format_count(per_second)}/s"


def format_count(number: float) -> str:
    """Write a count shortly: ``950``, ``9999``, ``12k``, ``3.4M``."""
    for size, suffix, least in ((1e9, "G", 1), (1e6, "M", 1), (1e3, "k", 10)):
        if abs(number) / size >= least - 0.00005:  # what would be rounded to 1000k is written in the next unit
            return f"{_trim(number / size)}{suffix}"
    return _trim(number)


def format_bytes(size_bytes: float) -> str:
    """Write a size with binary prefixes: ``512 B``, ``1.5 MiB``."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{_trim(size)} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def format_percent(share: float) -> str:
    """Write a share of one as a percentage: ``0.5%``, ``12%``."""
    return f"{_trim(share * 100, digits=2)}%"


def _trim(number: float, digits: int = 1) -> str:
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
