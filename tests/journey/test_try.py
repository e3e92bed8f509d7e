"""``loadgen journey try``: one shopper, told request by request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loadgen.cli.journey import journey
from loadgen.errors import JourneyError

FILE = """
from loadgen.journey import Shopper, constant

class Buyer(Shopper):
    think = constant(3600)

    def journey(self):
        with self.step("home"):
            self.must(self.client.get("/"))
        self.think_time()
        with self.step("cart"):
            self.client.get("/status/503")
            self.client.get("/product/42")
        self.count("orders")

class Broken(Shopper):
    def journey(self):
        with self.step("home"):
            self.client.get("/")
            self.pay()

    def pay(self):
        return {}["card"]

class Refused(Shopper):
    def journey(self):
        with self.step("home"):
            self.must(self.client.get("/status/404"))

class Customer(Shopper):
    def journey(self):
        customer = self.data.customers.take()
        self.client.get("/login", params={"who": customer["email"]})
        self.count(customer["email"])
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tried.py"
    path.write_text(FILE, encoding="utf-8")
    return path


def attempt(file: Path, user: str, server: Any, *options: str) -> Result:
    return CliRunner().invoke(journey, ["try", str(file), "--user", user, "--host", server.url, *options])


def test_every_request_is_told_and_then_the_funnel_and_the_totals(file: Path, server: Any) -> None:
    done = attempt(file, "Buyer", server, "--think", "0")
    assert done.exit_code == 0, done.output
    heading, home, failed, product, _, steps, home_step, cart_step, *rest = done.output.splitlines()
    assert heading.split() == ["at", "method", "status", "ms", "size", "step", "name"]
    assert home.split()[1:3] == ["GET", "200"]
    assert home.split()[-2:] == ["home", "/"]
    assert "/status/{id}  status_5xx:" in failed
    assert product.split()[-2:] == ["cart", "/product/{id}"]
    assert steps.split() == ["step", "entered", "completed", "abandoned", "time"]
    assert home_step.split()[:4] == ["home", "1", "1", "0"]
    assert cart_step.split()[:4] == ["cart", "1", "1", "0"]
    assert "orders: 1" in rest
    assert rest[-1].startswith("completed: 3 requests, 1 failed, 42 B, in ")


def test_an_error_ends_with_the_authors_lines_and_code_4(file: Path, server: Any) -> None:
    done = attempt(file, "Broken", server)
    assert isinstance(done.exception, JourneyError)
    assert done.exception.exit_code == 4
    assert done.exception.message.splitlines() == [
        "Broken failed",
        "  tried.py:20 in journey",
        "    self.pay()",
        "  tried.py:23 in pay",
        '    return {}["card"]',
        "  KeyError: 'card'",
    ]
    assert "GET" in done.output


def test_a_journey_that_gave_up_for_an_error_ends_with_code_4(file: Path, server: Any) -> None:
    done = attempt(file, "Refused", server)
    assert isinstance(done.exception, JourneyError)
    assert "(error)" in done.output


def test_a_file_with_several_users_asks_for_a_name(file: Path) -> None:
    done = CliRunner().invoke(journey, ["try", str(file)])
    assert isinstance(done.exception, JourneyError)
    assert "Buyer, Broken, Refused" in done.exception.hint


def test_help_has_examples() -> None:
    assert "Examples:" in CliRunner().invoke(journey, ["try", "--help"]).output


def test_a_journey_draws_from_the_data_of_a_plan(file: Path, server: Any) -> None:
    file.with_name("people.csv").write_text("email\nanna\n", encoding="utf-8")
    plan = file.with_name("plan.yaml")
    plan.write_text(
        """\
name: tried
target: {base_url: "http://127.0.0.1:9"}
journeys: [{file: tried.py, user: Customer}]
load: [{shape: {constant: {at: 1/s, for: 1s}}}]
data: [{name: customers, file: people.csv, access: unique}]
""",
        encoding="utf-8",
    )

    assert "anna: 1" in attempt(file, "Customer", server, "--plan", str(plan)).output.splitlines()
    without = attempt(file, "Customer", server)
    assert isinstance(without.exception, JourneyError)
    assert "the plan has no data called customers" in str(without.exception)


MARKED = """
from loadgen.journey import Shopper

class Marked(Shopper):
    def journey(self):
        print(self.device, dict(self.environment.context.headers))
"""


def test_a_journey_is_tried_as_the_plan_would_have_it(file: Path, server: Any) -> None:
    file.write_text(MARKED, encoding="utf-8")
    plan = file.with_name("plan.yaml")
    plan.write_text(
        """\
name: tried
target: {base_url: "http://127.0.0.1:9", headers: {X-Team: perf}, mark: X-Run}
devices: {phone: 1}
journeys: [{file: tried.py, user: Marked}]
load: [{shape: {constant: {at: 1/s, for: 1s}}}]
""",
        encoding="utf-8",
    )

    assert "phone {'X-Team': 'perf', 'X-Run': 'try'}" in attempt(file, "Marked", server, "--plan", str(plan)).output


SPOKEN = """
from loadgen.journey import Shopper

class Asker(Shopper):
    def journey(self):
        self.shop.home()
"""

CORNER = """
from loadgen.commerce import Listing
from loadgen.journey import Dialect

class Corner(Dialect):
    def home(self):
        self.shopper.must(self.client.get("/corner"))
        return Listing()
"""

PLAN = """
name: demo
target: {base_url: "http://127.0.0.1:1", dialect: dialects/corner.py}
journeys: [{file: asker.py, user: Asker}]
load: [{shape: {constant: {at: 5/s, for: 10s}}}]
"""


@pytest.mark.parametrize("how", ["--dialect", "--plan"])
def test_the_dialect_is_the_one_that_is_named_or_the_plan_s(tmp_path: Path, server: Any, how: str) -> None:
    (tmp_path / "asker.py").write_text(SPOKEN, encoding="utf-8")
    (tmp_path / "dialects").mkdir()
    (tmp_path / "dialects" / "corner.py").write_text(CORNER, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN.replace("http://127.0.0.1:1", server.url), encoding="utf-8")
    said = {"--dialect": tmp_path / "dialects" / "corner.py", "--plan": tmp_path / "plan.yaml"}[how]

    host = ["--host", server.url] if how == "--dialect" else []  # else the plan's
    done = CliRunner().invoke(journey, ["try", str(tmp_path / "asker.py"), how, str(said), *host])
    assert done.exit_code == 0, done.output
    assert server.received == ["/corner"]
