"""``loadgen plan``: what a person sees and which code the shell gets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loadgen.cli import plan as commands
from loadgen.errors import JourneyError, PlanError
from loadgen.plan.schema import plan_schema

PLAN = """\
name: demo
target: {base_url: "https://shop.example"}
journeys: [{file: browse.py, user: Browser}]
load: [{shape: {ramp: {to: 20/s, over: 1m}}}]
"""
JOURNEY = """\
from locust import HttpUser, task

print("chatter of a journey")

class Browser(HttpUser):
    @task
    def home(self):
        self.client.get("/")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "browse.py").write_text(JOURNEY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks without the process that imports journeys, where that is not the point."""
    monkeypatch.setattr(commands, "check_journeys", lambda _: ())


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands.plan, [str(argument) for argument in arguments])


@pytest.mark.usefixtures("no_import")
def test_a_good_plan_is_summed_up_on_the_standard_output(folder: Path) -> None:
    result = _run("check", folder / "plan.yaml")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "ok: demo (1 stream, 1 journey, 1m, peak 20/s)\n"


@pytest.mark.usefixtures("no_import")
def test_all_plans_are_checked_even_after_a_bad_one(folder: Path) -> None:
    bad = folder / "bad.yaml"
    bad.write_text(PLAN.replace("ramp", "rmap").replace("name: demo", "name: a b"), encoding="utf-8")

    result = _run("check", bad, folder / "nowhere.yml", folder / "plan.yaml")

    assert result.exit_code == PlanError.exit_code
    assert result.stdout == "ok: demo (1 stream, 1 journey, 1m, peak 20/s)\n"
    assert [line.removeprefix(f"{bad}:") for line in result.stderr.splitlines()] == [
        "1:7 name: expected a label of letters, digits, dots, dashes and underscores such as winter-sales; got 'a b'",
        "4:17 load[0].shape.rmap: unknown shape (did you mean ramp?)",
        f"there is no file {folder}/nowhere.yml",
    ]


def test_a_check_imports_the_journeys_in_another_process(folder: Path) -> None:
    (folder / "broken.py").write_text("import json\n\nprice = 1 / 0\n", encoding="utf-8")
    bad = folder / "bad.yaml"
    journeys = "[{file: browse.py, user: Browzer}, {file: broken.py, user: Buyer}]"
    bad.write_text(PLAN.replace("[{file: browse.py, user: Browser}]", journeys), encoding="utf-8")

    result = _run("check", folder / "plan.yaml", bad)

    assert result.exit_code == PlanError.exit_code
    assert result.stdout == "ok: demo (1 stream, 1 journey, 1m, peak 20/s)\n"
    lines = result.stderr.replace(f"{bad}:", "").splitlines()
    assert lines[0] == "3:36 journeys[0].user: browse.py has no user class Browzer (did you mean Browser?)"
    assert lines[1] == "3:53 journeys[1].file: broken.py does not import"
    assert any("broken.py:3" in line for line in lines)
    assert any("ZeroDivisionError" in line for line in lines)


@pytest.mark.parametrize("stdout", [b"", b"not json", b"[]", b'{"nothing": 1}'])
def test_an_inspection_without_an_answer_is_an_error_of_journeys(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stdout: bytes
) -> None:
    done = subprocess.CompletedProcess([], 1, stdout, b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)

    assert isinstance(_run("check", folder / "plan.yaml").exception, JourneyError)


def test_journeys_that_hang_while_imported_are_an_error_of_journeys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("inspect", 60)

    monkeypatch.setattr(subprocess, "run", hang)

    assert "took more than 60 s" in str(_run("check", folder / "plan.yaml").exception)


def test_a_preview_is_as_wide_as_asked_and_uses_what_is_known_of_journeys(folder: Path) -> None:
    result = _run("preview", folder / "plan.yaml", "--width", "60", "--requests", "Browser=2.5")

    assert result.exit_code == 0
    assert result.stdout.startswith("demo: https://shop.example\n\nopen (open, uniform arrivals, 1m)\n")
    assert "~1500  at 8 requests a session (Browser: as given)" in result.stdout


@pytest.mark.parametrize("requests", ["Browser", "Browser=", "=3", "Browser=many", "Buyer=3"])
def test_requests_of_unknown_journeys_or_without_a_number_are_refused(folder: Path, requests: str) -> None:
    assert _run("preview", folder / "plan.yaml", "--requests", requests).exit_code == 2


def test_a_preview_of_a_bad_plan_shows_its_problems(folder: Path) -> None:
    (folder / "plan.yaml").write_text("name: x\n", encoding="utf-8")

    error = _run("preview", folder / "plan.yaml").exception

    assert isinstance(error, PlanError)
    assert "plan.yaml:1:1 target: is missing" in error.message


def test_the_schema_is_printed_as_json() -> None:
    result = _run("schema")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == plan_schema()


@pytest.mark.parametrize("command", ["check", "preview", "schema"])
def test_every_command_has_an_example_that_begins_with_itself(command: str) -> None:
    first = _run(command, "--help").output.partition("Examples:")[2].split("\n")[1].strip()

    assert first.startswith(f"loadgen plan {command}")


def test_checking_and_drawing_plans_imports_neither_gevent_nor_locust(folder: Path) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from loadgen.cli.plan import plan;"
        f"result = CliRunner().invoke(plan, ['preview', {str(folder / 'plan.yaml')!r}]);"
        "assert result.exit_code == 0, result.output;"
        "assert not {'gevent', 'locust'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("no_import")
def test_bad_data_is_told_with_its_file_and_line(folder: Path) -> None:
    (folder / "a.csv").write_text("id,name\n1,Anna\n2\n", encoding="utf-8")
    (folder / "plan.yaml").write_text(PLAN + "data:\n  - {name: people, file: a.csv}\n", encoding="utf-8")
    done = _run("check", folder / "plan.yaml")

    assert done.exit_code == PlanError.exit_code
    assert "plan.yaml:6:26 data[0].file: a.csv:3: the row has 1 values, the header 2" in done.stderr


@pytest.mark.usefixtures("no_import")
def test_data_that_may_run_out_is_noted_and_the_plan_is_good(folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n", encoding="utf-8")
    data = "data:\n  - {name: people, file: a.csv, access: unique}\n"
    (folder / "plan.yaml").write_text(PLAN + data, encoding="utf-8")
    done = _run("check", folder / "plan.yaml")

    assert done.exit_code == 0
    assert done.stdout.startswith("ok: demo")
    assert done.stderr.startswith("note: people has 1 rows for about 1200 shoppers at once, at 60 s a visit")
