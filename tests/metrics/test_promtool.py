from __future__ import annotations

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        missing = "promtool is missing: apt-get install prometheus"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_promtool_finds_nothing_to_say(promtool: str, make: SimpleNamespace, runs: int) -> None:
    page = make.scrape(make.cluster(*(make.busy_run(run=f"r{number}") for number in range(runs))))
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=page.text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.stdout + checked.stderr, checked.returncode) == ("", 0)
