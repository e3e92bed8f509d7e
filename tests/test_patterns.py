"""Regular expressions keep to what every Python that loadgen runs on matches rightly."""

from __future__ import annotations

import re
from pathlib import Path

import loadgen

REPEATED_GROUP = re.compile(r"(?<!\\)\)[*+?]\+")


def test_groups_that_are_repeated_possessively_are_made_portable() -> None:
    root = Path(loadgen.__file__).parent
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in root.rglob("*.py")}
    found = {name for name, text in texts.items() if REPEATED_GROUP.search(text)}
    assert found - {"markup/possessive.py"}
    assert {name for name in found if "possessive(" not in texts[name]} == set()
