"""What is said of a plan's data before a run."""

from __future__ import annotations

import json

import pytest

from loadgen.data.cache import RowCache
from loadgen.data.check import check_sources
from loadgen.plan.bundle import digest_of_file
from loadgen.plan.read import load_plan

OPEN = {"shape": {"constant": {"at": "10/s", "for": "10s"}}}
CLOSED = {"model": "closed", "shape": {"constant": {"at": 50, "for": "10s"}}}


@pytest.fixture
def check(tmp_path):
    """Check a plan with one source of data."""
    (tmp_path / "browse.py").touch()

    def run(text: str | None = "id\n1\n2\n", load: dict = CLOSED, **source):
        source = {"name": "rows"} | ({} if text is None else {"file": "rows.csv"}) | source
        (tmp_path / "rows.csv").write_text(text or "")
        plan = {
            "name": "checked",
            "target": {"base_url": "http://shop.example"},
            "journeys": [{"file": "browse.py", "user": "Browser"}],
            "load": [load],
            "data": [source],
        }
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(plan, indent=1))
        return check_sources(load_plan(path), RowCache(tmp_path))

    return run


def told(checked) -> list[str]:
    return [str(problem).partition("plan.json:")[2] for problem in checked.problems]


def test_good_data_is_passed_over_in_silence(check):
    assert check() == check(None, generate="customers", access="unique") == check(access="shared", order="zipf")
    assert check().problems == check().notes == ()


def test_a_bad_row_is_told_at_its_line_and_at_the_plan_s(check):
    (problem,) = told(check("id,name\n1,a\n2\n"))

    assert problem.endswith(" data[0].file: rows.csv:3: the row has 1 values, the header 2")


def test_a_locale_that_nobody_speaks_is_told_at_its_place(check):
    (problem,) = told(check(None, generate="customers", locale="xx_XX"))

    assert "data[0].locale: there are no names and addresses for the locale 'xx_XX' (one such as" in problem


def test_a_file_that_is_not_the_one_meant_is_told(check, tmp_path):
    (problem,) = told(check(sha256="0" * 64))
    assert f"data[0].sha256: the file has {digest_of_file(tmp_path / 'rows.csv')}" in problem
    assert told(check(sha256=digest_of_file(tmp_path / "rows.csv"))) == []


def test_files_that_are_too_large_to_travel_must_be_installed(check, monkeypatch):
    monkeypatch.setattr("loadgen.data.check.MAX_BYTES", 4)
    (problem,) = told(check())

    assert "cannot travel with the run (say installed: true, and start workers with --data DIR)" in problem
    assert told(check(installed=True)) == []


@pytest.mark.parametrize(
    ("load", "source", "note"),
    [
        (CLOSED, {"access": "unique"}, "rows has 2 rows for 50 shoppers at once: who finds none left fails"),
        (OPEN | {"max_shoppers": 30}, {"access": "unique"}, "rows has 2 rows for 30 shoppers at once: "),
        (OPEN, {"access": "unique"}, "rows has 2 rows for about 600 shoppers at once, at 60 s a visit: "),
        (
            OPEN,
            {"order": "sequential", "exhausted": "stop"},
            "rows has 2 rows that are handed out once, for 100 arrivals: then the run ends",
        ),
    ],
)
def test_too_few_rows_are_noted(check, load, source, note):
    (said,) = check(load=load, **source).notes

    assert said.startswith(note)
