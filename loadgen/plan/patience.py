"""How long shoppers wait for a step, and what they do then.

==============  ===========================================================================================
distribution    how long a shopper waits, drawn once for each shopper; half of them wait for ``median`` or longer
==============  ===========================================================================================
lognormal       95 % wait no longer than ``p95``: a few leave at once, and a few would wait for ever
exponential     memoryless: who has waited already is as likely to wait on as who has just begun
constant        everybody waits exactly ``median``
==============  ===========================================================================================
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loadgen.plan.names import LabelOrNone
from loadgen.shapes import Duration, PositiveDuration

MAX_DEVICES = 10
"""Mobile, desktop, tablet, app, television: each is a group that a report may tell apart."""

MAX_RELOADS = 20
"""Nobody presses F5 more often for one page."""

USUAL_SPREAD = 3.0
"""Of log-normal patience without a ``p95``: 95 % wait no longer than three medians."""

Probability = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class Spread(StrEnum):
    """How patience differs from shopper to shopper."""

    LOGNORMAL = "lognormal"
    EXPONENTIAL = "exponential"
    CONSTANT = "constant"


class Patience(BaseModel):
    """How long shoppers with one kind of device wait for a step, and what they do then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: LabelOrNone = Field(
        default="",
        description="The device it holds for. Default: all that have no patience of their own.",
        examples=["mobile"],
    )
    median: PositiveDuration = Field(
        description="Half of the shoppers wait no longer than this for a step.", examples=["8s"]
    )
    p95: Duration | None = Field(
        default=None, description="lognormal: 95 % wait no longer than this. Default: three medians."
    )
    distribution: Spread = Field(
        default=Spread.LOGNORMAL, description="How patience differs: lognormal, exponential, or constant (not at all)."
    )
    retry: Probability = Field(
        default=0.0,
        description="Probability, 0 to 1, that a shopper whose patience is at its end reloads instead of leaving.",
        examples=[0.3],
    )
    retries: int = Field(
        default=1, strict=True, ge=1, le=MAX_RELOADS, description="At most so many reloads in one step."
    )

    @model_validator(mode="after")
    def _p95_makes_sense(self) -> Self:
        if self.p95 is not None and self.distribution is not Spread.LOGNORMAL:
            raise ValueError(f"p95 belongs to lognormal patience; this one is {self.distribution}")
        if self.p95 is not None and self.p95 <= self.median:
            raise ValueError("p95 must be longer than the median")
        return self

    @property
    def p95_s(self) -> float:
        """The 95th percentile of log-normal patience, seconds."""
        return self.median * USUAL_SPREAD if self.p95 is None else self.p95
