"""How people write levels and durations in a shape, as pydantic field types.

====================  =================================  ==========================================
type                  people write                       loadgen keeps
====================  =================================  ==========================================
``Level``             ``120/s``, ``6000/min``, ``200``   arrivals per second, or shoppers at once
``SignedLevel``       ``-50/s``, ``50/s``, ``-20``       the same, but a change of level
``Duration``          ``90s``, ``5m``, ``1h30m``, ``0``  seconds, 0 or more
``PositiveDuration``  ``90s``, ``5m``, ``1h30m``         seconds, at least :data:`MIN_DURATION_S`
====================  =================================  ==========================================

A level written as a bare number is taken as it stands: per second in the open model, shoppers in the closed one.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator

from loadgen.units import MAX_RATE, parse_duration, parse_rate

MIN_DURATION_S = 0.001
"""Nothing in a shape is shorter than a millisecond: below that a level has no meaning."""


def read_level(value: Any) -> float:
    """Read ``120/s``, ``6000/min`` or a bare number.

    Returns:
        Arrivals per second (open model) or shoppers at once (closed model), 0 or more.

    Raises:
        ValueError: neither a rate nor a number, negative, not finite, or beyond :data:`~loadgen.units.MAX_RATE`.
    """
    level = read_signed_level(value)
    if level < 0:
        raise ValueError("a level cannot be negative")
    return level


def read_signed_level(value: Any) -> float:
    """Read a change of level: as :func:`read_level`, and a leading minus is allowed.

    Raises:
        ValueError: neither a rate nor a number, not finite, or beyond :data:`~loadgen.units.MAX_RATE`.
    """
    if isinstance(value, str):
        text = value.strip()
        return -parse_rate(text[1:]) if text.startswith("-") else parse_rate(text)
    level = _finite(value, "expected a rate such as 120/s, 6000/min or 50/h, or a plain number")
    if abs(level) > MAX_RATE:
        raise ValueError("a level cannot be more than 100 million")
    return level


def read_duration(value: Any) -> float:
    """Read ``90s``, ``5m``, ``1h30m`` or a bare number of seconds.

    Returns:
        Seconds, 0 or more.

    Raises:
        ValueError: not a duration, negative, not finite, or longer than a month.
    """
    if isinstance(value, str):
        return parse_duration(value)
    return parse_duration(_finite(value, "expected a duration such as 90s, 5m or 1h30m"))


def read_positive_duration(value: Any) -> float:
    """Read a duration that must last: as :func:`read_duration`, but at least a millisecond.

    Raises:
        ValueError: as :func:`read_duration`, or shorter than :data:`MIN_DURATION_S`.
    """
    seconds = read_duration(value)
    if seconds < MIN_DURATION_S:
        raise ValueError("a duration must be at least 1ms here")
    return seconds


def _finite(value: Any, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(expected)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("a number must be finite")
    return number


Level = Annotated[float, BeforeValidator(read_level, json_schema_input_type=float | str)]
SignedLevel = Annotated[float, BeforeValidator(read_signed_level, json_schema_input_type=float | str)]
Duration = Annotated[float, BeforeValidator(read_duration, json_schema_input_type=float | str)]
PositiveDuration = Annotated[float, BeforeValidator(read_positive_duration, json_schema_input_type=float | str)]
