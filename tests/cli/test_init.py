"""``loadgen init``: a newcomer's folder, in which the next commands work as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.shell import Shell
from click.testing import CliRunner

from loadgen.cli.init import init, library
from loadgen.errors import UsageError
from loadgen.plan.read import load_plan


def call(*arguments: str) -> str:
    return CliRunner().invoke(init, arguments, catch_exceptions=False, standalone_mode=False).output


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    call(str(tmp_path / "new"))
    return tmp_path / "new"


def test_the_library_is_copied_whole(begun: Path) -> None:
    for path in (file for pattern in ("*.py", "*.yaml", "*.md") for file in library().rglob(pattern)):
        assert (begun / "journeys" / path.relative_to(library())).is_file()
    assert not list(begun.rglob("__pycache__"))


def test_the_plans_are_found_to_be_right(begun: Path) -> None:
    plans = [begun / "plan.yaml", *begun.glob("journeys/plans/*.yaml")]
    assert len(plans) > 10
    for plan in plans:
        dialect = load_plan(plan).dialect_file
        assert dialect is not None
        assert dialect.is_relative_to(begun / "journeys" / "dialects")


def test_no_link_leads_out_of_the_folder(begun: Path) -> None:
    for page in begun.rglob("*.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), (page, link)


def test_the_next_commands_are_those_of_the_readme(tmp_path: Path) -> None:
    said = call(str(tmp_path / "new")).splitlines()
    assert said[0].endswith("journeys to copy from, and plan.yaml to begin with")
    (block,) = re.findall(r"```sh\n(.*?)```", (tmp_path / "new" / "README.md").read_text(), re.DOTALL)
    assert [line.strip() for line in said[2:]] == [f"cd {tmp_path}/new", *block.splitlines()]


def test_a_folder_with_files_is_left_alone_unless_told(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        call(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml"]

    call(str(tmp_path), "--force")
    assert load_plan(tmp_path / "plan.yaml").plan.name == "first"


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write to"):
        call(str(tmp_path / "file" / "new"))


def test_one_shopper_of_the_first_plan_buys(begun: Path, shell: Shell) -> None:
    shop = shell.start("loadgen demo-shop --port 0")
    shop.wait_for(lambda: "demo shop on http" in shop.out, "is up")
    plan = begun / "plan.yaml"
    (url,) = re.findall(r"http://\S+", shop.out)
    plan.write_text(plan.read_text().replace("http://127.0.0.1:8100", url))
    code, out, err = shell.run(f"loadgen journey try {begun}/journeys/buy.py --plan {plan} --think 0")
    assert code == 0, err
    assert "orders: 1" in out
