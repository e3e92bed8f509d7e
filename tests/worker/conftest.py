"""What the tests of a worker's parts need: plans, shoppers that do nothing, and time that a test moves.

These tests import gevent and locust, which patch the process, so they run in a pytest process of their own.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest

from loadgen.journey.recorder import Recorder
from loadgen.plan.model import Plan
from loadgen.worker import essential
from loadgen.worker.settings import WorkerSettings

JOURNEY = """
from locust import User, task


class Browser(User):
    @task
    def home(self):
        pass


class Buyer(User):
    @task
    def buy(self):
        pass
"""


def plan(*streams: dict, **changes) -> Plan:
    """Two journeys, three to one; ten a second for ten seconds unless streams are given."""
    fields = {
        "name": "demo",
        "target": {"base_url": "http://127.0.0.1:1"},
        "journeys": [
            {"file": "browse.py", "user": "Browser", "weight": 3},
            {"file": "browse.py", "user": "Buyer", "weight": 1},
        ],
        "load": list(streams) or [{"shape": {"constant": {"at": "10/s", "for": "10s"}}}],
    }
    return Plan.model_validate(fields | changes)


class Crowd:
    """In the place of Shoppers: who came and who was asked to leave."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.came: list[tuple] = []
        self.present: list = []
        self.asked: list = []

    def __contains__(self, session) -> bool:
        return session in self.present

    def __len__(self) -> int:
        return len(self.present)

    def active(self, stream: int) -> int:
        return self._recorder.shoppers[stream]

    def come(self, session, tasks) -> None:
        self._recorder.shoppers[session.stream] += 1
        self.came.append((session, tasks))
        self.present.append(session)

    def stop(self, now, sessions=None) -> None:
        assert not now  # loads never hurry anyone
        for session in list(self.present) if sessions is None else sessions:
            session.leaving = True
            self.asked.append(session)

    def go(self, sessions) -> None:
        """Some leave."""
        for session in sessions:
            self.present.remove(session)
            self._recorder.shoppers[session.stream] -= 1

    def journeys(self) -> Counter:
        return Counter(session.journey for session in self.present if not session.leaving)


class Hall:
    """A recorder, a crowd, a lease and a clock."""

    def __init__(self) -> None:
        self.recorder = Recorder("w1")
        self.crowd = Crowd(self.recorder)
        self.now_s = 0.0
        self.lease = True

    def elapsed(self) -> float:
        return self.now_s

    def may_start(self) -> bool:
        return self.lease

    def arrivals(self):
        return self.recorder.take(0).arrivals_total()


@pytest.fixture
def hall(monkeypatch) -> Hall:
    """Greenlets of loads do not run by themselves here: tests move them."""
    monkeypatch.setattr(essential, "spawn", lambda *_: gevent.Greenlet())
    return Hall()


@pytest.fixture
def make(tmp_path) -> SimpleNamespace:
    """``make.plan``, ``make.settings``, ``make.journeys``: tests cannot import a conftest."""

    def settings(**changes) -> WorkerSettings:
        return WorkerSettings(**{"redis_url": "redis://127.0.0.1:1", "name": "w1", "node": "n1"} | changes)

    def journeys(code: str = JOURNEY, name: str = "browse.py") -> Path:
        folder = tmp_path / "journeys"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(code), encoding="utf-8")
        return folder

    return SimpleNamespace(plan=plan, settings=settings, journeys=journeys)
