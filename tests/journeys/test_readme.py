"""The README of the library: its code runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadgen.plan.read import load_plan

ROOT = Path(__file__).parents[2]
DIALECT = "journeys/dialects/demo.py"
README = (ROOT / "journeys" / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first code block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def attempt(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadgen", "journey", "try", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)


def test_the_first_journey_has_ten_lines_and_runs(shop: Any, tmp_path: Path) -> None:
    first = tmp_path / "first.py"
    first.write_text(block("python"), encoding="utf-8")
    assert len([line for line in block("python").splitlines() if line]) <= 10
    done = attempt(str(first), "--host", shop.url, "--think", "0")
    assert done.returncode == 0, done.stderr
    assert "completed: 2 requests" in done.stdout
    assert shop.stats()["requests_total"] == 2


def test_the_first_plan_reads(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(block("python"), encoding="utf-8")
    plan = tmp_path / "first.yaml"
    plan.write_text(block("yaml"), encoding="utf-8")
    assert load_plan(plan).plan.users == ("Visitor",)


def test_every_file_of_the_library_is_in_the_tables() -> None:
    library = ROOT / "journeys"
    for path in [*library.glob("*.py"), *library.glob("dialects/*.py"), *library.glob("plans/*.yaml")]:
        assert f"`{path.relative_to(library)}`" in README


@pytest.mark.parametrize("name", ["browse", "buy"])
def test_a_journey_of_the_library_can_be_tried_from_the_command_line(shop: Any, name: str) -> None:
    done = attempt(f"journeys/{name}.py", "--dialect", DIALECT, "--host", shop.url, "--think", "0")
    assert done.returncode == 0, done.stderr
    assert "completed: " in done.stdout
