"""What is counted, and how it adds up.

``tally`` is the additive unit: what one worker counted in one second, what the cluster counted in one second, and
what it counted in a whole run have the same form and merge exactly. ``rows`` and ``columns`` lay tallies out as bare
numbers, ``adding`` adds up thousands of them at once. ``slowest`` keeps the slowest requests, ``apdex`` says how
content shoppers were with a step. ``run`` follows a run
second by second. ``names`` folds request names into templates. Layer 2: no clock, no I/O.
"""

from loadgen.stats.apdex import apdex
from loadgen.stats.columns import Columns
from loadgen.stats.names import OTHER, NameCap, template_of
from loadgen.stats.rows import Headline
from loadgen.stats.run import RunStats, SecondRow
from loadgen.stats.slowest import SlowSample
from loadgen.stats.tally import (
    FAILED,
    OK,
    ArrivalCounts,
    ErrorSample,
    JourneyCounts,
    Series,
    SeriesKey,
    StepCounts,
    Tally,
)

__all__ = [
    "FAILED",
    "OK",
    "OTHER",
    "ArrivalCounts",
    "Columns",
    "ErrorSample",
    "Headline",
    "JourneyCounts",
    "NameCap",
    "RunStats",
    "SecondRow",
    "Series",
    "SeriesKey",
    "SlowSample",
    "StepCounts",
    "Tally",
    "apdex",
    "template_of",
]
