"""What the live page may start, and how the commands say where it is."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess

import pytest
from click.testing import CliRunner
from cluster.harness import JOURNEYS, wait_until

from loadgen.bus import ClusterBus
from loadgen.children import loadgen_command, start_child, stop_child
from loadgen.cli.locustfile import Words, split
from loadgen.cli.page import _starting, listen, page
from loadgen.errors import JourneyError, PlanError, UsageError

PLAN = """\
name: Sales-Day.2
target: {base_url: "http://127.0.0.1:1"}
journeys: [{file: ../browse.py, user: Browser}]
load: [{shape: {constant: {at: 5/s, for: 10s}}}]
"""

JOURNEY = """\
from loadgen.journey import Shopper


class Browser(Shopper):
    def journey(self):
        self.client.get("/")
"""


@pytest.fixture
def root(tmp_path):
    """A folder of plans and journeys, with a journey outside of it."""
    (tmp_path / "root" / "plans").mkdir(parents=True)
    (tmp_path / "browse.py").write_text(JOURNEY)
    (tmp_path / "root" / "browse.py").write_text(JOURNEY)
    return tmp_path / "root"


def test_a_plan_is_started_as_if_it_lay_in_its_folder(root, redis_url, bus):
    starting = _starting(redis_url, root)

    assert "Sales-Day.2" in starting.check(PLAN, "plans")
    run = starting.start(PLAN, "plans")

    assert ClusterBus(bus).queued() == [run]


def test_what_is_wrong_with_a_plan_is_said_without_the_servers_folders(root):
    with pytest.raises(PlanError) as caught:
        _starting("redis://nowhere", root).check(PLAN.replace("load:", "laod:"), "plans")

    assert "plan.yaml:4:1 laod: unknown key (did you mean load?)" in caught.value.message
    assert str(root) not in caught.value.message


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        (PLAN, ""),
        (PLAN.replace("../browse.py", "../../browse.py"), "plans"),
        (PLAN.replace("../browse.py", "browse.py"), ".."),
        (PLAN.replace("../browse.py", "browse.py"), "/"),
        (PLAN, "plans\0"),
        (PLAN.replace("constant: {at: 5/s, for: 10s}", "curve: {file: ../../secret.csv}"), "plans"),
        (PLAN.replace("constant: {at: 5/s, for: 10s}", "curve: {file: /etc/passwd}"), "plans"),
    ],
)
def test_nothing_outside_of_the_folder_is_started(root, text, folder):
    with pytest.raises((PlanError, JourneyError)) as caught:
        _starting("redis://nowhere", root).check(text, folder)

    assert "outside of the folder" in caught.value.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("0", ("127.0.0.1", 0)),
        ("9647", ("127.0.0.1", 9647)),
        ("0.0.0.0:9647", ("0.0.0.0", 9647)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_it_listens_on_loopback_unless_told_otherwise(text, place):
    assert listen(None, None, text) == place  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["x", "1:2:x", "70000", ":", "-1"])
def test_a_place_that_is_none_is_refused(text):
    done = CliRunner().invoke(page, ["--redis", "redis://nowhere", "--listen", text])

    assert done.exit_code == 2


def test_a_token_that_could_be_guessed_is_refused():
    done = CliRunner().invoke(page, ["--redis", "redis://nowhere", "--web-token", "short"])

    assert isinstance(done.exception, UsageError)


@pytest.fixture
def run_with_page(tmp_path):
    """``loadgen run`` for an hour, on this machine alone, and the port of its page."""
    plan = {
        "name": "idle",
        "target": {"base_url": "http://127.0.0.1:9"},
        "journeys": [{"file": os.path.relpath(JOURNEYS / "looking.py", tmp_path), "user": "OnePage"}],
        "load": [{"shape": {"constant": {"at": "1/s", "for": "1h"}}}],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    run = start_child(
        loadgen_command("run", str(tmp_path / "plan.json"), "--workers", "1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    told = ""
    while not told.startswith("page on "):
        told = run.stderr.readline().decode()
        assert told, "the run says where its page is"
    yield run, int(re.search(r":(\d+)/#token=\S{32}$", told.strip())[1])
    stop_child(run, patience_s=20)
    run.stderr.close()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_runs_page_never_outlives_the_run(run_with_page, number):
    run, port = run_with_page
    assert _answers(port)

    os.kill(run.pid, number)

    wait_until(lambda: not _answers(port), "the page is gone", 30)


def test_a_locustfiles_run_may_do_without_the_page():
    assert split(["file.py", "--no-web", "-u", "1"]) == Words(("--no-web",), ("-f", "file.py", "-u", "1"))
