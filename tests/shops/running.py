"""A real run against a real shop: shoppers who buy, and what they, the run and the shop have counted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadgen.children import loadgen_command

JOURNEYS = Path(__file__).parent / "journeys"
LIBRARY = Path(__file__).parents[2] / "journeys"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run went.

    Attributes:
        code: its exit code.
        told: what it printed.
        summary: its report in JSON.
        confirmed: what shoppers were told: each order's number, and its total in cents.
    """

    code: int
    told: str
    summary: dict
    confirmed: Sequence[tuple[str, int]]


def all_at_once(folder: Path, url: str, dialect: str, wanted: str, buyers: int, members: Sequence[dict]) -> Ran:
    """As many buyers as are wanted come within a second: guests, newcomers and members, a third each.

    Args:
        folder: for plan, data and report.
        url: of the shop.
        dialect: a file of the library of journeys.
        wanted: what they search for.
        buyers: how many they are.
        members: ``email`` and ``password`` of customers whom the shop knows, at least a third of the buyers.
    """
    confirmed, report, plan = folder / "confirmed", folder / "report.json", folder / "plan.json"
    buying = os.path.relpath(JOURNEYS / "buying.py", folder)
    (folder / "members.jsonl").write_text("".join(json.dumps(member) + "\n" for member in members))
    wishes = {
        "name": "all-at-once",
        "target": {"base_url": url, "dialect": os.path.relpath(LIBRARY / dialect, folder)},
        "journeys": [{"file": buying, "user": user} for user in ("Guest", "Newcomer", "Member")],
        "data": [{"name": "members", "file": "members.jsonl", "access": "unique"}],
        "load": [{"shape": {"constant": {"at": f"{buyers}/s", "for": "1s"}}}],
        "graceful_stop": "4m",
    }
    plan.write_text(json.dumps(wishes))
    environment = {**os.environ, "WANTED": wanted, "CONFIRMED": str(confirmed)}
    command = loadgen_command("run", str(plan), "--workers", "1", "--json", str(report))
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    lines = confirmed.read_text().splitlines() if confirmed.exists() else []
    orders = [(number, int(cents)) for number, cents in (line.split() for line in lines)]
    return Ran(ran.returncode, ran.stdout + ran.stderr, json.loads(report.read_text()), orders)


def rush_by_a_run(folder: Path, url: str, dialect: str, wanted: str, stock: Mapping[str, int]) -> Ran:
    """A run in which eight guests want two each of an article, and pay at the same instant.

    Args:
        folder: for plan, journeys and report.
        url: of the shop.
        dialect: a file of the library of journeys.
        wanted: what they search for.
        stock: what the plan says there is, by the dialect's key.
    """
    report, plan, library = folder / "report.json", folder / "rush.json", folder / "journeys"
    shutil.copytree(LIBRARY, library)
    shutil.copy(JOURNEYS / "rushing.py", library)
    rush = {
        "name": "rush",
        "target": {"base_url": url, "dialect": f"journeys/{dialect}"},
        "journeys": [{"file": "journeys/rushing.py", "user": "Rusher"}],
        "commerce": {"stock": dict(stock)},
        "load": [{"shape": {"constant": {"at": "8/s", "for": "1s"}}}],
        "graceful_stop": "4m",
    }
    plan.write_text(json.dumps(rush))
    command = loadgen_command("run", str(plan), "--workers", "1", "--json", str(report))
    environment = {**os.environ, "WANTED": wanted}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    told = ran.stdout + ran.stderr
    assert report.exists(), told
    return Ran(ran.returncode, told, json.loads(report.read_text()), ())
