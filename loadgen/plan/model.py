"""A plan: everything that one run is, as one frozen value.

Written by a person as YAML and read by :mod:`loadgen.plan.read`, which explains every mistake; from there on
it travels as canonical JSON, with plain floats (seconds, per second) and conditions as text::

    Plan.model_validate_json(plan.model_dump_json()) == plan

What needs several parts at once (names that must be known or distinct) is checked by
:mod:`loadgen.plan.checks`, for the person's file and for whatever comes over the wire alike.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from loadgen.plan import checks
from loadgen.plan.commerce import Commerce
from loadgen.plan.conditions import Guard, Threshold
from loadgen.plan.data import DataSource
from loadgen.plan.names import ClassName, JourneyPath, Label, Word, check_prose
from loadgen.plan.patience import MAX_DEVICES, Patience
from loadgen.plan.stream import LoadModel, Stream, Weight
from loadgen.plan.target import Target
from loadgen.shapes import Duration, PositiveDuration
from loadgen.shapes.preview import levels

MAX_STREAMS = 32
"""More streams than this cannot be told apart on a chart; every worker follows each of them."""

MAX_JOURNEYS = 200
"""A large shop's test suite has a few dozen; each is a series of its own in every frame."""

MAX_CONDITIONS = 100
"""Thresholds or guards: more than a person reads in a report."""

MAX_SOURCES = 50
"""A shop's test suite has a few kinds of data; each is two open files of every worker."""

MAX_TAGS = 100
"""Tags choose tasks; nobody has more than a few."""

MAX_OPTIONS = 200
"""Locust has some seventy, a large suite of locustfiles a few dozen of its own."""

MAX_DISTINCT_NAMES = 10_000
"""Request names are metric labels and series of every frame: beyond this both grow too large to send."""

MAX_WORKERS = 10_000
"""The size of cluster that the bus is made for."""

PEAK_SLICES = 500
"""A sum peaks at a corner, which is always looked at, or where waves overlap: those are seen to a slice."""

MAX_SEED = 2**63 - 1
"""Seeds travel as signed 64-bit numbers."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JourneyRef(_Part):
    """A journey that shoppers run, and how often."""

    file: JourneyPath = Field(
        description="The Python file with the journey, relative to the plan.", examples=["../browse.py"]
    )
    user: ClassName = Field(description="The journey's class in that file.", examples=["Browser"])
    weight: Weight = Field(
        default=1.0,
        description="Its part of the mix: with weights 70 and 30, seven shoppers of ten run the first.",
        examples=[70],
    )


class WorkersDemand(_Part):
    """Which workers a run waits for before it starts."""

    count: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_WORKERS,
        description="How many worker processes take part. Default: all that are free, at least one.",
    )
    labels: dict[Label, Word] = Field(
        default={},
        max_length=20,
        description="Only workers that carry all these labels take part.",
        examples=[{"zone": "a"}],
    )
    wait: Duration = Field(default=60.0, description="How long to wait for them before giving up.")


class Plan(_Part):
    """One load test: whom it aims at, what shoppers do, how many come when, and what must hold."""

    name: Label = Field(description="A label for this plan.", examples=["winter-sales-rehearsal"])
    description: Annotated[str, AfterValidator(check_prose)] = Field(
        default="", max_length=10_000, description="What the plan rehearses, for readers."
    )
    target: Target = Field(description="The shop under test.")
    journeys: tuple[JourneyRef, ...] = Field(
        min_length=1, max_length=MAX_JOURNEYS, description="What shoppers do, and in which mix."
    )
    load: tuple[Stream, ...] = Field(
        min_length=1, max_length=MAX_STREAMS, description="How many shoppers come when: streams that add up."
    )
    devices: dict[Label, Weight] = Field(
        default={},
        max_length=MAX_DEVICES,
        description="What shoppers hold in their hands: weights by device. Journeys see it as self.device.",
        examples=[{"mobile": 65, "desktop": 35}],
    )
    patience: tuple[Patience, ...] = Field(
        default=(),
        max_length=MAX_DEVICES + 1,
        description="How long shoppers wait for a step before they leave or reload. Default: for ever.",
    )
    apdex: PositiveDuration = Field(
        default=1.0,
        description="Target of Apdex: shoppers are satisfied with a step of at most this, and tolerate four times it.",
        examples=["500ms"],
    )
    commerce: Commerce = Field(
        default=Commerce(), description="What the shop has only so much of; selling more makes the run fail."
    )
    thresholds: tuple[Threshold, ...] = Field(
        default=(),
        max_length=MAX_CONDITIONS,
        description="Conditions judged at the end, over the whole run; they decide whether it passed.",
    )
    guards: tuple[Guard, ...] = Field(
        default=(),
        max_length=MAX_CONDITIONS,
        description="Conditions watched all the time; one that holds for its window stops the run.",
    )
    data: tuple[DataSource, ...] = Field(
        default=(), max_length=MAX_SOURCES, description="Data that journeys draw from: files, or invented rows."
    )
    tags: tuple[Word, ...] = Field(
        default=(), max_length=MAX_TAGS, description="Run only tasks with one of these tags."
    )
    exclude_tags: tuple[Word, ...] = Field(
        default=(), max_length=MAX_TAGS, description="Leave out tasks with one of these tags."
    )
    options: dict[Word, JsonValue] = Field(
        default={},
        max_length=MAX_OPTIONS,
        description="What Locust users find in environment.parsed_options: their own arguments, by name.",
        examples=[{"tenant": "blue"}],
    )
    cleanable: bool = Field(
        default=False,
        strict=True,
        description="Keep a list of what journeys create in the shop, so that loadgen clean can undo it.",
    )
    seed: int = Field(
        default=1,
        strict=True,
        ge=0,
        le=MAX_SEED,
        description="Makes Poisson arrivals and journeys' choices repeatable.",
    )
    graceful_stop: Duration = Field(
        default=30.0, description="How long shoppers may go on with their journey once the load has ended."
    )
    workers: WorkersDemand = Field(default=WorkersDemand(), description="Which workers the run waits for.")
    max_names: int = Field(
        default=200,
        strict=True,
        ge=1,
        le=MAX_DISTINCT_NAMES,
        description="At most this many distinct request names are kept apart; the rest counts as __other__.",
    )

    @field_validator("load", mode="after")
    @classmethod
    def _every_stream_has_a_name(cls, streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
        names = checks.stream_names([(stream.name, stream.model.value) for stream in streams])
        return tuple(
            stream if stream.name == name else stream.model_copy(update={"name": name})
            for stream, name in zip(streams, names, strict=True)
        )

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        parts: dict[str, Any] = self.model_dump(mode="json", exclude={"load": {"__all__": {"shape"}}})
        finding = next(checks.consistency(parts), None)
        if finding is not None:
            raise checks.InconsistentPlan(str(finding))
        return self

    @property
    def duration(self) -> float:
        """When the last stream ends, in seconds from the run's start; shoppers may stay a little longer."""
        return max(stream.end for stream in self.load)

    @property
    def users(self) -> tuple[str, ...]:
        """The journeys' class names, in order."""
        return tuple(journey.user for journey in self.journeys)

    def streams(self, model: LoadModel) -> tuple[Stream, ...]:
        """The streams of one model."""
        return tuple(stream for stream in self.load if stream.model is model)

    def mix(self, stream: Stream) -> dict[str, float]:
        """Each journey's share of a stream, by user; the shares add up to 1."""
        weights = stream.journeys or {journey.user: journey.weight for journey in self.journeys}
        whole = sum(weights.values())
        return {user: weights[user] / whole for user in self.users if user in weights}

    def level_at(self, t_s: float, model: LoadModel) -> float:
        """The planned level of all streams of one model, ``t_s`` seconds after the run's start."""
        return sum(stream.level_at(t_s) for stream in self.streams(model))

    @property
    def arrivals(self) -> float:
        """How many shoppers arrive in all open streams, in the whole run."""
        return sum(stream.shape.total for stream in self.streams(LoadModel.OPEN))

    @property
    def peak_rate(self) -> float:
        """The highest planned arrival rate of all open streams together, per second."""
        return self._peak(LoadModel.OPEN)

    @property
    def peak_shoppers(self) -> float:
        """The highest planned number of shoppers at once of all closed streams together."""
        return self._peak(LoadModel.CLOSED)

    def _peak(self, model: LoadModel) -> float:
        streams = self.streams(model)
        if len(streams) == 1:
            return streams[0].shape.peak
        placed = [(stream.shape, stream.start) for stream in streams]
        return max(levels(placed, self.duration, PEAK_SLICES)) if placed else 0.0
