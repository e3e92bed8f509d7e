"""Show a plan before it runs: its load over time, its mix, and what it will take.

Pure: a plan in, text out. What a plan fixes (arrivals, levels, mix) is given as it is; what depends on journeys and on
the shop carries a ``~`` and says what it is built on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadgen.plan.estimate import (
    REQUESTS_PER_SESSION,
    REQUESTS_PER_WORKER,
    SESSION_S,
    estimate,
)
from loadgen.plan.model import Plan
from loadgen.plan.stream import LoadModel, Spacing, Stream
from loadgen.shapes.preview import draw, levels
from loadgen.units import format_count, format_duration, format_percent, format_rate

MIN_WIDTH = 40
"""Below this many characters neither the drawing nor the tables can be read."""

_UNITS = {LoadModel.OPEN: "shoppers/s", LoadModel.CLOSED: "shoppers"}
_HEIGHTS = ((1, 12), (3, 8))
_LOW = 5
"""Lines of a drawing: many streams get low ones, so that the whole preview stays in view."""


def summary(plan: Plan) -> str:
    """A plan in one line: ``winter-sales (1 stream, 2 journeys, 16m, peak 600/s)``."""
    parts = [
        _counted(len(plan.load), "stream"),
        _counted(len(plan.journeys), "journey"),
        format_duration(plan.duration),
        f"peak {_peaks(plan)}",
    ]
    return f"{plan.name} ({', '.join(parts)})"


def preview(
    plan: Plan,
    width: int = 80,
    requests_per_session: Mapping[str, float] | None = None,
    *,
    ascii_only: bool = False,
) -> str:
    """Draw and count a plan.

    Args:
        plan: the plan.
        width: of a line, in characters; at least :data:`MIN_WIDTH` are used.
        requests_per_session: by user, where it is known.
        ascii_only: for terminals and logs without block characters.
    """
    width = max(width, MIN_WIDTH)
    blocks = [f"{plan.name}: {plan.target.base_url}"]
    if plan.description:
        blocks.append(plan.description.strip())
    blocks += [_stream(plan, stream, width, ascii_only=ascii_only) for stream in plan.load]
    for model, unit in _UNITS.items():
        streams = plan.streams(model)
        if len(streams) > 1:
            drawing = _drawing(plan, streams, unit, width, ascii_only=ascii_only)
            blocks.append(f"all {model} streams together\n{drawing}")
    blocks += [_mix(plan), _totals(plan, requests_per_session)]
    return "\n\n".join(blocks) + "\n"


def _stream(plan: Plan, stream: Stream, width: int, *, ascii_only: bool) -> str:
    kind = f"open, {stream.arrivals} arrivals" if stream.model is LoadModel.OPEN else "closed"
    start = f", from {format_duration(stream.start)}" if stream.start else ""
    cap = f", at most {format_count(stream.max_shoppers)} at once" if stream.max_shoppers else ""
    title = f"{stream.name} ({kind}, {format_duration(stream.shape.duration)}{start}{cap})"
    unit = _UNITS[stream.model]
    return f"{title}\n{_drawing(plan, [stream], unit, width, ascii_only=ascii_only)}"


def _drawing(plan: Plan, streams: Sequence[Stream], unit: str, width: int, *, ascii_only: bool) -> str:
    placed = [(stream.shape, stream.start) for stream in streams]
    height = next((height for most, height in _HEIGHTS if len(plan.load) <= most), _LOW)
    series = levels(placed, plan.duration, width)
    return draw(series, width=width, height=height, duration_s=plan.duration, unit=unit, ascii_only=ascii_only)


def _mix(plan: Plan) -> str:
    """How many sessions of each journey each stream starts."""
    rows = [("journey", *(stream.name for stream in plan.load), "sessions")]
    sessions = estimate(plan).sessions
    guess = "~" if plan.streams(LoadModel.CLOSED) else ""
    mixes = [plan.mix(stream) for stream in plan.load]
    for user in plan.users:
        shares = (format_percent(mix[user]) if user in mix else "-" for mix in mixes)
        rows.append((user, *shares, f"{guess}{format_count(round(sessions[user]))}"))
    return _table(rows)


def _totals(plan: Plan, requests_per_session: Mapping[str, float] | None) -> str:
    expected = estimate(plan, requests_per_session)
    rows = [("duration", format_duration(plan.duration), "")]
    if plan.streams(LoadModel.OPEN):
        spacing = {stream.arrivals for stream in plan.streams(LoadModel.OPEN)}
        note = "give or take, as they are random" if Spacing.POISSON in spacing else ""
        rows.append(("arrivals", format_count(round(plan.arrivals)), note))
    rows.append(("peak", _peaks(plan), ""))
    known = sorted(set(requests_per_session or {}) & set(plan.users))
    assumed = f"at {REQUESTS_PER_SESSION:g} requests a session" + (f" ({', '.join(known)}: as given)" if known else "")
    if plan.streams(LoadModel.CLOSED):
        assumed += f", {format_duration(SESSION_S)} a session in closed streams"
    rows += [
        ("requests", f"~{format_count(expected.requests)}", assumed),
        ("peak requests", f"~{format_rate(round(expected.peak_requests, 1))}", ""),
        ("workers", f"~{expected.workers}", f"at {format_rate(REQUESTS_PER_WORKER)} a worker process"),
    ]
    if plan.workers.count is not None:
        rows.append(("waits for", _counted(plan.workers.count, "worker"), ""))
    return _table(rows, left=(0, 2)) + "\n\n~ is an estimate; the first run shows the real figures."


def _peaks(plan: Plan) -> str:
    rate = format_rate(plan.peak_rate) if plan.streams(LoadModel.OPEN) else ""
    shoppers = f"{format_count(plan.peak_shoppers)} shoppers" if plan.streams(LoadModel.CLOSED) else ""
    return " and ".join(filter(None, (rate, shoppers)))


def _table(rows: Sequence[Sequence[str]], left: tuple[int, ...] = (0,)) -> str:
    """Columns as wide as their widest cell; figures stand at the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
