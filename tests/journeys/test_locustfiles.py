"""Locustfiles as people write them for Locust, unmodified, through ``loadgen run``: what they should do, they do.

Each file under ``locustfiles/`` is one thing that scripts do. Those in ``tasks/`` run side by side, once in closed and
once in open load; those in ``alone/`` have events, arguments or shapes, of which a run has one set.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FILES = Path(__file__).parent / "locustfiles"
INVALID = 13
"""On a starved machine the generator may rightly call itself invalid."""


@dataclass
class Ran:
    """A run as its files tell of it."""

    code: int
    summary: dict[str, Any]
    log: str
    err: str

    @property
    def requests(self) -> dict[str, int]:
        """Finished requests by name."""
        return {row["name"]: row["count"] for row in self.summary["requests"]}

    @property
    def failed(self) -> dict[str, int]:
        """Failed requests by name."""
        return {row["name"]: row["failures"] for row in self.summary["requests"] if row["failures"]}


@pytest.fixture
def run(shop: Any, tmp_path: Path) -> Any:
    """Call ``loadgen run`` in an empty folder, aimed at the shop."""

    def run(*words: str, workers: int = 2, env: dict[str, str] | None = None) -> Ran:
        asked = ["-H", shop.url, "--json", "summary.json", "--workers", str(workers), "--logfile", "log.txt"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "LOADGEN_"))}
        done = subprocess.run(
            [sys.executable, "-m", "loadgen", "run", *words, *asked, "--only-summary"],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
            cwd=tmp_path,
            env={**clean, **(env or {})},
        )
        summary, log = tmp_path / "summary.json", tmp_path / "log.txt"
        assert summary.is_file(), done.stderr
        return Ran(done.returncode, json.loads(summary.read_text()), log.read_text(), done.stderr)

    return run


def assert_tasks_did_what_they_should(requests: dict[str, int]) -> None:
    assert requests["plain: often"] > requests["plain: seldom"] > 0
    assert requests["fast: home"] > 0
    assert requests["fast: gone"] > 0
    assert requests["rest: products"] > 0
    assert requests["nested: aisle"] > 0
    assert requests["nested: Hall, green"] > 0
    assert requests["sequence: 1"] >= requests["sequence: 2"] >= requests["sequence: 3"] > 0
    assert requests["markov: browse"] > 0
    for name in ("ConstantWaiter", "PacedWaiter", "ThroughputWaiter", "OwnWaiter"):
        assert requests[f"wait: {name}"] > 0
    assert requests["line: /"] > 0
    assert requests["line: measured"] > 0
    assert requests["data: lamp"] >= requests["data: oak"] > 0


def test_tasks_of_every_kind_in_closed_load(run: Any, shop: Any) -> None:
    ran = run("-f", str(FILES / "tasks"), "-u", "26", "-r", "26", "-t", "5s", "-s", "5", "--exclude-tags", "unwanted")

    requests = ran.requests
    assert ran.code in {0, INVALID}, ran.err
    assert_tasks_did_what_they_should(requests)
    assert ran.failed == {}
    assert requests["plain: on_start"] == requests["plain: on_stop"]
    assert requests["tag: wanted"] > 0
    assert requests["tag: slow"] > 0
    assert "tag: unwanted" not in requests
    assert requests["wait: ThroughputWaiter"] > requests["wait: ConstantWaiter"]
    assert sum(requests.values()) - requests["line: measured"] == shop.stats()["requests_total"]


def test_tasks_of_every_kind_in_open_load(shop: Any, tmp_path: Path) -> None:
    names = {
        path.stem: re.findall(r"^class (\w+)\((?:\w*User|Waiting)\)", path.read_text(), re.MULTILINE)
        for path in (FILES / "tasks").glob("*.py")
    }
    users = [(stem, name) for stem, found in sorted(names.items()) for name in found if name != "Waiting"]
    plan = {
        "name": "locustfiles",
        "target": {"base_url": shop.url},
        "journeys": [
            {"file": os.path.relpath(FILES / "tasks" / f"{stem}.py", tmp_path), "user": name} for stem, name in users
        ],
        "load": [{"shape": {"constant": {"at": "30/s", "for": "5s"}}, "session": 4}],
        "exclude_tags": ["unwanted"],
        "data": [{"name": "terms", "file": os.path.relpath(FILES / "tasks" / "terms.csv", tmp_path)}],
        "graceful_stop": "10s",
    }
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    command = [sys.executable, "-m", "loadgen", "run", "plan.yaml", "--workers", "2", "--json", "summary.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False, cwd=tmp_path)
    assert done.returncode in {0, INVALID}, done.stderr
    ran = Ran(done.returncode, json.loads((tmp_path / "summary.json").read_text()), "", done.stderr)

    requests = ran.requests
    assert_tasks_did_what_they_should(requests)
    assert ran.failed == {}
    assert requests["plain: on_start"] == requests["plain: on_stop"]
    assert requests["sequence: 1"] == requests["sequence: 3"]
    assert "tag: unwanted" not in requests
    assert sum(requests.values()) - requests["line: measured"] == shop.stats()["requests_total"]


def test_tags_and_classes_choose(run: Any) -> None:
    words = ["-f", f"{FILES / 'tasks' / 'tagged.py'},{FILES / 'tasks' / 'fast_http.py'}"]
    ran = run(
        *words,
        "-u",
        "2",
        "-r",
        "9",
        "-t",
        "2s",
        "--tags",
        "wanted",
        "--exclude-tags",
        "slow",
        "-L",
        "ERROR",
        "TaggedVisitor",
    )

    assert set(ran.requests) == {"tag: wanted"}


def test_scripts_hear_of_all_that_happens(run: Any) -> None:
    ran = run(str(FILES / "alone" / "events.py"), "-u", "3", "-r", "9", "-t", "4s")

    assert ran.code in {1, INVALID}, "an error of a user is one of the run, as in Locust"
    told = set(ran.log.splitlines())
    for role in ("MasterRunner", "WorkerRunner"):
        for name in ("test_start", "test_stopping", "test_stop", "quitting"):
            assert f"{name} {role} ['environment']" in told
        assert f"init {role} ['environment', 'runner', 'web_ui']" in told
    assert "user_error - ['exception', 'tb', 'user_instance']" in told
    assert {"spawning_complete - ['user_count']", "quit - ['exit_code']", "worker_connect - ['client_id']"} <= told
    assert {"report_to_master - ['client_id', 'data']", "worker_report - ['client_id', 'data']"} <= told
    assert "request GET event: home {'from': 'home'} 200 None" in told


def test_arguments_of_ones_own_come_from_the_command_line_the_environment_and_files(run: Any, tmp_path: Path) -> None:
    (tmp_path / "locust.conf").write_text("spawn-rate = 9\nrun-time = 2s\npages = 2\n")
    file = FILES / "alone" / "arguments.py"
    ran = run("-f", str(file), "--folder", "/srv", "--quiet-please", env={"LOCUST_USERS": "2", "SHOP_TENANT": "blue"})

    assert ran.code in {0, INVALID}, ran.err
    assert set(ran.requests) == {"argument: blue p0", "argument: blue p1"}
    told = ran.log.splitlines()
    assert told.count("master blue 2 /srv/x True 2") == 1
    assert told.count("worker blue 2 /srv/x True 2") == 2


def test_what_the_master_sends_is_there_before_anybody_starts(run: Any) -> None:
    ran = run(str(FILES / "alone" / "messages.py"), "-u", "4", "-r", "9", "-t", "2s")

    assert ran.code in {0, INVALID}, ran.log
    assert sorted(re.findall(r"heard from (\d): \[\('accounts', 5\), \('worker', (\d)\)\]", ran.log)) == [
        ("0", "0"),
        ("1", "1"),
    ]
    assert "left 5" in ran.log


def test_a_shape_has_its_levels_and_classes(run: Any) -> None:
    ran = run(str(FILES / "alone" / "stages.py"))

    assert ran.code in {0, INVALID}, ran.err
    levels = [row["users_planned"] for row in ran.summary["seconds"]]
    assert (levels[0], levels[2], max(levels)) == (1, 9, 9)
    assert ran.summary["load_s"] == 5
    requests = ran.requests
    assert requests["stage: looker"] > requests["stage: buyer"] > 0
    assert requests["stage: auditor"] > 0


def test_a_shape_that_reacts_ends_the_run(run: Any) -> None:
    ran = run(str(FILES / "alone" / "reacting_shape.py"), "-u", "5", "-r", "5", "-t", "60s")

    assert ran.code in {1, INVALID}, ran.err
    assert 3 < ran.failed["climb: gone"] < 400
    assert ran.summary["reason"] == "the LoadTestShape ended the run"


def test_a_script_decides_the_exit_code_from_the_figures_of_the_cluster(run: Any, tmp_path: Path) -> None:
    ran = run(
        str(FILES / "alone" / "verdict.py"),
        "-u",
        "4",
        "-r",
        "9",
        "-t",
        "3s",
        "--csv",
        "out/run",
        "--json-file",
        "out/locust",
        "--html",
        "report_{u}_{t}.html",
    )

    requests, gone = ran.requests, ran.failed["verdict: gone"]
    assert ran.code == 7
    assert f"requests {sum(requests.values())} failed {gone} gone {gone} p95 True errors 1" in ran.log
    assert (tmp_path / "report_4_3.html").is_file()
    rows = (tmp_path / "out" / "run_stats.csv").read_text().splitlines()
    assert rows[-1].startswith(f",Aggregated,{sum(requests.values())},{gone},")
    locust = json.loads((tmp_path / "out" / "locust.json").read_text())
    assert {row["name"]: row["num_requests"] for row in locust} == requests


def test_users_that_stop_are_not_replaced_and_the_last_may_end_the_run(run: Any) -> None:
    ran = run(str(FILES / "alone" / "each_once.py"), "-u", "3", "-r", "9", "-t", "60s", workers=1)

    assert ran.code == 4, ran.err
    assert ran.requests == {"once: home": 3}


def test_a_script_watches_the_run_and_ends_it(run: Any) -> None:
    ran = run(str(FILES / "alone" / "watching.py"), "-u", "3", "-r", "9")

    assert ran.code in {0, INVALID}, "it ended by itself"
    assert "without -t it runs until it is stopped" in ran.err
    assert "enough, with 3 users" in ran.log
