from __future__ import annotations

from pathlib import Path

import pytest

from loadgen.errors import NotFoundError
from loadgen.web import plans
from loadgen.web.plans import PlansBelow

PLAN = "name: a\njourneys: []\nload: []\n"
JOURNEYS = Path(__file__).parents[2] / "journeys"


@pytest.fixture
def root(tmp_path):
    """A folder with plans, things that are none, and a plan outside of it."""
    (tmp_path / "outside.yaml").write_text(PLAN)
    root = tmp_path / "root"
    (root / "plans" / "deep").mkdir(parents=True)
    (root / ".git").mkdir()
    for name in ("top.yml", "plans/one.yaml", "plans/deep/two.json", ".git/hidden.yaml", "plans/journey.py"):
        (root / name).write_text(PLAN)
    (root / "plans" / "two.json").write_text('{"journeys": [],\n"load": []}')
    (root / "plans" / "other.yaml").write_text("load: 5\n")
    (root / "plans" / "binary.yaml").write_bytes(b"\xff\xfe")
    (root / "plans" / "large.yaml").write_text(PLAN + "#" * plans.PLAN_BYTES)
    (root / "plans" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "linked").symlink_to(tmp_path, target_is_directory=True)
    return root


def test_plans_are_listed_and_nothing_else(root):
    assert PlansBelow(root).names() == ["plans/deep/two.json", "plans/one.yaml", "plans/two.json", "top.yml"]


def test_a_plan_comes_with_the_folder_that_its_paths_start_from(root):
    assert PlansBelow(root).read("plans/deep/two.json") == {"plan": PLAN, "folder": "plans/deep"}
    assert PlansBelow(root).read("top.yml")["folder"] == ""


@pytest.mark.parametrize(
    "name",
    [
        "../outside.yaml",
        "plans/../../outside.yaml",
        "/etc/passwd",
        "plans/link.yaml",
        "linked/outside.yaml",
        ".git/hidden.yaml",
        "plans/other.yaml",
        "plans",
        "\0",
        "",
    ],
)
def test_no_name_leads_anywhere_else(root, name):
    with pytest.raises(NotFoundError):
        PlansBelow(root).read(name)


def test_a_folder_that_is_a_whole_disk_is_not_searched(root, monkeypatch):
    monkeypatch.setattr(plans, "LOOKED_AT", 3)

    assert PlansBelow(root).names() == ["top.yml"]


def test_all_plans_of_the_library_are_found():
    there = sorted(f"plans/{file.name}" for file in (JOURNEYS / "plans").glob("*.yaml"))

    assert [name for name in PlansBelow(JOURNEYS).names() if name.startswith("plans/")] == there
