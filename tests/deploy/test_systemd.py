from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from deploy.parts import DEPLOY, accepted, program, said

from loadgen.worker.supervisor import HEIRS_PATIENCE_S

SYSTEMD = DEPLOY / "systemd"
UNITS = ["loadgen-coordinator.service", "loadgen-worker.service"]
WITHOUT = "apt-get install systemd"

MOST_EXPOSED = 2.0
"""Of what systemd calls exposure, 0 to 10: a service that must use the network has 1 at the least."""


def settings(unit: str) -> dict[str, list[str]]:
    """Every setting of a unit, in the order of its lines."""
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / unit).read_text().splitlines():
        if re.match(r"[A-Z]\w*=", line):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def variables(name: str) -> dict[str, str]:
    """What an environment file's example sets."""
    lines = (SYSTEMD / f"{name}.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def installed(unit: str, tmp_path: Path) -> str:
    """The unit where the program that it starts is present."""
    place = tmp_path / unit
    place.write_text((SYSTEMD / unit).read_text().replace("/opt/loadgen/bin/loadgen", "/bin/true"))
    return str(place)


def test_systemd_takes_it_without_a_word(installed: str) -> None:
    analyze = program("systemd-analyze", WITHOUT)
    assert said(analyze, "verify", "--man=no", "--recursive-errors=no", installed) == ""


def test_it_is_little_exposed(installed: str) -> None:
    analyze = program("systemd-analyze", WITHOUT)
    said(analyze, "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED * 10:.0f}", installed)


def test_its_command_is_one_that_loadgen_takes(unit: str) -> None:
    found = settings(unit)
    env = dict(pair.split("=") for line in found.get("Environment", []) for pair in line.split())
    for name in found["EnvironmentFile"]:
        stem = Path(name.lstrip("-")).stem
        assert name.startswith("-") or (SYSTEMD / f"{stem}.env.example").exists(), name
        if not name.startswith("-"):
            env |= variables(stem)
    (command,) = found["ExecStart"]
    program_name, *words = shlex.split(re.sub(r"\$\{?(\w+)\}?", lambda variable: env[variable[1]], command))
    assert program_name == "/opt/loadgen/bin/loadgen"
    assert accepted(words, env).info_name == unit.removeprefix("loadgen-").removesuffix(".service")


def test_it_comes_back_whatever_happens(unit: str) -> None:
    assert settings(unit)["Restart"] == ["always"]
    assert settings(unit)["StartLimitIntervalSec"] == ["0"]


def test_a_worker_sees_its_shoppers_out() -> None:
    found = settings("loadgen-worker.service")
    assert found["KillMode"] == ["mixed"]
    assert int(found["TimeoutStopSec"][0]) >= 300 + HEIRS_PATIENCE_S


def test_what_a_worker_counted_is_there_after_a_restart() -> None:
    found = settings("loadgen-worker.service")
    assert not {"DynamicUser", "RemoveIPC", "PrivateIPC"} & found.keys()


def test_the_user_of_the_units_is_the_one_that_is_made(unit: str) -> None:
    (made,) = re.findall(r"^u (\w+) ", (SYSTEMD / "loadgen.sysusers").read_text(), re.MULTILINE)
    assert settings(unit)["User"] == settings(unit)["Group"] == [made]
