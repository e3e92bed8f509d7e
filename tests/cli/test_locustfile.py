"""Which words of a command line are Locust's, and which exit code a locustfile's run has."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loadgen.cli.locustfile import FLAGS, OURS, LocustWanted, split
from loadgen.cli.master import exit_code
from loadgen.cli.run import run
from loadgen.endings import Outcome, Validity
from loadgen.messages import RunRecord
from loadgen.stats import JourneyCounts, RunStats, SecondRow, Tally
from loadgen.verdict import ValidityResult
from loadgen.verdict.results import Verdict
from loadgen.worker.master.settings import MasterResult


@pytest.mark.parametrize(
    ("line", "ours", "locust", "json_file"),
    [
        ("shop.py -u 5 -t 1m", "", "-f shop.py -u 5 -t 1m", None),
        ("-u 5 shop.py Visitor", "", "-f shop.py -u 5 Visitor", None),
        ("-f shop.py Visitor --tags a b", "", "-f shop.py Visitor --tags a b", None),
        ("--locustfile=shop.py", "", "--locustfile=shop.py", None),
        ("-f a.py,b.py -H http://h", "", "-f a.py,b.py -H http://h", None),
        (
            "shop.py --redis redis://h --workers 3 --knee=2/s",
            "--redis redis://h --workers 3 --knee=2/s",
            "-f shop.py",
            None,
        ),
        ("shop.py --demo-shop -u 1 --junit j.xml", "--demo-shop --junit j.xml", "-f shop.py -u 1", None),
        ("shop.py --no-web -u 1", "--no-web", "-f shop.py -u 1", None),
        ("shop.py --json out.json Visitor", "", "-f shop.py Visitor", "out.json"),
        ("shop.py --json=out", "", "-f shop.py", "out"),
        ("shop.py --json Visitor", "", "-f shop.py --json Visitor", None),
        ("shop.py --json --headless", "", "-f shop.py --json --headless", None),
        ("shop.py --csv out --html r.html", "", "-f shop.py --csv out --html r.html", None),
        ("shop.py --help", "--help", "-f shop.py", None),
        ("shop.py other.py", "", "-f shop.py other.py", None),
    ],
)
def test_words_are_told_apart(line: str, ours: str, locust: str, json_file: str | None) -> None:
    words = split(line.split())

    assert words is not None
    assert (" ".join(words.ours), " ".join(words.locust)) == (ours, locust)
    assert words.json_file == (Path(json_file) if json_file else None)


@pytest.mark.parametrize("line", ["plan.yaml -u 3", "plan.yaml --html report.html", "", "--help"])
def test_a_plan_is_no_locustfile(line: str) -> None:
    assert split(line.split()) is None


LOCUSTS_TOO = {"--users", "--spawn-rate", "--run-time", "--host", "--json", "--html", "--csv"}
OF_PLANS_ALONE = {"--created"}
"""What shoppers created is listed where a plan asks for it."""


def test_every_option_of_run_is_known_to_be_ours_or_locusts() -> None:
    options = {name for option in run.params for name in (*option.opts, *option.secondary_opts) if name[:2] == "--"}
    assert options - LOCUSTS_TOO - OF_PLANS_ALONE == (OURS | FLAGS) - {"--help", "-h"}


def wanted(**options: Any) -> LocustWanted:
    return LocustWanted(None, (), Path(), options)  # type: ignore[arg-type]


def test_a_report_may_be_named_after_the_load() -> None:
    named = wanted(html_file="r_{u}_{r}_{t}.html", num_users=5, spawn_rate=2.0, run_time=60).html_file

    assert named == Path("r_5_2.0_60.html")


def test_a_csv_file_with_its_ending_is_loadgens_own() -> None:
    assert wanted(csv_prefix="out/seconds.csv").csv_file == Path("out/seconds.csv")
    assert wanted(csv_prefix="out/run").csv_file is None


def test_processes_are_workers() -> None:
    assert [wanted(processes=count).workers for count in (4, -1, None)] == [4, None, None]
    assert [wanted(expect_workers=count).workers for count in (1, 6)] == [None, 6]


def ended(outcome: Outcome, validity: Validity = Validity.VALID) -> RunRecord:
    verdict = Verdict(outcome=outcome, reason="", validity=ValidityResult(verdict=validity))
    return RunRecord(run="r", name="r", submitted_at=0.0, verdict=verdict)


def counted(failed: int) -> RunStats:
    stats = RunStats()
    stats.add(SecondRow(0, tally=Tally(journeys={"A": JourneyCounts(5, 5 - failed, failed)}, shoppers=Counter())))
    return stats


@pytest.mark.parametrize(
    ("outcome", "validity", "failed", "script", "asked", "expected"),
    [
        (Outcome.PASSED, Validity.VALID, 0, None, False, 0),
        (Outcome.PASSED, Validity.VALID, 1, None, False, 9),
        (Outcome.PASSED, Validity.VALID, 1, 0, False, 0),
        (Outcome.PASSED, Validity.VALID, 0, 3, False, 3),
        (Outcome.INVALID, Validity.INVALID, 1, 0, False, 13),
        (Outcome.INVALID, Validity.INVALID, 1, 3, False, 3),
        (Outcome.STOPPED, Validity.VALID, 0, None, False, 12),
        (Outcome.STOPPED, Validity.VALID, 0, None, True, 0),
        (Outcome.STOPPED, Validity.VALID, 1, None, True, 9),
        (Outcome.STOPPED, Validity.INVALID, 0, None, True, 13),
        (Outcome.FAILED, Validity.INVALID, 0, None, False, 14),
    ],
)
def test_a_script_can_make_a_run_fail_but_not_pass(
    outcome: Outcome, validity: Validity, failed: int, script: int | None, asked: bool, expected: int
) -> None:
    result = MasterResult(exit_code=script, asked=asked)

    code = exit_code(ended(outcome, validity), counted(failed), result, {"exit_code_on_error": 9}, outcome.exit_code)

    assert code == expected
