"""The reference of plans says what the reader does."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from loadgen.plan import Commerce, DataSource, JourneyRef, Patience, Plan, Stream, Target, WorkersDemand, grammar
from loadgen.plan.measures import CLOCKS, COUNTED, SELECTORS, Action, Metric
from loadgen.plan.read import load_plan
from loadgen.shapes import KINDS

DOCS = Path(__file__).parents[2] / "docs" / "plan.md"
TEXT = DOCS.read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SECTIONS: list[tuple[str, type[BaseModel]]] = [
    ("The plan's own keys", Plan),
    ("target", Target),
    ("journeys", JourneyRef),
    ("load", Stream),
    ("devices and patience", Patience),
    ("commerce", Commerce),
    ("data", DataSource),
    ("workers", WorkersDemand),
]


def _section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _files_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if key in {"file", "dialect"})
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _files_in(item)


@pytest.mark.parametrize(("title", "model"), SECTIONS, ids=[title for title, _ in SECTIONS])
def test_every_key_has_a_row_with_its_meaning(title: str, model: type[BaseModel]) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", _section(title), re.MULTILINE)

    assert rows == list(model.model_fields)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_shape_has_a_row_with_its_keys(kind: str) -> None:
    (row,) = re.findall(rf"^\| `{kind}` \|(.*)$", _section("Shapes"), re.MULTILINE)

    for name, field in KINDS[kind].model_fields.items():
        assert f"`{field.alias or name}`" in row


def test_every_metric_selector_and_action_is_explained() -> None:
    section = _section("thresholds and guards")
    counted = [f"`{metric}({what})`" for metric, words in COUNTED.items() for what in words]
    words = [metric for metric in Metric if metric not in COUNTED and metric is not Metric.PERCENTILE]

    for word in (*counted, *(f"`{word}`" for word in (*words, *SELECTORS, *Action)), "`p(99)`", f"`clock:{CLOCKS[1]}`"):
        assert word in section, word


def test_the_grammar_shown_is_the_grammar_read() -> None:
    (shown,) = re.findall(r"^```ebnf\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)

    assert inspect.cleandoc(shown) in inspect.cleandoc(grammar.__doc__ or "").replace("\n    ", "\n")


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0] for block in BLOCKS])
def test_every_example_is_a_valid_plan_or_part_of_one(block: str, good: str, write: Callable[..., Path]) -> None:
    fragment: dict[str, Any] = yaml.safe_load(block)
    missing = {key: value for key, value in yaml.safe_load(good).items() if key not in fragment}
    path = write(block + (yaml.safe_dump(missing) if missing else ""))
    for file in _files_in(fragment):
        (path.parent / file).resolve().parent.mkdir(exist_ok=True)
        (path.parent / file).touch()

    assert load_plan(path).plan.load
