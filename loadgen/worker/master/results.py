"""Locust's own tables, written from the cluster's figures: ``--csv``, ``--json`` and ``--json-file``."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.stats import PERCENTILES_TO_REPORT, StatsCSVFileWriter, sort_stats


class Tables:
    """Writes Locust's CSV files while the run goes on, and everything once more at its end.

    Args:
        environment: whose ``parsed_options`` say which, and whose figures go in.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment, self._options = environment, environment.parsed_options
        self._writer: StatsCSVFileWriter | None = None
        self._writing: Any = None
        prefix = getattr(self._options, "csv_prefix", None)
        if prefix and not prefix.endswith(
            ".csv"
        ):  # a name with its ending is a table of seconds, which is not Locust's
            Path(prefix).parent.mkdir(parents=True, exist_ok=True)
            history = bool(getattr(self._options, "stats_history_enabled", False))
            self._writer = StatsCSVFileWriter(environment, PERCENTILES_TO_REPORT, prefix, history)
            self._writing = gevent.spawn(self._writer.stats_writer)

    def close(self) -> list[dict[str, Any]]:
        """Write the last figures.

        Returns:
            Locust's JSON of them.
        """
        if self._writer is not None:
            self._writing.kill()
            self._writer.close_files()
            prefix = self._writer.base_filepath
            _write(f"{prefix}_stats.csv", self._writer.requests_csv)
            _write(f"{prefix}_failures.csv", self._writer.failures_csv)
            _write(f"{prefix}_exceptions.csv", self._writer.exceptions_csv)
        stats = [dict(entry.serialize()) for entry in sort_stats(self._environment.stats.entries) if entry.num_requests]
        if named := getattr(self._options, "json_file", None):
            path = Path(f"{named}.json")  # Locust adds the ending too
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(stats, indent=4), encoding="utf-8")
        return stats


def _write(path: str, rows: Callable[[Any], None]) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        rows(csv.writer(file))
