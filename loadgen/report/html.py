"""The HTML report: one file, for two readers, that asks nobody for anything.

First what a merchant wants to know, then what an engineer wants to check. Everything is inside: style, script, the
charting library, the data. A content security policy in the page forbids every request, and all text that came from
a shop or a plan is escaped.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from loadgen.endings import Outcome, Validity
from loadgen.plan.model import Plan
from loadgen.plan.preview import preview
from loadgen.report.charts import charts
from loadgen.report.funnel import funnels
from loadgen.report.in_words import business_in_words, condition_in_words, guard_in_words
from loadgen.report.rules import rule_in_words, who_and_when
from loadgen.report.story import REASONS, cost_of_slowness
from loadgen.report.summary import GuardFigures, Span, Summary
from loadgen.report.wording import clock, count, counter, money, percent, rate, score, seconds
from loadgen.units import format_bytes, format_duration

ERRORS_SHOWN: Final = 60
"""Kinds of failures listed; the JSON has all of them."""

REQUESTS_SHOWN: Final = 300
"""Request names listed; the JSON has all of them."""

PREVIEW_COLUMNS: Final = 76
"""Width of the plan's drawing, in characters."""

_OUTCOMES: Final = {
    Outcome.PASSED: ("✓", "Passed", "good"),
    Outcome.THRESHOLDS_FAILED: ("✗", "Thresholds failed", "bad"),
    Outcome.GUARD: ("✗", "Stopped by a guard", "bad"),
    Outcome.STOPPED: ("■", "Stopped", "fair"),
    Outcome.INVALID: ("!", "Invalid", "fair"),
    Outcome.FAILED: ("✗", "Failed", "bad"),
}

_VALIDITY_IN_WORDS: Final = {
    Validity.VALID: "The generator did what the plan asked: its figures are those of the shop.",
    Validity.DEGRADED: "The generator was not at its best: read the figures with these reasons beside them.",
    Validity.INVALID: "The generator could not do what the plan asked: the figures say little about the shop.",
}


def render_html(summary: Summary) -> str:
    """The whole page.

    Args:
        summary: the run; its plan must be readable by this version of loadgen.

    Returns:
        HTML of about 5 MB, nearly all of it the charting library.
    """
    plan = Plan.model_validate(summary.plan)
    drawn, drawn_funnels = charts(summary, plan), funnels(summary)
    sign, word, tone = _OUTCOMES[summary.outcome] if summary.outcome else ("…", "Not finished", "fair")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            s=summary,
            sign=sign,
            word=word,
            tone=tone,
            figures=_figures(summary),
            business=business_in_words(summary.business.total) if summary.business else [],
            thresholds=[
                (figures, condition_in_words(condition))
                for figures, condition in zip(summary.thresholds, plan.thresholds, strict=True)
            ],
            guards=[
                (figures, guard_in_words(guard), _leading_up(summary, figures))
                for figures, guard in zip(summary.guards, plan.guards, strict=True)
            ],
            rules=[
                (violation, rule_in_words(violation), [(who_and_when(each), each.text) for each in violation.evidence])
                for violation in summary.violations
            ],
            validity_in_words=_VALIDITY_IN_WORDS[summary.validity.verdict],
            charts={chart.id: chart for chart in drawn},
            chart_data=_script_safe({chart.id: chart.figure for chart in drawn}),
            funnels=drawn_funnels,
            slowness_in_words=cost_of_slowness(summary.slowness) if summary.slowness else "",
            repeats=any(step.entered > 1 for funnel in drawn_funnels for step in funnel.steps),
            requests=summary.requests[:REQUESTS_SHOWN],
            traced=any(slow.trace_id for slow in summary.slowest),
            errors=summary.errors[:ERRORS_SHOWN],
            plan=plan,
            plan_drawing=preview(plan, PREVIEW_COLUMNS),
            plan_json=json.dumps(summary.plan, indent=2, ensure_ascii=False),
            percent=percent,
            money=money,
            style=_part("report.css"),
            script=_part("report.js"),
            plotly=_plotly(),
        )
    )


def _figures(summary: Summary) -> list[tuple[str, str, str]]:
    """The big figures: what, how much, and a remark."""
    totals, arrivals = summary.totals, summary.arrivals
    figures = []
    if arrivals.planned or arrivals.started:
        figures.append(("Visitors", count(arrivals.started), f"{count(arrivals.planned)} planned"))
    figures += [
        ("Shoppers at once", count(totals.peak_shoppers), "at most"),
        ("Peak requests/s", count(totals.peak_requests_per_s), f"{rate(totals.requests_per_s)} on average"),
        ("95% within", seconds(summary.latency_s.p95), f"half within {seconds(summary.latency_s.p50)}"),
        ("Failed", percent(totals.error_rate), f"{count(totals.failures)} requests"),
    ]
    return figures


def _leading_up(summary: Summary, guard: GuardFigures) -> list[tuple[Span, str]]:
    """The seconds that led to a guard, with what it measured in each."""
    if not guard.tripped or guard.at_s is None:
        return []
    by_second = {span.second: span for span in summary.seconds}
    first = guard.at_s - len(guard.measured) + 1
    return [
        (by_second[first + offset], figure)
        for offset, figure in enumerate(guard.measured)
        if first + offset in by_second
    ]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("loadgen.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "bytes": format_bytes,
        "clock": clock,
        "number": count,
        "duration": format_duration,
        "counter": counter,
        "percent": percent,
        "rate": rate,
        "score": score,
        "seconds": seconds,
        "reason": _reason,
    }
    return environment


def _reason(reason: str) -> str:
    return REASONS.get(reason, reason)


def _script_safe(data: Any) -> Markup:
    """JSON that may stand inside a script element, whatever strings it holds."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 -- the characters that could end the script are gone


def _part(name: str) -> Markup:
    text = resources.files("loadgen.report").joinpath("templates", name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 -- a file of this package


def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 -- the library as published, made to be inlined
