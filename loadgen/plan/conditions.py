"""Thresholds and guards: what must hold at the end, and what stops a run at once.

A plan writes them as text, they travel as text, and in between they are frozen values::

    p(95){step:payment} < 1.5s              a threshold
    error_rate > 20% for 10s: stop          a guard

``str()`` gives the canonical text and reading it back gives an equal value. The grammar is drawn in
:mod:`loadgen.plan.grammar`; whether a condition holds is decided elsewhere, from sealed seconds.
Limits are in base units: seconds, a share of one, events per second, or a count.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue

from loadgen.plan import limits
from loadgen.plan.grammar import read_comparison, read_guard
from loadgen.plan.measures import COUNTED, LATENCY, MAX_WINDOW_S, SELECTORS, Action, Metric, Operator, selectors_of
from loadgen.plan.tokens import quote

_METRIC_PATTERN = r"(p\s*\(.+\)|mean|max|error_rate|(rate|count)\s*\([a-z\s]+\))\s*(\{.+\})?\s*[<>]=?\s*\d.*"
_THRESHOLD_SCHEMA: JsonSchemaValue = {
    "type": "string",
    "description": "METRIC{SELECTOR} OPERATOR LIMIT, judged at the end over the whole run.",
    "pattern": rf"^\s*{_METRIC_PATTERN}$",
    "examples": ["p(95) < 800ms", "error_rate < 1%", "p(99){step:payment} < 2s", "rate(requests) > 500/s"],
}
_GUARD_SCHEMA: JsonSchemaValue = {
    "type": "string",
    "description": "CONDITION for SECONDS: stop. What has held in every second of the window stops the run.",
    "pattern": rf"^\s*(unavailable|{_METRIC_PATTERN})\s+for\s+\d.*:\s*stop\s*$",
    "examples": ["unavailable for 5s: stop", "error_rate > 20% for 10s: stop"],
}


class Condition(BaseModel):
    """One figure of the run compared with a limit.

    Attributes:
        metric: which figure.
        argument: the percentile of ``p(…)`` (99 for ``p(99)``), or what ``rate(…)`` and ``count(…)`` count.
        selector: sorted pairs such as ``("step", "payment")`` that choose the requests looked at.
        since_due: latency from the instant the shopper was due, not from the send.
        operator: how the figure is compared; ``None`` for ``unavailable`` only.
        limit: in seconds, a share of one, events per second, or a count; ``None`` for ``unavailable`` only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Metric
    argument: float | str | None = None
    selector: tuple[tuple[str, str], ...] = ()
    since_due: bool = False
    operator: Operator | None = None
    limit: float | None = None

    @property
    def quantile(self) -> float:
        """The percentile as a quantile in (0, 1): 0.99 for ``p(99)``.

        Raises:
            ValueError: the metric is not a percentile.
        """
        if not isinstance(self.argument, float):
            raise ValueError(f"{self.metric} has no quantile")
        return self.argument / 100

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return vars(read_comparison(value)) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_its_metric(self) -> Self:
        if self.metric is Metric.UNAVAILABLE:
            if (self.argument, self.selector, self.operator, self.limit) != (None, (), None, None):
                raise ValueError("unavailable takes no argument, selector or limit")
            return self
        if self.operator is None or self.limit is None:
            raise ValueError(f"{self.metric} needs a comparison and a limit")
        self._check_argument()
        self._check_selector()
        limits.check(self.metric, self.operator, self.limit)
        return self

    def _check_argument(self) -> None:
        if self.metric is Metric.PERCENTILE:
            if not isinstance(self.argument, float) or not 0 < self.argument < 100:
                raise ValueError("a percentile is above 0 and below 100")
        elif self.metric in COUNTED:
            if self.argument not in COUNTED[self.metric]:
                raise ValueError(f"{self.metric} counts one of {', '.join(COUNTED[self.metric])}")
        elif self.argument is not None:
            raise ValueError(f"{self.metric} takes no argument")

    def _check_selector(self) -> None:
        known = selectors_of(self.metric, self.argument)
        names = [name for name, _ in self.selector]
        if names != sorted(set(names)) or not set(names) <= set(known) & set(SELECTORS):
            raise ValueError(f"a selector has each of {', '.join(known) or 'no names'} once, in order")
        if any(not value.strip() or not value.isprintable() for _, value in self.selector):
            raise ValueError("a selected name cannot be empty or have control characters")
        if self.since_due and self.metric not in LATENCY:
            raise ValueError("only latencies know when a shopper was due")

    @model_serializer
    def _as_text(self) -> str:
        return str(self)

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> JsonSchemaValue:
        return dict(_THRESHOLD_SCHEMA)

    def __str__(self) -> str:
        argument = limits.plain(self.argument) if isinstance(self.argument, float) else self.argument
        pairs = (*self.selector, ("clock", "due")) if self.since_due else self.selector
        selector = ", ".join(f"{name}:{quote(value)}" for name, value in pairs)
        subject = f"{self.metric}{f'({argument})' if argument else ''}{f'{{{selector}}}' if selector else ''}"
        if self.operator is None or self.limit is None:
            return subject
        return f"{subject} {self.operator} {limits.write(self.metric, self.limit)}"


class Threshold(Condition):
    """A condition judged once, at the end, over the whole run."""

    @model_validator(mode="after")
    def _is_judged_at_the_end(self) -> Self:
        if self.metric is Metric.UNAVAILABLE:
            raise ValueError("unavailable is for guards only")
        return self


class Guard(BaseModel):
    """A condition watched while the run goes on, and what to do when it has held for its window.

    Attributes:
        condition: what is watched.
        window_s: for how many whole seconds it must have held.
        action: what to do then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    condition: Condition
    window_s: int = Field(ge=1, le=MAX_WINDOW_S)
    action: Action = Action.STOP

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        comparison, window_s, action = read_guard(value)
        return {"condition": vars(comparison), "window_s": window_s, "action": action}

    @model_serializer
    def _as_text(self) -> str:
        return str(self)

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> JsonSchemaValue:
        return dict(_GUARD_SCHEMA)

    def __str__(self) -> str:
        return f"{self.condition} for {limits.write_duration(self.window_s)}: {self.action}"
