"""What a threshold or guard can measure, and in which unit it is compared.

::

    measure                                 compared with      selectors
    p(q)   mean   max                       a duration         step journey name method, clock
    error_rate                              a percentage       step journey name method
    rate(requests | failures)               a rate             step journey name method
    rate(arrivals)                          a rate             none
    count(requests | failures)              a whole number     step journey name method
    count(arrivals | dropped | missed | late)   a whole number     none
    unavailable (guards only)               nothing            none

Arrivals are counted for the whole run, not per journey or step, hence no selectors there. Only
this table knows the words; :mod:`loadgen.plan.grammar` reads them and
:mod:`loadgen.plan.conditions` writes them.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Metric(StrEnum):
    """The figure that a condition looks at."""

    PERCENTILE = "p"
    MEAN = "mean"
    MAX = "max"
    ERROR_RATE = "error_rate"
    RATE = "rate"
    COUNT = "count"
    UNAVAILABLE = "unavailable"


class Operator(StrEnum):
    """How the figure is compared with its limit."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    def holds(self, figure: float, limit: float) -> bool:
        """Whether ``figure OP limit`` is true."""
        if self is Operator.BELOW:
            return figure < limit
        if self is Operator.AT_MOST:
            return figure <= limit
        if self is Operator.ABOVE:
            return figure > limit
        return figure >= limit


class Action(StrEnum):
    """What a guard does when its condition has held for its whole window."""

    STOP = "stop"


LATENCY = (Metric.PERCENTILE, Metric.MEAN, Metric.MAX)
"""The metrics compared with a duration; the only ones that know two clocks (sent and due)."""

COUNTED: dict[Metric, tuple[str, ...]] = {
    Metric.RATE: ("requests", "failures", "arrivals"),
    Metric.COUNT: ("requests", "failures", "arrivals", "dropped", "missed", "late"),
}
"""What ``rate(…)`` and ``count(…)`` can be asked for."""

SELECTORS = ("step", "journey", "name", "method")
"""The labels by which requests can be selected."""

CLOCKS = ("sent", "due")
"""``clock:sent`` is service time (the default); ``clock:due`` counts from when the shopper was due."""

MAX_WINDOW_S = 3600
"""A guard that looks back over more than an hour guards nothing that a threshold would not."""

NEAR_WORDS = {
    "avg": "mean",
    "average": "mean",
    "median": "p(50)",
    "percentile": "p(95)",
    "latency": "p(95)",
    "errors": "error_rate",
    "failure_rate": "error_rate",
    "rps": "rate(requests)",
    "throughput": "rate(requests)",
    "requests": "count(requests)",
    "failures": "count(failures)",
    "dropped": "count(dropped)",
    "missed": "count(missed)",
    "late": "count(late)",
}
"""What people write in other tools, and the word for it here (no spelling comparison finds these)."""

PERCENTILE_WITHOUT_BRACKETS = re.compile(r"p(\d+(?:\.\d+)?)")
"""``p95``, as other tools write ``p(95)``."""


def selectors_of(metric: Metric, argument: float | str | None) -> tuple[str, ...]:
    """The selector names that a metric takes, ``clock`` included where it makes sense."""
    if metric is Metric.UNAVAILABLE or argument in {"arrivals", "dropped", "missed", "late"}:
        return ()
    return (*SELECTORS, "clock") if metric in LATENCY else SELECTORS
