"""The real demo shop in a process of its own, and shoppers of the library who visit it.

These tests import locust, which monkey-patches the process, so they run in a pytest process of their own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import locust
import pytest
import requests
from locust.event import Events

from loadgen.journey import JourneyEnvironment, PlanContext, Recorder, Session, install, listen, load_users
from loadgen.journey.load import load_dialect
from loadgen.stats import Tally

LIBRARY = Path(__file__).parents[2] / "journeys"
DEADLINE_S = 60


class Shop:
    """A running demo shop.

    Attributes:
        url: its base URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def stats(self) -> dict[str, Any]:
        """Its own count."""
        with requests.Session() as asking:
            counted: dict[str, Any] = asking.get(f"{self.url}/_shop/stats", timeout=10).json()
        return counted

    def orders(self) -> list[dict[str, Any]]:
        """Its own list of orders."""
        with requests.Session() as asking:
            listed: list[dict[str, Any]] = asking.get(f"{self.url}/_shop/orders", timeout=10).json()
        return listed

    def reset(self) -> None:
        """Zero its counters and restore its stock."""
        with requests.Session() as asking:
            asking.post(f"{self.url}/_shop/reset", timeout=10).raise_for_status()


class Visit:
    """Shoppers of one user class in a shop, who speak its dialect."""

    def __init__(self, shop: Shop, **context: Any) -> None:
        context.setdefault("dialect", load_dialect(LIBRARY, "dialects/demo.py"))
        self.recorder = Recorder("w1")
        self.environment = JourneyEnvironment(PlanContext(**context), events=Events(), host=shop.url)
        install()
        listen(self.environment, self.recorder)

    def session(self, user_class: type[locust.User], arrival: int = 0) -> Session:
        return Session(self.recorder, user_class.__name__, arrival=arrival)

    def spawn(self, user_class: type[locust.User], arrival: int = 0) -> tuple[Session, gevent.Greenlet]:
        session = self.session(user_class, arrival)
        return session, gevent.spawn(session.run, self.environment.new_user(user_class))

    def all_of(self, user_class: type[locust.User], shoppers: int, first: int = 0) -> Tally:
        """So many shoppers at once, each to its end; those of the arrivals from ``first`` on."""
        living = [self.spawn(user_class, arrival)[1] for arrival in range(first, first + shoppers)]
        gevent.joinall(living, timeout=DEADLINE_S, raise_error=True)
        return self.recorder.take(0)


@pytest.fixture(scope="session")
def open_shop() -> Iterator[Any]:
    """Opens shops by their options, each once."""
    shops: dict[tuple[str, ...], Shop] = {}
    processes: list[subprocess.Popen[str]] = []

    def start(*options: str) -> Shop:
        if options not in shops:
            command = [sys.executable, "-m", "loadgen", "demo-shop", "--port", "0", "--exit-with-parent", *options]
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            output = processes[-1].stdout
            assert output is not None
            with gevent.Timeout(DEADLINE_S):
                found = re.search(r"http://\S+", output.readline())
            assert found, "the demo shop did not say where it is"
            shops[options] = Shop(found[0])
        shops[options].reset()
        return shops[options]

    yield start
    for process in processes:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def shop(open_shop: Any) -> Shop:
    shop: Shop = open_shop()
    return shop


@pytest.fixture(scope="session")
def journeys() -> dict[str, type[locust.User]]:
    """The library's journeys by class name."""
    files = load_users(LIBRARY, sorted(path.name for path in LIBRARY.glob("*.py")))
    return {name: user for file in files.values() for name, user in file.users.items()}


@pytest.fixture
def visit(shop: Shop) -> Visit:
    return Visit(shop, seed=7, think_scale=0.01)


@pytest.fixture
def make_visit() -> type[Visit]:
    return Visit
