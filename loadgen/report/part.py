"""What the parts of a summary have in common: they are frozen, and they write distributions of times alike.

Seconds; what is not known is null, never NaN.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from loadgen.latency import Histogram

_QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


class Part(BaseModel):
    """A part of a summary."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(Part):
    """A distribution of times, seconds; all null where nothing was measured."""

    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    max: float | None = None
    mean: float | None = None
    min: float | None = None

    @classmethod
    def of(cls, times: Histogram) -> Latency:
        """Read a merged histogram."""
        if not times:
            return cls()
        p50, p90, p95, p99, p999 = (round(us / 1e6, 7) for us in times.quantiles_us(_QUANTILES))
        return cls(
            p50=p50,
            p90=p90,
            p95=p95,
            p99=p99,
            p999=p999,
            max=times.max_us / 1e6,
            mean=round(times.mean_us / 1e6, 7),
            min=times.min_us / 1e6,
        )
