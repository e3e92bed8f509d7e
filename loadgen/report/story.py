"""The verdict in words that a merchant understands, and nothing the run cannot tell.

One headline, and a few sentences below it: how many visitors the shop carried, what happened beyond, what was ordered,
what failed most, and how far the generator can be believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from loadgen.endings import Outcome, Validity
from loadgen.messages.record import RunState
from loadgen.report.rules import rule_in_words
from loadgen.report.summary import Arrivals, Capacity, ErrorFigures, Totals
from loadgen.report.visitors import Slowness
from loadgen.report.wording import clock, count, counter, percent, rounded, seconds
from loadgen.units import format_duration
from loadgen.verdict import ValidityResult, Verdict

REASONS = {
    "dns": "names that did not resolve",
    "connect": "refused connections",
    "tls": "failed TLS handshakes",
    "timeout_connect": "timeouts while connecting",
    "timeout_tls": "timeouts in the TLS handshake",
    "timeout_first_byte": "requests without an answer in time",
    "timeout_idle": "answers that fell silent",
    "timeout_total": "exchanges that took too long",
    "timeout": "timeouts",
    "abandoned": "requests that visitors would not wait for",
    "reset": "broken connections",
    "protocol": "malformed answers",
    "status_4xx": "answers with a 4xx status",
    "status_5xx": "server errors (5xx)",
    "status": "unexpected statuses",
    "assertion": "pages without the expected content",
    "too_large": "answers that were too large",
    "other": "other errors",
}
"""Reasons of failure as people say them."""

_HEADLINES = {
    Outcome.THRESHOLDS_FAILED: "The shop did not meet its targets",
    Outcome.GUARD: "A guard stopped the run",
    Outcome.STOPPED: "The run was stopped by hand",
    Outcome.INVALID: "The load generator could not keep up",
    Outcome.FAILED: "The run could not be carried out",
}


def headline(state: RunState, verdict: Verdict | None, duration_s: float) -> str:
    """One line: how it went."""
    if verdict is None:
        return "The run goes on" if state in (RunState.RUNNING, RunState.DRAINING) else "The run has not started yet"
    if verdict.outcome is Outcome.PASSED:
        return "The shop met its targets" if verdict.thresholds else "The run ended by itself"
    if verdict.outcome is Outcome.THRESHOLDS_FAILED and verdict.violations:
        return "The shop broke its own rules"
    if verdict.outcome in (Outcome.GUARD, Outcome.STOPPED):
        return f"{_HEADLINES[verdict.outcome]} after {format_duration(duration_s)}"
    return _HEADLINES[verdict.outcome]


def story(
    verdict: Verdict | None,
    capacity: Capacity | None,
    arrivals: Arrivals,
    totals: Totals,
    counters: dict[str, int],
    errors: Sequence[ErrorFigures],
    slowness: Slowness | None = None,
) -> tuple[str, ...]:
    """The sentences below the headline."""
    cost = () if slowness is None else (cost_of_slowness(slowness),)
    return (*_sentences(verdict, capacity, arrivals, totals, counters, errors), *cost)


def cost_of_slowness(slowness: Slowness) -> str:
    """``56 visitors left because the shop was too slow, which cost about 12 orders (8 to 16) …``, as a sentence."""
    left = f"{count(slowness.left)} visitor{'s' if slowness.left > 1 else ''} left because the shop was too slow"
    if not slowness.orders_lost:
        return (
            f"{left}; what that cost cannot be told, as no order was made by others."
            if slowness.orders == 0
            else f"{left}."
        )
    low, high = (count(rounded(bound)) for bound in (slowness.orders_lost_low, slowness.orders_lost_high))
    about = "about" if slowness.is_complete else "at least"
    cost = f"{about} {count(rounded(slowness.orders_lost))} orders ({low} to {high})"
    _, revenue = counter("revenue_cents", round(slowness.revenue_cents_lost))
    return f"{left}, which cost {cost}{f' and {revenue} of revenue' if slowness.revenue_cents_lost else ''}."


def _sentences(
    verdict: Verdict | None,
    capacity: Capacity | None,
    arrivals: Arrivals,
    totals: Totals,
    counters: dict[str, int],
    errors: Sequence[ErrorFigures],
) -> Iterator[str]:
    validity = verdict.validity if verdict else ValidityResult()
    if validity.verdict is Validity.INVALID:
        yield f"These figures say little about the shop: {validity.reasons[0].text}."
    elif capacity is not None:
        yield from _carried(capacity, verdict)
    if validity.verdict is Validity.DEGRADED:
        yield f"Read the figures with care: {validity.reasons[0].text}."
    yield from _visits(arrivals, totals, counters)
    if verdict and verdict.violations:
        yield f"What a shop must never do: {'; '.join(map(rule_in_words, verdict.violations))}."
    if totals.failures:
        yield _failures(totals, errors)


def _carried(capacity: Capacity, verdict: Verdict | None) -> Iterator[str]:
    failed = f"{percent(capacity.after_error_rate)} of them failed" if capacity.after_error_rate else "none failed"
    slow = f"95% of requests took up to {seconds(capacity.after_p95_s)}, and {failed}"
    if capacity.kind == "never_held" or capacity.level is None:
        yield f"Even the lowest load of this plan was too much for the shop: {slow}."
        return
    welcomed = f"The shop welcomed up to {load(capacity.level, capacity.unit)}"
    fast = f"with 95% of requests answered within {seconds(capacity.p95_s)}"
    cut_short = verdict is None or verdict.outcome in (Outcome.GUARD, Outcome.STOPPED, Outcome.FAILED)
    most = "the most it was given" if cut_short else "the most this plan asked for"
    if capacity.kind == "broke_late":
        yield f"{welcomed}, {most}, {fast}."
        yield f"It may have been near its limit: once the load had ended, {slow}."
        return
    if capacity.kind == "held":
        yield f"{welcomed}, {most}, {fast}. It did not reach its limit."
        return
    yield f"{welcomed} {fast}."
    broke_level = capacity.broke_level or 0.0
    near = 0.8 * capacity.level <= broke_level <= 1.25 * capacity.level
    where = "From there on" if near else f"At {load(broke_level, capacity.unit)}"
    yield f"{where} it slowed down, {clock(capacity.broke_at_s or 0)} into the run: {slow}."


def load(level: float, unit: str) -> str:
    """A load as a merchant counts it: visitors per minute, or shoppers at once."""
    if unit == "shoppers":
        return f"{count(rounded(level))} shoppers at once"
    per_minute = level * 60
    if per_minute < 10:
        return f"{count(rounded(level * 3600))} visitors per hour"
    return f"{count(rounded(per_minute))} visitors per minute"


def _visits(arrivals: Arrivals, totals: Totals, counters: dict[str, int]) -> Iterator[str]:
    if not totals.requests:
        yield "No request was answered."
        return
    orders = counters.get("orders")
    placed = f"{count(orders)} orders" if orders is not None else ""
    if arrivals.started:
        yield f"In all {count(arrivals.started)} visitors came{f' and placed {placed}' if placed else ''}."
    elif placed:
        yield f"In all {placed} were placed."


def _failures(totals: Totals, errors: Sequence[ErrorFigures]) -> str:
    by_reason: Counter[str] = Counter()
    for error in errors:
        by_reason[error.reason] += error.count
    share = f"{count(totals.failures)} of {count(totals.requests)} requests ({percent(totals.error_rate)}) failed"
    if not by_reason:
        return f"{share}."
    reason, times = by_reason.most_common(1)[0]
    worst = max((error for error in errors if error.reason == reason), key=lambda error: error.count)
    mostly = "all" if times == totals.failures else "most" if times > totals.failures / 2 else "many"
    return f"{share}; {mostly} were {REASONS.get(reason, reason)}, above all at {worst.method} {worst.name}."
