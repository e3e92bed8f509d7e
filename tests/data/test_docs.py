"""The guide says what the code does, and its journey runs."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from loadgen.data import GeneratedRows
from loadgen.plan.data import DataSource, Exhausted, Generator, Order

TEXT = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[0]


def rows_of(heading: str) -> dict[str, str]:
    table = TEXT.partition(heading)[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE))


def test_the_sources_shown_are_sources():
    names = [DataSource.model_validate(source).name for source in yaml.safe_load(block("yaml"))["data"]]

    assert names == ["customers", "terms", "visitors"]


def test_the_columns_shown_are_those_that_are_invented():
    shown = rows_of("| `generate` | columns |\n|---|---|\n")

    assert set(shown) == set(Generator)
    for kind, columns in shown.items():
        assert tuple(re.findall(r"`(\w+)`", columns)) == GeneratedRows(Generator(kind), 1, "en_US", 1).columns


def test_every_order_and_every_ending_is_explained():
    assert set(rows_of("| `order` | `shared` | `unique` |\n|---|---|---|\n")) == set(Order)
    assert set(rows_of("| `exhausted` | then |\n|---|---|\n")) == set(Exhausted)


def test_the_journey_shown_runs_against_the_demo_shop_s_like():
    """In a process of its own, as it imports gevent."""
    import subprocess
    import sys

    code = f"""
from types import SimpleNamespace
namespace = {{}}
exec(compile({block("python")!r}, "data.md", "exec"), namespace)
import gevent
from loadgen.data import GeneratedRows
from loadgen.journey.environment import JourneyEnvironment, PlanContext
from loadgen.journey.recorder import Recorder
from loadgen.journey.session import Session
from loadgen.journey.sources import Source
from loadgen.plan.data import DataSource

plans = [
    DataSource(name="customers", generate="customers", access="unique"),
    DataSource(name="terms", generate="terms", order="zipf"),
    DataSource(name="visitors", generate="customers"),
]
data = {{p.name: Source(p, GeneratedRows(p.generate, 50, "en_US", 1)) for p in plans}}
environment = JourneyEnvironment(PlanContext(data=data), host="http://127.0.0.1:9")
sent = []
class Client:
    def get(self, url, **options):
        sent.append((url, options["params"]["q"]))
        return SimpleNamespace(status_code=200)
    def post(self, url, **options):
        sent.append((url, options["data"]["email"]))
user = environment.new_user(namespace["Buyer"])
user.client = Client()
print(gevent.spawn(Session(Recorder("w"), "Buyer").run, user).get(), [url for url, _ in sent])
assert all(value for _, value in sent)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert done.stdout.strip() == "completed ['/search', '/login', '/newsletter']", done.stderr
