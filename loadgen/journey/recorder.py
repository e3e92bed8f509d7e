"""Counts what the shoppers of one worker process do, and gives it up once a second as a tally.

::

    wire, steps, worker ──▶ Recorder ──take(second)──▶ Tally ──▶ frame

The hot path is :meth:`Recorder.request`: three dictionary look-ups and two histogram increments. Everything a name can
be made of is capped here, because journeys are written by others: request names, steps, methods and counters beyond
their cap are counted under ``__other__``. Not thread-safe; greenlets do not switch inside a call. Times are whole
microseconds.
"""

from __future__ import annotations

import operator
from collections import Counter
from typing import Final, Literal, Protocol

from loadgen.journey.counting import JourneyHow, SeriesCounter, StepCounter, StreamCounter
from loadgen.journey.slowest import Slowest
from loadgen.stats import FAILED, OK, OTHER, ErrorSample, JourneyCounts, NameCap, SeriesKey, Tally, template_of
from loadgen.stats.tally import SAMPLES_KEPT

AbandonReason = Literal["error", "slow", "will"]

SAMPLES_PER_KIND: Final = 5
"""Error samples of one (name, reason) in one take: the sixth says nothing new."""

SAMPLE_LENGTH: Final = 300
"""Characters of an error sample's text."""

MAX_STEPS: Final = 100
MAX_METHODS: Final = 30
MAX_COUNTERS: Final = 100

METHOD_LENGTH: Final = 40
"""Characters of a method; what other protocols call theirs is longer than GET, but no sentence."""

RAW_NAMES_KEPT: Final = 8192
"""Raw request names remembered with their template; beyond it the memory starts again, the counts do not."""


class Visit(Protocol):
    """What the recorder must know of who sent a request; a session is one."""

    journey: str
    step: str
    lag_us: int


class Recorder:
    """Counters of one worker process.

    Args:
        worker: the worker's name, for error samples.
        max_names: distinct request names that are kept apart.
    """

    def __init__(self, worker: str, max_names: int = 200) -> None:
        self.worker = worker
        self.shoppers: Counter[int] = Counter()
        """Active shoppers by stream: a level, set by whoever starts and ends them."""
        self.in_flight = 0
        """Requests on the wire: a level, kept by the wire."""
        self._sent = 0
        self._renamed = 0
        self._series: dict[tuple[str, str, str, str, str], SeriesCounter] = {}
        self._streams: dict[int, StreamCounter] = {}
        self._steps: dict[tuple[str, str], StepCounter] = {}
        self._journeys: dict[str, JourneyCounts] = {}
        self._counters: Counter[tuple[str, str]] = Counter()
        self._samples: list[tuple[str, str, str, str, str, str]] = []
        self._sampled: Counter[tuple[str, str]] = Counter()
        self._slowest = Slowest()
        self._templates: dict[str, str] = {}
        self._methods: dict[str, str] = {}
        self._name_cap = NameCap(max_names)
        self._step_cap = NameCap(MAX_STEPS)
        self._method_cap = NameCap(MAX_METHODS)
        self._counter_cap = NameCap(MAX_COUNTERS)

    # -- requests ---------------------------------------------------------------------------------------------------

    def sent(self) -> None:
        """One request goes on the wire."""
        self._sent += 1

    def request(
        self,
        visit: Visit,
        method: str,
        name: str,
        service_us: int,
        response_bytes: int,
        reason: str | None,
        text: str = "",
        trace_id: str = "",
    ) -> None:
        """One request has finished.

        Args:
            visit: who sent it.
            method: GET, POST, …, or what another protocol calls it.
            name: a URL, path or name given by the author; folded into a template here.
            service_us: from the send to the end of the response.
            response_bytes: size of the body.
            reason: why it failed, from the closed list of :mod:`loadgen.journey.reasons`; None when it did not.
            text: the failure in its own words.
            trace_id: that it carried, in hexadecimal; empty without one.
        """
        template = self._templates.get(name) or self._template(name)
        method = self._methods.get(method) or self._method(method)
        key = (visit.journey, visit.step, template, method, OK if reason is None else FAILED)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = SeriesCounter()
        series.service.record(service_us)
        series.since_due.record(service_us + visit.lag_us)
        series.response_bytes += response_bytes
        if service_us > self._slowest.above_us:
            self._slowest.note(service_us, visit.journey, visit.step, template, method, reason or OK, trace_id)
        if template is OTHER:
            self._renamed += 1
        if reason is not None:
            series.reasons[reason] += 1
            self.sample(visit, template, method, reason, text)

    def sample(self, visit: Visit, name: str, method: str, reason: str, text: str) -> None:
        """Keep a failure in its own words, while there is room for its kind."""
        kind = (name, reason)
        if self._sampled[kind] < SAMPLES_PER_KIND and len(self._samples) < SAMPLES_KEPT:
            self._sampled[kind] += 1
            self._samples.append((visit.journey, visit.step, name, method, reason, text[:SAMPLE_LENGTH]))

    def _template(self, name: str) -> str:
        template = self._name_cap(template_of(name))
        if len(self._templates) >= RAW_NAMES_KEPT:
            self._templates.clear()
        self._templates[name] = template
        return template

    def _method(self, method: str) -> str:
        known = self._method_cap(str(method or OTHER)[:METHOD_LENGTH])
        if known is not OTHER:
            self._methods[method] = known
        return known

    # -- arrivals ---------------------------------------------------------------------------------------------------

    def arrival_started(self, stream: int, lag_us: int, late: bool) -> None:
        """A shopper of the open model was started.

        Args:
            stream: index of the plan's stream.
            lag_us: how long after its due instant.
            late: whether that is too long.
        """
        self._stream(stream).start(lag_us, late)

    def arrival_dropped(self, stream: int, n: int = 1) -> None:
        """Arrivals were not started: too many shoppers are active."""
        self._stream(stream).dropped += n

    def arrival_missed(self, stream: int, n: int = 1) -> None:
        """Arrivals were not started: this worker was paused or without its lease."""
        self._stream(stream).missed += n

    def _stream(self, stream: int) -> StreamCounter:
        counter = self._streams.get(stream)
        if counter is None:
            counter = self._streams[stream] = StreamCounter()
        return counter

    # -- journeys and steps -----------------------------------------------------------------------------------------

    def journey_started(self, journey: str) -> None:
        """A shopper began its journey."""
        self._journey(journey).started += 1

    def journey_ended(self, journey: str, how: JourneyHow) -> None:
        """A journey ended: completed, failed (it raised an error) or interrupted (by the generator)."""
        counts = self._journey(journey)
        if how == "completed":
            counts.completed += 1
        elif how == "failed":
            counts.failed += 1
        else:
            counts.interrupted += 1

    def _journey(self, journey: str) -> JourneyCounts:
        counts = self._journeys.get(journey)
        if counts is None:
            counts = self._journeys[journey] = JourneyCounts()
        return counts

    def step_name(self, step: str) -> str:
        """The name under which a step is counted: a template, and ``__other__`` beyond the cap."""
        return self._step_cap(template_of(step))

    def step_entered(self, journey: str, step: str) -> None:
        """A shopper began a step."""
        self._step(journey, step).entered += 1

    def step_completed(self, journey: str, step: str, time_us: int) -> None:
        """A shopper ended a step well, this long after entering it."""
        counter = self._step(journey, step)
        counter.completed += 1
        counter.time.record(time_us)

    def step_abandoned(self, journey: str, step: str, reason: AbandonReason) -> None:
        """A shopper gave up in a step."""
        self._step(journey, step).abandoned[reason] += 1

    def _step(self, journey: str, step: str) -> StepCounter:
        key = (journey, step)
        counter = self._steps.get(key)
        if counter is None:
            counter = self._steps[key] = StepCounter()
        return counter

    def count(self, journey: str, name: str, amount: int = 1) -> None:
        """Add to a business counter: orders, revenue_cents, carts, visits.

        Raises:
            TypeError: the amount is no whole number; sums of fractions would depend on their order.
        """
        self._counters[(journey, self._counter_cap(template_of(name)))] += operator.index(amount)

    # -- once a second ----------------------------------------------------------------------------------------------

    def take(self, second: int) -> Tally:
        """Everything counted since the last take, and the levels as they stand.

        Args:
            second: the run's second that ends here, for error samples.

        Returns:
            A tally that shares nothing with this recorder.
        """
        tally = Tally(
            series={SeriesKey(*key): counter.take() for key, counter in self._series.items() if counter.moved},
            arrivals={stream: counter.take() for stream, counter in self._streams.items() if counter.moved},
            shoppers=Counter({stream: n for stream, n in self.shoppers.items() if n}),
            steps={key: counter.take() for key, counter in self._steps.items() if counter.moved},
            journeys=self._journeys,
            counters=self._counters,
            sent=self._sent,
            in_flight=self.in_flight,
            renamed=self._renamed,
            samples=[ErrorSample(second, self.worker, *sample) for sample in self._samples],
            slowest=self._slowest.take(second, self.worker),
        )
        for key in [key for key, counter in self._series.items() if counter.forgotten()]:
            del self._series[key]
        for step in [step for step, step_counter in self._steps.items() if step_counter.forgotten()]:
            del self._steps[step]
        self._journeys, self._counters = {}, Counter()
        self._samples, self._sampled = [], Counter()
        self._sent = self._renamed = 0
        return tally
