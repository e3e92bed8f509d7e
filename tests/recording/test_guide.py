"""The guide shows what is written and told, word for word."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner
from recording.taping import Tape

from loadgen.cli import cli

GUIDE = (Path(__file__).parents[2] / "docs" / "recording.md").read_text(encoding="utf-8")


def test_the_guide_shows_what_a_purchase_becomes(purchase: Tape, tmp_path: Path, monkeypatch, shop_url: str) -> None:
    monkeypatch.chdir(tmp_path)
    purchase.save(tmp_path / "shop.har")
    line, _, told = re.findall(r"^```console\n\$ loadgen (.*?)(\n)(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[0]

    done = CliRunner().invoke(cli, line.split())

    assert done.output.replace(shop_url, "http://127.0.0.1:8100") == told
    written = (tmp_path / "guest.py").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert block in written
