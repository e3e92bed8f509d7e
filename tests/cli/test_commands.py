"""Every command says what it is for and shows examples, and each example does what it says.

Examples run as they stand, but for the addresses in them: Redis, the shop and ports are the test's own, ``RUN`` is a
run that has ended. What would go on for long is ended by the signal a person would send.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from cli.shell import Call, Shell
from click.testing import CliRunner
from cluster.harness import Cluster, Shop
from recording.taping import entry, har_of

import loadgen
from loadgen import errors
from loadgen.bus import Bus, ClusterBus, EmbeddedServer
from loadgen.children import stop_child
from loadgen.cli import cli
from loadgen.compiled import form
from loadgen.endings import Outcome
from loadgen.errors import LoadgenError

ROOT = Path(loadgen.__file__).parents[1]
LOCUSTFILE = """\
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.2)

    @task
    def home(self):
        self.client.get("/api/")
"""

FLOW = """\
from loadgen.journey import DONE, Flow, state

class Visitor(Flow):
    @state(DONE)
    def home(self):
        self.client.get("/")
"""


def commands(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group, the root's being none."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(cli, [*path, "--help"], prog_name="loadgen")
    assert result.exit_code == 0, result.output
    return result.output


def examples_of(path: tuple[str, ...]) -> list[str]:
    block = help_of(path).partition("  Examples:\n")[2].partition("\n\n")[0]
    return [line.strip() for line in block.splitlines()]


COMMANDS = list(commands())
EXAMPLES = list(dict.fromkeys(line for path in COMMANDS for line in examples_of(path)))


@dataclass(frozen=True)
class Stage:
    """A run that has ended, and a shop.

    Attributes:
        redis_url: where the run lies; nobody leads there any more.
        run: its id.
        code: the exit code of its outcome.
        shop: the demo shop it visited.
    """

    redis_url: str
    run: str
    code: int
    shop: Shop


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with EmbeddedServer() as server:
        cluster = Cluster(folder, server.url)
        try:
            shop = cluster.shop()
            parts = [cluster.start("coordinator"), cluster.workers(1)]
            plan = cluster.plan(
                {
                    "name": "one-second",
                    "cleanable": True,
                    "target": {"base_url": shop.url},
                    "journeys": [{"file": "looking.py", "user": "OnePage"}],
                    "load": [{"shape": {"constant": {"at": "10/s", "for": "1s"}}}],
                }
            )
            done = cluster.call("run", str(plan), "--json", str(folder / "run.json"))
            summary = json.loads((folder / "run.json").read_text())
            assert done.returncode == summary["exit_code"], done.stderr
            assert summary["totals"]["requests"] == 10
            for part in parts:
                stop_child(part, patience_s=15)
            yield Stage(server.url, summary["run"], done.returncode, shop)
        finally:
            for child in cluster.children:
                stop_child(child, patience_s=15)
            cluster.bus.close()


@pytest.fixture
def workplace(shell: Shell) -> Shell:
    """A shell where the files are that examples speak of."""
    (shell.folder / "journeys").symlink_to(ROOT / "journeys")
    shell.write("locustfile.py", LOCUSTFILE)
    shell.write("flow.py", FLOW)
    shell.write("shop.har", json.dumps(har_of([entry("GET", "https://shop.example/", text="<h1>Welcome</h1>")])))
    return shell


def made_local(line: str, stage: Stage, redis_url: str) -> str:
    """An example with this test's own addresses and run."""
    of_run = re.search(r"\bRUN\b", line) is not None
    line = re.sub(r"\bRUN\b", stage.run, line)
    line = line.replace("redis://localhost:6379", stage.redis_url if of_run else redis_url)
    line = re.sub(r"https://shop\.example|http://127\.0\.0\.1:8100", stage.shop.url, line)
    line = line.replace("http://localhost:9090", "http://127.0.0.1:1")  # nobody is there, which no run minds
    line = line.replace("--metrics-port 9646", "--metrics-port 0").replace(" 9647", " 0")
    return f"{line} --port 0" if line == "loadgen demo-shop" else line


def test_every_command_is_known_to_the_help_and_the_code() -> None:
    assert len(COMMANDS) > 15
    assert {path[0] for path in COMMANDS if path} == set(loadgen.cli.COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "loadgen")
def test_every_command_shows_examples_of_itself(path: tuple[str, ...]) -> None:
    examples = examples_of(path)

    assert examples, f"loadgen {' '.join(path)} --help has no block 'Examples:'"
    for line in examples:
        assert line.startswith(" ".join(("loadgen", *path))), line


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_does_what_it_says(line: str, workplace: Shell, stage: Stage, redis_url: str, bus: Bus) -> None:
    local = made_local(line, stage, redis_url)
    command = line.split()[1]
    if command == "clean":
        writes_what_is_to_be_cleaned(workplace, stage)
    if command in SERVICES:
        serves_until_it_is_told_to_end(workplace.start(local), SERVICES[command], bus)
    elif command == "run" and "smoke.yaml" not in line:
        visited = stage.shop.stats()["requests_total"]
        call = workplace.start(local)
        call.wait_for(lambda: "  0:05  " in call.err or stage.shop.stats()["requests_total"] > visited, "is under way")
        reports_when_it_is_interrupted(call)
    else:
        code, _, err = workplace.run(local, seconds=120)
        assert code == (stage.code if command in {"watch", "report"} else 0), err
    for wanted in re.findall(r"(?:--\w+|>) (\S+\.(?:html|json))", line):
        assert (workplace.folder / wanted).stat().st_size > 500, wanted
    if command == "run" and "--json report.json" in line:
        summary = json.loads((workplace.folder / "report.json").read_text())
        assert (summary["outcome"], summary["exit_code"]) == ("stopped", 12)
        assert summary["totals"]["requests"] > 0


def writes_what_is_to_be_cleaned(workplace: Shell, stage: Stage) -> None:
    target = {"base_url": stage.shop.url, "dialect": "journeys/dialects/demo.py"}
    shape = {"constant": {"at": "1/s", "for": "1s"}}
    buyer = {"file": "journeys/buy.py", "user": "GuestBuyer"}
    plan = {"name": "a", "target": target, "journeys": [buyer], "load": [{"shape": shape}]}
    workplace.write("plan.yaml", json.dumps(plan))
    workplace.write("created.jsonl", json.dumps({"run": stage.run, "target": stage.shop.url}))


def serves_until_it_is_told_to_end(call: Call, is_up: Callable[[Call, Bus], bool], bus: Bus) -> None:
    call.wait_for(lambda: is_up(call, bus), "is up")
    call.process.send_signal(signal.SIGTERM)
    assert call.end() == 0, call.err


def reports_when_it_is_interrupted(call: Call) -> None:
    call.process.send_signal(signal.SIGINT)
    assert call.end() == Outcome.STOPPED.exit_code, call.err
    assert "STOPPED" in call.out


SERVICES: dict[str, Callable[[Call, Bus], bool]] = {
    "demo-shop": lambda call, _: "demo shop on http://127.0.0.1:" in call.out,
    "coordinator": lambda _, bus: bool(ClusterBus(bus).leader()),
    "page": lambda call, _: "page on http://127.0.0.1:" in call.out,
    "worker": lambda _, bus: bool(ClusterBus(bus).members()),
}
"""Commands that go on until they are told to end, and how one knows that they are up."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_interrupted_before_its_start_leaves_nothing(workplace: Shell, number: signal.Signals) -> None:
    call = workplace.start("loadgen run journeys/plans/smoke.yaml --demo-shop")
    call.wait_for(lambda: any("demo-shop" in part.cmdline() for part in call.running()), "starts its parts")
    call.process.send_signal(number)
    assert call.end() in {128 + number, 12}, call.err
    assert "Traceback" not in call.err


def test_without_arguments_the_help_is_shown() -> None:
    result = CliRunner().invoke(cli, [])

    assert result.exit_code == 2
    assert "Commands:\n  init " in result.output


def test_the_version_is_that_of_the_package(shell: Shell) -> None:
    assert shell.run("loadgen --version") == (0, f"loadgen, version {loadgen.__version__} ({form()})\n", "")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("loadgen rnu", "No such command 'rnu'"),
        ("loadgen --vresion", "No such option '--vresion'"),
        ("loadgen plan chekc", "No such command 'chekc'"),
        ("loadgen run plan.yaml --htlm x", "No such option '--htlm'"),
        ("loadgen run", "Missing argument 'PLAN'"),
        ("loadgen status", "Missing option '--redis' (env var: 'LOADGEN_REDIS')"),
    ],
)
def test_a_line_that_makes_no_sense_says_what_is_wrong_and_where_help_is(line: str, says: str, shell: Shell) -> None:
    code, out, err = shell.run(line)

    assert (code, out) == (2, "")
    assert f"Error: {says}" in err
    assert re.search(r"Try 'loadgen.* --help' for help\.", err)


def test_every_exit_code_stands_in_the_readme_once() -> None:
    table = (ROOT / "README.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    written = [int(code) for code in re.findall(r"^\| (\d+) \| \w", table, re.MULTILINE)]
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LoadgenError)]

    assert len(written) == len(set(written))
    assert set(written) == {kind.exit_code for kind in kinds} | {outcome.exit_code for outcome in Outcome}
