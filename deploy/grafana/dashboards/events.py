"""What happened, as lines through all panels. All from metrics: nothing has to be sent to Grafana.

A line is drawn where a state *becomes* true: it holds now and never held in the minute that ended five seconds ago.
The minute bridges the gap in which one coordinator takes over from another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders

from dashboards.panels import SOURCE
from dashboards.queries import of_run

STEP: Final = "5s"
_BEFORE: Final = "[1m] offset 5s"


def events() -> Iterator[builders.AnnotationQuery]:
    """One for each kind of event."""
    started = f"max by (run) ({of_run('loadgen_run_started_timestamp_seconds')}) * 1000"
    yield _marked("Run started", "green", started, "Run {{run}} began").use_value_for_time(True)
    yield _marked(
        "Run stopped", "blue", _becomes("loadgen_run_state", "run", 'state="finished"'), "Run {{run}} is over"
    )
    yield _marked("Guard", "red", _becomes("loadgen_guard_tripped", "guard"), "A guard stopped the run: {{guard}}")
    crossed = _becomes("loadgen_threshold_ok", "threshold", value=0)
    yield _marked("Threshold crossed", "orange", crossed, "Does not hold any more: {{threshold}}")
    lost = of_run("loadgen_run_workers", 'place="lost"')
    more = f"max by (run) ({lost}) > on (run) max by (run) (max_over_time({lost}{_BEFORE}))"
    yield _marked("Worker lost", "purple", more, "A worker of run {{run}} was lost")


def _becomes(metric: str, label: str, *matchers: str, value: int = 1) -> str:
    one, extreme = of_run(metric, *matchers), "max" if value else "min"
    now = f"{extreme} by ({label}) ({one}) == {value}"
    # A query marks where it has a value that is not 0.
    mark = now if value else f"({now}) + 1"
    return f"{mark} unless on ({label}) {extreme} by ({label}) ({extreme}_over_time({one}{_BEFORE})) == {value}"


def _marked(name: str, colour: str, expr: str, text: str) -> builders.AnnotationQuery:
    marked = builders.AnnotationQuery().name(name).datasource(SOURCE).enable(True).icon_color(colour).expr(expr)
    return marked.title_format(name).text_format(text).step(STEP)
