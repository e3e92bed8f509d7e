"""What a person can get wrong is said in one sentence, with a hint and the documented exit code, and leaves nothing."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from cli.shell import Shell
from cluster.harness import Cluster, finish, reach

from loadgen.bus import keys
from loadgen.children import stop_child
from loadgen.cli import main
from loadgen.cli.outputs import check_outputs
from loadgen.errors import UsageError
from loadgen.messages import Frame, Health, pack_tally
from loadgen.stats import Tally

PLAN = """\
name: demo
target: {base_url: "http://127.0.0.1:1"}
journeys: [{file: browse.py, user: Browser, weight: 70}]
load: [{shape: [{ramp: {to: 20/s, over: 1m}}]}]
"""
JOURNEY = """\
from locust import HttpUser, task

class Browser(HttpUser):
    @task
    def home(self):
        self.client.get("/")
"""
PRICES = "def price():\n    return 1 / 0\n\nTOTAL = price()\n"
BOMB = "x0: &x0 [a, b]\n" + "".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 10))


@pytest.fixture
def desk(shell: Shell) -> Shell:
    """A folder with a plan and its journey, and a second journey that does not import."""
    shell.write("plan.yaml", PLAN)
    shell.write("browse.py", JOURNEY)
    shell.write("broken.py", "import prices\n")
    shell.write("prices.py", PRICES)
    return shell


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def free() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def impostor() -> Iterator[Callable[[bytes, bytes], int]]:
    """Opens servers that answer ``INFO`` with one thing and every other command with another; gives the port."""
    with contextlib.ExitStack() as stack:

        def answer(connection: socket.socket, info: bytes, other: bytes) -> None:
            with connection, contextlib.suppress(OSError):
                while said := connection.recv(65536):
                    for command in re.findall(rb"\*\d+\r\n\$\d+\r\n(\w+)", said) or [b""]:
                        connection.sendall(info if command == b"INFO" else other)

        def listen(server: socket.socket, info: bytes, other: bytes) -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(server.accept()[0], info, other), daemon=True).start()

        def open_one(info: bytes, other: bytes) -> int:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=listen, args=(server, info, other))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown, socket.SHUT_RDWR)
            return server.getsockname()[1]

        yield open_one


def refused(desk: Shell, line: str, code: int) -> str:
    """Call a command that must refuse; gives its sentence and its hint."""
    before = desk.files()
    ended, out, err = desk.run(line)
    lines = err.splitlines()
    assert (ended, out) == (code, ""), err
    assert [text for text in lines if text.startswith("Error: ")] == lines[:1], err
    assert [text for text in lines if text.startswith("Hint: ")] == lines[-1:], err
    assert "Traceback" not in err
    assert desk.files() == before
    return err


# -- plans


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        ("base_url", "base_ur", "plan.yaml:2:10 target.base_ur: unknown key (did you mean base_url?)"),
        ("20/s", "-5/s", "plan.yaml:4:29 load[0].shape[0].ramp.to: a level cannot be negative; got '-5/s'"),
        ("20/s", "900000000/s", "a rate cannot be more than 100 million per second"),
        ("1m", "900d", "a duration cannot be longer than 31 days"),
        ("weight: 70", "weight: 0", "3:53 journeys[0].weight: expected a number above 0; got 0"),
        ("[{ramp: {to: 20/s, over: 1m}}]", "[]", "4:16 load[0].shape: "),
        ("browse.py", "browze.py", "there is no file browze.py (did you mean browse.py?)"),
        ("Browser", "Browzer", "browse.py has no user class Browzer (did you mean Browser?)"),
        (PLAN, BOMB, "more than 20,000 values, aliases written out"),
        (PLAN, PLAN.replace("demo", "d\xe9mo").encode("latin-1"), "not UTF-8 text: byte 0xe9 in line 1"),
    ],
    ids=["key", "negative", "absurd", "long", "weight", "empty", "file", "user", "bomb", "latin-1"],
)
def test_a_plan_with_a_mistake_is_refused(desk: Shell, change: str, to: str | bytes, says: str) -> None:
    desk.write("plan.yaml", to if isinstance(to, bytes) else PLAN.replace(change, to))

    assert says in refused(desk, "loadgen run plan.yaml --json report.json", 3)


def test_a_plan_that_is_not_there_is_refused_with_the_nearest_name(desk: Shell) -> None:
    says = refused(desk, "loadgen run plam.yaml", 3)

    assert says == "Error: there is no file plam.yaml\nHint: did you mean plan.yaml?\n"


def test_a_directory_is_no_plan(desk: Shell) -> None:
    assert refused(desk, "loadgen run .", 3) == "Error: . is a directory, not a file\nHint: it holds plan.yaml\n"


def test_a_bad_plan_is_refused_before_redis_is_asked(desk: Shell, free: int) -> None:
    desk.write("plan.yaml", "name: x\n")

    assert "target: is missing" in refused(desk, f"loadgen submit plan.yaml --redis redis://127.0.0.1:{free}", 3)


# -- journeys


def test_a_journey_that_does_not_import_shows_its_authors_lines_and_no_others(desk: Shell) -> None:
    desk.write("plan.yaml", PLAN.replace("browse.py", "broken.py"))

    says = refused(desk, "loadgen run plan.yaml", 4)

    assert says.splitlines()[1:-1] == [
        "plan.yaml:3:19 journeys[0].file: broken.py does not import",
        "      broken.py:1 in <module>",
        "        import prices",
        "      prices.py:4 in <module>",
        "        TOTAL = price()",
        "      prices.py:2 in price",
        "        return 1 / 0",
        "      ZeroDivisionError: division by zero",
    ]


def test_a_locustfile_that_does_not_import_shows_its_authors_lines_and_no_others(desk: Shell) -> None:
    says = refused(desk, "loadgen run broken.py -u 1 -t 1s -H http://127.0.0.1:1", 4)

    assert says.splitlines()[0] == "Error: broken.py does not import"
    assert re.findall(r"^  (\w+\.py:\d+) in", says, re.MULTILINE) == ["broken.py:1", "prices.py:4", "prices.py:2"]
    assert not re.search("importlib|loadgen/|site-packages", says)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("import os\nos._exit(3)\n", 4, "the look at the locustfile gave no answer"),
        ("import sys\nsys.exit(3)\n", 4, "SystemExit: 3"),
        ("class Nobody:\n    pass\n", 3, "bad.py has no user to run"),
        (JOURNEY, 3, "bad.py does not say where the requests of "),
    ],
    ids=["killed", "exits", "nobody", "nowhere"],
)
def test_a_locustfile_that_cannot_run_is_refused(desk: Shell, text: str, code: int, says: str) -> None:
    desk.write("bad.py", text)

    assert says in refused(desk, "loadgen run bad.py -u 1 -t 1s", code)


def test_a_locustfile_that_is_not_there_is_refused_with_the_nearest_name(desk: Shell) -> None:
    says = refused(desk, "loadgen run browze.py -u 1 -t 1s", 4)

    assert says == "Error: there is no file browze.py\nHint: did you mean browse.py?\n"


@pytest.mark.parametrize("host", ["no-such-shop.invalid", f"{'a' * 64}.example"])
def test_a_target_that_does_not_resolve_is_refused_before_anything_is_started(desk: Shell, host: str) -> None:
    desk.write("plan.yaml", PLAN.replace("127.0.0.1:1", host))

    says = refused(desk, "loadgen run plan.yaml --json report.json --html report.html", 6)

    assert says.startswith(f"Error: the target {host} does not resolve")


# -- options


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("plan.yaml -u 3", "-u, -r, -t and -H are for locustfiles"),
        ("plan.yaml -t 0s", "-u, -r, -t and -H are for locustfiles"),
        ("plan.yaml --demo-shop --redis redis://127.0.0.1:1", "--demo-shop and --metrics-port are for runs on this"),
        ("plan.yaml --metrics-port 0 --redis ''", "--demo-shop and --metrics-port are for runs on this machine"),
        ("plan.yaml --knee 20/s", "--knee is the demo shop's"),
        ("nowhere.yaml --html browse.py/report.html", "browse.py/report.html cannot be written: Not a directory"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_read(desk: Shell, options: str, says: str) -> None:
    assert f"Error: {says}" in refused(desk, f"loadgen run {options}", 2)


@pytest.mark.parametrize(
    ("options", "says", "hint"),
    [
        ("-H http://127.0.0.1:1 --demo-shop", "--demo-shop and -H name two targets", "leave one of them out"),
        ("-u many", "argument -u/--users: invalid int value: 'many'", "docs/locustfiles.md lists the options"),
        ("--web-port 8090", "--web-port has no meaning here", "loadgen has no web interface"),
        ("--class-picker", "--class-picker has no meaning here", "loadgen has no web interface"),
        ("--master", "--master has no meaning here", "start loadgen coordinator and loadgen worker"),
        ("--exclude-tag x --runtime 5s", "unrecognized arguments: ", "Did you mean '--run-time'?"),
        ("--junitt x.xml", "unrecognized arguments: --junitt", "did you mean --junit?"),
        ("Brauser", "there is no user class Brauser", "did you mean Browser?"),
    ],
)
def test_options_of_locust_that_make_no_sense_are_refused(desk: Shell, options: str, says: str, hint: str) -> None:
    said = refused(desk, f"loadgen run browse.py {options}", 2)

    assert f"Error: {says}" in said
    assert f"Hint: {hint}" in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--knee 0/s", "'--knee': a shop whose knee is 0 could serve nobody"),
        ("--knee fast", "'--knee': expected a rate such as 120/s"),
        ("--workers 0", "'--workers': 0 is not in the range"),
        ("-t forever", "'--run-time': expected a duration"),
        ("--html .", "'--html': File '.' is a directory"),
    ],
)
def test_options_that_make_no_sense_are_refused(desk: Shell, options: str, says: str) -> None:
    code, out, err = desk.run(f"loadgen run plan.yaml {options}")

    assert (code, out) == (2, "")
    assert says in err


def test_files_in_folders_that_are_yet_to_be_made_can_be_written(tmp_path: Path) -> None:
    check_outputs(None, tmp_path / "new" / "folder" / "report.json", tmp_path / "report.html", Path("/dev/stdout"))

    assert list(tmp_path.iterdir()) == []


def test_a_file_with_too_long_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: File name too long"):
        check_outputs(tmp_path / ("x" * 300))


# -- Redis


@pytest.mark.parametrize("command", ["status x", "watch x", "report x --json x.json", "stop x --now"])
def test_a_run_that_does_not_exist_is_refused(desk: Shell, redis_url: str, command: str) -> None:
    says = refused(desk, f"loadgen {command} --redis {redis_url}", 7)

    assert says == "Error: there is no run 'x'\nHint: loadgen status lists the runs that are known\n"


@pytest.mark.parametrize("command", ["status", "stop --all", "run plan.yaml", "worker", "coordinator"])
def test_a_redis_that_cannot_be_reached_is_said(desk: Shell, free: int, command: str) -> None:
    says = refused(desk, f"loadgen {command} --redis redis://:s3cr3t@127.0.0.1:{free}", 5)

    assert says.startswith(f"Error: cannot reach Redis at redis://:***@127.0.0.1:{free} (")


def test_a_redis_that_cannot_be_reached_is_said_within_five_seconds(
    free: int, capsys: pytest.CaptureFixture[str]
) -> None:
    called_s = time.monotonic()

    assert main(["status", "--redis", f"redis://127.0.0.1:{free}"]) == 5
    assert time.monotonic() - called_s < 5
    assert "cannot reach Redis" in capsys.readouterr().err


def test_a_wrong_password_is_said_and_not_shown(desk: Shell, redis_url: str) -> None:
    says = refused(desk, f"loadgen status --redis {re.sub(':[^:@]+@', ':s3cr3t@', redis_url)}", 5)

    assert "refuses the user or password" in says
    assert "s3cr3t" not in says


@pytest.mark.parametrize(
    ("info", "other", "says"),
    [
        (b"$29\r\n# Server\r\nredis_version:5.0.3\r\n", b"+OK\r\n", "is version 5.0.3, loadgen needs 6.2 or newer"),
        (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no Redis"),
    ],
    ids=["old", "stranger"],
)
def test_a_server_that_will_not_do_is_refused(
    desk: Shell, impostor: Callable[[bytes, bytes], int], info: bytes, other: bytes, says: str
) -> None:
    assert says in refused(desk, f"loadgen status --redis redis://127.0.0.1:{impostor(info, other)}", 5)


def test_what_is_no_address_of_a_redis_is_refused(desk: Shell) -> None:
    assert "Error: not a Redis URL: nonsense" in refused(desk, "loadgen status --redis nonsense", 2)


@pytest.mark.parametrize("command", ["run plan.yaml --metrics-port {}", "demo-shop --port {}"])
def test_a_port_that_is_taken_is_said(desk: Shell, taken: int, command: str) -> None:
    says = refused(desk, f"loadgen {command.format(taken)}", 9)

    assert f"127.0.0.1:{taken}: address already in use\nHint: choose another" in says


def test_a_coordinator_whose_port_is_taken_says_so(desk: Shell, taken: int, redis_url: str) -> None:
    refused(desk, f"loadgen coordinator --metrics-port {taken} --redis {redis_url}", 9)


# -- frames


def test_frames_that_are_none_are_put_aside_and_counted(tmp_path: Path, redis_url: str) -> None:
    cluster = Cluster(tmp_path, redis_url)
    try:
        shop = cluster.shop()
        cluster.start("coordinator")
        cluster.workers(1)
        plan = cluster.plan(
            {
                "name": "garbled",
                "target": {"base_url": shop.url},
                "journeys": [{"file": "looking.py", "user": "OnePage"}],
                "load": [{"shape": {"constant": {"at": "20/s", "for": "3s"}}}],
            }
        )
        follower = cluster.submit(plan)
        reach(follower, 0)
        run, (worker,) = follower.record.run, cluster.members()
        impossible = [
            Random(7).randbytes(500),
            b"\0" * 5_000_000,
            _frame("another-run", worker, 2, 1),
            _frame(run, worker, 2, 3600),
            _frame(run, worker, 1_000_000, 1),
        ]
        for data in impossible:
            cluster.bus.client.xadd(keys.frames_key(run, 0), {"f": data})
        finish(follower)
        cluster.call("report", run, "--json", str(tmp_path / "report.json"))

        summary = json.loads((tmp_path / "report.json").read_text())
        assert follower.record.stop is None
        assert follower.record.quarantined == len(impossible)
        assert f"{len(impossible)} frames were refused" in json.dumps(summary["validity"])
        assert summary["totals"]["requests"] == shop.stats()["requests_total"] == 60
        assert cluster.bus.client.xlen(keys.run_key(run, "quarantine")) == len(impossible)
    finally:
        for child in reversed(cluster.children):
            stop_child(child, patience_s=15)
        cluster.bus.close()


def _frame(run: str, worker: str, sequence: int, second: int) -> bytes:
    return Frame(run, worker, sequence, second, 1, pack_tally(Tally()), Health()).encode()


def test_a_locustfile_whose_master_cannot_begin_is_refused_in_its_own_words(desk: Shell) -> None:
    listener = (
        "\nfrom locust import events\n@events.init.add_listener\ndef slip(**_):\n    raise KeyError('no database')\n"
    )
    desk.write("slips.py", JOURNEY + listener)

    says = refused(desk, "loadgen run slips.py --no-web -u 1 -t 5s -H http://127.0.0.1:1 --only-summary", 4)

    assert says.startswith("Error: the locustfile's master ended: a listener of the init event raised an error")
    assert "KeyError: 'no database'" in says
