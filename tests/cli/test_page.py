"""What the live page may start, and how the commands say where it is."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from loadgen.bus import ClusterBus
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
