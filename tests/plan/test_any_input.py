"""Whatever stands in a file, the answer is a plan or its problems, never a traceback."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.errors import PlanError
from loadgen.plan import Plan
from loadgen.plan.keys import known_keys
from loadgen.plan.problems import InvalidPlan, Problem
from loadgen.plan.read import load_plan
from loadgen.shapes import KINDS

KEYS = sorted(
    {
        *Plan.model_fields,
        *KINDS,
        *(key for part in ("target", "workers") for key in known_keys((part,))),
        *(key for part in ("journeys", "load", "data") for key in known_keys((part, 0))),
        *(key for kind in KINDS for key in known_keys(("load", 0, "shape", kind))),
    }
)
TEXTS = [
    "",
    "open",
    "closed",
    "5m",
    "1e999",
    "200/s",
    "p(95) < 1s",
    "unavailable for 5s: stop",
    "${env:X}",
    "../x.py",
    "\0",
    "é\u2028",
]

_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 10**20),
        st.floats(),
        st.sampled_from(TEXTS),
        st.text(max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=12,
)
_plans = st.fixed_dictionaries({}, optional=dict.fromkeys(Plan.model_fields, _values))
_streams = st.fixed_dictionaries({}, optional=dict.fromkeys(known_keys(("load", 0)), _values))


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "plan.yaml"


@settings(deadline=None)
@given(written=_plans, streams=st.lists(_streams, max_size=3))
def test_any_values_at_any_keys_give_a_plan_or_its_problems(
    file: Path, written: dict[str, Any], streams: list[dict[str, Any]]
) -> None:
    if streams:
        written["load"] = streams
    file.write_text(json.dumps(written), encoding="utf-8")

    _is_read_or_refused(file)


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from("ab: -[]{}&*!|>'\"\n\t#,?%@0.~\u2028"), max_size=60))
def test_any_text_gives_a_plan_or_its_problems(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")

    _is_read_or_refused(file)


@settings(deadline=None)
@given(content=st.binary(max_size=40))
def test_any_bytes_give_a_plan_or_its_problems(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with contextlib.suppress(PlanError):
        load_plan(file)


def _is_read_or_refused(file: Path) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        load_plan(file)
    except InvalidPlan as error:
        problems = error.problems
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert all(1 <= problem.line <= lines + 1 for problem in problems)
    assert all(len(str(problem).splitlines()) == 1 for problem in problems)
