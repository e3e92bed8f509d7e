"""The master's runner: workers are its clients, scripts speak with them, and the plan decides the load."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest
from locust import User, task
from locust.event import Events
from locust.rpc import Message
from locust.runners import MasterRunner

from loadgen.errors import UsageError
from loadgen.journey import JourneyEnvironment
from loadgen.journey.figures import Figures, Unread
from loadgen.journey.recorder import Recorder
from loadgen.worker.master.results import Tables
from loadgen.worker.master.runner import LeadingRunner
from loadgen.worker.messenger import read_message


class Visitor(User):
    @task
    def nothing(self) -> None:
        pass


@pytest.fixture
def environment():
    return JourneyEnvironment(events=Events(), user_classes=[Visitor])


@pytest.fixture
def stage(environment):
    said, asked = [], []
    runner = LeadingRunner(environment, lambda to, message: said.append((to, message)), asked.append, lambda: 9)
    return SimpleNamespace(runner=runner, said=said, asked=asked)


def test_workers_are_clients_with_an_index(environment, stage):
    connected = []
    environment.events.worker_connect.add_listener(lambda client_id, **_: connected.append(client_id))
    assert stage.runner.take(Message("client_ready", {"index": 0}, "a"))
    assert stage.runner.take(Message("client_ready", {"index": 1}, "b"))
    assert not stage.runner.take(Message("client_ready", {"index": 1}, "b"))

    runner = stage.runner
    assert isinstance(runner, MasterRunner)
    assert (list(runner.clients), runner.worker_count, connected) == (["a", "b"], 2, ["a", "b", "b"])
    assert [runner.get_worker_index(client) for client in ("a", "b", "c")] == [0, 1, -1]


def test_reports_tell_how_many_users_of_a_class_there_are(environment, stage):
    reports = []
    environment.events.worker_report.add_listener(lambda client_id, data: reports.append((client_id, data["own"])))
    for client in "ab":
        stage.runner.take(Message("client_ready", {"index": 0}, client))
        stage.runner.take(Message("stats", {"user_classes_count": {"Visitor": 4}, "own": 1}, client))

    assert (stage.runner.user_count, stage.runner.user_classes_count) == (9, {"Visitor": 8})
    assert reports == [("a", 1), ("b", 1)]


def test_messages_go_to_one_worker_or_to_all(stage):
    stage.runner.send_message("hello", {"n": 1})
    stage.runner.send_message("hello", {"n": 2}, client_id="a")

    assert [(to, message.type, message.data) for to, message in stage.said] == [
        ("*", "hello", {"n": 1}),
        ("a", "hello", {"n": 2}),
    ]


def test_what_workers_say_is_heard_and_a_listener_that_fails_stops_nobody(stage, caplog):
    heard = []
    stage.runner.register_message("own", lambda environment, msg: heard.append((environment, msg.node_id)))
    stage.runner.register_message("bad", lambda **_: 1 / 0)
    for kind in ("own", "bad", "unknown"):
        stage.runner.take(Message(kind, None, "a"))

    assert heard == [(stage.runner.environment, "a")]
    assert "the listener for bad raised an error" in caplog.text
    assert "said unknown, for which there is no listener" in caplog.text


def test_the_last_words_of_workers_are_kept(stage):
    for asked, code in ((False, None), (True, 3), (False, 2)):
        stage.runner.take(Message("quit", {"asked": asked, "exit_code": code}, "a"))

    assert (stage.runner.asked_to_quit, stage.runner.workers_code) == (True, 3)


def test_a_script_can_end_the_run_once_and_start_nobody(stage):
    stage.runner.quit()
    stage.runner.stop()

    assert stage.asked == ["a script on the master called runner.quit()"]
    with pytest.raises(UsageError, match="cannot start users"):
        stage.runner.start(5, 1)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\x91\xa1a", b"not a message"])
def test_bytes_that_are_no_message_are_none(data):
    assert read_message(data) is None


def test_locusts_tables_hold_the_last_figures(environment, tmp_path: Path):
    recorder = Recorder("w")
    environment.stats = Figures(Unread(recorder, lambda: 1_000_000.0))
    environment.parsed_options = Namespace(
        csv_prefix=str(tmp_path / "new" / "run"), json_file=str(tmp_path / "figures")
    )
    tables = Tables(environment)
    visit = SimpleNamespace(journey="Visitor", step="", lag_us=0)
    for reason in (None, "status_5xx"):
        recorder.request(visit, "GET", "/", 20_000, 10, reason, "in words")

    stats = tables.close()

    rows = list(csv.DictReader((tmp_path / "new" / "run_stats.csv").read_text().splitlines()))
    assert [(row["Name"], row["Request Count"], row["Failure Count"]) for row in rows] == [
        ("/", "2", "1"),
        ("Aggregated", "2", "1"),
    ]
    assert "status_5xx" in (tmp_path / "new" / "run_failures.csv").read_text()
    assert json.loads((tmp_path / "figures.json").read_text())[0]["num_requests"] == stats[0]["num_requests"] == 2
