"""A stream of load: which shoppers come, how many, and when.

::

    open     shoppers arrive at a rate, whatever the shop does     shape in 200/s    visitors of a sales day
    closed   a number of shoppers loop, each waits for the shop    shape in 200      a fixed crew of users

A plan may hold several streams; each has its own shape, start and mix of journeys, and they add up.
Levels are shoppers per second (open) or shoppers at once (closed), times are seconds from the run's start.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loadgen.plan.names import LabelOrNone
from loadgen.shapes import Duration, ShapeField
from loadgen.units import MAX_DURATION_S

MAX_SHOPPERS = 10_000_000
"""More shoppers at once than any shop has had visitors at once."""

MAX_SESSION = 10_000
"""A shopper who does more tasks than this is a robot: use a closed stream."""

MAX_WEIGHT = 1e6
"""Weights are read as parts of a whole; nobody means a part in a million."""

Weight = Annotated[float, Field(strict=True, gt=0, le=MAX_WEIGHT, allow_inf_nan=False)]


class LoadModel(StrEnum):
    """What the shape of a stream counts."""

    OPEN = "open"
    CLOSED = "closed"


class Spacing(StrEnum):
    """How the arrivals of an open stream lie in time."""

    UNIFORM = "uniform"
    POISSON = "poisson"


class Stream(BaseModel):
    """One stream of load.

    A stream without a ``name`` gets one when its plan is read: its model, or ``load-2`` for the second where that
    name is taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: LabelOrNone = Field(
        default="",
        description="A label for tables and charts; by default the model, or load-1, load-2, … where that is taken.",
    )
    model: LoadModel = Field(
        default=LoadModel.OPEN,
        description="open: shoppers arrive at a rate, whatever the shop does. closed: a number of shoppers at once.",
    )
    arrivals: Spacing = Field(
        default=Spacing.UNIFORM,
        description="Open model: evenly spaced arrivals (uniform), or random ones as in life (poisson, seeded).",
    )
    shape: ShapeField = Field(
        description="The wanted load over time: one shape, or a list of shapes that follow each other. "
        "Levels are rates (200/s) in the open model and whole numbers of shoppers (200) in the closed one.",
        examples=[{"ramp": {"from": "0/s", "to": "200/s", "over": "5m"}}],
    )
    journeys: dict[str, Weight] | None = Field(
        default=None,
        min_length=1,
        description="This stream's own mix: weights by user. Journeys that are not named stay out of the stream. "
        "Default: all journeys with their own weights.",
        examples=[{"Browser": 90, "GuestBuyer": 10}],
    )
    start: Duration = Field(default=0.0, description="When the stream starts, from the start of the run.")
    max_shoppers: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_SHOPPERS,
        description="Open model: at most this many shoppers at once in the whole cluster; arrivals beyond it are "
        "dropped and counted. Default: no limit.",
    )
    session: int = Field(
        default=1,
        strict=True,
        ge=1,
        le=MAX_SESSION,
        description="Open model: how many tasks one arrival does, for users made of @task methods.",
    )

    replace: bool = Field(
        default=True,
        strict=True,
        description="Closed model: a shopper who leaves by itself is followed by another one at once.",
    )

    @model_validator(mode="after")
    def _ends_within_a_month(self) -> Self:
        if self.end > MAX_DURATION_S:
            raise ValueError("start and shape together cannot be longer than 31 days")
        return self

    @property
    def end(self) -> float:
        """When the stream ends, in seconds from the run's start."""
        return self.start + self.shape.duration

    def level_at(self, t_s: float) -> float:
        """The planned level ``t_s`` seconds after the run's start: per second (open) or shoppers (closed)."""
        return self.shape.rate_at(t_s - self.start)

    def arrivals_by(self, t_s: float) -> float:
        """The level's integral from the run's start: arrivals (open) or shopper-seconds (closed)."""
        return self.shape.arrivals_by(t_s - self.start)
