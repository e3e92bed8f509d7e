"""Counts what the shoppers of one worker process do, and gives it up once a second as a tally.

::

    wire, steps, worker ──▶ Recorder ──▶ Journal ──take(second)──▶ Tally ──▶ frame

The hot path is :meth:`Recorder.request`: one dictionary look-up and one event written into the journal, which outlives
this process. Everything a name can be made of is capped here, because journeys are written by others: request names,
steps, methods and counters beyond their cap are counted under ``__other__``. Not thread-safe; greenlets do not switch
inside a call. Times are whole microseconds.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable
from struct import error as StructError  # noqa: N812 - it is a class
from typing import Any, Final, Literal, SupportsIndex

from loadgen.journal import Journal, Kind, fold
from loadgen.journal.layout import EVENT_BYTES, KEY_MASK, KEY_SHIFT, KIND_SHIFT, LOW_MASK, VALUE_MASK
from loadgen.journal.writing import Events, pack_event, pack_request
from loadgen.journey.slowest import Slowest
from loadgen.stats import OK, OTHER, ErrorSample, NameCap, Tally, template_of
from loadgen.stats.tally import BY_DEVICE, SAMPLES_KEPT

AbandonReason = Literal["error", "slow", "will"]

JourneyHow = Literal["completed", "failed", "interrupted"]
"""How a journey ended."""

SAMPLES_PER_KIND: Final = 5
"""Error samples of one (name, reason) in one take: the sixth says nothing new."""

SAMPLE_LENGTH: Final = 300
"""Characters of an error sample's text."""

MAX_STEPS: Final = 100
MAX_METHODS: Final = 30
MAX_COUNTERS: Final = 100

METHOD_LENGTH: Final = 40
"""Characters of a method; what other protocols call theirs is longer than GET, but no sentence."""

AMOUNT_BITS: Final = 43
"""Of one amount added to a business counter: so many that a whole frame of them adds up within 64 bits."""

RAW_NAMES_KEPT: Final = 8192
"""Raw request names remembered with their template; beyond it the memory starts again, the counts do not."""


class Visit:
    """What the recorder must know of who sent a request; a session is one."""

    __slots__ = ("journey", "lag_us", "step")

    def __init__(self, journey: str, step: str = "", lag_us: int = 0) -> None:
        self.journey, self.step, self.lag_us = journey, step, lag_us


class _Last:
    """The last request of a name: the next one is likely to be of its kind, and then needs no key of five parts."""

    __slots__ = ("journey", "method", "prefix", "reason", "step")

    def __init__(self, journey: str, step: str, method: str, reason: str | None, prefix: int) -> None:
        self.journey, self.step, self.method, self.reason, self.prefix = journey, step, method, reason, prefix


def counted_us(time_us: float) -> int:
    """A time that an author reported, microseconds, as it can be counted: whole, within 40 bits; 0 for what is none."""
    return 0 if math.isnan(time_us) else round(min(max(time_us, 0), VALUE_MASK))


class Recorder:
    """Counters of one worker process.

    Args:
        worker: the worker's name, for error samples.
        max_names: distinct request names that are kept apart.
        journal: where all is written down; by default in memory that ends with this process.
    """

    def __init__(self, worker: str, max_names: int = 200, journal: Journal | None = None) -> None:
        self.worker = worker
        self.journal = journal or Journal.in_memory("", worker)
        self.shoppers: Counter[int] = Counter()
        """Active shoppers by stream: a level, set by whoever starts and ends them."""
        self.in_flight = 0
        """Requests on the wire: a level."""
        self.on_take: Callable[[Tally], None] | None = None
        """Told of what is given up, but for what :meth:`unread` has told already."""
        self._told = 0
        self._read = 0
        """Bytes of the journal's half that :meth:`unread` has told."""
        self._told_apart = False
        self._last: dict[str, _Last] = {}
        self._known: dict[tuple[str, str, str, str, str | None], int] = {}
        self._prefixes: dict[tuple[Any, ...], int] = {}
        self._earlier: list[Tally] = []
        self._samples: list[tuple[str, str, str, str, str, str]] = []
        self._sampled: Counter[tuple[str, str]] = Counter()
        self._slowest = Slowest()
        self._name_cap = NameCap(max_names)
        self._step_cap = NameCap(MAX_STEPS)
        self._method_cap = NameCap(MAX_METHODS)
        self._counter_cap = NameCap(MAX_COUNTERS)

    # -- requests ---------------------------------------------------------------------------------------------------

    def sent(self) -> None:
        """One request goes on the wire, and its end will be told at once."""
        self.journal.takes_off(self.in_flight)

    def takes_off(self) -> None:
        """One request goes on the wire and stays there until :meth:`lands`."""
        self.in_flight += 1
        self.journal.takes_off(self.in_flight)

    def lands(self) -> None:
        """One request is on the wire no more."""
        self.in_flight -= 1
        self.journal.lands(self.in_flight)

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
            service_us: from the send to the end of the response, 0 to 2⁴⁰ − 1; see :func:`counted_us`.
            response_bytes: size of the body; clamped to 32 bits.
            reason: why it failed, from the closed list of :mod:`loadgen.journey.reasons`; None when it did not.
            text: the failure in its own words.
            trace_id: that it carried, in hexadecimal; empty without one.
        """
        last = self._last.get(name)
        if (
            last is not None
            and last.step == visit.step
            and last.method == method
            and last.journey == visit.journey
            and last.reason is reason
        ):
            prefix = last.prefix
        else:
            prefix = self._prefix(visit.journey, visit.step, name, method, reason)
        journal = self.journal
        try:
            pack_request(journal.words, journal.at, visit.lag_us, response_bytes, prefix + service_us)
            journal.at += EVENT_BYTES
        except StructError:  # the half is full, or a number beyond its 32 bits
            lag_us, size_bytes = (min(max(number, 0), LOW_MASK) for number in (visit.lag_us, response_bytes))
            self._make_room()
            pack_request(journal.words, journal.at, lag_us, size_bytes, prefix + service_us)
            journal.at += EVENT_BYTES
        if reason is not None or service_us > self._slowest.above_us:
            self._note(visit, prefix, service_us, reason, text, trace_id)

    def _note(self, visit: Visit, prefix: int, service_us: int, reason: str | None, text: str, trace_id: str) -> None:
        """Keep a request that is worth a look: a failure, or one of the slowest."""
        _, _, template, method, _ = self.journal.keys[prefix >> KEY_SHIFT & KEY_MASK]
        if service_us > self._slowest.above_us:
            self._slowest.note(service_us, visit.journey, visit.step, template, method, reason or OK, trace_id)
        if reason is not None:
            self.sample(visit, template, method, reason, text)

    def sample(self, visit: Visit, name: str, method: str, reason: str, text: str) -> None:
        """Keep a failure in its own words, while there is room for its kind."""
        kind = (name, reason)
        if self._sampled[kind] < SAMPLES_PER_KIND and len(self._samples) < SAMPLES_KEPT:
            self._sampled[kind] += 1
            self._samples.append((visit.journey, visit.step, name, method, reason, text[:SAMPLE_LENGTH]))

    def _prefix(self, journey: str, step: str, name: str, method: str, reason: str | None) -> int:
        """Kind and key of a request as it is reported."""
        raw = (journey, step, name, method, reason)
        prefix = self._known.get(raw)
        if prefix is None:
            prefix = self._get_to_know(raw)
        self._last[name] = _Last(journey, step, method, reason, prefix)
        return prefix

    def _get_to_know(self, raw: tuple[str, str, str, str, str | None]) -> int:
        journey, step, name, method, reason = raw
        template = self._name_cap(template_of(name))
        known_method = self._method_cap(str(method or OTHER)[:METHOD_LENGTH])
        prefix = self.journal.prefix(Kind.REQUEST, journey, step, template, known_method, reason or "")
        if len(self._known) >= RAW_NAMES_KEPT:
            self._known.clear()
            self._last.clear()
        self._known[raw] = prefix
        return prefix

    # -- arrivals ---------------------------------------------------------------------------------------------------

    def arrival_started(self, stream: int, lag_us: int, late: bool) -> None:
        """A shopper of the open model was started.

        Args:
            stream: index of the plan's stream.
            lag_us: how long after its due instant.
            late: whether that is too long.
        """
        self._stream(Kind.LATE if late else Kind.STARTED, stream, lag_us)

    def arrival_dropped(self, stream: int, n: int = 1) -> None:
        """Arrivals were not started: too many shoppers are active."""
        self._stream(Kind.DROPPED, stream, n)

    def arrival_missed(self, stream: int, n: int = 1) -> None:
        """Arrivals were not started: this worker was paused or without its lease."""
        self._stream(Kind.MISSED, stream, n)

    # -- journeys and steps -----------------------------------------------------------------------------------------

    def journey_started(self, journey: str) -> None:
        """A shopper began its journey."""
        self._tell((Kind.BEGAN, journey))

    def journey_ended(self, journey: str, how: JourneyHow) -> None:
        """A journey ended: completed, failed (it raised an error) or interrupted (by the generator)."""
        self._tell((Kind.ENDED, journey, how))

    def step_name(self, step: str) -> str:
        """The name under which a step is counted: a template, and ``__other__`` beyond the cap."""
        return self._step_cap(template_of(step))

    def step_entered(self, journey: str, step: str, device: str = "") -> None:
        """A shopper began a step, with one of the plan's devices if it names any."""
        self._tell((Kind.ENTERED, journey, step, device))

    def step_completed(self, journey: str, step: str, time_us: int, device: str = "") -> None:
        """A shopper ended a step well, this long after entering it."""
        self._tell((Kind.COMPLETED, journey, step, device), _clamped(time_us))

    def step_abandoned(self, journey: str, step: str, reason: AbandonReason, device: str = "") -> None:
        """A shopper gave up in a step."""
        self._tell((Kind.ABANDONED, journey, step, device, reason))

    def count(self, journey: str, name: str, amount: SupportsIndex = 1, device: str = "") -> None:
        """Add to a business counter: orders, revenue_cents, carts, visits.

        Raises:
            TypeError: the amount is no whole number; sums of fractions would depend on their order.
            OverflowError: it is beyond :data:`AMOUNT_BITS` bits.
        """
        whole = operator.index(amount)
        if whole.bit_length() > AMOUNT_BITS:
            raise OverflowError(f"{name} cannot be counted up by more than 2^{AMOUNT_BITS} at once")
        counted = self._counter_cap(template_of(name))
        of_device = device if counted in BY_DEVICE else ""
        self._tell((Kind.COUNTED, journey, counted, of_device), beside=whole & (1 << 64) - 1)

    # -- once a second ----------------------------------------------------------------------------------------------

    def take(self, second: int) -> Tally:
        """Everything counted since the last take, and the levels as they stand.

        The journal keeps what was taken until it is settled (:meth:`Journal.settle`) or the next take.

        Args:
            second: the run's second that ends here, for samples.

        Returns:
            A tally that shares nothing with this recorder.
        """
        events, read = self.journal.turn(second + 1), self._read
        tally = self._folded(events)
        tally.shoppers = Counter({stream: n for stream, n in self.shoppers.items() if n})
        tally.in_flight = self.in_flight
        tally.sent, self._told = self.journal.sent - self._told, self.journal.sent
        tally.samples = [ErrorSample(second, self.worker, *sample) for sample in self._samples]
        tally.slowest = self._slowest.take(second, self.worker)
        self._samples, self._sampled = [], Counter()
        if self.on_take is not None:
            self.on_take(self._rest(events, read) if read or self._told_apart else tally)
        self._read, self._told_apart = 0, False
        return tally

    def unread(self) -> Tally:
        """What happened since the last take, or since this was last asked; it stays to be taken.

        Levels and samples are left at nothing.
        """
        events = self.journal.so_far()
        read, self._read = self._read, self.journal.at
        return self._rest(events, read)

    def _rest(self, events: Events, read: int) -> Tally:
        return fold(events[read // EVENT_BYTES :], self.journal.keys)

    def _folded(self, events: Events) -> Tally:
        tally, earlier = fold(events, self.journal.keys), self._earlier
        self._earlier = []
        return Tally.merged([*earlier, tally]) if earlier else tally

    def _stream(self, kind: Kind, stream: int, value: int) -> None:
        what = kind << KIND_SHIFT | stream << KEY_SHIFT | (value if 0 <= value <= VALUE_MASK else _clamped(value))
        journal = self.journal
        try:
            pack_event(journal.words, journal.at, 0, what)
            journal.at += EVENT_BYTES
        except StructError:
            self._append(what)

    def _tell(self, what: tuple[Any, ...], value: int = 0, beside: int = 0) -> None:
        """Write an event of a kind with a key."""
        prefix = self._prefixes.get(what)
        if prefix is None:
            prefix = self._prefixes[what] = self.journal.prefix(*what)
        journal = self.journal
        try:  # as Journal.append does it: without two more calls, 0.3 of 0.7 µs
            pack_event(journal.words, journal.at, beside, prefix + value)
            journal.at += EVENT_BYTES
        except StructError:
            self._append(prefix + value, beside)

    def _append(self, what: int, beside: int = 0) -> None:
        self._make_room()
        self.journal.append(what, beside)

    def _make_room(self) -> None:
        if self.journal.is_full:
            events, read = self.journal.empty(), self._read
            self._read = 0
            self._earlier.append(fold(events, self.journal.keys))
            if self.on_take is not None:
                self.on_take(self._rest(events, read))
                self._told_apart = True


def _clamped(value: int) -> int:
    """What fits into the value of an event."""
    return min(max(value, 0), VALUE_MASK)
