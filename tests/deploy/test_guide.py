from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from deploy.parts import REDIS, ROOT, accepted

from loadgen.cli import COMMANDS

GUIDE = (ROOT / "docs" / "deploy.md").read_text()
LINES = [
    line.partition("   #")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
TOLD = [f" {line}".rpartition(" loadgen ")[2] for line in LINES]
CALLS = [shlex.split(line) for line in TOLD if line.partition(" ")[0] in COMMANDS]


@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_its_commands_are_those_of_loadgen(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for word in words:
        if word.endswith(".yaml"):
            (tmp_path / word).touch()
    monkeypatch.chdir(tmp_path)
    assert accepted(words, REDIS).info_name == words[0]


def test_it_shows_how_to_begin_and_how_to_look() -> None:
    assert {words[0] for words in CALLS} == {"run", "status", "report"}


def test_the_files_it_names_are_there() -> None:
    named = set(re.findall(r"(?<![\w/.])deploy/[\w./-]*\w", "\n".join(LINES) + GUIDE.replace("](../", "](")))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_file_for_a_plain_machine_is_installed_by_it() -> None:
    installed = {Path(word).name for line in LINES for word in line.split() if word.startswith("deploy/systemd/")}
    assert installed == {path.name for path in (ROOT / "deploy" / "systemd").iterdir()}
