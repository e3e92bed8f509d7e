from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loadgen.metrics import families, words
from loadgen.metrics.buckets import BOUNDS_LE
from loadgen.metrics.health import WORKERS_MOST
from loadgen.metrics.native import SCHEMA
from loadgen.metrics.page import MAX_LABEL_LENGTH
from loadgen.metrics.requests import SERIES_MOST
from loadgen.stats.reasons import REASONS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def rows() -> Iterator[list[str]]:
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_has_the_families_that_are_exported_in_their_order() -> None:
    shown = [(name.strip("`"), kind, tuple(labels.replace("`", "").split())) for name, kind, labels, _ in rows()]
    assert shown == [(family.name, family.kind, family.labels) for family in families.ALL]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("loadgen_failures_total", REASONS),
        ("loadgen_abandonments_total", (*words.ABANDON_REASONS, words.OTHER_REASON)),
        ("loadgen_run_workers", words.PLACES),
        ("loadgen_workers", words.WORKER_STATES),
    ],
)
def test_the_page_names_the_values_of_closed_labels(name: str, values: tuple[str, ...]) -> None:
    (meaning,) = (meaning for shown, _, _, meaning in rows() if shown == f"`{name}`")
    assert ", ".join(f"`{value}`" for value in values) in meaning


def test_the_page_tells_the_limits_as_they_are() -> None:
    text = PAGE.read_text("utf-8")
    assert f"at most {SERIES_MOST:,} request series" in text
    assert f"the first {WORKERS_MOST} workers" in text
    assert f"schema {SCHEMA}, buckets {100 * (2 ** (1 / 2**SCHEMA) - 1):.1f} % wide" in text
    assert f"longer than {MAX_LABEL_LENGTH} characters" in text
    assert f"from {float(BOUNDS_LE[0]) * 1000:.3f} ms to {float(BOUNDS_LE[-1]):.1f} s ({len(BOUNDS_LE)} bounds" in text
