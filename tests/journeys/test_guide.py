"""The guide of journeys: its code runs as it stands, and its tool says what it says there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadgen.plan.read import load_plan

GUIDE = (Path(__file__).parents[2] / "docs" / "journeys.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadgen", "journey", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "user"), [("straight.py", "Looker"), ("flow.py", "Visitor"), ("flow.py", "Bargainer")]
)
def test_each_journey_of_the_guide_runs(shop: Any, written: Path, file: str, user: str) -> None:
    done = run("try", str(written / file), "--user", user, "--host", shop.url, "--think", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "completed: " in done.stdout


def test_the_buyer_of_the_guide_buys(shop: Any, written: Path) -> None:
    dialect = Path(__file__).parents[2] / "journeys" / "dialects" / "demo.py"
    done = run("try", str(written / "buy.py"), "--dialect", str(dialect), "--host", shop.url, "--think", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.stats()["orders"] == 1
    assert f"revenue_cents: {shop.stats()['revenue_cents']}" in done.stdout


def test_the_visitor_of_the_guide_buys(shop: Any, tmp_path: Path) -> None:
    library = shutil.copytree(Path(__file__).parents[2] / "journeys", tmp_path / "journeys")
    (library / "present.py").write_text(FILES["present.py"], encoding="utf-8")
    dialect = library / "dialects" / "demo.py"
    done = run("try", str(library / "present.py"), "--dialect", str(dialect), "--host", shop.url, "--think", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"orders: {shop.stats()['orders']}" in done.stdout


def test_the_flow_of_the_guide_is_shown_as_it_says(written: Path) -> None:
    done = run("show", str(written / "flow.py"), "--user", "Visitor")
    assert done.stdout
    assert f"```text\n{done.stdout}```" in GUIDE


def test_mistakes_are_told_as_the_guide_says(written: Path) -> None:
    text = (
        FILES["flow.py"]
        .replace('"search": 0.5', '"serch": 0.5')
        .replace("DONE: 0.2, LEAVE: REST", "DONE: 0.2, LEAVE: 0.6")
    )
    (written / "flow.py").write_text(f"# flow.py\n{text}", encoding="utf-8")
    done = run("show", str(written / "flow.py"))
    assert done.returncode == 4
    (shown,) = re.findall(r"^```text\n(flow.py does not import\n.*?)```", GUIDE, re.MULTILINE | re.DOTALL)
    assert shown in done.stderr.removeprefix("error: ").removeprefix("Error: ")


def test_the_patience_of_the_guide_is_that_of_a_plan(written: Path) -> None:
    (patience,) = re.findall(r"^```yaml\n(devices: .*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    plan = written / "plan.yaml"
    head = "name: demo\ntarget: {base_url: http://127.0.0.1:8100}\njourneys: [{file: flow.py, user: Visitor}]\n"
    plan.write_text(f"{head}load: [{{shape: {{constant: {{at: 5/s, for: 10s}}}}}}]\n{patience}", encoding="utf-8")
    assert [one.device for one in load_plan(plan).plan.patience] == ["mobile", ""]
