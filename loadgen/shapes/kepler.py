"""Kepler's equation, which a sine-shaped load obeys as a planet does: ``M = x − e sin x``.

The phase x of the wave is the planet's eccentric anomaly, the arrivals so far are its mean anomaly M, and the depth
of the wave is the eccentricity e, from 0 (level) to 1 (down to nothing). Angles are in radians, within one turn.

Near x = 0 with e near 1 all terms nearly cancel, so ``x − sin x`` is summed as a series there and ``1 − e`` is passed
instead of e: the first shopper after a dead night is due to the same accuracy as the others.
"""

from __future__ import annotations

import math

TURN = 2 * math.pi

_LAST_STEP = 1e-8
"""A step this small, relative to the phase, was the last: Newton's method squares what is left."""

_MAX_STEPS = 50
"""Three to six are taken; the bound only ends the loop if rounding keeps a step alive."""


def mean_anomaly(phase: float, flatness: float) -> float:
    """``x − e sin x``.

    Args:
        phase: x, in [0, 2π].
        flatness: 1 − e, in [0, 1].
    """
    if phase > math.pi:
        return TURN - mean_anomaly(TURN - phase, flatness)
    return flatness * phase + (1 - flatness) * _less_its_sine(phase)


def phase_at(mean: float, flatness: float) -> float:
    """The x with ``x − e sin x = mean``.

    Args:
        mean: M, in [0, 2π].
        flatness: 1 − e, in [0, 1].
    """
    if mean > math.pi:
        return TURN - phase_at(TURN - mean, flatness)
    # On [0, π] the left side is convex and rising, so Newton's method from above the root comes down to it and never
    # leaves. Three bounds from above, each near the root somewhere: sin x ≤ 1, sin x ≤ x, x − sin x ≥ x³/12.
    e = 1 - flatness
    x = min(mean + e, math.pi)
    if flatness > 0:
        x = min(x, mean / flatness)
    if e > 0:
        x = min(x, math.cbrt(12 * mean / e))
    for _ in range(_MAX_STEPS):
        slope = flatness + 2 * e * math.sin(x / 2) ** 2
        if slope <= 0:
            break
        step = (flatness * x + e * _less_its_sine(x) - mean) / slope
        x -= step
        if step <= _LAST_STEP * x:
            break
    return x


def _less_its_sine(x: float) -> float:
    """``x − sin x`` to the last digits."""
    if x > 0.5:
        return x - math.sin(x)
    q = x * x
    return x * q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72 * (1 - q / 110 * (1 - q / 156)))))
