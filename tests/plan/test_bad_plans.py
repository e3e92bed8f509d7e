"""Every mistake a person makes in a plan has its line, its column and its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadgen.errors import PlanError
from loadgen.plan.problems import InvalidPlan
from loadgen.plan.read import load_plan
from loadgen.plan.source import MAX_PLAN_BYTES
from loadgen.plan.yamltree import MAX_DEPTH, MAX_VALUES

TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_plans.yaml").read_text("utf-8"))
DECADES = "".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 10))
TOO_MANY = "more than 20,000 values, aliases written out (put the points of a long curve into a CSV file)"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["to"].strip()[:40] or "left out")
def test_a_mistake_is_refused_in_these_words(row: dict[str, Any], good: str, write: Callable[..., Path]) -> None:
    assert row["change"] in good
    (write("").parent / "dir.py").mkdir()
    path = write(good.replace(row["change"], row["to"], 1))

    with pytest.raises(InvalidPlan) as caught:
        load_plan(path)

    assert [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems] == row["says"]


def test_all_mistakes_of_a_plan_are_reported_at_once(good: str, write: Callable[..., Path]) -> None:
    text = good
    for change, to in (
        ("name: demo", "name: a b"),
        ("https://", "gopher://"),
        ("weight: 70", "weight: 0"),
        ("buy.py", "bye.py"),
        ("over: 5m", "over: 5 minuets"),
        ("p(95) <", "p95 <"),
        ("for 5s", "for 5 parsecs"),
    ):
        text = text.replace(change, to, 1)

    with pytest.raises(InvalidPlan) as caught:
        load_plan(write(text))

    paths = [problem.path for problem in caught.value.problems]
    assert paths == [
        "name",
        "target.base_url",
        "journeys[0].weight",
        "journeys[1].file",
        "load[0].shape[0].ramp.over",
        "thresholds[0]",
        "guards[0]",
    ]
    assert "has 7 problems" in caught.value.message
    assert caught.value.exit_code == 3


def test_a_wrong_condition_is_shown_at_its_place_in_its_line(good: str, write: Callable[..., Path]) -> None:
    block = good.replace('["p(95) < 800ms"]', "\n  - p(95) < 800")
    folded = good.replace('["p(95) < 800ms"]', "\n  - >\n    p(95)\n    < 800")

    assert _first(write(block)).startswith("12:13 thresholds[0]: expected a duration with its unit")
    assert _first(write(folded)).startswith("12:5 thresholds[0]: expected a duration with its unit")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1:1: expected a mapping with name, target, journeys and load; the file is empty"),
        ("# nothing yet\n", "1:1: expected a mapping with name, target, journeys and load; the file is empty"),
        ("- a\n- b\n", "1:1: expected a mapping with name, target, journeys and load; got a list"),
        ("just words", "1:1: expected a mapping with name, target, journeys and load; got 'just words'"),
        ("name: \x07", "1:1: not valid YAML: control characters are not allowed"),
        ("[" * 100_000, f"1:{MAX_DEPTH + 1}: nested deeper than 32 levels"),
        ("- a\n" * (MAX_VALUES + 5), f"{MAX_VALUES}:3: {TOO_MANY}"),
        ("x0: &x0 [a, b]\n" + DECADES, f"1:13: {TOO_MANY}"),
        ("x: &x {y: *x}\n", "1:4: nested deeper than 32 levels"),
    ],
    ids=["empty", "comment", "list", "words", "control", "deep", "long", "bomb", "loop"],
)
def test_what_is_no_plan_at_all_gets_one_sentence(text: str, says: str, write: Callable[..., Path]) -> None:
    assert _first(write(text)) == says


def test_a_file_that_cannot_be_read_gets_one_sentence_and_a_hint(write: Callable[..., Path]) -> None:
    plan = write("name: x\n")
    folder = plan.parent
    (folder / "empty").mkdir()
    cases: list[tuple[Path, str, str]] = [
        (folder / "plam.yaml", f"there is no file {folder}/plam.yaml", f"did you mean {plan}?"),
        (folder / "no" / "x.yaml", f"there is no file {folder}/no/x.yaml", ""),
        (folder / "empty", f"{folder}/empty is a directory, not a file", ""),
        (Path("/dev/null"), "/dev/null is not a regular file", "copy it into a file first"),
        (Path("a\0b"), "a\0b cannot be read: embedded null byte", ""),
        (write(b"\x89PNG\0", "image.yaml"), f"{folder}/image.yaml is a binary file, not text", ""),
        (write("naïve".encode("utf-16"), "u.yaml"), f"{folder}/u.yaml is UTF-16, not UTF-8", "save it as UTF-8"),
        (
            write("a: 1\nnäme: x\n".encode("latin-1"), "l.yaml"),
            f"{folder}/l.yaml is not UTF-8 text: byte 0xe4 in line 2",
            "save it as UTF-8",
        ),
        (write(b" " * (MAX_PLAN_BYTES + 1), "big.yaml"), f"{folder}/big.yaml is larger than 1024 KiB", ""),
        (
            folder / "browse.py",
            f"{folder}/browse.py is a Python file, not a plan",
            f"a locustfile runs without a plan: loadgen run {folder}/browse.py -u USERS -r RATE -t TIME -H URL",
        ),
    ]
    held = "it holds big.yaml, image.yaml, l.yaml, plan.yaml, u.yaml"
    cases.append((folder, f"{folder} is a directory, not a file", held))
    for path, message, hint in cases:
        with pytest.raises(PlanError) as caught:
            load_plan(path)
        assert (caught.value.message, caught.value.hint, caught.value.exit_code) == (message, hint, 3)


def test_the_file_of_a_curve_is_refused_with_its_own_line(good: str, write: Callable[..., Path]) -> None:
    path = write(good.replace("ramp: {to: 200/s, over: 5m}", "curve: {file: year.csv}"))
    for text, says in (
        ("t,rate\n0,1\n5,x\n", "year.csv, line 3: expected a rate such as 120/s, 6000/min or 50/h"),
        ("", "year.csv, a curve needs at least two points"),
    ):
        path.with_name("year.csv").write_text(text, encoding="utf-8")
        assert _first(path) == f"10:23 load[0].shape[0].curve.file: {says}"
    path.with_name("year.csv").write_bytes(b"\xff\xfe")
    assert _first(path) == "10:23 load[0].shape[0].curve.file: year.csv is UTF-16, not UTF-8 (save it as UTF-8)"


def test_a_curve_takes_points_or_a_file_but_not_both(good: str, write: Callable[..., Path]) -> None:
    curve = "curve: {points: [[0, 1/s], [5, 1/s]], file: x.csv}"

    says = _first(write(good.replace("ramp: {to: 200/s, over: 5m}", curve)))

    assert says == "10:47 load[0].shape[0].curve.file: a curve has points or a file, not both"


def _first(path: Path) -> str:
    with pytest.raises(InvalidPlan) as caught:
        load_plan(path)
    return str(caught.value.problems[0]).removeprefix(f"{path}:")
