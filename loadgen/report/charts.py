"""The charts of the HTML report, as plotly figures in plain dictionaries, each with a caption that says it in words.

Colours are not decided here: every trace names its ``role``, and the page's style sheet gives that role a colour, one
for light and one for dark. Time is since the run's start, on a date axis that begins at midnight, so that ticks read
1:30.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from loadgen.plan.conditions import Condition
from loadgen.plan.measures import Metric
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel
from loadgen.report import coloured
from loadgen.report.capacity import planned_level
from loadgen.report.story import REASONS, load
from loadgen.report.summary import Span, Summary
from loadgen.report.wording import clock, count, percent, rate, seconds

REASONS_SHOWN: Final = 6
"""Reasons of failure with a colour of their own; more cannot be told apart."""

REQUESTS_LEAST: Final = 5
"""A point of fewer requests has no percentiles worth drawing."""

REQUESTS_A_POINT: Final = 20
"""When most points have fewer requests than this, response times are drawn by windows."""

ROOM_FOR_A_NOTE: Final = 0.1
"""Share of the time axis that two words need."""

START_MS: Final = 946_684_800_000
"""Midnight of 1 January 2000 UTC, which stands for the start: the time axis shows minutes, and days from day 1 on."""

Trace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        id: its element's id.
        title: heading above it.
        caption: what it shows, in words, with figures.
        figure: plotly's data and layout.
        log: whether a logarithmic scale makes sense.
    """

    id: str
    title: str
    caption: str
    figure: dict[str, Any]
    log: bool = False


def charts(summary: Summary, plan: Plan) -> tuple[Chart, ...]:
    """All charts of a run that has any seconds, in reading order; those without data are left out."""
    if not summary.charted:
        return ()
    drawn = [_load(summary, plan), _requests(summary), _latency(summary, plan)]
    if len({stream.model for stream in plan.load}) == 1 and any(_level(window, plan) for window in summary.windows):
        drawn.append(_against_load(summary, plan))
    if summary.totals.failures:
        drawn.append(_failures(summary))
    drawn.append(_generator(summary))
    return tuple(drawn)


def _load(summary: Summary, plan: Plan) -> Chart:
    points, arrivals = summary.charted, summary.arrivals
    traces, panels, said = [], [], []
    if plan.streams(LoadModel.OPEN):
        traces += [
            _line(points, "planned", (_per_s(p, p.planned) for p in points), "planned", axis=1, wide=True, hover="/s"),
            _line(points, "started", (_per_s(p, p.started) for p in points), "started", axis=1, hover="/s"),
        ]
        panels.append("visitors per second")
        said.append(f"{count(arrivals.planned)} visitors were planned, {count(arrivals.started)} came")
    axis = len(panels) + 1
    if plan.streams(LoadModel.CLOSED):
        traces.append(
            _line(points, "planned shoppers", (p.users_planned for p in points), "planned", axis=axis, wide=True)
        )
    traces.append(_line(points, "shoppers", (p.shoppers for p in points), "shoppers", axis=axis, fill=True))
    panels.append("shoppers at once")
    said.append(f"at most {count(summary.totals.peak_shoppers)} were in the shop at once")
    return Chart(
        "load", "Load: planned and actual", f"{'; '.join(said).capitalize()}.", _figure(traces, summary, panels)
    )


def _requests(summary: Summary) -> Chart:
    points, totals = summary.charted, summary.totals
    traces = [
        _line(points, "answered", (_per_s(p, p.requests - p.failures) for p in points), "ok", hover="/s", stack=True),
        _line(points, "failed", (_per_s(p, p.failures) for p in points), "failed", hover="/s", stack=True),
    ]
    said = f"At most {rate(totals.peak_requests_per_s)}, {rate(totals.requests_per_s)} on average; "
    said += f"{percent(totals.error_rate)} failed." if totals.failures else "none failed."
    return Chart("requests", "Requests per second", said, _figure(traces, summary, ["requests per second"]))


def _latency(summary: Summary, plan: Plan) -> Chart:
    usual = median(point.requests for point in summary.charted)
    points = summary.charted if usual >= REQUESTS_A_POINT else summary.windows
    told = [point.requests >= REQUESTS_LEAST for point in points]
    traces = [
        _line(points, name, (getattr(p, name) if tells else None for p, tells in zip(points, told, strict=True)), name)
        | {"hovertemplate": f"%{{y:.3~s}}s<extra>{name}</extra>"}
        for name in ("p99", "p95", "p50")
    ]
    figure = _figure(traces, summary, ["seconds"])
    for threshold in plan.thresholds:
        if threshold.metric is Metric.PERCENTILE and not threshold.selector and threshold.limit is not None:
            _mark_limit(figure["layout"], threshold, threshold.limit)
    window_s = summary.windows[0].span_s
    known = [
        (window.p95, window.second)
        for window in summary.windows
        if window.p95 is not None and window.requests >= REQUESTS_LEAST and window.second < summary.load_s
    ]
    said = "Too few requests were answered to tell."
    if known:
        (best, _), (worst, at_s) = min(known), max(known)
        said = (
            f"In windows of {window_s} s, 95% of requests were answered within {seconds(best)} at best "
            f"and {seconds(worst)} at worst (at {clock(at_s)})."
        )
    return Chart("latency", "Response times", said + coloured.in_words(summary), figure, log=True)


def _against_load(summary: Summary, plan: Plan) -> Chart:
    windows = [window for window in summary.windows if window.p95 is not None and _level(window, plan)]
    unit = "visitors per minute" if plan.streams(LoadModel.OPEN) else "shoppers"
    x = [_rounded(_level(window, plan)) for window in windows]
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": x,
            "y": [getattr(window, name) for window in windows],
            "customdata": [clock(window.second) for window in windows],
            "marker": {"size": 8, "symbol": symbol},
            "hovertemplate": f"%{{x:,}} {unit}<br>{name} %{{y:.3~s}}s<br>at %{{customdata}}<extra></extra>",
            "meta": {"role": name},
        }
        for name, symbol in (("p95", "circle"), ("p50", "diamond"))
    ]
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": unit}, "rangemode": "tozero", "tickformat": ","},
        "yaxis": {"title": {"text": "seconds"}, "rangemode": "tozero"},
        "hovermode": "closest",
        "shapes": [],
        "annotations": [],
    }
    said = f"Each point is {windows[0].span_s if windows else 5} seconds of the run."
    capacity = summary.capacity
    if capacity is not None and capacity.level is not None and capacity.kind == "broke":
        level = capacity.level * (60 if capacity.unit == "arrivals_per_s" else 1)
        layout["shapes"].append(_vertical(level, "limit"))
        layout["annotations"].append(_note(level, "carried well up to here"))
        kept = "kept within its targets" if capacity.by == "thresholds" else "was as quick as in the beginning"
        said += f" Up to {load(capacity.level, capacity.unit)} the shop {kept}."
    return Chart("against", "Response times against load", said, {"data": traces, "layout": layout}, log=True)


def _failures(summary: Summary) -> Chart:
    points = summary.charted
    totals: dict[str, int] = {}
    for error in summary.errors:
        totals[error.reason] = totals.get(error.reason, 0) + error.count
    ranked = sorted(totals, key=lambda reason: -totals[reason])
    shown, rest = ranked[:REASONS_SHOWN], ranked[REASONS_SHOWN:]
    traces = [
        _bars(points, REASONS.get(reason, reason), (_per_s(p, p.reasons.get(reason, 0)) for p in points), f"reason-{i}")
        for i, reason in enumerate(shown)
    ]
    if rest:
        others = (_per_s(p, sum(p.reasons.get(reason, 0) for reason in rest)) for p in points)
        traces.append(_bars(points, "everything else", others, "reason-rest"))
    figure = _figure(traces, summary, ["failures per second"])
    figure["layout"] |= {"barmode": "stack", "bargap": 0}
    said = _sentence([f"{count(totals[reason])} {REASONS.get(reason, reason)}" for reason in shown])
    return Chart("failures", "Failures by reason", f"{said}.", figure)


def _generator(summary: Summary) -> Chart:
    points = summary.charted
    traces = [
        _line(points, "CPU of the busiest worker", (100 * p.cpu_max for p in points), "cpu", axis=1, hover="%"),
        _line(points, "longest loop lag", (1000 * p.loop_lag_max_s for p in points), "lag", axis=2, hover=" ms"),
        _line(points, "loop lag, p99", (1000 * p.loop_lag_p99_s for p in points), "lag-p99", axis=2, hover=" ms"),
    ]
    if any(point.arrival_lag_p99_s is not None for point in points):
        late_ms = (None if p.arrival_lag_p99_s is None else 1000 * p.arrival_lag_p99_s for p in points)
        traces.append(_line(points, "late starts, p99", late_ms, "shoppers", axis=2, hover=" ms"))
    figure = _figure(traces, summary, ["CPU, % of a core", "lag, ms"])
    cpu = max(point.cpu_max for point in points)
    lag_s = max(point.loop_lag_max_s for point in points)
    said = (
        f"The busiest worker used at most {percent(cpu)} of its core; its event loop waited at most {seconds(lag_s)}."
    )
    return Chart("generator", "The load generator itself", said + coloured.in_words(summary), figure)


def _line(
    points: Sequence[Span],
    name: str,
    values: Iterable[float | None],
    role: str,
    *,
    axis: int = 1,
    wide: bool = False,
    hover: str = "",
    fill: bool = False,
    stack: bool = False,
) -> Trace:
    trace: Trace = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": _times(points),
        "y": [None if value is None else _rounded(value) for value in values],
        "line": {"width": 8 if wide else 2},
        "hovertemplate": f"%{{y:,.4~g}}{hover}<extra>{name}</extra>",
        "meta": {"role": role, "faint": wide, "fill": 0.22 if fill else 0.6 if stack else 0},
    }
    if axis > 1:
        trace["yaxis"] = f"y{axis}"
    if fill:
        trace["fill"] = "tozeroy"
    return trace | ({"stackgroup": "one", "line": {"width": 0}} if stack else {})


def _bars(points: Sequence[Span], name: str, values: Iterable[float], role: str) -> Trace:
    return {
        "type": "bar",
        "name": name,
        "x": _times(points),
        "y": [_rounded(value) for value in values],
        "hovertemplate": f"%{{y:,.4~g}}/s<extra>{name}</extra>",
        "meta": {"role": role},
    }


def _figure(traces: list[Trace], summary: Summary, panels: Sequence[str]) -> dict[str, Any]:
    """A chart over time, with one panel above the other, and marks for what happened."""
    height = 1 / len(panels)
    layout: dict[str, Any] = {
        "xaxis": {"type": "date", "tickformat": _time_format(summary.duration_s)},
        "hovermode": "x unified",
        "shapes": [],
        "annotations": [],
    }
    for index, title in enumerate(panels):
        low = 1 - (index + 1) * height
        axis: dict[str, Any] = {"title": {"text": title}, "rangemode": "tozero"}
        if len(panels) > 1:
            axis["domain"] = [low + (0.06 if index < len(panels) - 1 else 0), 1 - index * height]
        layout["yaxis" if index == 0 else f"yaxis{index + 1}"] = axis
    if len(panels) > 1:
        layout["xaxis"]["anchor"] = f"y{len(panels)}"
    if summary.duration_s - summary.load_s > 1:
        layout["shapes"].append(_shade("ended", summary.load_s, summary.duration_s, 0.14))
        if summary.duration_s - summary.load_s > ROOM_FOR_A_NOTE * summary.duration_s:
            layout["annotations"].append(_note(_time((summary.load_s + summary.duration_s) / 2), "load ended"))
    shaded = coloured.bands(summary.charted)
    layout["shapes"] += [_shade("coloured", start_s, end_s, 0.28) for start_s, end_s in shaded]
    if shaded:
        traces = [*traces, _key_to("coloured by the generator", "coloured", summary.charted[0])]
    for at_s, role, text in _moments(summary):
        layout["shapes"].append(_vertical(_time(at_s), role))
        if text:
            layout["annotations"].append(_note(_time(at_s), text))
    return {"data": traces, "layout": layout}


def _moments(summary: Summary) -> Iterable[tuple[float, str, str]]:
    """What time charts mark: when it slowed down, when a guard tripped, when a worker was lost."""
    capacity = summary.capacity
    if capacity is not None and capacity.broke_at_s is not None and capacity.kind != "broke_late":
        yield capacity.broke_at_s, "limit", "slows down"
    for guard in summary.guards:
        if guard.tripped and guard.at_s is not None:
            yield guard.at_s + 1, "stopped", "guard"
    for event in summary.events:
        if event.kind == "worker_lost" and event.at_s >= 0:
            yield event.at_s, "lost", ""


def _vertical(x: float, role: str) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "name": role, "layer": "below"}


def _shade(role: str, start_s: float, end_s: float, opacity: float) -> dict[str, Any]:
    ends = {"x0": _time(start_s), "x1": _time(end_s), "y0": 0, "y1": 1}
    return {"type": "rect", "yref": "paper", "name": role, "layer": "below", "opacity": opacity} | ends


def _key_to(name: str, role: str, point: Span) -> Trace:
    """An entry of the legend for something that is no trace."""
    marker = {"size": 12, "symbol": "square"}
    drawn = {"type": "scatter", "mode": "markers", "name": name, "x": [_time(point.second)], "y": [None]}
    return drawn | {"marker": marker, "hoverinfo": "skip", "meta": {"role": role}}


def _note(x: float, text: str) -> dict[str, Any]:
    return {"x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "text": text, "showarrow": False}


def _mark_limit(layout: dict[str, Any], condition: Condition, limit_s: float) -> None:
    layout["shapes"].append(
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": limit_s, "y1": limit_s, "name": "threshold"}
    )
    layout["annotations"].append(
        {"xref": "paper", "x": 0, "xanchor": "left", "y": limit_s, "yanchor": "bottom", "text": str(condition)}
        | {"showarrow": False, "name": "threshold"}
    )


def _level(window: Span, plan: Plan) -> float:
    """Planned visitors per minute, or shoppers; 0 where the load had ended or was stopped."""
    if not (window.planned or window.users_planned):
        return 0.0
    level = planned_level(plan, window.second, window.second + window.span_s)
    return level * 60 if plan.streams(LoadModel.OPEN) else level


def _times(points: Sequence[Span]) -> list[int]:
    return [_time(point.second) for point in points]


def _time(at_s: float) -> int:
    return START_MS + round(at_s * 1000)


def _time_format(duration_s: float) -> str:
    if duration_s >= 86_400:
        return "day %-d, %-H:%M"
    return "%-H:%M:%S" if duration_s >= 3600 else "%-M:%S"


def _per_s(point: Span, number: float) -> float:
    return number / point.span_s


def _rounded(value: float) -> float:
    """Five digits are more than a chart can show, and keep a day's report small."""
    return float(f"{value:.5g}")


def _sentence(parts: Sequence[str]) -> str:
    text = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return text[:1].upper() + text[1:]
