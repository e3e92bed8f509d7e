"""A purchase that was recorded is made again by the journey that was written from it, unedited."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from recording.api_shopping import buy_by_api
from recording.taping import Tape

ROOT = Path(__file__).parents[2]


def loadgen(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadgen", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def orders(shop_url: str) -> int:
    with requests.Session() as session:
        return int(session.get(f"{shop_url}/_shop/stats", timeout=10).json()["orders"])


@pytest.fixture(params=["pages, kinds told", "pages", "api"])
def har(request: pytest.FixtureRequest, shop_url: str, tmp_path: Path, purchase: Tape) -> Path:
    if request.param == "api":
        tape = Tape(shop_url)
        buy_by_api(tape)
        tape.close()
    else:
        tape = purchase
    saved = tape.har()
    if request.param == "pages":
        for entry in saved["log"]["entries"]:
            del entry["_resourceType"]
    path = tmp_path / "my shop.har"
    path.write_text(json.dumps(saved), encoding="utf-8")
    return path


def test_the_recorded_purchase_is_made_again_unedited(har: Path, shop_url: str, tmp_path: Path) -> None:
    out = tmp_path / "guest.py"
    recorded = loadgen("journey", "record", str(har), "-o", str(out), "--name", "Guest")
    assert recorded.returncode == 0, recorded.stderr
    assert f"wrote {out}: Guest, " in recorded.stdout
    before = orders(shop_url)

    tried = loadgen("journey", "try", str(out), "--host", shop_url, "--think", "0")

    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "orders: 1" in tried.stdout
    assert orders(shop_url) == before + 1


def test_what_is_written_is_as_ruff_wants_it(har: Path, tmp_path: Path) -> None:
    out = tmp_path / "guest.py"
    assert loadgen("journey", "record", str(har), "-o", str(out)).returncode == 0
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--config", str(ROOT / "pyproject.toml"), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout


def test_it_runs_in_a_plan(har: Path, shop_url: str, tmp_path: Path) -> None:
    assert loadgen("journey", "record", str(har), "-o", str(tmp_path / "guest.py")).returncode == 0
    plan = tmp_path / "plan.yaml"
    head = f"name: recorded\ntarget: {{base_url: {shop_url}}}\njourneys: [{{file: guest.py, user: Visitor}}]\n"
    plan.write_text(f"{head}load: [{{shape: {{constant: {{at: 1/s, for: 1s}}}}}}]\n")

    checked = loadgen("plan", "check", str(plan))

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_secret_is_written(purchase: Tape, tmp_path: Path) -> None:
    har = purchase.save(tmp_path / "shop.har")
    assert loadgen("journey", "record", str(har), "-o", str(tmp_path / "guest.py")).returncode == 0
    text = (tmp_path / "guest.py").read_text()
    for secret in ('"5555', '"737"', "anna@shoppers.example", *purchase.session.cookies.values()):
        assert secret not in text


def test_a_journey_that_is_there_is_not_written_over(purchase: Tape, tmp_path: Path) -> None:
    har, out = purchase.save(tmp_path / "shop.har"), tmp_path / "guest.py"
    out.write_text("mine")

    refused = loadgen("journey", "record", str(har), "-o", str(out))

    assert (refused.returncode, out.read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert loadgen("journey", "record", str(har), "-o", str(out), "--force").returncode == 0
    assert out.read_text() != "mine"
