"""What can be chosen above every dashboard: data source, job, run, quantile, and for one of them the step."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import VariableModel, VariableOption, VariableRefresh, VariableSort

from dashboards.panels import SOURCE
from dashboards.queries import QUANTILES


def variables(*, with_step: bool) -> Iterator[Builder[VariableModel]]:
    """The variables, in the order in which they depend on each other.

    Args:
        with_step: whether a step can be chosen.
    """
    yield builders.DatasourceVariable("datasource").label("Data source").type("prometheus")
    yield _asked("job", "Job", "label_values(loadgen_leader, job)", "The scrape job: one for each cluster.")
    # An id begins with the plan's name, so its alphabet does not say which run came last; when it started does.
    started = 'max by (run) (max_over_time(loadgen_run_started_timestamp_seconds{job="$job"}[$__range]))'
    run = _asked("run", "Run", f"query_result(sort_desc({started}))", "The run; the latest comes first.")
    yield run.regex('/run="([^"]+)"/').sort(VariableSort.DISABLED)
    if with_step:
        steps = 'label_values(loadgen_steps_total{job="$job", run="$run"}, step)'
        yield _asked("step", "Step", steps, "A step of the journeys.").sort(VariableSort.ALPHABETICAL_ASC)
    yield _quantile()


def _asked(name: str, label: str, query: str, description: str) -> builders.QueryVariable:
    asked = builders.QueryVariable(name).label(label).description(description).datasource(SOURCE)
    return asked.query({"query": query, "refId": name}).definition(query).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _quantile() -> builders.CustomVariable:
    options = [VariableOption(selected=value == "0.95", text=text, value=value) for value, text in QUANTILES.items()]
    chosen = next(option for option in options if option.selected)
    values = ", ".join(f"{text} : {value}" for value, text in QUANTILES.items())
    quantile = builders.CustomVariable("quantile").label("Quantile").description("Where one quantile is drawn: which.")
    return quantile.values(values).options(options).current(chosen)
