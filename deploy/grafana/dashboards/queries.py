"""The PromQL that panels share. Pure text; ``$…`` are the variables of the dashboards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

RUN: Final = 'job="$job", run="$run"'
"""What picks one run."""

DURATION: Final = "loadgen_request_duration_seconds"
OVER: Final = "[$__rate_interval]"
QUANTILES: Final = {"0.5": "p50", "0.9": "p90", "0.95": "p95", "0.99": "p99", "0.999": "p99.9"}


def of_run(metric: str, *matchers: str) -> str:
    """A metric of the run that is looked at."""
    return f"{metric}{{{', '.join((RUN, *matchers))}}}"


def shown(metric: str, *matchers: str, by: Iterable[str] = ()) -> str:
    """A gauge, whichever coordinator shows it."""
    return f"max by ({', '.join(by)}) ({of_run(metric, *matchers)})"


def rate(metric: str, *matchers: str, by: Iterable[str] = ()) -> str:
    """How fast a counter rises, per second; a rate is taken first and added up then."""
    return f"sum by ({', '.join(by)}) (rate({of_run(metric, *matchers)}{OVER}))"


def so_far(metric: str, *matchers: str, by: Iterable[str] = ()) -> str:
    """What a counter has come to: it began at 0 with the run."""
    counted = f"max without (instance, pod) ({of_run(metric, *matchers)})"
    return f"sum by ({', '.join(by)}) ({counted})"


def share(part: str, whole: str) -> str:
    """A part of a whole, nothing where there is none."""
    return f"{part} / ({whole} > 0)"


def quantile_over(quantile: str, *matchers: str, by: tuple[str, ...] = (), over: str = OVER) -> str:
    """A quantile from the histogram, by classic buckets or, where those are not kept, by native ones.

    Args:
        quantile: 0 to 1, or a variable.
        matchers: which requests.
        by: the labels to keep.
        over: the span as PromQL writes it; empty for the run so far.
    """
    buckets, native = of_run(f"{DURATION}_bucket", *matchers), of_run(DURATION, *matchers)
    if over:
        buckets, native = f"rate({buckets}{over})", f"rate({native}{over})"
    classic = f"histogram_quantile({quantile}, sum by ({', '.join((*by, 'le'))}) ({buckets}))"
    return f"{classic} or histogram_quantile({quantile}, sum by ({', '.join(by)}) ({native}))"


def heat(*matchers: str) -> str:
    """How many requests took how long, for a heatmap; of classic or of native buckets."""
    buckets, native = of_run(f"{DURATION}_bucket", *matchers), of_run(DURATION, *matchers)
    return f"sum by (le) (increase({buckets}{OVER})) or sum(increase({native}{OVER}))"


def business(name: str, *, per_minute: bool = False) -> str:
    """What journeys count themselves: so far, or per minute."""
    chosen = f'name="{name}"'
    return f"60 * {rate('loadgen_business_total', chosen)}" if per_minute else so_far("loadgen_business_total", chosen)
